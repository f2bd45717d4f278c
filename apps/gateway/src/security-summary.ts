import { isLoopback, type ListenerConfig } from './config/listener.schema.js';
import { type GatewayConfig, listenersOf } from './gateway.config.js';

/** Who gets in through one listener, and how well that is guarded. */
export interface ListenerSecurity {
  readonly listener: string;
  readonly address: string;
  readonly tls: 'off' | 'on' | 'on, client certificate requested' | 'on, client certificate required';
  /** Proxies whose word on a client's address counts. */
  readonly proxies: readonly string[];
  /** Mechanisms by which clients authenticate. */
  readonly sasl: readonly string[];
  /** Users that can get in: all tenants', since a user name may say its tenant. */
  readonly users: number;
  /** The tenant that clients without credentials act in. */
  readonly anonymousTenant: string | 'refused';
}

export interface SecurityWarning {
  readonly listener: string;
  readonly reason: 'plaintext-passwords' | 'nobody-gets-in';
  readonly message: string;
}

export function listenerSecurity(config: GatewayConfig): ListenerSecurity[] {
  return listenersOf(config).map(({ listener: each }) => ({
    listener: each.name,
    address: `${each.host}:${each.port}`,
    tls: tlsOf(each),
    proxies: each.proxyProtocol?.from ?? [],
    sasl: ['PLAIN'],
    users: usersOf(config),
    anonymousTenant: each.anonymousTenant ?? 'refused',
  }));
}

/** What an operator may not have meant. */
export function securityWarnings(config: GatewayConfig): SecurityWarning[] {
  return listenersOf(config).flatMap(({ listener: each }): SecurityWarning[] => {
    const listener = each.name;
    const warnings: SecurityWarning[] = [];
    if (each.tls === undefined && !isLoopback(each.host)) {
      const message = `passwords cross the network in plain text: ${each.host}:${each.port} has no TLS`;
      warnings.push({ listener, reason: 'plaintext-passwords', message });
    }
    if (each.anonymousTenant === undefined && usersOf(config) === 0) {
      const message = 'there are no users and no anonymous clients: nobody can get in';
      warnings.push({ listener, reason: 'nobody-gets-in', message });
    }
    return warnings;
  });
}

function usersOf(config: GatewayConfig): number {
  return config.tenants.reduce((sum, tenant) => sum + tenant.users.length, 0);
}

function tlsOf({ tls }: ListenerConfig): ListenerSecurity['tls'] {
  if (tls === undefined) return 'off';
  if (tls.clientAuth === 'none') return 'on';
  return tls.clientAuth === 'request'
    ? 'on, client certificate requested'
    : 'on, client certificate required';
}
