import { z } from 'zod';
import { certificateRuleFault } from '#libs/auth';
import type { ConfigFault } from './config-fault.js';
import { count, file, milliseconds, name, tenantName } from './field.schema.js';
import { jwtIssuers } from './jwt.schema.js';
import type { ListenerConfig } from './listener.schema.js';
import { pulsarTokens } from './pulsar-tokens.schema.js';

const certificateRule = z
  .strictObject({
    from: z
      .enum(['subject.CN', 'subject.O', 'subject.OU', 'san.dns', 'san.uri', 'san.email'])
      .describe('Which name of the certificate.'),
    match: z.string().min(1).max(1_024).describe('The name, with at most one `*` for one character or more.'),
    user: z
      .string()
      .min(1)
      .max(256)
      .describe('The user: text in which `$0` is the name and `$1` what `*` stood for.'),
    tenant: tenantName
      .optional()
      .describe('Default: what the host name, the listener or its defaultTenant say.'),
    groups: z.array(name).default([]),
  })
  .describe('Which client certificates are whom.');

/** How clients prove who they are, alike for every protocol and listener. */
export const authentication = z
  .strictObject({
    failureFloorMs: z
      .int()
      .min(0)
      .max(5_000)
      .default(200)
      .describe('Every refusal takes at least this long, whatever it is for.'),
    failuresPerAddressBurst: count
      .default(20)
      .describe('Failures that one address may have at once before it is refused unheard.'),
    failuresPerAddressPerMinute: count
      .default(30)
      .describe('How many of these failures an address gets back per minute.'),
    jwt: jwtIssuers,
    sessionLifetimeMsMax: milliseconds
      .optional()
      .describe('Longest time until a client must authenticate again. Default: until its token expires.'),
    usersFile: file
      .optional()
      .describe('Users that `pulsegate user add` writes; read again when it changes.'),
    certificates: z
      .array(certificateRule)
      .default([])
      .describe('In their order; the first that matches a verified client certificate decides.'),
    pulsarTokens: pulsarTokens.optional(),
  })
  .prefault({})
  .describe('How clients prove who they are.');

export type AuthenticationConfig = z.output<typeof authentication>;

/** Whether users and groups of a tenant can be others than those of its configuration. */
export function namesUsersElsewhere(config: AuthenticationConfig, tenant: string): boolean {
  const { usersFile, jwt, certificates, pulsarTokens: shown } = config;
  if (shown?.tenants.includes(tenant)) return true;
  const named = [...jwt, ...certificates].some((each) => each.tenant === undefined || each.tenant === tenant);
  return usersFile !== undefined || named;
}

/** Where users can come from besides the tenants' own lists, by key. */
export function identitySources(config: AuthenticationConfig): string[] {
  const { usersFile, certificates, jwt, pulsarTokens: shown } = config;
  return [
    ...(shown === undefined ? [] : ['pulsarTokens']),
    ...(jwt.length === 0 ? [] : ['jwt']),
    ...(usersFile === undefined ? [] : ['usersFile']),
    ...(certificates.length === 0 ? [] : ['certificates']),
  ];
}

/** Faults of identities that no client could ever have, and of listeners that would let nobody or everybody in. */
export function authenticationFaults(
  config: AuthenticationConfig,
  tenants: ReadonlySet<string>,
  listeners: readonly ListenerConfig[],
): ConfigFault[] {
  const faults: ConfigFault[] = [];
  for (const [index, rule] of config.certificates.entries()) {
    const path = ['authentication', 'certificates', index];
    const fault = certificateRuleFault(rule);
    if (fault !== undefined) faults.push({ path, message: fault });
    if (rule.tenant !== undefined && !tenants.has(rule.tenant)) {
      faults.push({ path: [...path, 'tenant'], message: `there is no tenant named ${rule.tenant}` });
    }
  }
  if (config.certificates.length > 0 && !listeners.some(asksForCertificates)) {
    const message = 'no listener asks clients for certificates: set tls.clientAuth of one';
    faults.push({ path: ['authentication', 'certificates'], message });
  }
  return faults;
}

function asksForCertificates({ tls }: ListenerConfig): boolean {
  return tls !== undefined && tls.clientAuth !== 'none';
}
