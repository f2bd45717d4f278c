import { randomBytes } from 'node:crypto';
import type { Tenant, TenantDirectory } from '#libs/tenancy';
import type { Log } from '#libs/telemetry';
import { type AuthSource, type Credentials, type SaslMechanism, saslMechanisms } from './auth-source.js';
import { CertificateSource } from './certificate-source.js';
import { type CertificateRule, certificateRuleFault } from './certificate-rule.js';
import { FailureLimit, TooManyFailures } from './failure-limit.js';
import { PasswordSource } from './password-source.js';
import {
  type AuthDecision,
  type AuthPeer,
  anonymousUser,
  type DenyReason,
  type Principal,
} from './principal.js';
import { ScramAccounts } from './scram/scram-accounts.js';
import type { ScramCredentialSource, ScramMechanism } from './scram-credential.js';
import { ScramConversation, type ScramExchange } from './scram/scram-exchange.js';
import { TenantBinder } from './tenant-binder.js';
import { looksLikeToken, TokenChain } from './token-chain.js';
import { KnownUsers, type UserCredential } from './users/known-users.js';
import { WorkQueueFull } from './work-queue.js';

/** What a listener says about who comes through it. */
export interface AuthenticatorListener {
  readonly name: string;
  /** Everybody here is of this tenant. */
  readonly tenant?: string | undefined;
  /** The tenant of users that name none. */
  readonly defaultTenant?: string | undefined;
  /** The tenant that clients without credentials act in; absent = they are refused. */
  readonly anonymousTenant?: string | undefined;
  /** What clients may authenticate by; default: all that some source can serve. */
  readonly saslMechanisms?: readonly SaslMechanism[] | undefined;
  /** Passwords and tokens are taken over TLS only. */
  readonly secretsNeedTls?: boolean | undefined;
}

export interface AuthenticatorOptions {
  readonly users: readonly UserCredential[];
  readonly tenants: TenantDirectory;
  readonly listeners: readonly AuthenticatorListener[];
  readonly log: Log;
  /** Who else knows identities, asked in this order after the users. They take tokens, also in the place of a password. */
  readonly sources?: readonly AuthSource[];
  /** SCRAM credentials that are kept elsewhere than with the users. */
  readonly scramSources?: readonly ScramCredentialSource[];
  /** Which certificates are whom. */
  readonly certificates?: readonly CertificateRule[] | undefined;
  /** What the salts of users that do not exist are made of; the same for all gateways, or they tell who exists. */
  readonly phantomKey?: (() => Buffer | undefined) | undefined;
  /** Every refusal takes at least this long, whatever it is for. Default 200. */
  readonly failureFloorMs?: number;
  /** Failures an address may have at once, and per minute. Defaults 20 and 30. */
  readonly failuresPerAddressBurst?: number;
  readonly failuresPerAddressPerMinute?: number;
  /** The longest time until a client that can must prove again who it is; absent: only what expires must. */
  readonly sessionLifetimeMsMax?: number | undefined;
  /** A clock in milliseconds that never goes back. */
  readonly now?: () => number;
  /** The time of day, which tokens expire by. */
  readonly epochNow?: () => number;
}

/** Every fault of a set of users and listeners, told together. Says no secret. */
export class AuthenticatorError extends Error {
  override readonly name = 'AuthenticatorError';

  constructor(readonly faults: readonly string[]) {
    super(`authentication: ${faults.join('; ')}`);
  }
}

/** By what somebody wanted to come in. */
interface LoginAttempt {
  readonly kind: string;
  readonly mechanism?: string;
  readonly username?: string;
}

const nobody: LoginAttempt = { kind: 'anonymous' };
const failureFloorMsDefault = 200;
const failuresBurstDefault = 20;
const failuresPerMinuteDefault = 30;
const addressesMax = 10_000;
const phantomKeyBytes = 32;
const faultLogIntervalMs = 1_000;
/** Not the client's doing, or told already: no further failure, or a patient client would never get back in. */
const uncounted: readonly DenyReason[] = [
  'too-many-failures',
  'overloaded',
  'fault',
  'anonymous-not-allowed',
];

