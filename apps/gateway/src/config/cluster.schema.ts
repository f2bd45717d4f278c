import { z } from 'zod';
import { pulsarNamespaceFault } from '#libs/tenancy';
import { judged, port } from './field.schema.js';

export const cluster = z
  .strictObject({
    stateNamespace: judged(pulsarNamespaceFault)
      .default('public/pulsegate-state')
      .describe(
        'Pulsar namespace, `tenant/namespace`, of the gateways’ own state. Gateways with the same one are one cluster.',
      ),
    memberTimeoutMs: z
      .int()
      .min(500)
      .max(600_000)
      .default(5_000)
      .describe('A gateway that gave no sign of life for so long is gone, and others take over.'),
    listen: z
      .strictObject({
        host: z.string().min(1).default('127.0.0.1').describe('Address to bind.'),
        port: port.default(0).describe('0 for any free one.'),
        advertisedHost: z
          .string()
          .min(1)
          .optional()
          .describe('Host that other gateways connect to. Default: the bound address.'),
        advertisedPort: port.optional(),
      })
      .prefault({})
      .describe('Where other gateways connect. Not encrypted: for a network of their own.'),
    secret: z
      .string()
      .min(16)
      .optional()
      .describe(
        'What gateways prove to each other, the same for all. Default: random, told in the state namespace.',
      ),
  })
  .prefault({})
  .describe('Several gateways as one.');
