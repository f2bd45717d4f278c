import type { AuthOptions, PulsarClientOptions } from '#libs/pulsar';
import type { Log } from '#libs/telemetry';
import type { GatewayConfig } from './gateway.config.js';

/** The `pulsar` part of the configuration as the client's options. */
export function pulsarClientOptions(config: GatewayConfig['pulsar'], log: Log): PulsarClientOptions {
  return { ...config, auth: authOptions(config.auth), log };
}

function authOptions(auth: GatewayConfig['pulsar']['auth']): AuthOptions {
  if (auth.method !== 'token') return auth;
  // The cross-check saw to it that exactly one of the two is there.
  return auth.tokenFile === undefined
    ? { method: 'token', token: auth.token ?? '' }
    : { method: 'token', tokenFile: auth.tokenFile };
}