/**
 * Says who a client is: a chain of sources, each of which allows, denies or passes on. Whatever goes wrong on the way is a
 * refusal. Right and wrong answers, known and unknown users differ neither in the answer nor in the time that it takes.
 */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #listeners: ReadonlyMap<string, AuthenticatorListener>;
  readonly #anonymous = new Map<string, Principal>();
  readonly #binder: TenantBinder;
  readonly #failures: FailureLimit;
  readonly #revocations = new Set<(principal: Principal) => void>();
  readonly #removals = new Set<(tenant: Tenant) => void>();
  readonly #passwords: PasswordSource;
  readonly #certificates: CertificateSource;
  readonly #tokens: TokenChain;
  readonly #scram: ScramAccounts;
  readonly #now: () => number;
  #faultToldAtMs = Number.NEGATIVE_INFINITY;
  #faultsUntold = 0;
  /** Replaced while the gateway runs, as the users file is. */
  readonly users: KnownUsers;
  /** The longest time until a client that can must prove again who it is, as some protocols ask for it. */
  readonly sessionLifetimeMsMax: number | undefined;

  /** @throws AuthenticatorError */
  constructor(options: AuthenticatorOptions) {
    this.#options = options;
    this.sessionLifetimeMsMax = options.sessionLifetimeMsMax;
    this.#now = options.now ?? (() => performance.now());
    this.#listeners = new Map(options.listeners.map((listener) => [listener.name, listener]));
    const { tenants, listeners, certificates } = options;
    const revoked = (principal: Principal) => this.#revoke(principal);
    this.users = new KnownUsers(tenants, options.scramSources ?? [], revoked, options.log.audit);
    const faults = [
      ...this.users.replace('configuration', options.users),
      ...(certificates ?? []).map(certificateRuleFault).filter((fault) => fault !== undefined),
      ...listeners.flatMap((listener) => this.#listenerFaults(listener)),
    ];
    if (faults.length > 0) throw new AuthenticatorError(faults);
    const limit = {
      burst: options.failuresPerAddressBurst ?? failuresBurstDefault,
      perMinute: options.failuresPerAddressPerMinute ?? failuresPerMinuteDefault,
      addressesMax,
    };
    this.#failures = new FailureLimit(limit, this.#now);
    this.#binder = new TenantBinder({ tenants, listeners, certificates });
    const parts = { binder: this.#binder, users: this.users, failures: this.#failures, now: this.#now };
    this.#passwords = new PasswordSource(parts);
    const ownKey = randomBytes(phantomKeyBytes);
    this.#scram = new ScramAccounts({
      ...parts,
      phantomKey: () => options.phantomKey?.() ?? ownKey,
    });
    this.#certificates = new CertificateSource(this.#binder, certificates ?? []);
    this.#tokens = new TokenChain({
      ...parts,
      sources: options.sources ?? [],
      epochNow: options.epochNow ?? Date.now,
    });
    for (const source of options.sources ?? []) source.onRevoked?.((principal) => this.#revoke(principal));
    tenants.onChange(({ removed }) => {
      for (const tenant of removed) this.#remove(tenant);
    });
  }

  /** Never rejects. `not-mine` for a certificate alone: there is none, or no rule for it. */
  async authenticate(credentials: Credentials, peer: AuthPeer): Promise<AuthDecision> {
    const startedMs = this.#now();
    const address = addressOf(peer);
    try {
      const decision = await this.#decide(credentials, peer, address);
      if (decision.kind === 'allow') return this.#told(decision, credentials, peer);
      if (decision.kind === 'not-mine' && credentials.kind === 'certificate') return decision;
      const reason = decision.kind === 'deny' ? decision.reason : 'bad-credentials';
      return this.#told(
        { kind: 'deny', reason: await this.#refused(reason, address, startedMs) },
        credentials,
        peer,
      );
    } catch (error) {
      return this.#told(
        { kind: 'deny', reason: await this.#failed(error, peer, startedMs) },
        credentials,
        peer,
      );
    }
  }

  /**
   * Checks a user name (with or without tenant) and password. A token may stand in the place of the password; the name is
   * then empty, `token`, `jwt` or that of the token's user. Never rejects.
   */
  plain(username: string, password: string, peer: AuthPeer): Promise<AuthDecision> {
    return this.authenticate({ kind: 'password', username, password }, peer);
  }

  /** Whom the client's certificate makes it; `not-mine` where there is none or no rule matches. Never rejects. */
  certificate(peer: AuthPeer): Promise<AuthDecision> {
    return this.authenticate({ kind: 'certificate' }, peer);
  }

  /** One conversation, for one client. */
  scram(mechanism: ScramMechanism, peer: AuthPeer): ScramExchange {
    const address = addressOf(peer);
    const who = { kind: 'scram', mechanism, username: '' };
    const told = <T extends Principal | DenyReason>(result: T): T => {
      const decision: AuthDecision =
        typeof result === 'string' ? { kind: 'deny', reason: result } : { kind: 'allow', principal: result };
      this.#told(decision, who, peer);
      return result;
    };
    return new ScramConversation(mechanism, {
      account: (username) => {
        who.username = username;
        return this.#scram.account(username, mechanism, peer);
      },
      settle: async (account, proven) => {
        const identity = account && this.#scram.settle(account, proven, address);
        if (typeof identity === 'object') return told(identity);
        return told(await this.#refused(identity ?? 'bad-credentials', address, this.#now()));
      },
      fault: async (error) => told(await this.#failed(error, peer, this.#now())),
    });
  }

  /** Whom a client without credentials acts as. */
  anonymous(peer: AuthPeer): AuthDecision {
    const principal = this.#anonymous.get(peer.listener);
    if (principal === undefined)
      return this.#told({ kind: 'deny', reason: 'anonymous-not-allowed' }, nobody, peer);
    const { deny } = this.#binder.bind(peer, { anonymous: principal.tenant.name });
    return this.#told(
      deny === undefined ? { kind: 'allow', principal } : { kind: 'deny', reason: deny },
      nobody,
      peer,
    );
  }

  anonymousAllowed(listenerName: string): boolean {
    return this.#anonymous.has(listenerName);
  }

  /** What a listener offers, best first: what it may and some source can serve, and no secret in plain text where it must not be. */
  mechanisms(listenerName: string, tls: boolean): readonly SaslMechanism[] {
    const listener = this.#listeners.get(listenerName);
    const served = listener?.saslMechanisms ?? this.#servable();
    const plaintext = listener?.secretsNeedTls === true && !tls;
    return saslMechanisms.filter(
      (mechanism) => served.includes(mechanism) && (!plaintext || mechanism.startsWith('SCRAM-')),
    );
  }

  /** Called with each identity that was revoked or changed, until the function that is returned is called. */
  onRevoked(listener: (principal: Principal) => void): () => void {
    this.#revocations.add(listener);
    return () => void this.#revocations.delete(listener);
  }

  /** Called with each tenant that was removed, until the function that is returned is called. */
  onTenantRemoved(listener: (tenant: Tenant) => void): () => void {
    this.#removals.add(listener);
    return () => void this.#removals.delete(listener);
  }

  /** Whether the tenant is there: it may have been removed while a client of it was coming in. */
  serves(tenant: Tenant): boolean {
    return this.#options.tenants.has(tenant);
  }

  #servable(): SaslMechanism[] {
    const { sources = [], scramSources = [] } = this.#options;
    const scram =
      scramSources.length > 0
        ? new Set<SaslMechanism>(['SCRAM-SHA-256', 'SCRAM-SHA-512'])
        : new Set(this.users.scramMechanisms);
    const passwords = this.users.size > 0 || scramSources.length > 0 || sources.length > 0;
    return [
      ...scram,
      ...(sources.length > 0 ? (['OAUTHBEARER'] as const) : []),
      ...(passwords ? (['PLAIN'] as const) : []),
    ];
  }

  async #decide(credentials: Credentials, peer: AuthPeer, address: string): Promise<AuthDecision> {
    if (credentials.kind === 'certificate') return this.#certificates.authenticate(peer);
    const needsTls = this.#listeners.get(peer.listener)?.secretsNeedTls === true;
    if (needsTls && peer.tls !== true) return { kind: 'deny', reason: 'plaintext' };
    if (credentials.kind === 'token') return this.#tokens.authenticate(credentials, peer, address);
    const decision = await this.#passwords.authenticate(credentials, peer, address);
    if (decision.kind !== 'not-mine') return decision;
    const byToken = await this.#tokens.authenticate(credentials, peer, address);
    // Else the form of a guess would say whether there is such a user, by the time that the answer takes.
    return byToken.kind === 'not-mine'
      ? this.#passwords.authenticate(credentials, peer, address, true)
      : byToken;
  }

  async #failed(error: unknown, peer: AuthPeer, startedMs: number): Promise<DenyReason> {
    const address = addressOf(peer);
    if (error instanceof WorkQueueFull) return this.#refused('overloaded', address, startedMs);
    if (error instanceof TooManyFailures) return this.#refused('too-many-failures', address, startedMs);
    this.#tellFault(error, peer);
    return this.#refused('fault', address, startedMs);
  }

  /** While a back end is away, each client that tries is one more: a line per second says enough. */
  #tellFault(error: unknown, { listener, remoteAddress }: AuthPeer): void {
    const sinceMs = this.#now() - this.#faultToldAtMs;
    this.#faultsUntold++;
    if (sinceMs < faultLogIntervalMs) return;
    const fields = {
      event: 'authentication.failed',
      listener,
      remoteAddress,
      refused: this.#faultsUntold,
      error,
    };
    this.#options.log.error(fields, 'authentication failed for a fault of ours; the client is refused');
    this.#faultToldAtMs = this.#now();
    this.#faultsUntold = 0;
  }

  async #refused(reason: DenyReason, address: string, startedMs: number): Promise<DenyReason> {
    if (!uncounted.includes(reason)) this.#failures.failed(address);
    const floorMs = this.#options.failureFloorMs ?? failureFloorMsDefault;
    const leftMs = floorMs - (this.#now() - startedMs);
    if (leftMs > 0) await new Promise((resolve) => setTimeout(resolve, leftMs));
    return reason;
  }

  /** For the trail; what somebody may have taken for the name of a user, a secret, is not repeated. */
  #told<D extends AuthDecision>(decision: D, by: LoginAttempt, { listener, remoteAddress }: AuthPeer): D {
    const { audit } = this.#options.log;
    if (audit === undefined || decision.kind === 'not-mine') return decision;
    const { username = '' } = by;
    const claimed = looksLikeToken(username) || username === '' ? undefined : username;
    const { principal } = decision as { principal?: Principal };
    const tenant = principal?.tenant.name;
    const user = principal?.user ?? claimed;
    audit.record({
      ...{
        kind: 'login',
        outcome: decision.kind === 'allow' ? 'allowed' : 'denied',
        listener,
        remoteAddress,
      },
      action: by.mechanism ?? principal?.source ?? by.kind,
      ...(tenant !== undefined && { tenant }),
      ...(user !== undefined && { user }),
      ...(decision.kind === 'deny' && { reason: decision.reason }),
    });
    return decision;
  }

  #revoke(principal: Principal): void {
    this.#tell(this.#revocations, principal);
  }

  #remove(tenant: Tenant): void {
    this.users.forgetTenant(tenant);
    this.#tell(this.#removals, tenant);
  }

  #tell<T>(listeners: ReadonlySet<(what: T) => void>, what: T): void {
    for (const listener of listeners) {
      try {
        listener(what);
      } catch (error) {
        // One that fails must not keep the others from ending their connections.
        this.#options.log.error(
          { event: 'authentication.revocation-failed', error },
          'a revocation was not heeded',
        );
      }
    }
  }

  #listenerFaults({ name, tenant, defaultTenant, anonymousTenant }: AuthenticatorListener): string[] {
    const { tenants } = this.#options;
    const faults = [...new Set([tenant, defaultTenant, anonymousTenant])]
      .filter((each) => each !== undefined && tenants.byName(each) === undefined)
      .map((each) => `listener ${name}: there is no tenant ${JSON.stringify(each)}`);
    const found = anonymousTenant === undefined ? undefined : tenants.byName(anonymousTenant);
    if (found) {
      const principal = { user: anonymousUser, groups: [], anonymous: true, source: 'anonymous' } as const;
      this.#anonymous.set(name, { ...principal, tenant: found });
    }
    return faults;
  }
}

function addressOf(peer: AuthPeer): string {
  return peer.network ?? peer.remoteAddress;
}
