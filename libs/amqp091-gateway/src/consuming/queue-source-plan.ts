import type { Queue } from '../topology/queue.js';
import type { VhostTopology } from '../topology/vhost-topology.js';

/** Of which queue a source is, and how it takes part. */
export interface QueueSourcePlan {
  readonly topology: VhostTopology;
  readonly queue: Queue;
  /** `persistent://tenant/namespace/name` */
  readonly topic: string;
  /** For who looks at the subscription in Pulsar. */
  readonly consumerName?: string;
  /** Lower is served first. */
  readonly priorityLevel?: number;
}
