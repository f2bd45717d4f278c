import type { Tenant } from '#libs/tenancy';

/** The vhost that is the tenant's own namespace; clients may say the empty name for it. */
export const ownVhost = '/';

/** What a connection was opened for: everything that its client names lives in here. */
export interface Amqp091Scope {
  readonly tenant: Tenant;
  /** As clients see it: `/`, or the name of the configuration. */
  readonly vhost: string;
  /** `<pulsar tenant>/<namespace>`. */
  readonly pulsarNamespace: string;
}

/** Undefined: the tenant has no such vhost. */
export function scopeOf(tenant: Tenant, vhost: string): Amqp091Scope | undefined {
  if (vhost === ownVhost || vhost === '') {
    return { tenant, vhost: ownVhost, pulsarNamespace: tenant.pulsarNamespace };
  }
  const found = tenant.amqp091?.vhosts.find(({ name }) => name === vhost);
  return found && { tenant, vhost, pulsarNamespace: found.pulsarNamespace };
}
