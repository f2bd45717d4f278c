import type { Buffer } from 'node:buffer';
import type { Log } from '#libs/telemetry';
import { type AuthorizationRule, authorizationRuleFault } from '../authorization-rule.js';
import type { Authorizer } from '../authorizer.js';
import type { ScramCredential, ScramCredentialSource, ScramMechanism } from '../scram-credential.js';
import {
  type ConfiguredScramUsers,
  type ScramUser,
  type ScramUsers,
  type SecurityRules,
  SecurityStateError,
  type SecurityStateFault,
  type StoredRule,
} from '../security-rules.js';
import { scramCredentialFault } from '../scram/scram-verifier.js';
import { userNameFault } from '../user-name.js';
import {
  decodeRule,
  decodeScramCredential,
  encodeRule,
  encodeScramCredential,
  parseSecurityKey,
  ruleKey,
  scramKey,
  storedRule,
} from './security-record.js';

/** Values by key that all gateways agree on. */
export interface SecurityValues {
  readonly ready: boolean;
  get(key: string): Buffer | undefined;
  /**
   * Null deletes. Resolves when it holds here. Rejects with an error that says why by its `fault`: 'unavailable',
   * 'unconfirmed', 'full' or 'invalid'.
   */
  put(key: string, value: Buffer | null): Promise<void>;
  onChange(listener: (key: string, value: Buffer | undefined) => void): () => void;
}

export interface SecurityStateOptions {
  readonly values: SecurityValues;
  /** Told the rules whenever they change. */
  readonly authorizer: Pick<Authorizer, 'setRules'>;
  readonly log: Log;
  /** Default: there are none. */
  readonly configured?: ConfiguredScramUsers;
  /** Per tenant. Default 5 000: each is looked at for a decision that is not remembered. */
  readonly rulesMax?: number;
  /** Per tenant. Default 10 000. */
  readonly scramCredentialsMax?: number;
}

const rulesMaxDefault = 5_000;
const scramCredentialsMaxDefault = 10_000;
/** Changes of one call that are on their way at once. */
const putsAtOnce = 100;

/** A rule that this gateway cannot read may be one that denies: nothing is allowed until it can be, or is gone. */
const denyAll: AuthorizationRule = {
  effect: 'deny',
  principals: ['*'],
  actions: ['*'],
  resource: { type: '*', match: 'prefix', name: '' },
};

const faultOf: Readonly<Record<string, SecurityStateFault>> = {
  unavailable: 'unavailable',
  unconfirmed: 'timeout',
  full: 'limit',
  invalid: 'refused',
};

type Credentials = Map<ScramMechanism, ScramCredential>;

/** Rules and SCRAM credentials that were made while gateways run, as this gateway has read them. */
export class SecurityState implements SecurityRules, ScramCredentialSource {
  /** The credentials, as those see them who change them. */
  readonly scram: ScramUsers = {
    isConfigured: (tenant, user) => this.#isConfigured(tenant, user),
    list: (tenant) => this.#listScram(tenant),
    set: (tenant, user, credential) => this.#setScram(tenant, user, credential),
    remove: (tenant, user, mechanism) => this.#removeScram(tenant, user, mechanism),
  };
  readonly #options: SecurityStateOptions;
  readonly #tenants = new Map<string, TenantSecurity>();
  readonly #changedRules = new Set<string>();
  readonly #credentialListeners = new Set<(tenant: string, user: string) => void>();

