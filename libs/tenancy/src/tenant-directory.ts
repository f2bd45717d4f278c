import { isDeepStrictEqual } from 'node:util';
import type { Tenant } from './tenant.js';
import { pulsarNamespaceFault, serverNameFault, tenantNameFault, vhostNameFault } from './tenant-name.js';

/** Every fault of a set of tenants, told together. */
export class TenantDirectoryError extends Error {
  override readonly name = 'TenantDirectoryError';

  constructor(readonly faults: readonly string[]) {
    super(`tenants: ${faults.join('; ')}`);
  }
}

/** What became other with the last replacement. */
export interface TenantChange {
  readonly added: readonly Tenant[];
  readonly removed: readonly Tenant[];
  /** The same objects as before, with other settings. */
  readonly changed: readonly Tenant[];
}

/** Tenants that were checked and are not in force yet. */
export interface PreparedTenants {
  readonly change: TenantChange;
  /** As it will be. */
  byName(name: string): Tenant | undefined;
  /** Puts them in force, in one turn. What was prepared before another commit must not be committed after it. */
  commit(): void;
  /** Tells those who listen, once all that goes with the tenants is in force, too. */
  announce(): void;
}

/**
 * The tenants there are. A name that is not in it is nobody, and nobody may do anything.
 *
 * A tenant is one object for as long as the process runs: what is replaced is its settings, so whoever holds the object has
 * those in force. One that was removed and comes again is the same object.
 */
export class TenantDirectory {
  #index: TenantIndex;
  /** All that there were, by name: the operator's, so they are few. */
  readonly #objects = new Map<string, Tenant>();
  readonly #listeners = new Set<(change: TenantChange) => void>();

  /** @throws TenantDirectoryError when a name or namespace is not allowed or is there twice */
  constructor(tenants: readonly Tenant[]) {
    this.#index = new TenantIndex(tenants, (tenant) => tenant);
    for (const tenant of tenants) this.#objects.set(tenant.name, tenant);
  }

  byName(name: string): Tenant | undefined {
    return this.#index.byName.get(name);
  }

  /** Whether it is one of those in force, and none that was removed. */
  has(tenant: Tenant): boolean {
    return this.#index.byName.get(tenant.name) === tenant;
  }

  /** Whose host name this is: the tenant that has it exactly, else the one that has its domain behind `*.`. */
  byServerName(serverName: string): Tenant | undefined {
    // A host name may end in the root's dot, and has no upper and lower case (RFC 4343).
    const name = serverName.toLowerCase().replace(/\.$/, '');
    const dot = name.indexOf('.');
    const { byServerName } = this.#index;
    return byServerName.get(name) ?? (dot > 0 ? byServerName.get(`*${name.slice(dot)}`) : undefined);
  }

  get size(): number {
    return this.#index.byName.size;
  }

  [Symbol.iterator](): Iterator<Tenant> {
    return this.#index.byName.values();
  }

