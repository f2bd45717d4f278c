import type { Tenant, TenantDirectory } from '#libs/tenancy';
import type { Log } from '#libs/telemetry';
import { FailureLimit } from './failure-limit.js';
import {
  isScryptVerifier,
  parseScryptVerifier,
  passwordBytesMax,
  phantomVerifier,
  PlainPasswords,
  type ScryptVerifier,
  verifyScrypt,
} from './password-verifier.js';
import {
  type AuthDecision,
  type AuthPeer,
  anonymousUser,
  type DenyReason,
  type Principal,
} from './principal.js';
import { claimedUser, userNameCharsMax, userNameFault } from './user-name.js';
import { VerificationCache } from './verification-cache.js';
import { WorkQueue, WorkQueueFull } from './work-queue.js';

/** A user of the configuration. */
export interface UserCredential {
  /** Without the tenant. */
  readonly name: string;
  readonly tenant: string;
  /** `scrypt$N$r$p$salt$hash`, or the password itself (from a file or the environment). */
  readonly password: string;
  readonly groups?: readonly string[];
}

/** What a listener says about who comes through it. */
export interface AuthenticatorListener {
  readonly name: string;
  /** The tenant of users that name none. */
  readonly defaultTenant?: string;
  /** The tenant that clients without credentials act in; absent = they are refused. */
  readonly anonymousTenant?: string;
}

export interface AuthenticatorOptions {
  readonly users: readonly UserCredential[];
  readonly tenants: TenantDirectory;
  readonly listeners: readonly AuthenticatorListener[];
  readonly log: Log;
  /** Every refusal takes at least this long, whatever it is for. Default 200. */
  readonly failureFloorMs?: number;
  /** Failures an address may have at once, and per minute. Defaults 20 and 30. */
  readonly failuresPerAddressBurst?: number;
  readonly failuresPerAddressPerMinute?: number;
  /** A clock in milliseconds that never goes back. */
  readonly now?: () => number;
}

/** Every fault of a set of users and listeners, told together. Says no secret. */
export class AuthenticatorError extends Error {
  override readonly name = 'AuthenticatorError';

  constructor(readonly faults: readonly string[]) {
    super(`authentication: ${faults.join('; ')}`);
  }
}

class TooManyFailures extends Error {}

interface KnownUser {
  readonly principal: Principal;
  readonly scrypt: ScryptVerifier | undefined;
  readonly plain: Buffer | undefined;
}

const failureFloorMsDefault = 200;
const failuresBurstDefault = 20;
const failuresPerMinuteDefault = 30;
const addressesMax = 10_000;
const cache = { entriesMax: 10_000, positiveTtlMs: 300_000, negativeTtlMs: 60_000 };
// scrypt runs on libuv's four threads, which files and name look-ups need too, and takes 16 MiB each.
const verificationsRunningMax = 2;
const verificationsWaitingMax = 1_024;