  constructor(options: SecurityStateOptions) {
    this.#options = options;
    options.values.onChange((key, value) => this.#changed(key, value));
  }

  /** Whether what is in force is known. */
  get ready(): boolean {
    return this.#options.values.ready;
  }

  rules(tenant: string): readonly StoredRule[] {
    this.#requireReady();
    return [...(this.#tenants.get(tenant)?.rules.values() ?? [])];
  }

  async add(tenant: string, rules: readonly AuthorizationRule[]): Promise<void> {
    this.#requireReady();
    const security = this.#tenantOf(tenant);
    const known = security.rules;
    const added = new Map<string, StoredRule>();
    for (const rule of rules) {
      const fault = authorizationRuleFault(rule);
      if (fault !== undefined) throw new SecurityStateError('refused', fault);
      const stored = storedRule(rule);
      if (!known.has(stored.id)) added.set(stored.id, stored);
    }
    const rulesMax = this.#options.rulesMax ?? rulesMaxDefault;
    if (known.size + security.rulesOnTheirWay + added.size > rulesMax) {
      throw new SecurityStateError('limit', `a tenant has at most ${rulesMax} rules`);
    }
    let left = added.size;
    security.rulesOnTheirWay += left;
    try {
      await inTurns([...added.values()], async (stored) => {
        await this.#put(ruleKey(tenant, stored.id), encodeRule(stored));
        security.rulesOnTheirWay--;
        left--;
      });
    } finally {
      security.rulesOnTheirWay -= left;
    }
  }

  async remove(tenant: string, ids: readonly string[]): Promise<void> {
    this.#requireReady();
    const known = this.#tenants.get(tenant)?.rules;
    const removed = [...new Set(ids)].filter((id) => known?.has(id));
    await inTurns(removed, (id) => this.#put(ruleKey(tenant, id), null));
  }

  scramCredential(tenant: string, user: string, mechanism: ScramMechanism): ScramCredential | undefined {
    this.#requireReady();
    return this.#tenants.get(tenant)?.scram.get(user)?.get(mechanism);
  }

  *scramCredentials(mechanism: ScramMechanism): Iterable<ScramCredential> {
    for (const { scram } of this.#tenants.values()) {
      for (const credentials of scram.values()) {
        const credential = credentials.get(mechanism);
        if (credential !== undefined) yield credential;
      }
    }
  }

  onChange(listener: (tenant: string, user: string) => void): () => void {
    this.#credentialListeners.add(listener);
    return () => this.#credentialListeners.delete(listener);
  }

  #tenantOf(name: string): TenantSecurity {
    let tenant = this.#tenants.get(name);
    if (tenant === undefined) this.#tenants.set(name, (tenant = new TenantSecurity()));
    return tenant;
  }

  #isConfigured(tenant: string, user: string): boolean {
    return this.#options.configured?.isConfigured(tenant, user) === true;
  }

  #listScram(tenant: string): readonly ScramUser[] {
    this.#requireReady();
    const users = [...(this.#options.configured?.list(tenant) ?? [])];
    for (const [user, credentials] of this.#tenants.get(tenant)?.scram ?? []) {
      // The operator's comes first, also where it came later.
      if (this.#isConfigured(tenant, user)) continue;
      for (const { mechanism, iterations } of credentials.values())
        users.push({ user, mechanism, iterations });
    }
    return users;
  }

  async #removeScram(tenant: string, user: string, mechanism: ScramMechanism): Promise<void> {
    this.#requireReady();
    this.#requireUnconfigured(tenant, user);
    await this.#put(scramKey(tenant, mechanism, user), null);
  }

  async #setScram(tenant: string, user: string, credential: ScramCredential): Promise<void> {
    this.#requireReady();
    this.#requireUnconfigured(tenant, user);
    // What UTF-8 cannot say would come back as another name.
    const nameFault = user.isWellFormed() ? userNameFault(user) : 'a user name is Unicode text';
    const fault = nameFault ?? scramCredentialFault(credential);
    if (fault !== undefined) throw new SecurityStateError('refused', fault);
    const security = this.#tenantOf(tenant);
    const added = security.scram.get(user)?.has(credential.mechanism) ? 0 : 1;
    const credentialsMax = this.#options.scramCredentialsMax ?? scramCredentialsMaxDefault;
    if (added > 0 && security.scramCount + security.scramOnTheirWay >= credentialsMax) {
      throw new SecurityStateError('limit', `a tenant has at most ${credentialsMax} SCRAM credentials`);
    }
    security.scramOnTheirWay += added;
    try {
      await this.#put(scramKey(tenant, credential.mechanism, user), encodeScramCredential(credential));
    } finally {
      security.scramOnTheirWay -= added;
    }
  }

  #requireUnconfigured(tenant: string, user: string): void {
    if (this.#isConfigured(tenant, user)) {
      throw new SecurityStateError('configured', 'the user is one of the configuration');
    }
  }

  #requireReady(): void {
    if (!this.ready) {
      throw new SecurityStateError('unavailable', 'permissions and credentials cannot be read now');
    }
  }

