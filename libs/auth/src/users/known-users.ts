import { createHmac, randomBytes } from 'node:crypto';
import type { Tenant, TenantDirectory } from '#libs/tenancy';
import type { Audit, OperatorChange } from '#libs/telemetry';
import type { Principal } from '../principal.js';
import { type ScramShape, usualShape } from '../scram/phantom-credential.js';
import type { ScramCredential, ScramCredentialSource, ScramMechanism } from '../scram-credential.js';
import { userNameFault } from '../user-name.js';
import { type PasswordVerifier, PasswordVerifiers } from './password-verifiers.js';

/** A user of the configuration or of the users file. */
export interface UserCredential {
  /** Without the tenant. */
  readonly name: string;
  readonly tenant: string;
  /**
   * `scrypt$N$r$p$salt$hash`, `scram-sha-256$iterations$salt$storedKey$serverKey`, or the password itself (from a file or
   * the environment). Several verifiers are of one password.
   */
  readonly password: string | readonly string[];
  readonly groups?: readonly string[];
}

/** Where users come from; each is replaced as a whole. */
export type UserOrigin = 'configuration' | 'users-file';

/** A user, and how it proves itself. The object changes when anything of it does. */
export interface KnownUser {
  /** One per user and way to prove it. */
  readonly byPassword: Principal;
  readonly byScram: Principal;
  /** Undefined for those that have only a SCRAM credential of a mechanism that is not asked for. */
  readonly password: PasswordVerifier | undefined;
  readonly scram: ReadonlyMap<ScramMechanism, ScramCredential>;
  /** No other object of this process has it. */
  readonly id: number;
}

/** Users that were checked and are not in force yet. */
export interface PreparedUsers {
  /** None says a secret. */
  readonly faults: readonly string[];
  /** Only where there are no faults. */
  commit(): void;
}

type TenantsByName = Pick<TenantDirectory, 'byName'>;

interface RegisteredUser extends KnownUser {
  readonly fingerprint: string;
}

const mechanisms: readonly ScramMechanism[] = ['SCRAM-SHA-512', 'SCRAM-SHA-256'];

/**
 * All users that have a password: those of the configuration and the users file, and those that exist by a SCRAM credential
 * in the tenant's state. A name of the first two is never looked for in the last.
 */
export class KnownUsers {
  readonly #tenants: TenantDirectory;
  readonly #states: readonly ScramCredentialSource[];
  readonly #byOrigin = new Map<UserOrigin, ReadonlyMap<string, RegisteredUser>>();
  // Of users of the state, made when they first come: as many as there are.
  readonly #ofState = new Map<string, KnownUser>();
  readonly #verifiers = new PasswordVerifiers();
  readonly #revoked: (principal: Principal) => void;
  readonly #audit: Audit | undefined;
  readonly #fingerprintKey = randomBytes(32);
  readonly #shapes = new Map<ScramMechanism, ScramShape>();
  #nextId = 1;

  /** @param revoked told of each identity that has ended */
  constructor(
    tenants: TenantDirectory,
    states: readonly ScramCredentialSource[],
    revoked: (principal: Principal) => void,
    audit?: Audit,
  ) {
    this.#audit = audit;
    this.#tenants = tenants;
    this.#states = states;
    this.#revoked = revoked;
    for (const state of states) {
      state.onChange?.((tenant, user) => {
        this.#shapes.clear();
        this.#stateChanged(tenant, user);
      });
    }
  }

