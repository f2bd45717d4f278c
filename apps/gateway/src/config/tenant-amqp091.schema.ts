import { z } from 'zod';
import { pulsarNamespaceFault, tenantAmqp091Defaults, vhostNameFault } from '#libs/tenancy';
import { type ConfigFault, type ConfigPath, duplicates } from './config-fault.js';
import { judged } from './field.schema.js';

const vhost = judged(vhostNameFault);
const pattern = z.string().max(1_024).default('');
const most = z.int().min(1).max(1_000_000);

export const tenantAmqp091 = z.strictObject({
  vhosts: z
    .array(
      z.strictObject({
        name: vhost.describe('As clients say it. `/` is the namespace of the tenant, and is always there.'),
        pulsarNamespace: judged(pulsarNamespaceFault).describe(
          'Pulsar namespace, `tenant/namespace`, that holds everything of this vhost.',
        ),
      }),
    )
    .max(1_000)
    .default([])
    .describe('Vhosts beside `/`.'),
  permissions: z
    .array(
      z.strictObject({
        user: z.string().min(1),
        vhost: vhost.default('/'),
        configure: pattern,
        write: pattern,
        read: pattern,
      }),
    )
    .max(10_000)
    .default([])
    .describe(
      'As `rabbitmqctl set_permissions`: regular expressions of names. They allow beside the tenant’s `permissions`; what those deny stays denied.',
    ),
  topicPermissions: z
    .array(
      z.strictObject({
        user: z.string().min(1),
        vhost: vhost.default('/'),
        exchange: z.string(),
        write: pattern.default(''),
        read: pattern.default(''),
      }),
    )
    .max(10_000)
    .default([])
    .describe(
      'As `rabbitmqctl set_topic_permissions`: regular expressions of routing keys, which may hold {username}, {vhost} and {client_id}.',
    ),
  exchangesMax: most
    .default(tenantAmqp091Defaults.exchangesMax)
    .describe('Exchanges of all vhosts that clients may declare.'),
  queuesMax: most.default(tenantAmqp091Defaults.queuesMax).describe('Queues of all vhosts.'),
  bindingsMax: most.default(tenantAmqp091Defaults.bindingsMax).describe('Bindings of all vhosts.'),
});

/** Names that are there twice. */
export function vhostFaults({ vhosts }: z.output<typeof tenantAmqp091>, path: ConfigPath): ConfigFault[] {
  const own = { path, value: '/' };
  return duplicates([own, ...vhosts.map(({ name: value }, at) => ({ path: [...path, at, 'name'], value }))]);
}
