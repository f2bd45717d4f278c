import type { Tenant } from '#libs/tenancy';

/** By what a client proved who it is. */
export type IdentitySource = 'password' | 'scram' | 'token' | 'certificate' | 'pulsar-token' | 'anonymous';

/**
 * Who a connection acts as; bound to one tenant for its life. The same object for each connection of a user, or of a
 * token, as long as the identity lasts: what is remembered about it hangs on the object.
 */
export interface Principal {
  readonly tenant: Tenant;
  readonly user: string;
  readonly groups: readonly string[];
  readonly anonymous: boolean;
  /** Since 1970, when the identity ends: a token's expiry. Absent = it does not. */
  readonly expiresAtMs?: number;
  /** For logs. */
  readonly source: IdentitySource;
}

/** The name that an anonymous client acts as; no configured user may have it. */
export const anonymousUser = 'anonymous';

export type DenyReason =
  | 'bad-credentials'
  | 'unknown-tenant'
  /** Two of host name, listener, certificate, user name and token name different tenants. */
  | 'tenant-mismatch'
  | 'expired'
  /** A password or token on a connection that anybody on the way can read. */
  | 'plaintext'
  | 'too-many-failures'
  | 'overloaded'
  | 'anonymous-not-allowed'
  | 'fault';

/** `not-mine`: this source does not know such credentials, the next in the chain may. */
export type AuthDecision =
  | { readonly kind: 'allow'; readonly principal: Principal }
  | { readonly kind: 'deny'; readonly reason: DenyReason }
  | { readonly kind: 'not-mine' };

/** One name in a certificate, as it was encoded: never cut out of a text. */
export interface CertificateAttribute {
  readonly kind: 'subject.CN' | 'subject.O' | 'subject.OU' | 'san.dns' | 'san.uri' | 'san.email';
  readonly value: string;
}

/** Where the client came from. */
export interface AuthPeer {
  /** The listener's name. */
  readonly listener: string;
  readonly remoteAddress: string;
  /** What failures are counted by (transport's `PeerInfo.network`); default `remoteAddress`. */
  readonly network?: string;
  readonly tls?: boolean;
  /** The host name that the client asked for in TLS (SNI). */
  readonly serverName?: string;
  /** The client's certificate, only when it was verified. */
  readonly certificate?: {
    readonly subject: string;
    readonly subjectAltName: string;
    readonly fingerprint256: string;
    readonly attributes?: readonly CertificateAttribute[];
    /** End of its validity, milliseconds since 1970. */
    readonly expiresAtMs?: number;
  };
}