  /**
   * Checks what is to be in the place of all tenants, and changes nothing yet.
   *
   * @throws TenantDirectoryError as the constructor; and when a tenant had another namespace in this process: what is known
   *   of it is of that one
   */
  prepare(tenants: readonly Tenant[]): PreparedTenants {
    const moved = tenants.filter((each) => {
      const known = this.#objects.get(each.name);
      return known !== undefined && known.pulsarNamespace !== each.pulsarNamespace;
    });
    if (moved.length > 0) {
      throw new TenantDirectoryError(
        moved.map(({ name }) => `tenant "${name}" had another namespace since the start`),
      );
    }
    const index = new TenantIndex(tenants, (tenant) => this.#objects.get(tenant.name) ?? tenant);
    const before = this.#index.byName;
    const renewed: (() => void)[] = [];
    const [added, changed]: [Tenant[], Tenant[]] = [[], []];
    for (const wanted of tenants) {
      const object = index.byName.get(wanted.name)!;
      const isOther = object !== wanted && !isDeepStrictEqual(settingsOf(object), settingsOf(wanted));
      if (isOther) renewed.push(() => settle(object, wanted));
      if (!before.has(wanted.name)) added.push(object);
      else if (isOther) changed.push(object);
    }
    const removed = [...before.values()].filter(({ name }) => !index.byName.has(name));
    const change: TenantChange = { added, removed, changed };
    return {
      change,
      byName: (name) => index.byName.get(name),
      commit: () => {
        for (const renew of renewed) renew();
        for (const tenant of added) this.#objects.set(tenant.name, tenant);
        this.#index = index;
      },
      announce: () => this.#announce(change),
    };
  }

  /** Checked, in force and told. @throws TenantDirectoryError and changes nothing */
  replace(tenants: readonly Tenant[]): TenantChange {
    const prepared = this.prepare(tenants);
    prepared.commit();
    prepared.announce();
    return prepared.change;
  }

  /** Called after each replacement that changed something, until the function that is returned is called. */
  onChange(listener: (change: TenantChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #announce(change: TenantChange): void {
    if (change.added.length + change.removed.length + change.changed.length === 0) return;
    const faults: unknown[] = [];
    for (const listener of [...this.#listeners]) {
      try {
        listener(change);
      } catch (error) {
        // One that fails must not keep the others from ending what is to end.
        faults.push(error);
      }
    }
    if (faults.length > 0) throw new AggregateError(faults, 'a change of tenants was not heeded everywhere');
  }
}

/** Tenants by all that they are found by. */
class TenantIndex {
  readonly byName = new Map<string, Tenant>();
  readonly byServerName = new Map<string, Tenant>();

  /** @throws TenantDirectoryError @param objectOf which object is to stand for it */
  constructor(
    tenants: readonly Tenant[],
    private readonly objectOf: (tenant: Tenant) => Tenant,
  ) {
    const faults: string[] = [];
    const byNamespace = new Map<string, string>();
    for (const tenant of tenants) {
      const fault = tenantNameFault(tenant.name) ?? pulsarNamespaceFault(tenant.pulsarNamespace);
      if (fault !== undefined) faults.push(`tenant ${JSON.stringify(tenant.name)}: ${fault}`);
      if (this.byName.has(tenant.name)) faults.push(`tenant "${tenant.name}" is defined twice`);
      // One namespace for two tenants would let each read what the other wrote.
      const owner = byNamespace.get(tenant.pulsarNamespace);
      if (owner !== undefined && owner !== tenant.name) {
        faults.push(
          `tenants "${owner}" and "${tenant.name}" have the same namespace ${tenant.pulsarNamespace}`,
        );
      }
      byNamespace.set(tenant.pulsarNamespace, tenant.name);
      this.#addServerNames(tenant, faults);
      this.byName.set(tenant.name, objectOf(tenant));
    }
    for (const tenant of tenants) this.#addVhosts(tenant, byNamespace, faults);
    if (faults.length > 0) throw new TenantDirectoryError(faults);
  }

  /** After the namespaces of all tenants are known: that of a vhost is nobody else's, and no tenant's own. */
  #addVhosts(tenant: Tenant, byNamespace: Map<string, string>, faults: string[]): void {
    const names = new Set(['/']);
    for (const { name, pulsarNamespace } of tenant.amqp091?.vhosts ?? []) {
      const what = `vhost ${JSON.stringify(name)} of tenant "${tenant.name}"`;
      const fault = vhostNameFault(name) ?? pulsarNamespaceFault(pulsarNamespace);
      if (fault !== undefined) faults.push(`${what}: ${fault}`);
      if (names.has(name)) faults.push(`${what} is there already`);
      names.add(name);
      const owner = byNamespace.get(pulsarNamespace);
      if (owner !== undefined) faults.push(`${what} has the namespace ${pulsarNamespace} of "${owner}"`);
      byNamespace.set(pulsarNamespace, tenant.name);
    }
  }

  #addServerNames(tenant: Tenant, faults: string[]): void {
    for (const name of tenant.serverNames ?? []) {
      const fault = serverNameFault(name);
      if (fault !== undefined) faults.push(`tenant "${tenant.name}": ${JSON.stringify(name)}: ${fault}`);
      const owner = this.byServerName.get(name);
      if (owner !== undefined) {
        faults.push(`tenants "${owner.name}" and "${tenant.name}" have the same server name ${name}`);
      }
      this.byServerName.set(name, this.objectOf(tenant));
    }
  }
}

/** Without what is said to be absent. */
function settingsOf(tenant: Tenant): Record<string, unknown> {
  return Object.fromEntries(Object.entries(tenant).filter(([, value]) => value !== undefined));
}

/** Gives a tenant other settings. A part that is as it was stays the object that it was: what was made of it still holds. */
function settle(tenant: Tenant, wanted: Tenant): void {
  const target = tenant as unknown as Record<string, unknown>;
  const settings = settingsOf(wanted);
  for (const key of Object.keys(target)) if (!(key in settings)) delete target[key];
  for (const [key, value] of Object.entries(settings)) target[key] = kept(target[key], value);
}

function kept(before: unknown, after: unknown): unknown {
  if (isDeepStrictEqual(before, after)) return before;
  if (!isRecord(before) || !isRecord(after)) return after;
  return Object.fromEntries(Object.entries(after).map(([key, value]) => [key, kept(before[key], value)]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
