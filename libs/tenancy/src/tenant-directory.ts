import type { Tenant } from './tenant.js';
import { pulsarNamespaceFault, tenantNameFault } from './tenant-name.js';

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

  /** @throws TenantDirectoryError when a name or namespace is not allowed or is there twice */
  constructor(tenants: Iterable<Tenant>) {
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
      this.#byName.set(tenant.name, tenant);
    }
    if (faults.length > 0) throw new TenantDirectoryError(faults);
  }

  byName(name: string): Tenant | undefined {
    return this.#byName.get(name);
  }

  get size(): number {
    return this.#byName.size;
  }

  [Symbol.iterator](): Iterator<Tenant> {
    return this.#byName.values();
  }
}
