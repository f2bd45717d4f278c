import { type TopicKey, type TopicPartitions, TopicPartitionsBuilder } from '../topic-partitions.js';
import type { AssignorMember } from './assignor.js';

/** Passes over all topics after which what is reached is taken; few groups need more than two. */
const roundsMax = 16;
const nobody = -1;

/**
 * Uniform assignment where members subscribe to different topics: what can stay stays, what is free goes to the least
 * loaded subscriber, then single partitions move from a more to a less loaded subscriber of their topic until no two of
 * them differ by more than one.
 */
export function assignMixedSubscriptions(
  members: readonly AssignorMember[],
  partitionCount: (topic: TopicKey) => number,
): Map<string, TopicPartitions> {
  const subscribers = new Map<TopicKey, number[]>();
  members.forEach(({ topics }, index) => {
    for (const topic of topics) {
      const list = subscribers.get(topic);
      if (list === undefined) subscribers.set(topic, [index]);
      else list.push(index);
    }
  });
  const owners = new Map<TopicKey, number[]>();
  for (const topic of subscribers.keys()) owners.set(topic, new Array(partitionCount(topic)).fill(nobody));
  const loads = keepFormer(members, owners);
  // Topics with most partitions for each subscriber first, then those with fewest who could take them: what can go to
  // few is settled before what can go to many, which then evens it out.
  const topics = [...owners.keys()].sort((one, other) => {
    const [ones, others] = [subscribers.get(one)!.length, subscribers.get(other)!.length];
    const perSubscriber = partitionCount(other) / others - partitionCount(one) / ones;
    return perSubscriber || ones - others || (one < other ? -1 : 1);
  });
  for (const topic of topics) {
    const list = owners.get(topic)!;
    list.forEach((owner, partition) => {
      if (owner !== nobody) return;
      const least = leastLoaded(subscribers.get(topic)!, loads);
      list[partition] = least;
      loads[least]!++;
    });
  }
  for (let round = 0, moved = true; moved && round < roundsMax; round++) {
    moved = false;
    for (const topic of topics) {
      if (evenOut(owners.get(topic)!, subscribers.get(topic)!, loads)) moved = true;
    }
  }
  return toAssignment(members, owners);
}

/** Puts former partitions back to their members; gives the number that each has. */
function keepFormer(members: readonly AssignorMember[], owners: ReadonlyMap<TopicKey, number[]>): number[] {
  return members.map(({ topics, assigned }, index) => {
    let load = 0;
    for (const [topic, partitions] of assigned) {
      const list = owners.get(topic);
      if (list === undefined || !topics.has(topic)) continue;
      for (const partition of partitions) {
        if (list[partition] !== nobody) continue;
        list[partition] = index;
        load++;
      }
    }
    return load;
  });
}

/** Moves partitions of one topic from its most loaded owners to its least loaded subscribers. */
function evenOut(list: number[], subscribers: readonly number[], loads: number[]): boolean {
  let moved = false;
  const byLoad = list.map((_, partition) => partition).sort((a, b) => loads[list[b]!]! - loads[list[a]!]!);
  for (const partition of byLoad) {
    const owner = list[partition]!;
    const least = leastLoaded(subscribers, loads);
    if (loads[owner]! - loads[least]! <= 1) continue;
    list[partition] = least;
    loads[owner]!--;
    loads[least]!++;
    moved = true;
  }
  return moved;
}

function leastLoaded(subscribers: readonly number[], loads: readonly number[]): number {
  let least = subscribers[0]!;
  for (const each of subscribers) if (loads[each]! < loads[least]!) least = each;
  return least;
}

function toAssignment(
  members: readonly AssignorMember[],
  owners: ReadonlyMap<TopicKey, readonly number[]>,
): Map<string, TopicPartitions> {
  const builders = members.map(() => new TopicPartitionsBuilder());
  for (const [topic, list] of owners) {
    for (const [partition, owner] of list.entries()) builders[owner]!.add(topic, partition);
  }
  return new Map(members.map(({ memberId }, index) => [memberId, builders[index]!.build()]));
}
