import type { Credentials } from './auth-source.js';
import { type FailureLimit, TooManyFailures } from './failure-limit.js';
import { passwordBytesMax } from './password-verifier.js';
import type { AuthDecision, AuthPeer } from './principal.js';
import type { TenantBinder } from './tenant-binder.js';
import { looksLikeToken } from './token-chain.js';
import { claimedUser, userNameCharsMax } from './user-name.js';
import type { KnownUser, KnownUsers } from './users/known-users.js';
import { VerificationCache } from './verification-cache.js';
import { WorkQueue } from './work-queue.js';

export interface PasswordSourceParts {
  readonly binder: TenantBinder;
  readonly users: KnownUsers;
  readonly failures: FailureLimit;
  readonly now: () => number;
}

type PasswordCredentials = Extract<Credentials, { readonly kind: 'password' }>;

const entriesMax = 10_000;
const lifetimeMs = { right: 300_000, wrong: 60_000 };
// scrypt and PBKDF2 run on libuv's four threads, which files and name look-ups need too; scrypt takes 16 MiB each.
const verificationsRunningMax = 2;
const verificationsWaitingMax = 1_024;

/** The users that have a password. Who is not among them takes as much time as who is. */
export class PasswordSource {
  readonly #parts: PasswordSourceParts;
  readonly #cache: VerificationCache<boolean>;
  // Who was right from which address a short time ago.
  readonly #proven: VerificationCache<boolean>;
  readonly #verifications = new WorkQueue(verificationsRunningMax, verificationsWaitingMax);
  readonly #underWay = new Map<string, Promise<boolean>>();

  constructor(parts: PasswordSourceParts) {
    this.#parts = parts;
    this.#cache = new VerificationCache(entriesMax, parts.now);
    this.#proven = new VerificationCache(entriesMax, parts.now);
  }

  /**
   * `not-mine`: there is no such user, and what stands in the place of the password looks like a token.
   *
   * @param isNoToken nobody takes it for one: it is a wrong password then, and costs what others cost
   * @throws TooManyFailures
   * @throws WorkQueueFull
   */
  async authenticate(
    credentials: PasswordCredentials,
    peer: AuthPeer,
    address: string,
    isNoToken = false,
  ): Promise<AuthDecision> {
    const { username, password } = credentials;
    const { binder, users, failures } = this.#parts;
    if (username.length > 2 * userNameCharsMax) return { kind: 'deny', reason: 'bad-credentials' };
    const claimed = claimedUser(username);
    const { tenant, deny } = binder.bind(peer, { userName: claimed.tenant });
    const known = tenant && users.find(tenant, claimed.user);
    if (known === undefined && !isNoToken && looksLikeToken(password)) return { kind: 'not-mine' };
    if (Buffer.byteLength(password) > passwordBytesMax) return { kind: 'deny', reason: 'bad-credentials' };
    const cacheKey = this.#cache.key(known ? `${known.id}` : `unknown ${username}`, password);
    const remembered = this.#cache.get(cacheKey);
    const provenKey = this.#proven.key(address, cacheKey);
    if (failures.exhausted(address)) {
      // Who was right from there before gets in even where others at the same address (behind one NAT) guess passwords. What
      // is known to be right from elsewhere does not count: guesses without limit would find it.
      const proven = remembered === true && this.#proven.get(provenKey) === true;
      if (proven && known) return { kind: 'allow', principal: known.byPassword };
      return { kind: 'deny', reason: 'too-many-failures' };
    }
    const verified = remembered ?? (await this.#verifyOnce(cacheKey, known, password, address));
    // Asked again: the user may have been removed or given another password meanwhile.
    if (verified && known && users.find(known.byPassword.tenant, known.byPassword.user) === known) {
      this.#proven.set(provenKey, true, lifetimeMs.right);
      return { kind: 'allow', principal: known.byPassword };
    }
    return { kind: 'deny', reason: deny ?? 'bad-credentials' };
  }

  /** Clients that come at the same time with the same credentials (a restart) are verified together. */
  #verifyOnce(
    cacheKey: string,
    known: KnownUser | undefined,
    password: string,
    address: string,
  ): Promise<boolean> {
    const underWay = this.#underWay.get(cacheKey);
    if (underWay) return underWay;
    const verification = this.#verify(known, password, address)
      .then((verified) => {
        this.#cache.set(cacheKey, verified, verified ? lifetimeMs.right : lifetimeMs.wrong);
        return verified;
      })
      .finally(() => this.#underWay.delete(cacheKey));
    this.#underWay.set(cacheKey, verification);
    return verification;
  }

  async #verify(known: KnownUser | undefined, password: string, address: string): Promise<boolean> {
    const phantom = this.#parts.users.phantomPassword;
    const verifier = known?.password ?? phantom;
    if (verifier?.slow === false && (await verifier.verify(password))) return true;
    // A wrong password waits and works as those of others do, or a full queue would tell whose is compared as it is.
    const slow = verifier?.slow ? verifier : phantom;
    if (slow === undefined) return false;
    const verified = await this.#verifications.run(() => {
      // Asked again after the wait: guesses sent all at once must not get past the limit together.
      if (this.#parts.failures.exhausted(address)) throw new TooManyFailures();
      return slow.verify(password);
    });
    return verified && known !== undefined;
  }
}
