import type { Buffer } from 'node:buffer';
import {
  type AuthPeer,
  type Authenticator,
  type DenyReason,
  type MechanismExchange,
  type MechanismStep,
  type Principal,
  startMechanism,
} from '#libs/auth';

const apiKey = { saslHandshake: 17, apiVersions: 18, saslAuthenticate: 36 } as const;

/** The longest token of a client; tokens of a login service are up to 16 KiB. */
const tokenBytesMax = 65_536;
/** Tokens of a client in one exchange: SCRAM has two. */
const tokensMax = 4;
/** ApiVersions before the login: clients ask once, and again where a version is not served. Each answer is much longer than its question. */
const versionsAskedMax = 10;
/** Kafka's MIN_REAUTH_INTERVAL_ONE_SECOND_NANOS; and no session is told to be shorter. */
const sessionMsMin = 1_000;
const forever = Number.POSITIVE_INFINITY;
/** Refusals that say nothing about the client. */
const ourFaults: ReadonlySet<string> = new Set<DenyReason>(['fault', 'overloaded']);

export type SaslState =
  | 'identifying'
  | 'initial'
  | 'anonymous'
  | 'certified'
  | 'framed'
  | 'raw'
  | 'authenticated'
  | 'renewing'
  | 'failed';

export interface SaslOptions {
  readonly peer: AuthPeer;
  readonly authenticator: Pick<
    Authenticator,
    | 'authenticate'
    | 'plain'
    | 'scram'
    | 'certificate'
    | 'anonymous'
    | 'anonymousAllowed'
    | 'mechanisms'
    | 'sessionLifetimeMsMax'
  >;
  /** Called when the client is known, so at the latest before `authenticate` answers; again at each renewal. */
  onAuthenticated(principal: Principal, renewal: boolean): void;
  /** A clock in milliseconds that never goes back. Default: `performance.now`. */
  readonly now?: () => number;
}

/** What SaslHandshake says. */
export type HandshakeOutcome = 'accepted' | 'unsupported-mechanism' | 'illegal-state';

/** What one token of the client led to. */
export type SaslStep =
  | { readonly kind: 'continue'; readonly message: Buffer }
  /** `sessionLifetimeMs`: as SaslAuthenticate says it (KIP-368), 0 = without an end. */
  | { readonly kind: 'allow'; readonly message: Buffer; readonly sessionLifetimeMs: number }
  /**
   * `reason` is for the log only: the client is told the same whatever was wrong. `fault`: nothing was wrong with the
   * client, so it is to be told nothing, which makes it try again.
   */
  | { readonly kind: 'deny'; readonly message?: Buffer; readonly reason: string; readonly fault: boolean };

/**
 * Who a connection is and how far it came in proving it (KIP-43, KIP-152, KIP-368; Kafka's SaslServerAuthenticator).
 *
 * ```
 * identifying (a client certificate is there: whose?) ─── a rule matches ──▶ certified
 *    │ no rule matches                                                          │
 *    ▼        SaslHandshake v1           SaslAuthenticate ..., allowed          │
 * initial ─────────────────────▶ framed ──────────────────────────▶ authenticated ◀─┐
 *    │                              ▲                               ▲   ▲   │ SaslHandshake v1
 *    ├───── SaslHandshake v0 ──▶ raw ── token frames, allowed ──────┘   │   ▼       │ allowed
 *    │                           ▲  │                                   │ renewing ─┘
 * anonymous (the listener allows it: a principal from the start; SASL as the first
 * certified  request takes the two ways above)                          │
 *    └───────── any other request ──────────────────────────────────────┘
 *
 * every other step ──▶ failed: answered where Kafka answers, then closed
 * ```
 *
 * ApiVersions is served in `initial`, `anonymous` and `certified` without a change of state, as in Kafka. SASL after a
 * certificate may only say the same user. A session that ends (`endsAtMs`) is renewed with the same mechanism, by the
 * same user of the same tenant; until then the former principal acts, and past its end nothing but the renewal is served.
 */
