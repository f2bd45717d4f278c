import { KafkaErrorCode } from '#libs/kafka-codec';
import { KafkaError } from '../../kafka.errors.js';
import { ClassicGroup } from '../classic/classic-group.js';
import type { GroupCoordinator } from '../group-coordinator.js';
import type { GroupRecord } from '../group-record.js';
import { ConsumerGroup, topicSourceOf } from './consumer-group.js';
import { type HeartbeatAnswer, type HeartbeatCall, heartbeat } from './heartbeat.js';
import { MixedGroup } from './mixed-group.js';
import { SubscribedTopics } from './subscribed-topics.js';
import { PatternFault } from './topic-pattern/pattern-syntax.js';
import { TopicPattern } from './topic-pattern/topic-pattern.js';
import { readForUpgrade, topicsOfShares, upgraded } from './upgrade.js';

/** A group that changes what it needs to know each time it is looked at is left to the client's next try. */
const attemptsMax = 5;

/**
 * A heartbeat to the group of this id, whatever it is: one that does not exist is made by who joins, a classic group of
 * consumers is upgraded by it. The answer is given when all that it tells is stored.
 *
 * @throws KafkaError
 */
export async function consumerGroupHeartbeat(
  coordinator: GroupCoordinator,
  groupId: string,
  call: HeartbeatCall,
): Promise<HeartbeatAnswer> {
  let patternTopics: readonly string[] | undefined;
  let learnt = new SubscribedTopics(topicSourceOf(coordinator));
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const protocol = coordinator.group(groupId)?.protocol;
    if (!(protocol instanceof ConsumerGroup) && call.memberEpoch !== 0) {
      throw new KafkaError(KafkaErrorCode.GROUP_ID_NOT_FOUND, `there is no consumer group ${groupId}`);
    }
    if (protocol instanceof ConsumerGroup) learnt = protocol.topics;
    if (isNewPattern(call, protocol) && patternTopics === undefined) {
      patternTopics = await topicsOfPattern(call, learnt);
      continue;
    }
    const shares = protocol instanceof ClassicGroup ? readForUpgrade(coordinator, protocol) : [];
    const members = protocol instanceof ConsumerGroup ? protocol.subscribedTopics() : topicsOfShares(shares);
    const unknown = learnt.unknown(
      new Set([...(call.topicNames ?? []), ...(patternTopics ?? []), ...members]),
    );
    if (unknown.length > 0) {
      await learnt.learn(unknown);
      continue;
    }
    if (protocol instanceof ConsumerGroup)
      return beat(protocol, { ...call, patternTopics: patternTopics ?? [] });
    // Nothing is awaited from here on: what was found is what is changed.
    const group = coordinator.group(groupId) ?? coordinator.create(groupId);
    const tombstones = group.protocol?.tombstones() ?? [];
    const consumer =
      protocol instanceof ClassicGroup && shares.length > 0
        ? upgraded(coordinator, group, protocol, shares, learnt)
        : new MixedGroup(coordinator, group, learnt);
    group.protocol?.close(KafkaErrorCode.REBALANCE_IN_PROGRESS);
    group.protocol = consumer;
    return beat(consumer, { ...call, patternTopics: patternTopics ?? [] }, tombstones);
  }
  throw new KafkaError(KafkaErrorCode.COORDINATOR_LOAD_IN_PROGRESS, 'the group changes too fast');
}

function beat(
  group: ConsumerGroup,
  call: HeartbeatCall,
  tombstones: readonly GroupRecord[] = [],
): Promise<HeartbeatAnswer> {
  const answer = heartbeat(group, call);
  return new Promise((resolve, reject) => {
    group.save((error) => {
      if (error !== undefined) {
        reject(error);
        return;
      }
      resolve(answer);
      if (!group.closed) void group.refreshTopics(call.mayDescribe);
    }, tombstones);
  });
}

function isNewPattern({ topicPattern }: HeartbeatCall, protocol: object | undefined): boolean {
  if (topicPattern === null || topicPattern === '') return false;
  return !(protocol instanceof ConsumerGroup && protocol.state.patterns.has(topicPattern));
}

async function topicsOfPattern({ topicPattern, mayDescribe }: HeartbeatCall, topics: SubscribedTopics) {
  try {
    return await topics.matching(new TopicPattern(topicPattern ?? ''), mayDescribe);
  } catch (error) {
    if (!(error instanceof PatternFault)) throw error;
    throw new KafkaError(KafkaErrorCode.INVALID_REGULAR_EXPRESSION, `${topicPattern}: ${error.message}`);
  }
}
