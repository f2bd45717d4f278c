import type { ClusterView } from '#libs/cluster';
import type { KafkaTopic } from '../topics/kafka-topic.js';

interface Known {
  readonly version: number;
  /** Node ids by partition. */
  readonly leaders: Int32Array;
}

/**
 * Which gateway leads each partition: rendezvous hashing of topic id and partition over the live gateways. Any gateway
 * serves reads and plain writes of any partition; there a leader is where the readers and writers of a partition meet,
 * so that they share one reader. Idempotent batches are for the leader alone.
 */
export class PartitionLeaders {
  readonly #known = new WeakMap<KafkaTopic, Known>();

  constructor(private readonly cluster: Pick<ClusterView, 'self' | 'version' | 'nodeOf'>) {}

  /** Its node id. */
  leader(topic: KafkaTopic, partition: number): number {
    return this.#leaders(topic)[partition]!;
  }

  /** Whether this gateway leads the partition. */
  leads(topic: KafkaTopic, partition: number): boolean {
    return this.leader(topic, partition) === this.cluster.self.nodeId;
  }

  #leaders(topic: KafkaTopic): Int32Array {
    const { version } = this.cluster;
    const known = this.#known.get(topic);
    if (known?.version === version) return known.leaders;
    const topicId = topic.id.toString('hex');
    const leaders = Int32Array.from(
      { length: topic.partitions },
      (_, partition) => this.cluster.nodeOf(`${topicId}/${partition}`).nodeId,
    );
    this.#known.set(topic, { version, leaders });
    return leaders;
  }
}
