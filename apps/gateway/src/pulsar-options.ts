import type { AuthOptions, PulsarClientOptions, PulsarIdentity } from '#libs/pulsar';
import type { Log } from '#libs/telemetry';
import type { FurtherAuthConfig } from './config/pulsar.schema.js';
import type { GatewayConfig } from './gateway.config.js';

/** What the configuration says of Pulsar as the client's options, who the tenants' connections are included. */
export function pulsarClientOptions(
  { pulsar: { proxyAuth, ...pulsar }, tenants }: Pick<GatewayConfig, 'pulsar' | 'tenants'>,
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
