import type { ConsumerMember } from './member.js';
import {
  noPartitions,
  partitionsOf,
  samePartitions,
  type TopicIdPartitions,
  type TopicKey,
  type TopicPartitions,
  TopicPartitionsBuilder,
  topicKey,
} from './topic-partitions.js';

export interface Reconciliation {
  readonly targetEpoch: number;
  readonly target: TopicPartitions;
  /** Whether some member, this one too, holds or has not yet given up the partition. */
  readonly isOwned: (topic: TopicKey, partition: number) => boolean;
  /** What the member says that it owns; null: it did not say. */
  readonly owned: readonly TopicIdPartitions[] | null;
}

/**
 * One step of a member towards its target assignment (KIP-848, "Member Reconciliation"): first it gives up what is not
 * its own any more, then it gets what others gave up.
 *
 * ```
 *              target changed, something to revoke
 *   stable ─────────────────────────────────────────▶ unrevoked
 *    ▲  │  target changed, nothing to revoke,            │ the member no longer names
 *    │  │  but somebody still holds a part of it         │ what it has to revoke
 *    │  ▼                                                ▼
 *   unreleased ◀───────────────────────────────── (the next step)
 *    └── all of the target is free ──▶ stable
 * ```
 * In `unrevoked` the member keeps its epoch; with everything revoked it goes to the target's epoch.
 * A member with which nothing happens is given back as it is.
 */
export function reconcile(member: ConsumerMember, with_: Reconciliation): ConsumerMember {
  switch (member.state) {
    case 'stable':
      return member.epoch === with_.targetEpoch ? member : next(member, member.epoch, with_);
    case 'unrevoked':
      if (ownsAny(with_.owned, member.revoking)) return member;
      return next(member, member.epoch + 1, with_);
    case 'unreleased':
      return next(member, member.epoch, with_);
  }
}

/** @param epoch the epoch to stay in while something has to be revoked */
function next(member: ConsumerMember, epoch: number, with_: Reconciliation): ConsumerMember {
  const kept = new TopicPartitionsBuilder();
  const revoking = new TopicPartitionsBuilder();
  for (const [topic, partitions] of member.assigned) {
    const target = partitionsOf(with_.target, topic);
    for (const partition of partitions) {
      if (target.has(partition)) kept.add(topic, partition);
      else revoking.add(topic, partition);
    }
  }
  if (revoking.count > 0 && ownsAny(with_.owned, revoking.build())) {
    return moved(member, epoch, 'unrevoked', kept.build(), revoking.build());
  }
  let unreleased = false;
  for (const [topic, partitions] of with_.target) {
    const had = partitionsOf(member.assigned, topic);
    for (const partition of partitions) {
      if (had.has(partition)) continue;
      if (with_.isOwned(topic, partition)) unreleased = true;
      else kept.add(topic, partition);
    }
  }
  return moved(member, with_.targetEpoch, unreleased ? 'unreleased' : 'stable', kept.build(), noPartitions);
}

function moved(
  member: ConsumerMember,
  epoch: number,
  state: ConsumerMember['state'],
  assigned: TopicPartitions,
  revoking: TopicPartitions,
): ConsumerMember {
  const unmoved =
    epoch === member.epoch &&
    state === member.state &&
    samePartitions(assigned, member.assigned) &&
    samePartitions(revoking, member.revoking);
  if (unmoved) return member;
  // The previous epoch is the one before the last change: a member whose answer was lost comes back with it.
  const previousEpoch = epoch === member.epoch ? member.previousEpoch : member.epoch;
  return { ...member, epoch, previousEpoch, state, assigned, revoking };
}

/** A member that does not say what it owns may own all. */
function ownsAny(owned: readonly TopicIdPartitions[] | null, partitions: TopicPartitions): boolean {
  if (owned === null) return true;
  return owned.some(({ topicId, partitions: each }) => {
    const ofTopic = partitionsOf(partitions, topicKey(topicId));
    return each.some((partition) => ofTopic.has(partition));
  });
}
