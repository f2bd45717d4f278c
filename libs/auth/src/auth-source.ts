import type { AuthDecision, AuthPeer, Principal } from './principal.js';

/** What a client gives to prove who it is. SCRAM, which is a conversation, is a `ScramExchange`. */
export type Credentials =
  /** `username` with or without the tenant. */
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  /** `authorizationId`: whom the client wants to act as; nobody but itself is allowed. */
  | { readonly kind: 'token'; readonly token: string; readonly authorizationId?: string }
  | { readonly kind: 'certificate' };

/**
 * Knows some identities. `not-mine` passes on to the next source; what is thrown denies. A source neither delays, nor
 * counts, nor remembers refusals, and does not look at the user name beside a token: the `Authenticator` does.
 */
export interface AuthSource {
  /** For logs. */
  readonly name: string;
  authenticate(credentials: Credentials, peer: AuthPeer): AuthDecision | Promise<AuthDecision>;
  /** Calls back when what was decided may be wrong by now (keys were taken out): decisions about tokens are forgotten. */
  onChange?(listener: () => void): () => void;
  /** Calls back with identities that the source takes back while they are in use. */
  onRevoked?(listener: (principal: Principal) => void): () => void;
}

/** SASL mechanisms, best first. */
export const saslMechanisms = ['SCRAM-SHA-512', 'SCRAM-SHA-256', 'OAUTHBEARER', 'PLAIN'] as const;
export type SaslMechanism = (typeof saslMechanisms)[number];
