import { type TopicKey, type TopicPartitions, TopicPartitionsBuilder } from '../topic-partitions.js';
import { type Assignor, type AssignorMember, isHomogeneous } from './assignor.js';
import { assignMixedSubscriptions } from './mixed-subscriptions.js';

/**
 * Kafka's `uniform`, the default: every member has as many partitions as any other, over all topics together, and keeps
 * what it had as far as that allows. Where members subscribe to different topics it is as equal as moving single
 * partitions can make it.
 */
export const uniformAssignor: Assignor = {
  name: 'uniform',
  assign(members, partitionCount) {
    if (members.length === 0) return new Map();
    return isHomogeneous(members)
      ? assignEqualSubscriptions(members, partitionCount)
      : assignMixedSubscriptions(members, partitionCount);
  },
};

/** What is left of a member's former partitions while its share is found. */
interface Share {
  readonly memberId: string;
  readonly kept: { topic: TopicKey; partition: number }[];
  quota: number;
}

function assignEqualSubscriptions(
  members: readonly AssignorMember[],
  partitionCount: (topic: TopicKey) => number,
): Map<string, TopicPartitions> {
  const { topics } = members[0]!;
  const taken = new Map<TopicKey, Set<number>>([...topics].map((topic) => [topic, new Set()]));
  const shares = members.map((member) => shareOf(member, taken, partitionCount));
  let total = 0;
  for (const topic of topics) total += partitionCount(topic);
  setQuotas(shares, total);
  const free: { topic: TopicKey; partition: number }[] = [];
  for (const { kept, quota } of shares) free.push(...kept.splice(quota));
  for (const topic of topics) {
    const owned = taken.get(topic)!;
    for (let partition = 0; partition < partitionCount(topic); partition++) {
      if (!owned.has(partition)) free.push({ topic, partition });
    }
  }
  let next = 0;
  const assignment = new Map<string, TopicPartitions>();
  for (const { memberId, kept, quota } of shares) {
    const mine = new TopicPartitionsBuilder();
    for (const { topic, partition } of kept) mine.add(topic, partition);
    while (mine.count < quota) {
      const { topic, partition } = free[next++]!;
      mine.add(topic, partition);
    }
    assignment.set(memberId, mine.build());
  }
  return assignment;
}

/** What it had and may still have; what two are said to have had goes to the first. */
function shareOf(
  { memberId, assigned }: AssignorMember,
  taken: ReadonlyMap<TopicKey, Set<number>>,
  partitionCount: (topic: TopicKey) => number,
): Share {
  const kept: Share['kept'] = [];
  for (const [topic, partitions] of assigned) {
    const owned = taken.get(topic);
    if (owned === undefined) continue;
    for (const partition of partitions) {
      if (owned.has(partition) || partition >= partitionCount(topic)) continue;
      owned.add(partition);
      kept.push({ topic, partition });
    }
  }
  return { memberId, kept, quota: 0 };
}

/** The odd partitions stay with those who have one more already, so that least is moved. */
function setQuotas(shares: readonly Share[], total: number): void {
  const least = Math.floor(total / shares.length);
  let extras = total % shares.length;
  for (const share of shares) {
    share.quota = least;
    if (extras > 0 && share.kept.length > least) {
      share.quota++;
      extras--;
    }
  }
  for (const share of shares) {
    if (extras === 0) return;
    if (share.quota > least) continue;
    share.quota++;
    extras--;
  }
}