/**
 * Says who a client is, from the users of the configuration. Whatever goes wrong on the way is a refusal. Right and wrong
 * answers, known and unknown users differ neither in the answer nor in the time that it takes.
 */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #listeners: ReadonlyMap<string, AuthenticatorListener>;
  readonly #users = new Map<string, KnownUser>();
  readonly #anonymous = new Map<string, Principal>();
  readonly #plainPasswords = new PlainPasswords();
  readonly #phantom: ScryptVerifier | undefined;
  readonly #failures: FailureLimit;
  readonly #cache: VerificationCache;
  readonly #verifications = new WorkQueue(verificationsRunningMax, verificationsWaitingMax);
  readonly #underWay = new Map<string, Promise<boolean>>();
  readonly #now: () => number;

  /** @throws AuthenticatorError */
  constructor(options: AuthenticatorOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#listeners = new Map(options.listeners.map((listener) => [listener.name, listener]));
    const faults: string[] = [];
    for (const user of options.users) this.#addUser(user, faults);
    for (const listener of options.listeners) this.#addListener(listener, faults);
    if (faults.length > 0) throw new AuthenticatorError(faults);
    const scrypt = [...this.#users.values()].find((user) => user.scrypt !== undefined)?.scrypt;
    this.#phantom = scrypt && phantomVerifier(scrypt);
    const limit = {
      burst: options.failuresPerAddressBurst ?? failuresBurstDefault,
      perMinute: options.failuresPerAddressPerMinute ?? failuresPerMinuteDefault,
      addressesMax,
    };
    this.#failures = new FailureLimit(limit, this.#now);
    this.#cache = new VerificationCache(cache, this.#now);
  }

  /** Checks a user name (with or without tenant) and password. Never rejects. */
  async plain(username: string, password: string, peer: AuthPeer): Promise<AuthDecision> {
    const startedMs = this.#now();
    const address = peer.network ?? peer.remoteAddress;
    try {
      const decision = await this.#decide(username, password, peer, address);
      if (decision.kind === 'allow') return decision;
      return await this.#deny(
        decision.kind === 'deny' ? decision.reason : 'bad-credentials',
        address,
        startedMs,
      );
    } catch (error) {
      if (error instanceof WorkQueueFull) return this.#deny('overloaded', address, startedMs);
      if (error instanceof TooManyFailures) return this.#deny('too-many-failures', address, startedMs);
      const fields = {
        event: 'authentication.failed',
        listener: peer.listener,
        remoteAddress: peer.remoteAddress,
      };
      this.#options.log.error(
        { ...fields, error },
        'authentication failed for a fault of ours; the client is refused',
      );
      return this.#deny('fault', address, startedMs);
    }
  }

  /** Whom a client without credentials acts as. */
  anonymous(peer: AuthPeer): AuthDecision {
    const principal = this.#anonymous.get(peer.listener);
    return principal === undefined
      ? { kind: 'deny', reason: 'anonymous-not-allowed' }
      : { kind: 'allow', principal };
  }

  anonymousAllowed(listenerName: string): boolean {
    return this.#anonymous.has(listenerName);
  }

  async #decide(username: string, password: string, peer: AuthPeer, address: string): Promise<AuthDecision> {
    if (username.length > 2 * userNameCharsMax || Buffer.byteLength(password) > passwordBytesMax) {
      return { kind: 'deny', reason: 'bad-credentials' };
    }
    const { tenant, user } = claimedUser(
      username,
      this.#options.tenants,
      this.#listeners.get(peer.listener)?.defaultTenant,
    );
    const known = tenant && this.#users.get(userKey(tenant, user));
    const cacheKey = this.#cache.key(known ? userKey(tenant, user) : `unknown ${username}`, password);
    const remembered = this.#cache.get(cacheKey);
    // Who was right before gets in even where others at the same address (behind one NAT) guess passwords.
    if (remembered === true && known) return { kind: 'allow', principal: known.principal };
    if (this.#failures.exhausted(address)) return { kind: 'deny', reason: 'too-many-failures' };
    const verified = remembered ?? (await this.#verifyOnce(cacheKey, known, password, address));
    if (verified && known) return { kind: 'allow', principal: known.principal };
    return { kind: 'deny', reason: tenant === undefined ? 'unknown-tenant' : 'bad-credentials' };
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
        this.#cache.set(cacheKey, verified);
        return verified;
      })
      .finally(() => this.#underWay.delete(cacheKey));
    this.#underWay.set(cacheKey, verification);
    return verification;
  }

  async #verify(known: KnownUser | undefined, password: string, address: string): Promise<boolean> {
    if (known?.plain) return this.#plainPasswords.verify(password, known.plain);
    const verifier = known?.scrypt ?? this.#phantom;
    if (verifier === undefined) return false;
    const verified = await this.#verifications.run(() => {
      // Asked again after the wait: guesses sent all at once must not get past the limit together.
      if (this.#failures.exhausted(address)) throw new TooManyFailures();
      return verifyScrypt(password, verifier);
    });
    return verified && known !== undefined;
  }

  async #deny(reason: DenyReason, address: string, startedMs: number): Promise<AuthDecision> {
    // Being refused for too many failures is no further failure, or a patient client would never get back in.
    if (reason === 'bad-credentials' || reason === 'unknown-tenant') this.#failures.failed(address);
    const floorMs = this.#options.failureFloorMs ?? failureFloorMsDefault;
    const leftMs = floorMs - (this.#now() - startedMs);
    if (leftMs > 0) await new Promise((resolve) => setTimeout(resolve, leftMs));
    return { kind: 'deny', reason };
  }

  #addUser(user: UserCredential, faults: string[]): void {
    const tenant = this.#options.tenants.byName(user.tenant);
    const who = `user ${JSON.stringify(user.name)} of tenant ${JSON.stringify(user.tenant)}`;
    const fault = userNameFault(user.name);
    if (fault !== undefined) faults.push(`${who}: ${fault}`);
    if (tenant === undefined) faults.push(`${who}: there is no such tenant`);
    if (user.password === '') faults.push(`${who}: the password is empty`);
    if (tenant === undefined) return;
    const key = userKey(tenant, user.name);
    if (this.#users.has(key)) faults.push(`${who} is defined twice`);
    const principal = { tenant, user: user.name, groups: [...(user.groups ?? [])], anonymous: false };
    try {
      const scrypt = isScryptVerifier(user.password) ? parseScryptVerifier(user.password) : undefined;
      const plain = scrypt === undefined ? this.#plainPasswords.digest(user.password) : undefined;
      this.#users.set(key, { principal, scrypt, plain });
    } catch (error) {
      faults.push(`${who}: ${(error as Error).message}`);
    }
  }

  #addListener(listener: AuthenticatorListener, faults: string[]): void {
    const { name, defaultTenant, anonymousTenant } = listener;
    if (defaultTenant !== undefined && !this.#options.tenants.byName(defaultTenant)) {
      faults.push(`listener ${name}: there is no tenant ${JSON.stringify(defaultTenant)}`);
    }
    if (anonymousTenant === undefined) return;
    const tenant = this.#options.tenants.byName(anonymousTenant);
    if (tenant === undefined)
      faults.push(`listener ${name}: there is no tenant ${JSON.stringify(anonymousTenant)}`);
    else this.#anonymous.set(name, { tenant, user: anonymousUser, groups: [], anonymous: true });
  }
}

/** A user name has no `/`, so no two users share a key. */
function userKey(tenant: Tenant, user: string): string {
  return `${tenant.name}/${user}`;
}
