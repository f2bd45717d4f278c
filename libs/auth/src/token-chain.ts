import type { TenantDirectory } from '#libs/tenancy';
import type { AuthSource, Credentials } from './auth-source.js';
import { type FailureLimit, TooManyFailures } from './failure-limit.js';
import type { AuthDecision, AuthPeer, Principal } from './principal.js';
import type { TenantBinder } from './tenant-binder.js';
import { claimedUser, userNameCharsMax, userNameFault } from './user-name.js';
import { VerificationCache } from './verification-cache.js';
import { WorkQueue } from './work-queue.js';

export interface TokenChainParts {
  readonly sources: readonly AuthSource[];
  readonly binder: TenantBinder;
  readonly failures: FailureLimit;
  readonly now: () => number;
  /** The time of day. */
  readonly epochNow: () => number;
}

type SecretCredentials = Exclude<Credentials, { readonly kind: 'certificate' }>;

/** Longest token that is looked at. */
export const tokenBytesMax = 16_384;

const entriesMax = 10_000;
/** A refused token is asked about again soon: its key may have been published meanwhile. */
const lifetimeMs = { right: 60_000, wrong: 5_000 };
// Keys are fetched and brokers asked: who waits for them must not be without number.
const verificationsRunningMax = 16;
const verificationsWaitingMax = 1_024;
/** What may stand in the place of a user name beside a token. */
const noName: readonly string[] = ['', 'token', 'jwt'];

/** Three parts of base64url: the form of a signed JWT (RFC 7515). */
export function looksLikeToken(text: string): boolean {
  return text.length <= tokenBytesMax && /^[\w-]{2,}\.[\w-]{2,}\.[\w-]+$/.test(text);
}

/** Asks the sources of tokens one after the other, and holds what they say against what else is known of the client. */
export class TokenChain {
  readonly #parts: TokenChainParts;
  readonly #tenants: TenantDirectory;
  readonly #cache: VerificationCache<AuthDecision>;
  readonly #verifications = new WorkQueue(verificationsRunningMax, verificationsWaitingMax);
  readonly #underWay = new Map<string, Promise<AuthDecision>>();
  // Counts what the sources took back: an answer that was on its way then is not remembered.
  #changes = 0;

  constructor(parts: TokenChainParts) {
    this.#parts = parts;
    this.#tenants = parts.binder.tenants;
    this.#cache = new VerificationCache(entriesMax, parts.now);
    const forget = () => {
      this.#changes++;
      this.#cache.clear();
    };
    for (const source of parts.sources) source.onChange?.(forget);
    // Who was refused since its tenant was not there is one of it now; and host names may be of others.
    this.#tenants.onChange(({ added, changed }) => added.length + changed.length > 0 && forget());
  }

  /**
   * @throws TooManyFailures
   * @throws WorkQueueFull
   * @throws what a source throws
   */
  async authenticate(credentials: SecretCredentials, peer: AuthPeer, address: string): Promise<AuthDecision> {
    const { sources, failures } = this.#parts;
    if (sources.length === 0) return { kind: 'not-mine' };
    const secret = credentials.kind === 'token' ? credentials.token : credentials.password;
    if (Buffer.byteLength(secret) > tokenBytesMax) return { kind: 'deny', reason: 'bad-credentials' };
    const key = this.#key(credentials, secret, peer);
    const remembered = this.#remembered(key);
    if (remembered?.kind === 'allow') return remembered;
    if (failures.exhausted(address)) return { kind: 'deny', reason: 'too-many-failures' };
    return remembered ?? this.#askOnce(key, credentials, peer, address);
  }

