import type { Queue } from '../topology/queue.js';
import type { VhostTopology } from '../topology/vhost-topology.js';

/** A consumer that wants to be one of a queue's. */
export interface ConsumerRequest {
  /** It wants the queue for itself (basic.consume). */
  readonly exclusive: boolean;
  /** It may be given messages from now on, or no more; not called before it is registered. */
  onActive(isActive: boolean): void;
  /** The queue was deleted. Called once; nobody needs to leave it any more. */
  onQueueGone(): void;
}

export interface ConsumerRegistration {
  /** False: another one is the queue's single active consumer. */
  readonly isActive: boolean;
  /** The consumer is gone. */
  leave(): void;
}

/** Who decides what concerns all consumers of a queue. */
export interface QueueKeeper {
  /** Rejects with Amqp091Error: `access-refused` where it is another one's, or not its alone. */
  register(topology: VhostTopology, queue: Queue, request: ConsumerRequest): Promise<ConsumerRegistration>;
  /** The queue is about to be deleted: its consumers hear that it is gone. */
  end(topology: VhostTopology, queue: Queue): void;
}
