import type { Queue } from '../topology/queue.js';
import type { VhostTopology } from '../topology/vhost-topology.js';

/** A consumer that wants to be one of a queue's. */
export interface ConsumerRequest {
  /** It wants the queue for itself (basic.consume). */
  readonly exclusive: boolean;
  /**
   * It may be given messages from now on, or no more; not called before it is registered. The next one is given messages
   * when this has resolved.
   */
  onActive(isActive: boolean): void | Promise<void>;
  /** The queue was deleted. Called once; nobody needs to leave it any more. Resolves when it holds nothing of it. */
  onQueueGone(): void | Promise<void>;
}

export interface ConsumerRegistration {
  /** False: another one is the queue's single active consumer. */
  readonly isActive: boolean;
  /** The consumer is gone, and holds nothing that comes before what the next one is given. Resolves when it is known. */
  leave(): Promise<void>;
}

/** Who decides what concerns all consumers of a queue. */
export interface QueueKeeper {
  /**
   * Rejects with Amqp091Error: `access-refused` where it is another one's, or not its alone; `not-found` where it is about to
   * be deleted; `internal-error` while nobody can be asked.
   */
  register(topology: VhostTopology, queue: Queue, request: ConsumerRequest): Promise<ConsumerRegistration>;
  /** The queue is about to be deleted. Resolves when its consumers have heard that, and have left it. Never rejects. */
  end(topology: VhostTopology, queue: Queue): Promise<void>;
  /** Its consumers, of all gateways. Undefined: nobody knows now. Never rejects. */
  consumers(topology: VhostTopology, queue: Queue): Promise<number | undefined>;
  /** The queue was declared, or a message was got from it (x-expires). */
  used(topology: VhostTopology, queue: Queue): void;
}