  /** Not of one whose time is over, or whose tenant was removed since. */
  #remembered(key: string): AuthDecision | undefined {
    const decision = this.#cache.get(key);
    if (decision?.kind !== 'allow') return decision;
    const { principal } = decision;
    return this.#expired(principal) || !this.#tenants.has(principal.tenant) ? undefined : decision;
  }

  /** The tenant depends on where the client came in, so the same token may be refused at another listener. */
  #key(credentials: SecretCredentials, secret: string, peer: AuthPeer): string {
    const name = credentials.kind === 'token' ? credentials.authorizationId : credentials.username;
    const { listener, serverName = '', certificate } = peer;
    return this.#cache.key(
      credentials.kind,
      secret,
      name ?? '',
      listener,
      serverName,
      certificate?.fingerprint256 ?? '',
    );
  }

  #askOnce(
    key: string,
    credentials: SecretCredentials,
    peer: AuthPeer,
    address: string,
  ): Promise<AuthDecision> {
    const underWay = this.#underWay.get(key);
    if (underWay) return underWay;
    const changes = this.#changes;
    const asking = this.#verifications
      .run(() => {
        // Asked again after the wait: guesses sent all at once must not get past the limit together.
        if (this.#parts.failures.exhausted(address)) throw new TooManyFailures();
        return this.#ask(credentials, peer);
      })
      .then((decision) => {
        if (changes === this.#changes) this.#remember(key, decision);
        return decision;
      })
      .finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, asking);
    return asking;
  }

  async #ask(credentials: SecretCredentials, peer: AuthPeer): Promise<AuthDecision> {
    for (const source of this.#parts.sources) {
      const decision = await source.authenticate(credentials, peer);
      if (decision.kind === 'not-mine') continue;
      return decision.kind === 'allow' ? this.#judged(decision.principal, credentials) : decision;
    }
    return { kind: 'not-mine' };
  }

  /** A source says who the client is; whether it may be that here is said in one place for all sources. */
  #judged(principal: Principal, credentials: SecretCredentials): AuthDecision {
    const { tenant, user } = principal;
    if (this.#expired(principal)) return { kind: 'deny', reason: 'expired' };
    if (!this.#tenants.has(tenant)) return { kind: 'deny', reason: 'unknown-tenant' };
    if (userNameFault(user) !== undefined) return { kind: 'deny', reason: 'bad-credentials' };
    if (credentials.kind === 'token') {
      const { authorizationId = '' } = credentials;
      return authorizationId === '' ? { kind: 'allow', principal } : this.#named(principal, authorizationId);
    }
    if (noName.includes(credentials.username)) return { kind: 'allow', principal };
    return this.#named(principal, credentials.username);
  }

  /** Nobody acts for another: a name beside the token is that of its user, in its tenant. */
  #named(principal: Principal, name: string): AuthDecision {
    if (name.length > 2 * userNameCharsMax) return { kind: 'deny', reason: 'bad-credentials' };
    if (name === principal.user) return { kind: 'allow', principal };
    const claimed = claimedUser(name);
    if (claimed.tenant !== undefined && claimed.tenant !== principal.tenant.name) {
      return {
        kind: 'deny',
        reason: this.#tenants.byName(claimed.tenant) ? 'tenant-mismatch' : 'unknown-tenant',
      };
    }
    return claimed.user === principal.user
      ? { kind: 'allow', principal }
      : { kind: 'deny', reason: 'bad-credentials' };
  }

  #remember(key: string, decision: AuthDecision): void {
    if (decision.kind === 'deny' && (decision.reason === 'fault' || decision.reason === 'overloaded')) return;
    const { expiresAtMs = Number.POSITIVE_INFINITY } = decision.kind === 'allow' ? decision.principal : {};
    const leftMs = expiresAtMs - this.#parts.epochNow();
    this.#cache.set(
      key,
      decision,
      Math.min(leftMs, decision.kind === 'allow' ? lifetimeMs.right : lifetimeMs.wrong),
    );
  }

  #expired({ expiresAtMs }: Principal): boolean {
    return expiresAtMs !== undefined && expiresAtMs <= this.#parts.epochNow();
  }
}
