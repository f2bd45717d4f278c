import type { Queues } from '../queues/queues.js';
import type { QueuePlace } from './queue-place.js';
import type { TopologyAt } from './topology-at.js';

/**
 * Deletes queues that no client of 0-9-1 uses any more. Resolves to false where others consume it, or gateways that have not said
 * so; rejects where it could not be deleted.
 */
export function expireUnused(
  topologyOf: TopologyAt,
  queues: Pick<Queues, 'use'>,
): (place: QueuePlace) => Promise<boolean> {
  return async (place) => {
    const topology = await topologyOf(place);
    if (topology === undefined) return true;
    if (topology.findQueue(place.name)?.uid !== place.uid) await topology.caughtUp();
    const queue = topology.findQueue(place.name);
    if (queue?.uid !== place.uid) return true;
    if ((await queues.use(topology.scope, queue)).foreignConsumers > 0) return false;
    await topology.expireQueue(queue);
    return true;
  };
}
