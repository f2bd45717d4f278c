import type { Assignor, AssignorMember } from './assignors/assignor.js';
import { rangeAssignor } from './assignors/range-assignor.js';
import { uniformAssignor } from './assignors/uniform-assignor.js';
import type { ConsumerGroupState } from './consumer-group-state.js';
import type { SubscribedTopics } from './subscribed-topics.js';
import { noPartitions, samePartitions, type TopicKey } from './topic-partitions.js';

/** `group.consumer.assignors`. */
export const assignors: readonly Assignor[] = [uniformAssignor, rangeAssignor];
export type AssignorName = 'uniform' | 'range';

/** The assignor that most members ask for; without a wish the default. */
export function assignorOf(state: ConsumerGroupState, defaultName: AssignorName): Assignor {
  const votes = new Map<string, number>();
  for (const { assignor } of state.members.values()) {
    if (assignor !== null) votes.set(assignor, (votes.get(assignor) ?? 0) + 1);
  }
  let name: string = defaultName;
  for (const [each, count] of votes) if (count > (votes.get(name) ?? 0)) name = each;
  return assignors.find((each) => each.name === name) ?? uniformAssignor;
}

/** Gives every member its target for the group's epoch; only what differs is written. */
export function assignTargets(state: ConsumerGroupState, topics: SubscribedTopics, assignor: Assignor): void {
  const keysOf = new Map<string, ReadonlySet<TopicKey>>();
  const members = [...state.members.values()].map((member): AssignorMember => {
    const names = [...state.topicsOf(member)].sort();
    const subscription = names.join(' ');
    let keys = keysOf.get(subscription);
    if (keys === undefined) {
      keys = new Set(names.flatMap((name) => topics.topic(name)?.key ?? []));
      keysOf.set(subscription, keys);
    }
    const { memberId, instanceId } = member;
    return { memberId, instanceId, topics: keys, assigned: state.target(memberId) };
  });
  const assignment = assignor.assign(members, (key) => topics.partitionCount(key));
  for (const { memberId, assigned } of members) {
    const target = assignment.get(memberId) ?? noPartitions;
    if (!samePartitions(target, assigned)) state.setTarget(memberId, target);
  }
  state.setEpochs({ assignmentEpoch: state.epochs.epoch });
}
