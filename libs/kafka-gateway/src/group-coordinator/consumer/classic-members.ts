import { Buffer } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import {
  CONSUMER_PROTOCOL_TYPE,
  type ConsumerProtocolSubscription,
  decodeConsumerProtocolSubscription,
  KafkaErrorCode,
} from '#libs/kafka-codec';
import { KafkaError, kafkaErrorCode } from '../../kafka.errors.js';
import { protocolBytes } from '../classic/classic-member.js';
import {
  type JoinAnswer,
  type JoinCall,
  joinRefusal,
  type LeavingMember,
  type SyncAnswer,
  type SyncCall,
  syncRefusal,
} from '../classic/classic-requests.js';
import { assignmentBytes, joinAnswerOf } from './classic-answers.js';
import type { ConsumerGroup } from './consumer-group.js';
import { downgradeWith } from './downgrade.js';
import {
  type ClassicMetadata,
  type ConsumerMember,
  newMember,
  normalizedTopicNames,
  sameNames,
} from './member.js';
import { partitionsOf, type TopicIdPartitions } from './topic-partitions.js';

/*
 * Members that speak JoinGroup, SyncGroup, Heartbeat and LeaveGroup in a group of the consumer protocol: for them each
 * member epoch is a generation, a Heartbeat says when to join again, JoinGroup is their full heartbeat and SyncGroup gives
 * what they are assigned. They are never leaders.
 */

const { UNKNOWN_MEMBER_ID, INCONSISTENT_GROUP_PROTOCOL, REBALANCE_IN_PROGRESS } = KafkaErrorCode;

export function joinClassicMember(
  group: ConsumerGroup,
  call: JoinCall,
  answer: (answer: JoinAnswer) => void,
): void {
  const refuse = (error: unknown) => answer(joinRefusal(call.memberId, kafkaErrorCode(error)));
  try {
    const subscription = subscriptionOf(group, call);
    if (call.idRequired && call.memberId === '' && call.instanceId === null) {
      answer(joinRefusal(randomUUID(), KafkaErrorCode.MEMBER_ID_REQUIRED));
      return;
    }
    const unknown = group.topics.unknown([...subscription.topics, ...group.state.subscribedTopics()]);
    if (unknown.length === 0) {
      join(group, call, subscription, answer);
      return;
    }
    group.topics
      .learn(unknown)
      .then(() => {
        // Whatever the group became meanwhile, the client joins that.
        if (group.closed) throw new KafkaError(REBALANCE_IN_PROGRESS, 'the group changed its protocol');
        join(group, call, subscription, answer);
      })
      .catch(refuse);
  } catch (error) {
    refuse(error);
  }
}

export function syncClassicMember(
  group: ConsumerGroup,
  call: SyncCall,
  answer: (answer: SyncAnswer) => void,
): void {
  const refuse = (error: unknown) => answer(syncRefusal(kafkaErrorCode(error)));
  // Whoever took the group over has to learn the names of what is assigned first.
  const unknown = group.topics.unknown(group.state.subscribedTopics());
  if (unknown.length === 0) {
    sync(group, call, answer, refuse);
    return;
  }
  group.topics.learn(unknown).then(() => {
    if (!group.closed) sync(group, call, answer, refuse);
    else answer(syncRefusal(REBALANCE_IN_PROGRESS));
  }, refuse);
}

export function heartbeatOfClassicMember(
  group: ConsumerGroup,
  memberId: string,
  instanceId: string | null,
  generation: number,
): number {
  try {
    const member = classicMember(group, memberId, instanceId, generation);
    group.extendSession(member);
    // It joins again for a new epoch, to say that it has given up what it had to, and when what it waits for is free.
    const joins =
      member.epoch < group.state.epochs.epoch ||
      member.state === 'unrevoked' ||
      (member.state === 'unreleased' && !waitsForOthers(group, member));
    if (joins) awaitJoin(group, member);
    return joins ? REBALANCE_IN_PROGRESS : KafkaErrorCode.NONE;
  } catch (error) {
    return kafkaErrorCode(error);
  }
}