  /**
   * Puts these users in the place of all that this origin had. Who is as before stays the same object; who is gone or has
   * another password or other groups is revoked. With a fault nothing changes.
   *
   * @returns the faults; none says a secret
   */
  replace(origin: UserOrigin, users: readonly UserCredential[]): readonly string[] {
    const { faults, commit } = this.prepare(origin, users, this.#tenants);
    if (faults.length === 0) commit();
    return faults;
  }

  /**
   * Checks what {@link replace} would do, and changes nothing.
   *
   * @param tenants those that will be there by then
   * @returns the faults, and what is called where there are none
   */
  prepare(origin: UserOrigin, users: readonly UserCredential[], tenants: TenantsByName): PreparedUsers {
    const faults: string[] = [];
    const before = this.#byOrigin.get(origin);
    const after = new Map<string, RegisteredUser>();
    for (const user of users) {
      const registered = this.#registered(user, tenants.byName(user.tenant), before, faults);
      if (registered === undefined) continue;
      const key = userKey(user.tenant, user.name);
      const taken =
        after.has(key) || [...this.#byOrigin].some(([of, each]) => of !== origin && each.has(key));
      if (taken) faults.push(`${describe(user)} is defined twice`);
      after.set(key, registered);
    }
    const commit = () => {
      this.#byOrigin.set(origin, after);
      this.#shapes.clear();
      for (const [key, user] of before ?? []) if (after.get(key) !== user) this.#revoke(user);
      // One that was known by the state alone is the file's from now on.
      for (const key of after.keys()) this.#forget(key);
      if (before !== undefined) this.#record(origin, before, after);
    };
    return { faults, commit };
  }

  /** Forgets those of a tenant that are known by the state alone: it is not there any more. */
  forgetTenant({ name }: Tenant): void {
    for (const key of [...this.#ofState.keys()]) if (key.startsWith(`${name}/`)) this.#forget(key);
  }

  /** @throws Error while the state cannot be asked */
  find(tenant: Tenant, user: string): KnownUser | undefined {
    const key = userKey(tenant.name, user);
    return this.#registeredAs(key) ?? this.#findInState(key, tenant, user);
  }

  /** Whether the user is one of the configuration or the users file, which nobody changes through an API. */
  isConfigured(tenant: string, user: string): boolean {
    return this.#registeredAs(userKey(tenant, user)) !== undefined;
  }

  /** Mechanisms for which some user of the configuration or the users file has a verifier. */
  get scramMechanisms(): readonly ScramMechanism[] {
    return mechanisms.filter((mechanism) => [...this.configured()].some(({ scram }) => scram.has(mechanism)));
  }

  /** How most credentials of a mechanism look. */
  usualShape(mechanism: ScramMechanism): ScramShape {
    const known = this.#shapes.get(mechanism);
    if (known !== undefined) return known;
    const credentials = [...this.configured()].flatMap(({ scram }) => scram.get(mechanism) ?? []);
    for (const state of this.#states) credentials.push(...(state.scramCredentials?.(mechanism) ?? []));
    const shape = usualShape(credentials);
    this.#shapes.set(mechanism, shape);
    return shape;
  }

  /** SCRAM credentials of the configuration and the users file. */
  *configured(): Iterable<{ tenant: string; user: string; scram: KnownUser['scram'] }> {
    for (const users of this.#byOrigin.values()) {
      for (const { byScram, scram } of users.values()) {
        yield { tenant: byScram.tenant.name, user: byScram.user, scram };
      }
    }
  }

  /** How a password of a user that does not exist is verified: with as much work as those of others, and in vain. */
  get phantomPassword(): PasswordVerifier | undefined {
    return this.#verifiers.phantom;
  }

  /** Users of the configuration and the users file. */
  get size(): number {
    return [...this.#byOrigin.values()].reduce((sum, users) => sum + users.size, 0);
  }

  #registeredAs(key: string): RegisteredUser | undefined {
    for (const users of this.#byOrigin.values()) {
      const user = users.get(key);
      if (user !== undefined) return user;
    }
    return undefined;
  }

  #findInState(key: string, tenant: Tenant, user: string): KnownUser | undefined {
    if (this.#states.length === 0 || userNameFault(user) !== undefined) return undefined;
    const scram = new Map<ScramMechanism, ScramCredential>();
    for (const mechanism of mechanisms) {
      for (const state of this.#states) {
        const credential = state.scramCredential(tenant.name, user, mechanism);
        if (credential !== undefined && !scram.has(mechanism)) scram.set(mechanism, credential);
      }
    }
    const known = this.#ofState.get(key);
    const kept =
      known !== undefined && [...known.scram].every((each) => sameCredential(each[1], scram.get(each[0])));
    if (kept && known.scram.size === scram.size) return known;
    if (!kept) this.#forget(key);
    if (scram.size === 0) return undefined;
    const found = this.#user(tenant, user, [], [], scram);
    // A credential of a second mechanism takes nothing from who came by the first.
    const principals = kept ? { byPassword: known.byPassword, byScram: known.byScram } : {};
    this.#ofState.set(key, { ...found, ...principals });
    return this.#ofState.get(key);
  }

  #stateChanged(tenantName: string, user: string): void {
    const key = userKey(tenantName, user);
    const known = this.#ofState.get(key);
    if (known === undefined) return;
    try {
      this.#findInState(key, known.byScram.tenant, user);
    } catch {
      // What cannot be asked for now may be gone.
      this.#forget(key);
    }
  }

  #forget(key: string): void {
    const user = this.#ofState.get(key);
    if (user === undefined) return;
    this.#ofState.delete(key);
    this.#revoke(user);
  }

  #record(
    reason: UserOrigin,
    before: ReadonlyMap<string, RegisteredUser>,
    after: ReadonlyMap<string, RegisteredUser>,
  ): void {
    const record = (action: OperatorChange, { byPassword: { tenant, user } }: KnownUser) =>
      this.#audit?.record({
        ...{ kind: 'change', outcome: 'allowed', action, tenant: tenant.name, reason },
        resource: { type: 'user', name: user },
      });
    for (const [key, user] of before) if (!after.has(key)) record('user.remove', user);
    for (const [key, user] of after) {
      const known = before.get(key);
      if (known !== user) record(known === undefined ? 'user.add' : 'user.change', user);
    }
  }

