import type { EntryPosition } from '#libs/pulsar';
import type { StoredMessage } from '../mapping/stored-message.mapping.js';
import type { Queue } from '../topology/queue.js';
import type { VhostTopology } from '../topology/vhost-topology.js';

/** RabbitMQ's `reason` of `x-death`. */
export type DeadReason = 'rejected' | 'expired' | 'maxlen' | 'delivery_limit';

/** A message that is not given to anybody any more. */
export interface DeadMessage {
  /** The partition: full name of a Pulsar topic. */
  readonly topic: string;
  readonly position: EntryPosition;
  /** -1 of an entry that is no batch. */
  readonly batchIndex: number;
  readonly reason: DeadReason;
  /** Where it is still at hand; otherwise it is read again. */
  readonly stored?: StoredMessage | undefined;
}

/** Where dead messages go (RabbitMQ, "Dead Letter Exchanges"). */
export interface DeadLetterStore {
  /**
   * Resolves when it is stored in the queues that it comes to, or when it is known that it comes to none. Rejects where it
   * could not be stored: then it must come again. Undefined: dead messages of the queue go nowhere.
   */
  bury(topology: VhostTopology, queue: Queue, message: DeadMessage): Promise<void> | undefined;
}
