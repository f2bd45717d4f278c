import { z } from 'zod';
import {
  claimPathMax,
  issuerCharsMax,
  type JwtIssuerOptions,
  jwtAlgorithms,
  jwtIssuerFaults,
} from '#libs/auth';
import { type ConfigFault, type ConfigPath, duplicates } from './config-fault.js';
import { file, milliseconds, name, tenantName } from './field.schema.js';

const claim = z.string().min(1).max(256);
const claimPath = z
  .union([claim, z.array(claim).min(1).max(claimPathMax)])
  .describe('Name of a claim, or the names from the outermost object in: `[realm_access, roles]`.');

const jwtIssuer = z.strictObject({
  name: name.describe('Name of the issuer in logs.'),
  issuer: z.string().min(1).max(issuerCharsMax).describe('The `iss` of its tokens, character by character.'),
  audience: z
    .array(z.string().min(1).max(issuerCharsMax))
    .min(1)
    .max(16)
    .describe('One of these must be in `aud`.'),
  algorithms: z.array(z.enum(jwtAlgorithms)).min(1).describe('What its tokens may be signed with.'),
  keysFile: file.optional().describe('Public keys: PEM, JWK or JWK Set. Read again when it changes.'),
  jwksUrl: z.string().optional().describe('Where the issuer publishes its JWK Set; https, or this machine.'),
  secretFile: file.optional().describe('The secret of HS256, HS384, HS512; base64 after `data:;base64,`.'),
  secretEnv: z.string().min(1).optional().describe('Environment variable that holds the secret.'),
  caFile: file
    .optional()
    .describe('PEM certificates of the only authorities that are trusted for `jwksUrl`.'),
  refreshMs: milliseconds
    .min(1_000)
    .optional()
    .describe('How often keys are read again. Default 300000 for `jwksUrl`, 10000 for files.'),
  staleMsMax: z
    .int()
    .min(1_000)
    .max(2_592_000_000)
    .optional()
    .describe('For how long known keys serve while they cannot be read again. Default 86400000.'),
  clockToleranceMs: z
    .int()
    .min(0)
    .max(300_000)
    .optional()
    .describe('How far clocks may be apart. Default 30000.'),
  claims: z
    .strictObject({
      user: claimPath.default('sub'),
      tenant: claimPath.optional(),
      groups: claimPath.default('groups'),
    })
    .prefault({})
    .describe('Which claims say who somebody is.'),
  tenant: tenantName.optional().describe('The tenant of all users of the issuer, instead of a claim.'),
});

export const jwtIssuers = z
  .array(jwtIssuer)
  .max(32)
  .default([])
  .describe('Whose tokens (JWT) are believed. The first whose `issuer` is that of the token decides.');

export type JwtIssuerConfig = z.output<typeof jwtIssuer>;

/**
 * An issuer of the configuration as the lib knows it.
 *
 * @throws Error that names the variable of a secret that is not set
 */
export function jwtIssuerOf(
  { secretEnv, ...config }: JwtIssuerConfig,
  environment: NodeJS.ProcessEnv = process.env,
): JwtIssuerOptions {
  if (secretEnv === undefined) return config;
  const secret = environment[secretEnv];
  if (!secret) throw new Error(`environment variable ${secretEnv} is not set`);
  return { ...config, secret };
}

/** Faults between the settings of issuers. */
export function jwtFaults(
  issuers: readonly JwtIssuerConfig[],
  path: ConfigPath,
  tenants: ReadonlySet<string>,
): ConfigFault[] {
  return [
    ...duplicates(issuers.map(({ name: value }, at) => ({ path: [...path, at, 'name'], value }))),
    ...duplicates(issuers.map(({ issuer: value }, at) => ({ path: [...path, at, 'issuer'], value }))),
    ...issuers.flatMap(({ secretEnv, ...each }, at) => {
      const options = { ...each, ...(secretEnv !== undefined && { secret: '' }) };
      const faults: ConfigFault[] = jwtIssuerFaults(options).map(({ setting, message }) => ({
        path: [...path, at, setting],
        message,
      }));
      if (each.tenant !== undefined && !tenants.has(each.tenant)) {
        faults.push({ path: [...path, at, 'tenant'], message: `there is no tenant named ${each.tenant}` });
      }
      return faults;
    }),
  ];
}