export class SaslExchange {
  readonly #options: SaslOptions;
  readonly #now: () => number;
  #state: SaslState;
  #principal: Principal | undefined;
  #endsAtMs = forever;
  #authenticatedAtMs = 0;
  #mechanism: string | undefined;
  #exchange: MechanismExchange | undefined;
  #tokens = 0;
  #versionsAsked = 0;
  /** Whom SASL may say; anybody when undefined. */
  #bound: Principal | undefined;
  /** Why the renewal that was begun will be refused. */
  #renewalFault: string | undefined;

  constructor(options: SaslOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#state = options.peer.certificate === undefined ? 'initial' : 'identifying';
    if (this.#state === 'initial') this.#enter();
  }

  get state(): SaslState {
    return this.#state;
  }

  /** Undefined until the client is known. */
  get principal(): Principal | undefined {
    return this.#principal;
  }

  /** When the principal ends, on the clock of `now`; infinite for most. */
  get endsAtMs(): number {
    return this.#endsAtMs;
  }

  /** What is offered here, as SaslHandshake lists it. */
  get mechanisms(): readonly string[] {
    const { authenticator, peer } = this.#options;
    return authenticator.mechanisms(peer.listener, peer.tls ?? false);
  }

  /** True while a request must be answered before the next may start. */
  get stepwise(): boolean {
    const state = this.#state;
    return state === 'initial' || state === 'framed' || state === 'raw' || state === 'renewing';
  }

  /** To be called at once in state `identifying`, before any request. @returns why the client is refused, if it is */
  async identify(): Promise<string | undefined> {
    const { authenticator, peer } = this.#options;
    let decision: Awaited<ReturnType<Authenticator['certificate']>>;
    try {
      decision = await authenticator.certificate(peer);
    } catch (error) {
      return this.#fail(faultOf(error)).reason;
    }
    if (decision.kind === 'deny') return this.#fail(decision.reason).reason;
    if (decision.kind === 'not-mine') {
      this.#state = 'initial';
      this.#enter();
      return undefined;
    }
    this.#state = 'certified';
    this.#begin(decision.principal, (peer.certificate?.expiresAtMs ?? forever) - Date.now());
    this.#options.onAuthenticated(decision.principal, false);
    return undefined;
  }

  /** Whether a request of this API may be served now; to be asked once for each, before it is. */
  admits(key: number, nowMs: number): boolean {
    switch (this.#state) {
      case 'authenticated':
        return nowMs < this.#endsAtMs || key === apiKey.saslHandshake;
      case 'initial':
        if (key === apiKey.apiVersions) return ++this.#versionsAsked <= versionsAskedMax;
        return key === apiKey.saslHandshake;
      case 'anonymous':
      case 'certified':
        if (nowMs >= this.#endsAtMs) return false;
        if (key !== apiKey.apiVersions && key !== apiKey.saslHandshake) this.#state = 'authenticated';
        return true;
      case 'framed':
      case 'renewing':
        return key === apiKey.saslAuthenticate;
      default:
        return false;
    }
  }

  handshake(mechanism: string, version: number): HandshakeOutcome {
    const renewal = this.#state === 'authenticated' && this.#mayRenew(version);
    const first = this.#state === 'initial' || this.#state === 'anonymous' || this.#state === 'certified';
    if (!first && !renewal) return 'illegal-state';
    this.#exchange = undefined;
    this.#tokens = 0;
    if (!this.mechanisms.includes(mechanism)) {
      // What a renewal finds running still acts as who it was.
      if (!renewal) this.#principal = undefined;
      this.#state = 'failed';
      return 'unsupported-mechanism';
    }
    if (renewal) {
      this.#bound = this.#principal;
      // Kafka accepts the handshake too, and refuses the first token.
      if (mechanism !== this.#mechanism) this.#renewalFault = 'a renewal with another SASL mechanism';
      this.#state = 'renewing';
      return 'accepted';
    }
    this.#bound = this.#state === 'certified' ? this.#principal : undefined;
    this.#principal = undefined;
    this.#mechanism = mechanism;
    this.#state = version === 0 ? 'raw' : 'framed';
    return 'accepted';
  }

  /** One token of the client. */
  async authenticate(token: Buffer): Promise<SaslStep> {
    const state = this.#state;
    if (state !== 'framed' && state !== 'raw' && state !== 'renewing') {
      return this.#fail('a SASL token without a handshake');
    }
    if (this.#renewalFault !== undefined) return this.#fail(this.#renewalFault);
    if (token.length > tokenBytesMax) return this.#fail(`a SASL token has at most ${tokenBytesMax} bytes`);
    if (++this.#tokens > tokensMax) return this.#fail(`a SASL exchange has at most ${tokensMax} tokens`);
    let step: MechanismStep;
    try {
      const { authenticator, peer } = this.#options;
      this.#exchange ??= startMechanism(this.#mechanism!, authenticator, peer, state !== 'raw');
      step = await this.#exchange.next(token);
    } catch (error) {
      return this.#fail(faultOf(error), true);
    }
    if (step.kind === 'continue') return step;
    if (step.kind === 'deny') return this.#fail(step.reason, ourFaults.has(step.reason), step.message);
    return this.#allow(step);
  }

  #allow({ principal, message }: MechanismStep & { kind: 'allow' }): SaslStep {
    const bound = this.#bound;
    if (bound !== undefined && !sameUser(bound, principal)) {
      return this.#fail(
        this.#state === 'renewing'
          ? 'a renewal as another user'
          : 'SASL says another user than the certificate',
      );
    }
    const renewal = this.#state === 'renewing';
    this.#exchange = undefined;
    this.#bound = undefined;
    this.#state = 'authenticated';
    const lifetimeMs = this.#begin(principal, this.#options.authenticator.sessionLifetimeMsMax);
    this.#options.onAuthenticated(principal, renewal);
    return { kind: 'allow', message, sessionLifetimeMs: lifetimeMs };
  }

  /** @returns the session's length in whole milliseconds, 0 = without an end */
  #begin(principal: Principal, lifetimeMsMax = forever): number {
    const shortestMs = Math.min((principal.expiresAtMs ?? forever) - Date.now(), lifetimeMsMax);
    this.#principal = principal;
    this.#authenticatedAtMs = this.#now();
    if (shortestMs === forever) {
      this.#endsAtMs = shortestMs;
      return 0;
    }
    const lifetimeMs = Math.max(sessionMsMin, Math.floor(shortestMs));
    this.#endsAtMs = this.#authenticatedAtMs + lifetimeMs;
    return lifetimeMs;
  }

  /** Only what ends is renewed, only what SASL began, and not more often than Kafka allows. */
  #mayRenew(version: number): boolean {
    if (this.#mechanism === undefined || this.#endsAtMs === forever) return false;
    return version > 0 && this.#now() - this.#authenticatedAtMs >= sessionMsMin;
  }

  #enter(): void {
    const { authenticator, peer } = this.#options;
    if (!authenticator.anonymousAllowed(peer.listener)) return;
    const decision = authenticator.anonymous(peer);
    if (decision.kind !== 'allow') return;
    this.#state = 'anonymous';
    this.#principal = decision.principal;
  }

  #fail(reason: string, fault = false, message?: Buffer): SaslStep & { kind: 'deny' } {
    this.#state = 'failed';
    return { kind: 'deny', reason, fault, ...(message !== undefined && { message }) };
  }
}

function faultOf(error: unknown): string {
  return `the authenticator failed: ${error instanceof Error ? error.message : 'unknown'}`;
}

function sameUser(one: Principal, other: Principal): boolean {
  return one.tenant.name === other.tenant.name && one.user === other.user;
}