/** Also by admin tools, for members of either protocol. */
export function leaveByClassicRequest(
  group: ConsumerGroup,
  leaving: readonly LeavingMember[],
): readonly number[] {
  const gone = new Map<string, ConsumerMember>();
  const codes = leaving.map(({ memberId, instanceId }) => {
    try {
      const owner = instanceId === null ? undefined : group.state.staticMember(instanceId);
      // By its instance id alone: that is how an administrator removes a static member.
      const member = group.expectMember(
        memberId === '' && owner !== undefined ? owner.memberId : memberId,
        instanceId,
      );
      gone.set(member.memberId, member);
      return KafkaErrorCode.NONE;
    } catch (error) {
      return kafkaErrorCode(error);
    }
  });
  group.removeMembers([...gone.values()]);
  group.save(() => {});
  return codes;
}

/** What it tells in the first of its protocols. @throws KafkaError when it does not fit into the group */
function subscriptionOf(group: ConsumerGroup, call: JoinCall): ConsumerProtocolSubscription {
  group.requireRoom(call.memberId, 0);
  const classic = [...group.state.members.values()].flatMap((member) => member.classic ?? []);
  const supported = call.protocols.some(({ name }) =>
    classic.every(({ protocols }) => protocols.some((each) => each.name === name)),
  );
  if (call.protocolType !== CONSUMER_PROTOCOL_TYPE || !supported) {
    throw new KafkaError(INCONSISTENT_GROUP_PROTOCOL, 'no protocol that the other members have');
  }
  try {
    return decodeConsumerProtocolSubscription(call.protocols[0]!.metadata);
  } catch {
    throw new KafkaError(INCONSISTENT_GROUP_PROTOCOL, 'the subscription cannot be read');
  }
}

function sync(
  group: ConsumerGroup,
  call: SyncCall,
  answer: (answer: SyncAnswer) => void,
  refuse: (error: unknown) => void,
): void {
  try {
    const member = classicMember(group, call.memberId, call.instanceId, call.generation);
    const { protocols } = member.classic;
    const { protocolType, protocolName } = call;
    if (
      (protocolType !== null && protocolType !== CONSUMER_PROTOCOL_TYPE) ||
      (protocolName !== null && protocolName !== protocols[0]!.name)
    ) {
      throw new KafkaError(INCONSISTENT_GROUP_PROTOCOL, 'not the protocol that JoinGroup answered');
    }
    // A member that has something to give up has joined for this already: it gets what it may keep first.
    if (group.state.epochs.epoch > member.epoch && member.state !== 'unrevoked') {
      awaitJoin(group, member);
      throw new KafkaError(REBALANCE_IN_PROGRESS, 'the member must join again');
    }
    const assignment = assignmentBytes(group, member.assigned, protocols[0]!.metadata);
    group.save((error) => {
      if (error !== undefined) {
        answer(syncRefusal(error.code));
        return;
      }
      group.timers.cancel(member.memberId, 'sync');
      if (!group.closed) group.extendSession(member);
      answer({
        code: KafkaErrorCode.NONE,
        protocolType: CONSUMER_PROTOCOL_TYPE,
        protocolName: protocols[0]!.name,
        assignment,
      });
    });
  } catch (error) {
    refuse(error);
  }
}

function saidBytes(
  { memberId, instanceId, clientId, protocols }: JoinCall,
  { topics }: ConsumerProtocolSubscription,
): number {
  let bytes = memberId.length + clientId.length + (instanceId?.length ?? 0) + protocolBytes(protocols);
  for (const name of topics) bytes += name.length;
  return bytes;
}

