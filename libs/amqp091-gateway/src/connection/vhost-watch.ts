import type { Tenant, TenantDirectory } from '#libs/tenancy';
import { type Amqp091Scope, scopeOf } from '../topology/scope.js';

/** A connection that was opened for a vhost. */
export interface VhostConnection {
  vhostRemoved(): void;
}

/** The connections by tenant, so that they end when their vhost is removed while the tenant stays. */
export class VhostWatch {
  readonly #byTenant = new Map<Tenant, Map<VhostConnection, Amqp091Scope>>();
  readonly #unfollow: () => void;

  constructor(tenants: Pick<TenantDirectory, 'onChange'>) {
    this.#unfollow = tenants.onChange(({ changed }) => {
      for (const tenant of changed) this.#look(tenant);
    });
  }

  watch(connection: VhostConnection, scope: Amqp091Scope): void {
    const known = this.#byTenant.get(scope.tenant);
    if (known === undefined) this.#byTenant.set(scope.tenant, new Map([[connection, scope]]));
    else known.set(connection, scope);
    // It may have been removed while the connection was opened, which has to be done first.
    if (!isThere(scope)) setImmediate(() => this.#look(scope.tenant));
  }

  forget(connection: VhostConnection, { tenant }: Amqp091Scope): void {
    const known = this.#byTenant.get(tenant);
    known?.delete(connection);
    if (known?.size === 0) this.#byTenant.delete(tenant);
  }

  close(): void {
    this.#unfollow();
  }

  #look(tenant: Tenant): void {
    const gone = [...(this.#byTenant.get(tenant) ?? [])].filter(([, scope]) => !isThere(scope));
    for (const [connection] of gone) connection.vhostRemoved();
  }
}

function isThere({ tenant, vhost }: Amqp091Scope): boolean {
  return scopeOf(tenant, vhost) !== undefined;
}
