import { KafkaErrorCode } from '#libs/kafka-codec';
import { KafkaError } from '../../kafka.errors.js';
import type { ConsumerGroup } from './consumer-group.js';
import {
  type ConsumerMember,
  leaveEpoch,
  memberBytes,
  newMember,
  normalizedTopicNames,
  sameNames,
  staticLeaveEpoch,
} from './member.js';
import {
  allIn,
  noPartitions,
  samePartitions,
  type TopicIdPartitions,
  type TopicPartitions,
} from './topic-partitions.js';

/** A ConsumerGroupHeartbeat, whatever its version. Null: as last time. */
export interface HeartbeatCall {
  readonly memberId: string;
  /** 0 joins, -1 leaves, -2 leaves for a while (a static member). */
  readonly memberEpoch: number;
  readonly instanceId: string | null;
  readonly rackId: string | null;
  /** -1: as last time. */
  readonly rebalanceTimeoutMs: number;
  readonly topicNames: readonly string[] | null;
  readonly topicPattern: string | null;
  readonly assignor: string | null;
  readonly owned: readonly TopicIdPartitions[] | null;
  readonly clientId: string;
  /** As Kafka shows it: `/192.0.2.7`. */
  readonly clientHost: string;
  /** What this client may see of what a pattern matches. */
  readonly mayDescribe: (topic: string) => boolean;
  /** What `topicPattern` stands for, where the group did not know it. */
  readonly patternTopics?: readonly string[];
}

export interface HeartbeatAnswer {
  readonly memberId: string;
  readonly memberEpoch: number;
  readonly heartbeatIntervalMs: number;
  /** Null: as last time. */
  readonly assignment: TopicPartitions | null;
}

/**
 * One heartbeat of a member, or its joining or leaving. What it changed is to be saved before the answer is given; the
 * topics it needs are known to the group.
 *
 * @throws KafkaError before anything is changed
 */
export function heartbeat(group: ConsumerGroup, call: HeartbeatCall): HeartbeatAnswer {
  if (call.memberEpoch === leaveEpoch || call.memberEpoch === staticLeaveEpoch) return leave(group, call);
  group.requireRoom(call.memberId, saidBytes(call));
  const before =
    call.instanceId === null ? dynamicMember(group, call) : staticMember(group, call, call.instanceId);
  const member = withSubscription(before, call);
  group.putMember(member);
  const patternChanged = member.topicPattern !== before.topicPattern;
  if (patternChanged) group.dropPattern(before.topicPattern);
  if (member.topicPattern !== null && !group.state.patterns.has(member.topicPattern)) {
    group.state.setPattern(member.topicPattern, call.patternTopics ?? []);
  }
  const changed =
    group.state.epochs.epoch === 0 || patternChanged || !sameNames(member.topicNames, before.topicNames);
  group.advance(changed);
  const next = group.reconcileMember(member.memberId, call.owned);
  group.extendSession(next);
  group.timers.cancel(next.memberId, 'join');
  group.timers.cancel(next.memberId, 'sync');
  const isFull =
    call.rebalanceTimeoutMs !== -1 &&
    (call.topicNames !== null || call.topicPattern !== null) &&
    call.owned !== null;
  // Epoch 0 joins; another than it has says that the last answer did not reach the member.
  const missed = call.memberEpoch !== before.epoch;
  const tells = call.memberEpoch === 0 || isFull || missed || !samePartitions(next.assigned, before.assigned);
  return {
    memberId: next.memberId,
    memberEpoch: next.epoch,
    heartbeatIntervalMs: group.coordinator.options.consumerGroupHeartbeatIntervalMs,
    assignment: tells ? next.assigned : null,
  };
}

/** 0: nothing of itself. */
function saidBytes({
  memberId,
  instanceId,
  rackId,
  clientId,
  topicNames,
  topicPattern,
}: HeartbeatCall): number {
  if (topicNames === null && topicPattern === null) return 0;
  const names = topicNames ?? [];
  return memberBytes({
    ...{ memberId, instanceId, rackId, clientId, topicNames: names, topicPattern },
    ...{ clientHost: '', rebalanceTimeoutMs: -1, assignor: null, classic: undefined },
  });
}

function leave(group: ConsumerGroup, { memberId, memberEpoch, instanceId }: HeartbeatCall): HeartbeatAnswer {
  const member = group.expectMember(memberId, instanceId);
  if (memberEpoch === staticLeaveEpoch && instanceId !== null) {
    // It is expected back before its session ends, and keeps what it has until then.
    group.putMember({ ...member, epoch: staticLeaveEpoch, revoking: noPartitions });
    group.timers.cancel(memberId, 'revocation');
  } else {
    group.removeMembers([member]);
  }
  return { memberId, memberEpoch, heartbeatIntervalMs: 0, assignment: null };
}

function dynamicMember(
  group: ConsumerGroup,
  { memberId, memberEpoch, owned }: HeartbeatCall,
): ConsumerMember {
  if (memberEpoch === 0) return group.state.members.get(memberId) ?? newMember(memberId);
  const member = group.expectMember(memberId, null);
  requireEpoch(member, memberEpoch, owned);
  return member;
}

function staticMember(group: ConsumerGroup, call: HeartbeatCall, instanceId: string): ConsumerMember {
  const { memberId, memberEpoch, owned } = call;
  if (memberEpoch !== 0) {
    const member = group.expectMember(memberId, instanceId);
    requireEpoch(member, memberEpoch, owned);
    return member;
  }
  const old = group.state.staticMember(instanceId);
  if (old === undefined) return group.state.members.get(memberId) ?? newMember(memberId);
  // The same process joins again: it was fenced, or did not hear that it had joined.
  if (old.memberId === memberId && old.epoch !== staticLeaveEpoch) return old;
  // One that speaks the classic protocol is replaced at once: it cannot say that it comes back.
  if (old.classic === undefined && old.epoch !== staticLeaveEpoch) {
    const message = `the instance id ${instanceId} belongs to member ${old.memberId}, which has not left`;
    throw new KafkaError(KafkaErrorCode.UNRELEASED_INSTANCE_ID, message);
  }
  const fresh: ConsumerMember = { ...old, memberId, epoch: 0, previousEpoch: 0 };
  group.replaceMember(old, fresh);
  return fresh;
}

/**
 * A member that is behind by the answer that it did not get may go on, if it owns nothing that it should not.
 *
 * @throws KafkaError FENCED_MEMBER_EPOCH: it must give up everything and join again
 */
function requireEpoch(
  member: ConsumerMember,
  given: number,
  owned: readonly TopicIdPartitions[] | null,
): void {
  if (given === member.epoch) return;
  if (given < member.epoch && given === member.previousEpoch && allIn(owned, member.assigned)) return;
  const message = `the member has epoch ${given}, the coordinator has ${member.epoch}; it must join again`;
  throw new KafkaError(KafkaErrorCode.FENCED_MEMBER_EPOCH, message);
}

function withSubscription(member: ConsumerMember, call: HeartbeatCall): ConsumerMember {
  return {
    ...member,
    instanceId: call.instanceId ?? member.instanceId,
    rackId: call.rackId ?? member.rackId,
    clientId: call.clientId,
    clientHost: call.clientHost,
    rebalanceTimeoutMs: call.rebalanceTimeoutMs === -1 ? member.rebalanceTimeoutMs : call.rebalanceTimeoutMs,
    assignor: call.assignor ?? member.assignor,
    topicNames: call.topicNames === null ? member.topicNames : normalizedTopicNames(call.topicNames),
    topicPattern: call.topicPattern === null ? member.topicPattern : call.topicPattern || null,
    classic: undefined,
  };
}
