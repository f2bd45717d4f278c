import type { Tenant } from '#libs/tenancy';

/** Who a connection acts as; bound to one tenant for its life. The same object for each connection of a user. */
export interface Principal {
  readonly tenant: Tenant;
  readonly user: string;
  readonly groups: readonly string[];
  readonly anonymous: boolean;
}

/** The name that an anonymous client acts as; no configured user may have it. */
export const anonymousUser = 'anonymous';

export type DenyReason =
  | 'bad-credentials'
  | 'unknown-tenant'
  | 'too-many-failures'
  | 'overloaded'
  | 'anonymous-not-allowed'
  | 'fault';

/** `not-mine`: this source does not know such credentials, the next in the chain may. */
export type AuthDecision =
  | { readonly kind: 'allow'; readonly principal: Principal }
  | { readonly kind: 'deny'; readonly reason: DenyReason }
  | { readonly kind: 'not-mine' };

/** Where the client came from. */
export interface AuthPeer {
  /** The listener's name. */
  readonly listener: string;
  readonly remoteAddress: string;
  /** What failures are counted by (transport's `PeerInfo.network`); default `remoteAddress`. */
  readonly network?: string;
}
