import type { PulsarLog } from './connection.js';

/** How the gateway proves who it is, to brokers and to the admin REST alike. */
export type AuthOptions =
  | { readonly method: 'none' }
  | { readonly method: 'token'; readonly token: string }
  /** Read again whenever credentials are wanted, so that a rotated file needs no restart. */
  | { readonly method: 'token'; readonly tokenFile: string }
  | {
      readonly method: 'oauth2';
      /** Base of `.well-known/openid-configuration`. */
      readonly issuerUrl: string;
      readonly clientId?: string;
      readonly clientSecret?: string;
      /** JSON file with `client_id` and `client_secret` (and perhaps `issuer_url`), as StreamNative and others give out. */
      readonly credentialsFile?: string;
      readonly audience?: string;
      readonly scope?: string;
    }
  | { readonly method: 'basic'; readonly username: string; readonly password: string }
  /** The client certificate of `TlsOptions` is the identity. */
  | { readonly method: 'tls' };

/** PEM files; read on each connect. */
export interface TlsOptions {
  /** Trusted authorities; the system's when absent. */
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  /** Default false. True accepts any certificate: for tests. */
  readonly allowInsecure?: boolean;
  /** Default true. */
  readonly verifyHostname?: boolean;
  /** SNI sent instead of the host name. */
  readonly serverName?: string;
}

/** Who a connection is at the brokers. */
export interface PulsarIdentity {
  readonly auth: AuthOptions;
  /** For method `tls`: the certificate that is this identity, instead of the client's own. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
  /** Act for this role; that of `auth` must be one of the brokers' `proxyRoles`. Both need the permissions. */
  readonly originalPrincipal?: string;
}

export interface PulsarClientOptions {
  /** `pulsar://` or `pulsar+ssl://`, several hosts by comma. */
  readonly serviceUrl: string;
  /** `http://` or `https://`; without it `PulsarClient.admin` refuses with 'InvalidConfiguration'. */
  readonly adminUrl?: string;
  readonly auth?: AuthOptions;
  readonly tls?: TlsOptions;
  /** Ask lookups for this advertised listener. */
  readonly listenerName?: string;
  /** Act for this role; the gateway's own role must be one of the brokers' `proxyRoles`. */
  readonly originalPrincipal?: string;
  /**
   * Who the connections with a `tenantKey` are, where that is not this client. Look-ups, metadata and the admin REST are
   * always this client's own.
   */
  readonly identities?: ReadonlyMap<string, PulsarIdentity>;
  /** A request without an answer for this long fails with 'Timeout'. Default 30 000. */
  readonly operationTimeoutMs?: number;
  /** Idle time before a PING; silent for twice as long closes. Default 30 000. */
  readonly keepAliveMs?: number;
  /** From the first byte to CONNECTED, over all of DNS, TCP and TLS. Default 10 000. */
  readonly connectionTimeoutMs?: number;
  /** An unused pooled connection is closed after this. Default 180 000. */
  readonly connectionIdleMs?: number;
  /** Default 1 000. */
  readonly connectionsMax?: number;
  /** Requests outstanding per connection. Default 10 000. */
  readonly requestsPendingMax?: number;
  /** Lookups and metadata requests outstanding in all. Default 5 000. */
  readonly lookupsPendingMax?: number;
  /** Bytes waiting in a socket before `send` says false. Default 4 MiB. */
  readonly sendHighWaterBytes?: number;
  readonly log?: PulsarLog;
}

export const silentLog: PulsarLog = { debug() {}, info() {}, warn() {}, error() {} };

export function withDefaults(options: PulsarClientOptions) {
  return {
    ...options,
    auth: options.auth ?? ({ method: 'none' } as AuthOptions),
    tls: options.tls ?? {},
    operationTimeoutMs: options.operationTimeoutMs ?? 30_000,
    keepAliveMs: options.keepAliveMs ?? 30_000,
    connectionTimeoutMs: options.connectionTimeoutMs ?? 10_000,
    connectionIdleMs: options.connectionIdleMs ?? 180_000,
    connectionsMax: options.connectionsMax ?? 1_000,
    requestsPendingMax: options.requestsPendingMax ?? 10_000,
    lookupsPendingMax: options.lookupsPendingMax ?? 5_000,
    sendHighWaterBytes: options.sendHighWaterBytes ?? 4 * 1024 * 1024,
    log: options.log ?? silentLog,
  };
}

export type ResolvedClientOptions = ReturnType<typeof withDefaults>;
