import type { Buffer } from 'node:buffer';
import type { AuthDecision, AuthPeer, Principal } from '#libs/auth';
import { parsePlainToken } from './sasl-plain.js';

/** SASL mechanisms that are served, as SaslHandshake lists them. */
export const saslMechanisms: readonly string[] = ['PLAIN'];

const apiKey = { saslHandshake: 17, apiVersions: 18, saslAuthenticate: 36 } as const;

export type SaslState = 'initial' | 'anonymous' | 'framed' | 'raw' | 'authenticated' | 'failed';

export interface SaslOptions {
  readonly peer: AuthPeer;
  readonly authenticator: {
    plain(username: string, password: string, peer: AuthPeer): Promise<AuthDecision>;
    anonymous(peer: AuthPeer): AuthDecision;
    anonymousAllowed(listener: string): boolean;
  };
  /** Called when the client is known, so at the latest before `authenticate` answers. */
  onAuthenticated(principal: Principal): void;
}

/** What SaslHandshake says. */
export type HandshakeOutcome = 'accepted' | 'unsupported-mechanism' | 'illegal-state';

/**
 * Who a connection is and how far it came in proving it (KIP-43, KIP-152; Kafka's SaslServerAuthenticator).
 *
 * ```
 *             SaslHandshake v1           SaslAuthenticate, allowed
 * initial ─────────────────────▶ framed ──────────────────────────▶ authenticated
 *    │                                                                ▲   ▲
 *    ├───── SaslHandshake v0 ──▶ raw ───── a token frame, allowed ────┘   │
 *    │                                                                    │
 * anonymous (the listener allows it: a principal from the start; SASL as the first
 *    │       request takes the two ways above)                            │
 *    └───────── any other request ────────────────────────────────────────┘
 *
 * every other step ──▶ failed: answered where Kafka answers, then closed
 * ```
 *
 * ApiVersions is served in `initial` and `anonymous` without a change of state, as in Kafka.
 */
export class SaslExchange {
  #state: SaslState = 'initial';
  #principal: Principal | undefined;

  constructor(private readonly options: SaslOptions) {
    const { authenticator, peer } = options;
    if (!authenticator.anonymousAllowed(peer.listener)) return;
    const decision = authenticator.anonymous(peer);
    if (decision.kind !== 'allow') return;
    this.#state = 'anonymous';
    this.#principal = decision.principal;
  }

  get state(): SaslState {
    return this.#state;
  }

  /** Undefined until the client is known. */
  get principal(): Principal | undefined {
    return this.#principal;
  }

  /** True while a request must be answered before the next may start. */
  get stepwise(): boolean {
    return this.#state === 'initial' || this.#state === 'framed' || this.#state === 'raw';
  }

  /** Whether a request of this API may be served now; to be asked once for each, before it is. */
  admits(key: number): boolean {
    switch (this.#state) {
      case 'initial':
        return key === apiKey.apiVersions || key === apiKey.saslHandshake;
      case 'anonymous':
        if (key !== apiKey.apiVersions && key !== apiKey.saslHandshake) this.#state = 'authenticated';
        return true;
      case 'framed':
        return key === apiKey.saslAuthenticate;
      case 'authenticated':
        return true;
      default:
        return false;
    }
  }

  handshake(mechanism: string, version: number): HandshakeOutcome {
    if (this.#state !== 'initial' && this.#state !== 'anonymous') return 'illegal-state';
    this.#principal = undefined;
    if (!saslMechanisms.includes(mechanism)) {
      this.#state = 'failed';
      return 'unsupported-mechanism';
    }
    this.#state = version === 0 ? 'raw' : 'framed';
    return 'accepted';
  }

  /**
   * One client token.
   *
   * @returns undefined when the client is authenticated, else why not, in words for the log only: the client is told
   *   the same whatever was wrong
   */
  async authenticate(token: Buffer): Promise<string | undefined> {
    if (this.#state !== 'framed' && this.#state !== 'raw') return 'a SASL token without a handshake';
    const credentials = parsePlainToken(token);
    if (typeof credentials === 'string') return this.#fail(credentials);
    let decision: AuthDecision;
    try {
      decision = await this.options.authenticator.plain(
        credentials.username,
        credentials.password,
        this.options.peer,
      );
    } catch (error) {
      return this.#fail(`the authenticator failed: ${error instanceof Error ? error.message : 'unknown'}`);
    }
    if (decision.kind !== 'allow') {
      return this.#fail(decision.kind === 'deny' ? decision.reason : 'no source knows these credentials');
    }
    this.#principal = decision.principal;
    this.#state = 'authenticated';
    this.options.onAuthenticated(decision.principal);
    return undefined;
  }

  #fail(why: string): string {
    this.#state = 'failed';
    return why;
  }
}
