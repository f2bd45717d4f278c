import type { Tenant } from './tenant.js';
import { pulsarNamespaceFault, serverNameFault, tenantNameFault, vhostNameFault } from './tenant-name.js';

/** Every fault of a set of tenants, told together. */
export class TenantDirectoryError extends Error {
  override readonly name = 'TenantDirectoryError';

  constructor(readonly faults: readonly string[]) {
    super(`tenants: ${faults.join('; ')}`);
  }
}

/** The tenants there are. A name that is not in it is nobody, and nobody may do anything. */
export class TenantDirectory {
  readonly #byName = new Map<string, Tenant>();
  readonly #byServerName = new Map<string, Tenant>();

  /** @throws TenantDirectoryError when a name or namespace is not allowed or is there twice */
  constructor(tenants: readonly Tenant[]) {
    const faults: string[] = [];
    const byNamespace = new Map<string, string>();
    for (const tenant of tenants) {
      const fault = tenantNameFault(tenant.name) ?? pulsarNamespaceFault(tenant.pulsarNamespace);
      if (fault !== undefined) faults.push(`tenant ${JSON.stringify(tenant.name)}: ${fault}`);
      if (this.#byName.has(tenant.name)) faults.push(`tenant "${tenant.name}" is defined twice`);
      // One namespace for two tenants would let each read what the other wrote.
      const owner = byNamespace.get(tenant.pulsarNamespace);
      if (owner !== undefined && owner !== tenant.name) {
        faults.push(
          `tenants "${owner}" and "${tenant.name}" have the same namespace ${tenant.pulsarNamespace}`,
        );
      }
      byNamespace.set(tenant.pulsarNamespace, tenant.name);
      this.#addServerNames(tenant, faults);
      this.#byName.set(tenant.name, tenant);
    }
    for (const tenant of tenants) this.#addVhosts(tenant, byNamespace, faults);
    if (faults.length > 0) throw new TenantDirectoryError(faults);
  }

  byName(name: string): Tenant | undefined {
    return this.#byName.get(name);
  }

  /** Whose host name this is: the tenant that has it exactly, else the one that has its domain behind `*.`. */
  byServerName(serverName: string): Tenant | undefined {
    // A host name may end in the root's dot, and has no upper and lower case (RFC 4343).
    const name = serverName.toLowerCase().replace(/\.$/, '');
    const dot = name.indexOf('.');
    return (
      this.#byServerName.get(name) ?? (dot > 0 ? this.#byServerName.get(`*${name.slice(dot)}`) : undefined)
    );
  }

  get size(): number {
    return this.#byName.size;
  }

  [Symbol.iterator](): Iterator<Tenant> {
    return this.#byName.values();
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
      const owner = this.#byServerName.get(name);
      if (owner !== undefined) {
        faults.push(`tenants "${owner.name}" and "${tenant.name}" have the same server name ${name}`);
      }
      this.#byServerName.set(name, tenant);
    }
  }
}