  async #put(key: string, value: Buffer | null): Promise<void> {
    try {
      await this.#options.values.put(key, value);
    } catch (error) {
      const { fault = '', message } = error as { fault?: string; message: string };
      throw new SecurityStateError(faultOf[fault] ?? 'timeout', message, { cause: error });
    }
  }

  #changed(key: string, value: Buffer | undefined): void {
    const parsed = parseSecurityKey(key);
    if (parsed === undefined) return;
    const tenant = this.#tenantOf(parsed.tenant);
    if (parsed.kind === 'rule') {
      const rule = value && decodeRule(value);
      tenant.setRule(parsed.id, rule);
      if (value !== undefined && rule === undefined) {
        tenant.unreadable.add(parsed.id);
        this.#tellUnreadable(key);
      }
      this.#rulesChanged(parsed.tenant);
      return;
    }
    const credential = value && decodeScramCredential(parsed.mechanism, value);
    if (value !== undefined && credential === undefined) this.#tellUnreadable(key);
    tenant.setScram(parsed.user, parsed.mechanism, credential);
    for (const listener of [...this.#credentialListeners]) listener(parsed.tenant, parsed.user);
  }

  /** Once for all that one piece of the log changes, and before anybody who waits for a change hears of it. */
  #rulesChanged(tenant: string): void {
    if (this.#changedRules.size === 0) queueMicrotask(() => this.#tellRules());
    this.#changedRules.add(tenant);
  }

  #tellRules(): void {
    const changed = [...this.#changedRules];
    this.#changedRules.clear();
    for (const name of changed) {
      const { rules, unreadable } = this.#tenants.get(name)!;
      const inForce = [...rules.values()].map(({ rule }) => rule);
      if (unreadable.size > 0) inForce.push(denyAll);
      this.#options.authorizer.setRules(name, 'state', inForce);
    }
  }

  #tellUnreadable(key: string): void {
    const fields = { event: 'security.unreadable', key };
    this.#options.log.error(
      fields,
      'a record of the common state cannot be read by this version; what it is about is denied',
    );
  }
}

class TenantSecurity {
  readonly rules = new Map<string, StoredRule>();
  /** Ids of rules that cannot be read. */
  readonly unreadable = new Set<string>();
  readonly scram = new Map<string, Credentials>();
  scramCount = 0;
  /** New ones that are being stored: those of many requests at once count, too. */
  rulesOnTheirWay = 0;
  scramOnTheirWay = 0;

  setRule(id: string, rule: AuthorizationRule | undefined): void {
    this.unreadable.delete(id);
    if (rule === undefined) this.rules.delete(id);
    else this.rules.set(id, { id, rule });
  }

  setScram(user: string, mechanism: ScramMechanism, credential: ScramCredential | undefined): void {
    const credentials: Credentials = this.scram.get(user) ?? new Map();
    this.scramCount -= credentials.size;
    if (credential === undefined) credentials.delete(mechanism);
    else credentials.set(mechanism, credential);
    this.scramCount += credentials.size;
    if (credentials.size === 0) this.scram.delete(user);
    else this.scram.set(user, credentials);
  }
}

/** Some at a time. When one fails, those under way are waited for, no more are begun, and the first failure is thrown. */
async function inTurns<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  for (let from = 0; from < items.length; from += putsAtOnce) {
    const settled = await Promise.allSettled(items.slice(from, from + putsAtOnce).map(act));
    for (const each of settled) if (each.status === 'rejected') throw each.reason;
  }
}
