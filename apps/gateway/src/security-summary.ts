import type { Authenticator, SaslMechanism } from '#libs/auth';
import { identitySources } from './config/authentication.schema.js';
import { isLocal, type ListenerConfig, secretsNeedTls } from './config/listener.schema.js';
import { type GatewayConfig, listenersOf } from './gateway.config.js';

/** Who gets in through one listener, and how well that is guarded. */
export interface ListenerSecurity {
  readonly listener: string;
  readonly address: string;
  readonly tls: 'off' | 'on' | 'on, client certificate requested' | 'on, client certificate required';
  /** Whose word on where a client comes from counts. */
  readonly proxies: readonly string[];
  /** Mechanisms that clients are offered. */
  readonly sasl: readonly SaslMechanism[];
  /** Whether a client's certificate says who it is. */
  readonly certificates: 'are identities' | 'are not looked at';
  /** Users of the configuration and the users file: all tenants', unless the listener is for one. */
  readonly users: number;
  /** Settings of `authentication` that know further users. */
  readonly sources: readonly string[];
  readonly tenant: string;
  /** The tenant that clients without credentials act in. */
  readonly anonymousTenant: string | 'refused';
}

export interface SecurityWarning {
  readonly listener: string;
  readonly reason:
    | 'plaintext-passwords'
    | 'passwords-not-taken'
    | 'anonymous-from-network'
    | 'nobody-gets-in';
  readonly message: string;
}

/** What the summary asks the authenticator: who there is, and what they are offered. */
export type OfferedIdentities = Pick<Authenticator, 'mechanisms'> & {
  readonly users: { readonly size: number };
};

export function listenerSecurity(config: GatewayConfig, offered: OfferedIdentities): ListenerSecurity[] {
  return listenersOf(config).map(({ listener: each }) => ({
    listener: each.name,
    address: `${each.host}:${each.port}`,
    tls: tlsOf(each),
    proxies: each.proxyProtocol?.from ?? [],
    sasl: offered.mechanisms(each.name, each.tls !== undefined),
    certificates: certificatesIdentify(config, each) ? 'are identities' : 'are not looked at',
    users: offered.users.size,
    sources: identitySources(config.authentication),
    tenant: each.tenant ?? `of the user, default ${each.defaultTenant ?? 'none'}`,
    anonymousTenant: each.anonymousTenant ?? 'refused',
  }));
}

/** What an operator may not have meant. */
export function securityWarnings(config: GatewayConfig, offered: OfferedIdentities): SecurityWarning[] {
  return listenersOf(config).flatMap(({ listener: each }): SecurityWarning[] => {
    const { name: listener, host, anonymousTenant } = each;
    const address = `${host}:${each.port}`;
    const warnings: SecurityWarning[] = [];
    const warn = (reason: SecurityWarning['reason'], message: string) => {
      warnings.push({ listener, reason, message });
    };
    const mechanisms = offered.mechanisms(listener, each.tls !== undefined);
    if (each.tls === undefined && !isLocal(each)) {
      if (!secretsNeedTls(each) && mechanisms.some((mechanism) => !mechanism.startsWith('SCRAM-'))) {
        warn('plaintext-passwords', `passwords cross the network in plain text: ${address} has no TLS`);
      } else if (secretsNeedTls(each) && each.saslMechanisms === undefined && anonymousTenant === undefined) {
        const message = `${address} has no TLS, so passwords and tokens are not taken there, only SCRAM is: add tls, or say plaintextPasswords: true`;
        warn('passwords-not-taken', message);
      }
    }
    if (anonymousTenant !== undefined && !isLocal(each)) {
      warn(
        'anonymous-from-network',
        `whoever reaches ${address} acts in tenant ${anonymousTenant} without credentials`,
      );
    }
    const known = offered.users.size > 0 || identitySources(config.authentication).length > 0;
    const asked = mechanisms.length > 0 || certificatesIdentify(config, each);
    if (anonymousTenant === undefined && !(known && asked)) {
      warn('nobody-gets-in', 'there are no users and no anonymous clients: nobody can get in');
    }
    return warnings;
  });
}

function certificatesIdentify({ authentication }: GatewayConfig, { tls }: ListenerConfig): boolean {
  return authentication.certificates.length > 0 && tls !== undefined && tls.clientAuth !== 'none';
}

function tlsOf({ tls }: ListenerConfig): ListenerSecurity['tls'] {
  if (tls === undefined) return 'off';
  if (tls.clientAuth === 'none') return 'on';
  return tls.clientAuth === 'request'
    ? 'on, client certificate requested'
    : 'on, client certificate required';
}