function join(
  group: ConsumerGroup,
  call: JoinCall,
  subscription: ConsumerProtocolSubscription,
  answer: (answer: JoinAnswer) => void,
): void {
  group.requireRoom(call.memberId, saidBytes(call, subscription));
  const memberId = call.memberId === '' ? randomUUID() : call.memberId;
  const old = call.instanceId === null ? undefined : group.state.staticMember(call.instanceId);
  if (call.instanceId !== null && call.memberId !== '') group.expectMember(memberId, call.instanceId);
  let before = group.state.members.get(memberId) ?? newMember(memberId);
  if (old !== undefined && old.memberId !== memberId) {
    before = { ...old, memberId, epoch: 0, previousEpoch: 0 };
    group.replaceMember(old, before);
  }
  const member = withJoin(before, call, subscription);
  group.putMember(member);
  const changed = !sameNames(member.topicNames, before.topicNames);
  const owned = ownedOf(group, subscription);
  const replaces = old !== undefined && old.classic === undefined;
  if (replaces && downgradeWith(group, member, changed, owned, answer)) return;
  group.advance(changed);
  const next = group.reconcileMember(memberId, owned);
  group.save((error) => {
    if (error !== undefined) {
      answer(joinRefusal(call.memberId, error.code));
      return;
    }
    group.timers.cancel(memberId, 'join');
    if (!group.closed) {
      group.extendSession(next);
      group.timers.set(memberId, 'sync', call.rebalanceTimeoutMs, () =>
        group.fence(memberId, `it did not sync within ${call.rebalanceTimeoutMs} ms`),
      );
    }
    answer(joinAnswerOf(next));
  });
}

function withJoin(
  member: ConsumerMember,
  call: JoinCall,
  subscription: ConsumerProtocolSubscription,
): ConsumerMember {
  return {
    ...member,
    instanceId: call.instanceId,
    rackId: subscription.rackId ?? member.rackId,
    clientId: call.clientId,
    clientHost: call.clientHost,
    rebalanceTimeoutMs: call.rebalanceTimeoutMs,
    assignor: null,
    topicNames: normalizedTopicNames(subscription.topics),
    topicPattern: null,
    classic: {
      sessionTimeoutMs: call.sessionTimeoutMs,
      // Copies: what was given is part of the request's frame.
      protocols: call.protocols.map(({ name, metadata }) => ({ name, metadata: Buffer.from(metadata) })),
    },
  };
}

function classicMember(
  group: ConsumerGroup,
  memberId: string,
  instanceId: string | null,
  generation: number,
): ConsumerMember & { readonly classic: ClassicMetadata } {
  const member = group.expectMember(memberId, instanceId);
  const { classic } = member;
  if (classic === undefined)
    throw new KafkaError(UNKNOWN_MEMBER_ID, 'the member speaks the consumer protocol');
  if (generation !== member.epoch) {
    throw new KafkaError(KafkaErrorCode.ILLEGAL_GENERATION, `the member's generation is ${member.epoch}`);
  }
  return { ...member, classic };
}

function awaitJoin(group: ConsumerGroup, { memberId, rebalanceTimeoutMs }: ConsumerMember): void {
  if (group.timers.has(memberId, 'join')) return;
  group.timers.set(memberId, 'join', rebalanceTimeoutMs, () =>
    group.fence(memberId, `it did not join again within ${rebalanceTimeoutMs} ms`),
  );
}

function waitsForOthers(group: ConsumerGroup, { memberId, assigned }: ConsumerMember): boolean {
  for (const [topic, partitions] of group.state.target(memberId)) {
    const has = partitionsOf(assigned, topic);
    for (const each of partitions) if (!has.has(each) && group.state.isOwned(topic, each)) return true;
  }
  return false;
}

function ownedOf(
  group: ConsumerGroup,
  { ownedPartitions }: ConsumerProtocolSubscription,
): TopicIdPartitions[] {
  return ownedPartitions.flatMap(({ topic, partitions }) => {
    const known = group.topics.topic(topic);
    return known === undefined ? [] : [{ topicId: Buffer.from(known.key, 'hex'), partitions }];
  });
}
