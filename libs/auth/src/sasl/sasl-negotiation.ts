import { Buffer, isUtf8 } from 'node:buffer';
import type { Authenticator } from '../authenticator.js';
import type { AuthDecision, AuthPeer, Principal } from '../principal.js';
import { type MechanismExchange, type MechanismStep, startMechanism } from './sasl-mechanism.js';

/** First message and responses of one exchange: SCRAM has two, and one more where the first brings nothing. */
const messagesMax = 4;
const forever = Number.POSITIVE_INFINITY;
const nothing = Buffer.alloc(0);

export interface SaslNegotiationOptions {
  readonly peer: AuthPeer;
  readonly authenticator: Pick<
    Authenticator,
    'authenticate' | 'plain' | 'scram' | 'certificate' | 'anonymous' | 'anonymousAllowed' | 'mechanisms'
  >;
  /** A clock in milliseconds that never goes back. Default: `performance.now`. */
  readonly now?: () => number;
}

export interface SaslDenial {
  readonly kind: 'deny';
  /** For the log alone. */
  readonly reason: string;
}

/** What one message of the client led to. */
export type SaslStep =
  | { readonly kind: 'continue'; readonly challenge: Buffer }
  /** `endsAtMs`: when the identity ends, on the clock of `now`; infinite for most. */
  | {
      readonly kind: 'allow';
      readonly principal: Principal;
      readonly endsAtMs: number;
      readonly additionalData: Buffer | undefined;
    }
  | SaslDenial;

/**
 * Who a client is and how it proves it, for protocols that offer mechanisms and let the client choose. No method rejects.
 *
 *     initial ── offer ──▶ offered ── init ──▶ exchanging ── respond ... ──▶ allow or deny: over
 *        └────── bare: no SASL at all ────────────────────────────────────────▲
 */
export class SaslNegotiation {
  readonly #options: SaslNegotiationOptions;
  readonly #now: () => number;
  #offered: readonly string[] = [];
  #exchange: MechanismExchange | undefined;
  #messages = 0;
  /** Whom the client's certificate makes it: it can only be that one. */
  #certified: Principal | undefined;

  constructor(options: SaslNegotiationOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** The mechanisms, best first; or why there is no way in for this client. */
  async offer(): Promise<readonly string[] | SaslDenial> {
    const { authenticator, peer } = this.#options;
    const refused = await this.#certificate();
    if (refused !== undefined) return refused;
    this.#offered = [
      ...(this.#certified === undefined ? [] : ['EXTERNAL']),
      ...authenticator.mechanisms(peer.listener, peer.tls ?? false),
      ...(authenticator.anonymousAllowed(peer.listener) ? ['ANONYMOUS'] : []),
    ];
    return this.#offered.length > 0 ? this.#offered : deny('nobody can authenticate on this listener');
  }

  /** The mechanism that the client chose. To be called once, after `offer`. */
  async init(mechanism: string, initialResponse: Buffer | undefined): Promise<SaslStep> {
    const { authenticator, peer } = this.#options;
    if (!this.#offered.includes(mechanism)) return deny('a mechanism that is not offered');
    if (mechanism === 'ANONYMOUS') return this.#settle(authenticator.anonymous(peer));
    if (mechanism === 'EXTERNAL') return this.#external(initialResponse ?? nothing);
    this.#exchange = startMechanism(mechanism, authenticator, peer, true);
    // RFC 4422 section 3: who begins without data is asked for it.
    if (initialResponse === undefined) return { kind: 'continue', challenge: nothing };
    return this.respond(initialResponse);
  }

  async respond(response: Buffer): Promise<SaslStep> {
    if (this.#exchange === undefined) return deny('a response that nobody asked for');
    if (++this.#messages > messagesMax) return deny(`an exchange has at most ${messagesMax} messages`);
    try {
      const step = await this.#exchange.next(response);
      if (step.kind === 'continue') return { kind: 'continue', challenge: step.message };
      return this.#settle(step);
    } catch {
      return deny('fault');
    }
  }

  /** A name and a password that came in a form of the protocol's own. @param username with or without tenant */
  async password(username: string, password: string): Promise<SaslStep> {
    const { authenticator, peer } = this.#options;
    return this.#settle(await authenticator.plain(username, password, peer));
  }

  /** A client that leaves out SASL: the certificate says who it is, or nobody has to. */
  async bare(): Promise<SaslStep> {
    const { authenticator, peer } = this.#options;
    const refused = await this.#certificate();
    if (refused !== undefined) return refused;
    const principal = this.#certified;
    return this.#settle(
      principal === undefined ? authenticator.anonymous(peer) : { kind: 'allow', principal },
    );
  }

  async #certificate(): Promise<SaslDenial | undefined> {
    const { authenticator, peer } = this.#options;
    if (peer.certificate === undefined) return undefined;
    const decision = await authenticator.certificate(peer);
    if (decision.kind === 'deny') return deny(decision.reason);
    if (decision.kind === 'allow') this.#certified = decision.principal;
    return undefined;
  }

  /** The response is whom it wants to act as: itself, however it is written (RFC 4422 appendix A). */
  #external(response: Buffer): SaslStep {
    const principal = this.#certified!;
    if (!isUtf8(response)) return deny('bad-credentials');
    const { user, tenant } = principal;
    const own = ['', user, `${tenant.name}/${user}`, `${user}@${tenant.name}`];
    if (!own.includes(response.toString('utf8'))) return deny('bad-credentials');
    return this.#settle({ kind: 'allow', principal });
  }

  #settle(end: AuthDecision | Exclude<MechanismStep, { kind: 'continue' }>): SaslStep {
    this.#exchange = undefined;
    if (end.kind === 'not-mine') return deny('bad-credentials');
    if (end.kind === 'deny') return deny(end.reason);
    const { principal } = end;
    if (this.#certified !== undefined && !isSameUser(this.#certified, principal)) {
      return deny('another user than that of the client certificate');
    }
    const message = 'message' in end && end.message.length > 0 ? end.message : undefined;
    return { kind: 'allow', principal, endsAtMs: this.#endOf(principal), additionalData: message };
  }

  #endOf({ expiresAtMs = forever }: Principal): number {
    const certificateMs = (this.#certified && this.#options.peer.certificate?.expiresAtMs) ?? forever;
    const endMs = Math.min(expiresAtMs, certificateMs);
    return endMs === forever ? forever : this.#now() + endMs - Date.now();
  }
}

/** Whether two identities are the same user. */
export function isSameUser(one: Principal, other: Principal): boolean {
  return one.user === other.user && one.tenant === other.tenant && one.anonymous === other.anonymous;
}

function deny(reason: string): SaslDenial {
  return { kind: 'deny', reason };
}
