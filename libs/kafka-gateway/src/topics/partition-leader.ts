import type { ClusterView, Member } from '#libs/cluster';
import type { KafkaTopic } from './kafka-topic.js';

/** The gateway that leads a partition: the same on all gateways that see the same members. */
export function partitionLeader(
  cluster: Pick<ClusterView, 'nodeOf'>,
  topic: KafkaTopic,
  partition: number,
): Member {
  return cluster.nodeOf(`${topic.id.toString('hex')}/${partition}`);
}
