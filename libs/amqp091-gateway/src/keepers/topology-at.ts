import { Amqp091Error } from '#libs/amqp091-codec';
import type { TenantDirectory } from '#libs/tenancy';
import type { Topologies } from '../topology/topologies.js';
import type { VhostTopology } from '../topology/vhost-topology.js';
import type { QueuePlace } from './queue-place.js';

/** What is declared where another gateway's client has a queue. */
export type TopologyAt = (place: QueuePlace) => Promise<VhostTopology | undefined>;

/**
 * Opened where it is not yet: who keeps a queue need not have clients of its tenant. Undefined: this gateway knows no such
 * tenant or vhost. Rejects while it cannot be read.
 */
export function topologyAt(
  tenants: Pick<TenantDirectory, 'byName'>,
  topologies: Pick<Topologies, 'open'>,
): TopologyAt {
  return async ({ tenant: name, vhost }) => {
    const tenant = tenants.byName(name);
    if (tenant === undefined) return undefined;
    try {
      return await topologies.open(tenant, vhost);
    } catch (error) {
      if (error instanceof Amqp091Error && error.code === 'not-allowed') return undefined;
      throw error;
    }
  };
}
