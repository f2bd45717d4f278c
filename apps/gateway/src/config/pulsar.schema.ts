import { z } from 'zod';
import type { ConfigFault } from './config-fault.js';
import { file, milliseconds, name } from './field.schema.js';

const pulsarTls = z.strictObject({
  caFile: file.optional(),
  certFile: file.optional(),
  keyFile: file.optional(),
  verifyHostname: z.boolean().default(true),
  allowInsecure: z.boolean().default(false).describe('Accept any certificate. For tests only.'),
});

const pulsarAuth = z
  .discriminatedUnion('method', [
    z.strictObject({ method: z.literal('none') }),
    z.strictObject({ method: z.literal('token'), token: z.string().optional(), tokenFile: file.optional() }),
    z.strictObject({
      method: z.literal('oauth2'),
      issuerUrl: z.url(),
      clientId: z.string().optional(),
      clientSecret: z.string().optional(),
      credentialsFile: file.optional(),
      audience: z.string().optional(),
      scope: z.string().optional(),
    }),
    z.strictObject({ method: z.literal('basic'), username: z.string(), password: z.string() }),
    z.strictObject({ method: z.literal('tls') }),
  ])
  .default({ method: 'none' })
  .describe("The gateway's own identity at Pulsar.");

export const pulsar = z.strictObject({
  serviceUrl: z
    .string()
    .regex(/^pulsar(\+ssl)?:\/\/[^\s/]+$/, 'pulsar://host:port[,host:port] or pulsar+ssl://host:port')
    .default('pulsar://127.0.0.1:6650')
    .describe('Binary service URL; several hosts are separated by commas and tried in turn.'),
  adminUrl: z.url().default('http://127.0.0.1:8080').describe('URL of the admin REST interface.'),
  auth: pulsarAuth,
  tls: pulsarTls.prefault({}),
  listenerName: name.optional().describe("Name of the broker's advertised listener to ask for."),
  connectionTimeoutMs: milliseconds.default(10_000),
  operationTimeoutMs: milliseconds.default(30_000),
  keepAliveMs: milliseconds.default(30_000),
});

export type PulsarConfig = z.output<typeof pulsar>;

export function pulsarFaults({ auth, tls }: PulsarConfig): ConfigFault[] {
  const faults: ConfigFault[] = [];
  if (auth.method === 'token' && (auth.token === undefined) === (auth.tokenFile === undefined)) {
    faults.push({ path: ['pulsar', 'auth'], message: 'give exactly one of token and tokenFile' });
  }
  const inlineSecret =
    auth.method === 'oauth2' && auth.clientId !== undefined && auth.clientSecret !== undefined;
  if (auth.method === 'oauth2' && inlineSecret === (auth.credentialsFile !== undefined)) {
    const message = 'give either clientId and clientSecret, or credentialsFile';
    faults.push({ path: ['pulsar', 'auth'], message });
  }
  if ((tls.certFile === undefined) !== (tls.keyFile === undefined)) {
    faults.push({ path: ['pulsar', 'tls'], message: 'certFile and keyFile belong together' });
  }
  return faults;
}
