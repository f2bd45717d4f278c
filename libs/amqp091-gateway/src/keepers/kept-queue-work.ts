import type { Queue } from '../topology/queue.js';
import type { VhostTopology } from '../topology/vhost-topology.js';

/** Something that is done for a queue by the one gateway that keeps it. */
export interface KeptQueueWork {
  /**
   * Whether the queue needs it. Asked when the queue is there, when this gateway begins to keep it, and when `isExpiring` becomes
   * true; what was started goes on until it is closed.
   *
   * @param isExpiring messages with an expiration of their own were published to it
   */
  isNeeded(queue: Queue, isExpiring: boolean): boolean;
  /** This gateway keeps the queue from now on. Must not throw. */
  start(topology: VhostTopology, queue: Queue): StartedQueueWork;
}

export interface StartedQueueWork {
  /** The queue is gone, or another gateway keeps it. Called once. */
  close(): void;
  /** x-overflow `reject-publish`, `reject-publish-dlx`: no more are taken now. */
  readonly isFull?: boolean;
  /** The queue was declared, or a message was got from it: what counts as use beside its consumers. */
  used?(): void;
}
