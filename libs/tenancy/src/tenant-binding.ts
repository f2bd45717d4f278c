import type { Tenant } from './tenant.js';
import type { TenantDirectory } from './tenant-directory.js';

/**
 * What says which tenant a connection is of, highest first. All but the host name are names of tenants.
 */
export interface TenantClaims {
  /** The host name that the client asked for in TLS (SNI). It counts only where a tenant has it among its `serverNames`. */
  readonly serverName?: string | undefined;
  /** The listener's `tenant`. */
  readonly listener?: string | undefined;
  /** What the rule for the client's certificate says. */
  readonly certificate?: string | undefined;
  /** `tenant/user` or `user@tenant`. */
  readonly userName?: string | undefined;
  /** A claim of the token, or the tenant of its issuer. */
  readonly token?: string | undefined;
  /** The listener's `defaultTenant`: for those who say nothing. It contradicts nobody. */
  readonly fallback?: string | undefined;
}

export type TenantBinding =
  | { readonly tenant: Tenant; readonly deny?: undefined }
  | { readonly deny: 'unknown-tenant' | 'tenant-mismatch'; readonly tenant?: undefined };

/**
 * The one tenant that all claims agree on. A claim that names a tenant that is not there denies, whatever the others say: it
 * never falls through to a default. So does a claim that names another tenant than one above it.
 */
export function bindTenant(claims: TenantClaims, directory: TenantDirectory): TenantBinding {
  let bound = claims.serverName === undefined ? undefined : directory.byServerName(claims.serverName);
  let mismatch = false;
  for (const name of [claims.listener, claims.certificate, claims.userName, claims.token]) {
    if (name === undefined) continue;
    const tenant = directory.byName(name);
    if (tenant === undefined) return { deny: 'unknown-tenant' };
    bound ??= tenant;
    mismatch ||= tenant !== bound;
  }
  if (mismatch) return { deny: 'tenant-mismatch' };
  if (bound === undefined && claims.fallback !== undefined) bound = directory.byName(claims.fallback);
  return bound === undefined ? { deny: 'unknown-tenant' } : { tenant: bound };
}
