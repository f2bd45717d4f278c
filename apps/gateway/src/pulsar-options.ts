import { type AuthOptions, presumedRole, type PulsarClientOptions, type PulsarIdentity } from '#libs/pulsar';
import type { Log } from '#libs/telemetry';
import type { FurtherAuthConfig } from './config/pulsar.schema.js';
import type { TenantConfig } from './config/tenant.schema.js';
import type { GatewayConfig } from './gateway.config.js';

/** What the configuration says of Pulsar as the client's options, who the tenants' connections are included. */
export function pulsarClientOptions(
  { pulsar: { proxyAuth, proxyRole, ...pulsar }, tenants }: Pick<GatewayConfig, 'pulsar' | 'tenants'>,
  log: Log,
): PulsarClientOptions {
  const identities = new Map<string, PulsarIdentity>();
  for (const { name, pulsar: own } of tenants) {
    if (own?.auth !== undefined) identities.set(name, identityOf(own.auth));
    // The cross-check saw to it that there is somebody to act for the role.
    else if (own?.role !== undefined && proxyAuth !== undefined) {
      identities.set(name, { ...identityOf(proxyAuth), originalPrincipal: own.role });
    }
  }
  return { ...pulsar, auth: authOptions(pulsar.auth), identities, log };
}

/** The gateway's own role at Pulsar, as far as it can be told. */
export function ownRole({ pulsar: { auth, tls } }: Pick<GatewayConfig, 'pulsar'>): string | undefined {
  const { certFile = '', keyFile = '' } = tls;
  return presumedRole({ auth: authOptions(auth), tls: { certFile, keyFile } });
}

/** Roles besides the gateway's own that need to produce and consume in the namespace of a tenant. */
export function rolesToGrant(
  { pulsar: { proxyAuth, proxyRole } }: Pick<GatewayConfig, 'pulsar'>,
  { pulsar: own }: Pick<TenantConfig, 'pulsar'>,
): string[] {
  if (own === undefined) return [];
  if (own.auth !== undefined) return present([own.role ?? presumedRole(identityOf(own.auth))]);
  const proxy = proxyRole ?? (proxyAuth && presumedRole(identityOf(proxyAuth)));
  return present([own.role, proxy]);
}

function present(roles: readonly (string | undefined)[]): string[] {
  return roles.filter((role) => role !== undefined);
}

function identityOf(auth: FurtherAuthConfig): PulsarIdentity {
  if (auth.method !== 'tls') return { auth: authOptions(auth) };
  const { certFile, keyFile } = auth;
  return { auth: { method: 'tls' }, tls: { certFile, keyFile } };
}

type OwnAuth = GatewayConfig['pulsar']['auth'];

function authOptions(auth: OwnAuth | Exclude<FurtherAuthConfig, { method: 'tls' }>): AuthOptions {
  if (auth.method !== 'token') return auth;
  // The cross-check saw to it that exactly one of the two is there.
  return auth.tokenFile === undefined
    ? { method: 'token', token: auth.token ?? '' }
    : { method: 'token', tokenFile: auth.tokenFile };
}
