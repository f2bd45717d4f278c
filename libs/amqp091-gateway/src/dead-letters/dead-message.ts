import type { EntryPosition } from '#libs/pulsar';
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
}

/** Where messages go that nobody is to have any more (RabbitMQ's "Dead Letter Exchanges"). */
export interface DeadLetters {
  /** Resolves when the message is stored where dead letters of the queue go. Undefined: they go nowhere. */
  bury(topology: VhostTopology, queue: Queue, message: DeadMessage): Promise<void> | undefined;
}

/** Dead messages are gone. */
export const noDeadLetters: DeadLetters = { bury: () => undefined };
