import type { QueueKeeper } from '../keepers/queue-keeper.js';
import type { Queue } from '../topology/queue.js';
import type { VhostTopology } from '../topology/vhost-topology.js';
import type { Queues } from './queues.js';

/** What queue.declare-ok says. */
export interface QueueUse {
  /** Those that nobody was given. */
  readonly messages: number;
  /** Of all gateways and all protocols. */
  readonly consumers: number;
}

/** Rejects with Amqp091Error. */
export type UseOf = (topology: VhostTopology, queue: Queue) => Promise<QueueUse>;

/** The messages as Pulsar counts them, the consumers as the keeper of the queue does: also those that wait to become the active one. */
export function queueUse(queues: Pick<Queues, 'use'>, keeper: Pick<QueueKeeper, 'consumers'>): UseOf {
  return async (topology, queue) => {
    const [stored, kept] = await Promise.all([
      queues.use(topology.scope, queue),
      keeper.consumers(topology, queue),
    ]);
    return { messages: stored.messages, consumers: (kept ?? stored.consumers) + stored.foreignConsumers };
  };
}