  #revoke({ byPassword, byScram }: KnownUser): void {
    this.#revoked(byPassword);
    this.#revoked(byScram);
  }

  #registered(
    user: UserCredential,
    tenant: Tenant | undefined,
    before: ReadonlyMap<string, RegisteredUser> | undefined,
    faults: string[],
  ): RegisteredUser | undefined {
    const who = describe(user);
    const fault = userNameFault(user.name);
    const passwords = typeof user.password === 'string' ? [user.password] : user.password;
    if (fault !== undefined) faults.push(`${who}: ${fault}`);
    if (tenant === undefined) faults.push(`${who}: there is no such tenant`);
    if (passwords.length === 0 || passwords.includes('')) faults.push(`${who}: the password is empty`);
    if (tenant === undefined) return undefined;
    const groups = [...(user.groups ?? [])];
    const fingerprint = createHmac('sha256', this.#fingerprintKey)
      .update(JSON.stringify([passwords, groups]))
      .digest('base64');
    const known = before?.get(userKey(user.tenant, user.name));
    if (known?.fingerprint === fingerprint) return known;
    try {
      return { ...this.#user(tenant, user.name, groups, passwords, new Map()), fingerprint };
    } catch (error) {
      faults.push(`${who}: ${(error as Error).message}`);
      return undefined;
    }
  }

  #user(
    tenant: Tenant,
    user: string,
    groups: readonly string[],
    passwords: readonly string[],
    scram: ReadonlyMap<ScramMechanism, ScramCredential>,
  ): KnownUser {
    const read = this.#verifiers.read(passwords, scram);
    const principal = { tenant, user, groups, anonymous: false };
    return {
      byPassword: { ...principal, source: 'password' },
      byScram: { ...principal, source: 'scram' },
      ...read,
      id: this.#nextId++,
    };
  }
}

function sameCredential(a: ScramCredential, b: ScramCredential | undefined): boolean {
  return b?.storedKey.equals(a.storedKey) === true && b.salt.equals(a.salt) && b.iterations === a.iterations;
}

function describe({ name, tenant }: UserCredential): string {
  return `user ${JSON.stringify(name)} of tenant ${JSON.stringify(tenant)}`;
}

/** A user name has no `/`, so no two users share a key. */
function userKey(tenant: string, user: string): string {
  return `${tenant}/${user}`;
}
