import { z } from 'zod';
import type { ConfigFault, ConfigPath } from './config-fault.js';
import { file, milliseconds, name } from './field.schema.js';

const pulsarTls = z.strictObject({
  caFile: file.optional(),
  certFile: file.optional(),
  keyFile: file.optional(),
  verifyHostname: z.boolean().default(true),
  allowInsecure: z.boolean().default(false).describe('Accept any certificate. For tests only.'),
});

const token = z.strictObject({
  method: z.literal('token'),
  token: z.string().optional(),
  tokenFile: file.optional().describe('Read again whenever it is needed: a rotated token needs no restart.'),
});

const oauth2 = z.strictObject({
  method: z.literal('oauth2'),
  issuerUrl: z.url(),
  clientId: z.string().optional(),
  clientSecret: z.string().optional(),
  credentialsFile: file.optional(),
  audience: z.string().optional(),
  scope: z.string().optional(),
});

const basic = z.strictObject({ method: z.literal('basic'), username: z.string(), password: z.string() });

const pulsarAuth = z
  .discriminatedUnion('method', [
    z.strictObject({ method: z.literal('none') }),
    token,
    oauth2,
    basic,
    z.strictObject({ method: z.literal('tls') }),
  ])
  .default({ method: 'none' })
  .describe("The gateway's own identity at Pulsar.");

/** An identity besides the gateway's own. Its certificate is its own, too: `pulsar.tls` has the gateway's. */
const furtherAuth = z.discriminatedUnion('method', [
  token,
  oauth2,
  basic,
  z.strictObject({ method: z.literal('tls'), certFile: file, keyFile: file }),
]);

/** Who the connections for one tenant are at Pulsar. */
export const tenantPulsar = z.strictObject({
  role: z
    .string()
    .min(1)
    .max(256)
    .optional()
    .describe('Role that the connections of this tenant act as. Without `auth`: through `pulsar.proxyAuth`.'),
  auth: furtherAuth.optional().describe('Credentials of that role.'),
});

export const pulsar = z.strictObject({
  serviceUrl: z
    .string()
    .regex(/^pulsar(\+ssl)?:\/\/[^\s/]+$/, 'pulsar://host:port[,host:port] or pulsar+ssl://host:port')
    .default('pulsar://127.0.0.1:6650')
    .describe('Binary service URL; several hosts are separated by commas and tried in turn.'),
  adminUrl: z.url().default('http://127.0.0.1:8080').describe('URL of the admin REST interface.'),
  auth: pulsarAuth,
  proxyAuth: furtherAuth
    .optional()
    .describe(
      'An identity that is one of the brokers’ `proxyRoles`: acts for the roles of tenants that have `pulsar.role` and no credentials.',
    ),
  proxyRole: z
    .string()
    .min(1)
    .max(256)
    .optional()
    .describe(
      'Role of `proxyAuth`, which needs the same grants as the roles that it acts for. Default: what its token or certificate says.',
    ),
  tls: pulsarTls.prefault({}),
  listenerName: name.optional().describe("Name of the broker's advertised listener to ask for."),
  connectionTimeoutMs: milliseconds.default(10_000),
  operationTimeoutMs: milliseconds.default(30_000),
  keepAliveMs: milliseconds.default(30_000),
});

export type PulsarConfig = z.output<typeof pulsar>;

export type TenantPulsarConfig = z.output<typeof tenantPulsar>;
export type FurtherAuthConfig = z.output<typeof furtherAuth>;

export function pulsarFaults({ auth, proxyAuth, tls }: PulsarConfig): ConfigFault[] {
  const faults = authFaults(auth, ['pulsar', 'auth']);
  if (proxyAuth !== undefined) faults.push(...authFaults(proxyAuth, ['pulsar', 'proxyAuth']));
  if ((tls.certFile === undefined) !== (tls.keyFile === undefined)) {
    faults.push({ path: ['pulsar', 'tls'], message: 'certFile and keyFile belong together' });
  }
  return faults;
}

/** What is wrong with a tenant's identity at Pulsar. */
export function tenantPulsarFaults(
  { role, auth }: TenantPulsarConfig,
  path: ConfigPath,
  { proxyAuth }: PulsarConfig,
): ConfigFault[] {
  if (auth !== undefined) return authFaults(auth, [...path, 'auth']);
  if (role === undefined) return [{ path, message: 'give role, or auth, or both' }];
  if (proxyAuth !== undefined) return [];
  const message = 'without auth the gateway acts for this role by pulsar.proxyAuth, which is missing';
  return [{ path: [...path, 'role'], message }];
}

function authFaults(auth: PulsarConfig['auth'] | FurtherAuthConfig, path: ConfigPath): ConfigFault[] {
  if (auth.method === 'token' && (auth.token === undefined) === (auth.tokenFile === undefined)) {
    return [{ path, message: 'give exactly one of token and tokenFile' }];
  }
  const inlineSecret =
    auth.method === 'oauth2' && auth.clientId !== undefined && auth.clientSecret !== undefined;
  if (auth.method === 'oauth2' && inlineSecret === (auth.credentialsFile !== undefined)) {
    return [{ path, message: 'give either clientId and clientSecret, or credentialsFile' }];
  }
  return [];
}
