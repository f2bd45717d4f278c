import type { TopicKey, TopicPartitions } from '../topic-partitions.js';

/** What an assignor knows of a member. */
export interface AssignorMember {
  readonly memberId: string;
  /** `group.instance.id` of a static member (KIP-345). */
  readonly instanceId: string | null;
  /** The topics that exist of those it subscribes to, in one order for all members. */
  readonly topics: ReadonlySet<TopicKey>;
  /** What the last target assignment gave it: what a sticky assignor keeps. */
  readonly assigned: TopicPartitions;
}

/** One of `group.consumer.assignors` (KIP-848): pure, and gives each partition that somebody subscribes to, once. */
export interface Assignor {
  readonly name: string;
  /** @param partitionCount partitions of a topic that some member subscribes to */
  assign(
    members: readonly AssignorMember[],
    partitionCount: (topic: TopicKey) => number,
  ): ReadonlyMap<string, TopicPartitions>;
}

/** Whether all members subscribe to the same topics. */
export function isHomogeneous(members: readonly AssignorMember[]): boolean {
  const first = members[0]?.topics;
  return members.every(
    ({ topics }) =>
      topics === first || (topics.size === first!.size && [...topics].every((t) => first!.has(t))),
  );
}
