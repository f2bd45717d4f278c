import { type TopicKey, type TopicPartitions, TopicPartitionsBuilder } from '../topic-partitions.js';
import type { Assignor, AssignorMember } from './assignor.js';

/** How the partitions of one topic are handed out in order. */
interface Ranges {
  readonly partitions: number;
  readonly quota: number;
  /** So many of the first subscribers get one more. */
  extras: number;
  next: number;
}

/**
 * Kafka's `range`: each topic's partitions are cut into ranges as equal as possible, in the order of the members: static
 * ones by instance id, then the others by member id. Topics with equal counts and subscribers are so co-partitioned. It
 * is sticky only as far as that order is.
 */
export const rangeAssignor: Assignor = {
  name: 'range',
  assign(members, partitionCount) {
    const subscribers = new Map<TopicKey, number>();
    for (const { topics } of members) {
      for (const topic of topics) subscribers.set(topic, (subscribers.get(topic) ?? 0) + 1);
    }
    const ranges = new Map<TopicKey, Ranges>();
    for (const [topic, count] of subscribers) {
      const partitions = partitionCount(topic);
      ranges.set(topic, {
        partitions,
        quota: Math.floor(partitions / count),
        extras: partitions % count,
        next: 0,
      });
    }
    const assignment = new Map<string, TopicPartitions>();
    for (const { memberId, topics } of [...members].sort(inRangeOrder)) {
      const mine = new TopicPartitionsBuilder();
      for (const topic of topics) {
        const range = ranges.get(topic)!;
        let end = range.next + range.quota;
        if (range.extras > 0) {
          range.extras--;
          end++;
        }
        for (; range.next < end; range.next++) mine.add(topic, range.next);
      }
      assignment.set(memberId, mine.build());
    }
    return assignment;
  },
};

function inRangeOrder(one: AssignorMember, other: AssignorMember): number {
  if (one.instanceId !== null && other.instanceId !== null) return compare(one.instanceId, other.instanceId);
  if (one.instanceId !== null) return -1;
  if (other.instanceId !== null) return 1;
  return compare(one.memberId, other.memberId);
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
