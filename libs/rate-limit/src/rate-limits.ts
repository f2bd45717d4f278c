import type { Tenant, TenantDirectory } from '#libs/tenancy';
import { TenantLimiter } from './tenant-limiter.js';

const unlimited = new TenantLimiter({});

/** The limiters of the directory's tenants; there are never more than tenants. */
export class RateLimits {
  readonly #limiters = new Map<string, TenantLimiter>();

  constructor(tenants: TenantDirectory, now?: () => number) {
    for (const tenant of tenants) {
      const limiter = new TenantLimiter(tenant.limits, now);
      this.#limiters.set(tenant.name, limiter.limited ? limiter : unlimited);
    }
  }

  /** @throws RangeError for a tenant that is not of the directory: nobody is unlimited by being unknown */
  forTenant(tenant: Tenant): TenantLimiter {
    const limiter = this.#limiters.get(tenant.name);
    if (limiter === undefined) throw new RangeError(`tenant ${tenant.name} is not in the directory`);
    return limiter;
  }
}
