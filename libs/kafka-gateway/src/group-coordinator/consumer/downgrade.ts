import { CONSUMER_PROTOCOL_TYPE, KafkaErrorCode } from '#libs/kafka-codec';
import { ClassicGroup } from '../classic/classic-group.js';
import { ClassicMember } from '../classic/classic-member.js';
import { type ClassicGeneration, classicRecord } from '../classic/classic-record.js';
import { type JoinAnswer, joinRefusal } from '../classic/classic-requests.js';
import { assignmentBytes, joinAnswerOf } from './classic-answers.js';
import type { ConsumerGroup } from './consumer-group.js';
import type { ConsumerMember } from './member.js';
import type { TopicIdPartitions } from './topic-partitions.js';

/** The last members of the consumer protocol leave: what is left becomes a classic group that rebalances. */
export function downgradeWithout(group: ConsumerGroup, leaving: readonly ConsumerMember[]): boolean {
  const left = [...group.state.members.values()].filter((member) => !leaving.includes(member));
  if (!mayDowngrade(group, left)) return false;
  const classic = becomeClassic(group, left, () => {});
  classic?.rebalance('the last member of the consumer protocol left');
  return classic !== undefined;
}

/** A static member of the classic protocol took the place of the last member of the consumer protocol. */
export function downgradeWith(
  group: ConsumerGroup,
  joining: ConsumerMember,
  changed: boolean,
  owned: readonly TopicIdPartitions[],
  answer: (answer: JoinAnswer) => void,
): boolean {
  const members = [...group.state.members.values()];
  if (!mayDowngrade(group, members)) return false;
  // With another subscription the classic group assigns anew anyway.
  const member = changed ? joining : group.reconcileMember(joining.memberId, owned);
  const left = members.map((each) => (each.memberId === member.memberId ? member : each));
  const classic = becomeClassic(group, left, (code) => {
    if (code !== KafkaErrorCode.NONE) answer(joinRefusal(member.memberId, code));
    else answer({ ...joinAnswerOf(member), generation: group.state.epochs.epoch });
  });
  if (changed) classic?.rebalance('a static member came back with another subscription');
  return classic !== undefined;
}

function mayDowngrade(group: ConsumerGroup, left: readonly ConsumerMember[]): boolean {
  const { consumerGroupMigrationPolicy, groupMembersMax } = group.coordinator.options;
  if (left.length === 0 || left.some(({ classic }) => classic === undefined)) return false;
  const allowed =
    consumerGroupMigrationPolicy === 'bidirectional' || consumerGroupMigrationPolicy === 'downgrade';
  return allowed && left.length <= groupMembersMax;
}

/** Undefined where the members have no protocol in common, which none of them could then join with. */
function becomeClassic(
  group: ConsumerGroup,
  left: readonly ConsumerMember[],
  stored: (code: number) => void,
): ClassicGroup | undefined {
  const { coordinator } = group;
  const names = left[0]!.classic!.protocols.map(({ name }) => name);
  const protocolName = names.find((name) =>
    left.every(({ classic }) => classic!.protocols.some((each) => each.name === name)),
  );
  if (protocolName === undefined) return undefined;
  const members = left.map((member) => classicMemberOf(group, member, protocolName));
  const generation: ClassicGeneration = {
    generation: group.state.epochs.epoch,
    protocolType: CONSUMER_PROTOCOL_TYPE,
    protocolName,
    leaderId: members[0]!.memberId,
    emptySince: undefined,
    members,
  };
  const classic = ClassicGroup.restored(group.group.id, coordinator, generation);
  group.info('group.downgraded', `is a classic group of ${members.length} members again`);
  const record = classicRecord(group.group.id, generation, ({ assignment }) => assignment);
  group.end([record], (error) => stored(error?.code ?? KafkaErrorCode.NONE));
  group.group.protocol = classic;
  classic.startSessions();
  return classic;
}

function classicMemberOf(group: ConsumerGroup, member: ConsumerMember, protocolName: string): ClassicMember {
  const { memberId, instanceId, clientId, clientHost, rebalanceTimeoutMs } = member;
  const { sessionTimeoutMs, protocols } = member.classic!;
  const { metadata } = protocols.find(({ name }) => name === protocolName)!;
  const assignment = assignmentBytes(group, group.state.target(memberId), metadata);
  return new ClassicMember({
    ...{
      memberId,
      instanceId,
      clientId,
      clientHost,
      sessionTimeoutMs,
      rebalanceTimeoutMs,
      protocols,
      assignment,
    },
  });
}
