import {
  type ConsumerGroupDescribeRequest,
  type ConsumerGroupDescribeResponse,
  type ConsumerGroupDescribeResponseDescribedGroup,
  type ConsumerGroupDescribeResponseMember,
  consumerGroupDescribeApi,
  type Encodable,
  KafkaErrorCode,
} from '#libs/kafka-codec';
import { loopTurn } from '../connection/loop-turn.js';
import { ConsumerGroup } from '../group-coordinator/consumer/consumer-group.js';
import type { ConsumerMember } from '../group-coordinator/consumer/member.js';
import { assignorOf } from '../group-coordinator/consumer/target-assignment.js';
import {
  type TopicPartitions,
  toTopicIdPartitions,
  topicKey,
} from '../group-coordinator/consumer/topic-partitions.js';
import type { ApiHandler, RequestContext } from '../handler.js';
import { KafkaError, kafkaErrorCode, kafkaErrorMessage } from '../kafka.errors.js';
import { TopicAuthorization } from '../topics/topic-authorization.js';
import { AnswerRoom } from './answer-room.js';
import { coordinatorOf } from './group-request.js';

type DescribedGroup = Encodable<ConsumerGroupDescribeResponseDescribedGroup>;

/** Who it is: what a member speaks, since v1. */
const memberType = { classic: 0, consumer: 1 } as const;

/**
 * ConsumerGroupDescribe v0-1 (KIP-848). A group of the classic protocol is GROUP_ID_NOT_FOUND: DescribeGroups tells of it.
 * Each group is described once, however often it is named.
 */
export const consumerGroupDescribeHandler: ApiHandler<
  ConsumerGroupDescribeRequest,
  ConsumerGroupDescribeResponse
> = {
  api: consumerGroupDescribeApi,
  versionMin: 0,
  versionMax: 1,
  async handle({ groupIds, includeAuthorizedOperations }, context) {
    const groups: DescribedGroup[] = [];
    const room = new AnswerRoom();
    for (const groupId of new Set(groupIds)) {
      if (loopTurn.isOver) await loopTurn.next();
      groups.push(await describe(groupId, includeAuthorizedOperations, room, context));
    }
    return { groups };
  },
};

async function describe(
  groupId: string,
  withOperations: boolean,
  room: AnswerRoom,
  context: RequestContext,
): Promise<DescribedGroup> {
  const { gateway } = context;
  const authorization = new TopicAuthorization(context);
  try {
    const group = coordinatorOf(context, groupId, 'describe').group(groupId)?.protocol;
    if (!(group instanceof ConsumerGroup)) {
      throw new KafkaError(KafkaErrorCode.GROUP_ID_NOT_FOUND, `there is no consumer group ${groupId}`);
    }
    await group.topics.learn(group.topics.unknown(group.subscribedTopics()));
    requireVisible(group, authorization);
    room.take(group.memberBytes);
    const { epoch, assignmentEpoch } = group.state.epochs;
    return {
      groupId,
      groupState: group.stateName,
      groupEpoch: epoch,
      assignmentEpoch,
      assignorName: assignorOf(group.state, gateway.options.consumerGroupAssignor).name,
      members: [...group.state.members.values()].map((member) => describedMember(group, member)),
      ...(withOperations && { authorizedOperations: authorization.groupOperations(groupId) }),
    };
  } catch (error) {
    const errorCode = kafkaErrorCode(error);
    const errorMessage = kafkaErrorMessage(error);
    context.refused(errorCode, errorMessage);
    return { groupId, errorCode, errorMessage };
  }
}

/** Who may describe the group learns no topic's name from it that it may not describe. */
function requireVisible(group: ConsumerGroup, authorization: TopicAuthorization): void {
  for (const topic of group.subscribedTopics()) {
    if (authorization.may('describe', topic)) continue;
    const message = 'the group has topics that the client is not authorized to describe';
    throw new KafkaError(KafkaErrorCode.TOPIC_AUTHORIZATION_FAILED, message);
  }
}

function describedMember(
  group: ConsumerGroup,
  member: ConsumerMember,
): Encodable<ConsumerGroupDescribeResponseMember> {
  const { memberId, instanceId, rackId, clientId, clientHost, topicNames, topicPattern } = member;
  return {
    ...{ memberId, instanceId, rackId, clientId, clientHost },
    memberEpoch: member.epoch,
    subscribedTopicNames: topicNames,
    subscribedTopicRegex: topicPattern,
    assignment: { topicPartitions: named(group, member.assigned) },
    targetAssignment: { topicPartitions: named(group, group.state.target(memberId)) },
    memberType: member.classic === undefined ? memberType.consumer : memberType.classic,
  };
}

function named(group: ConsumerGroup, all: TopicPartitions) {
  return toTopicIdPartitions(all).flatMap(({ topicId, partitions }) => {
    const topicName = group.topics.nameOf(topicKey(topicId));
    return topicName === undefined ? [] : [{ topicId, topicName, partitions }];
  });
}
