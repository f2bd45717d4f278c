import { z } from 'zod';
import type { ConfigFault, ConfigPath } from './config-fault.js';
import { tenantName } from './field.schema.js';

const claim = z.string().min(1).max(128);

export const pulsarTokens = z
  .strictObject({
    tenants: z.array(tenantName).min(1).describe('Tenants whose clients may show Pulsar’s tokens.'),
    claims: z
      .strictObject({
        user: claim
          .default('sub')
          .describe('Claim that is the role, as the brokers’ `tokenAuthClaim` says; it is the user’s name.'),
        tenant: claim.optional().describe('Claim that names the tenant. Default: the token names none.'),
      })
      .prefault({}),
  })
  .describe('Clients show a token of Pulsar’s, and a broker says whether it is one.');

export type PulsarTokensConfig = z.output<typeof pulsarTokens>;

export function pulsarTokensFaults(
  config: PulsarTokensConfig | undefined,
  path: ConfigPath,
  tenants: ReadonlySet<string>,
): ConfigFault[] {
  return (config?.tenants ?? []).flatMap((name, index) =>
    tenants.has(name)
      ? []
      : [{ path: [...path, 'tenants', index], message: `there is no tenant named ${name}` }],
  );
}
