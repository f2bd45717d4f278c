import { randomUUID } from 'node:crypto';
import {
  type ConsumerGroupHeartbeatRequest,
  type ConsumerGroupHeartbeatResponse,
  consumerGroupHeartbeatApi,
  type Encodable,
  KafkaErrorCode,
} from '#libs/kafka-codec';
import { consumerGroupHeartbeat } from '../group-coordinator/consumer/consumer-group-heartbeat.js';
import type { HeartbeatCall } from '../group-coordinator/consumer/heartbeat.js';
import { leaveEpoch, staticLeaveEpoch } from '../group-coordinator/consumer/member.js';
import { assignors } from '../group-coordinator/consumer/target-assignment.js';
import { toTopicIdPartitions } from '../group-coordinator/consumer/topic-partitions.js';
import type { ApiHandler, RequestContext } from '../handler.js';
import { KafkaError, kafkaErrorCode, kafkaErrorMessage } from '../kafka.errors.js';
import { TopicAuthorization } from '../topics/topic-authorization.js';
import { coordinatorOf } from './group-request.js';

/** From here on a consumer makes up its own member id (KIP-1082). */
const memberIdRequiredSince = 1;
/** Topics that one member may subscribe to by name. */
const topicNamesMax = 10_000;

type Response = Encodable<ConsumerGroupHeartbeatResponse>;

/** ConsumerGroupHeartbeat v0-1 (KIP-848): joins, reconciles and leaves; patterns of topics since v1. */
export const consumerGroupHeartbeatHandler: ApiHandler<
  ConsumerGroupHeartbeatRequest,
  ConsumerGroupHeartbeatResponse
> = {
  api: consumerGroupHeartbeatApi,
  versionMin: 0,
  versionMax: 1,
  async handle(request, context) {
    try {
      return await answer(request, context);
    } catch (error) {
      const errorCode = codeOf(error);
      const errorMessage = kafkaErrorMessage(error);
      context.refused(errorCode, errorMessage);
      return { errorCode, errorMessage };
    }
  },
};

async function answer(request: ConsumerGroupHeartbeatRequest, context: RequestContext): Promise<Response> {
  const { groupId, subscribedTopicNames } = request;
  const coordinator = coordinatorOf(context, groupId, 'consume');
  const authorization = new TopicAuthorization(context);
  const mayDescribe = (topic: string) => authorization.may('describe', topic);
  if (subscribedTopicNames?.every(mayDescribe) === false) {
    throw new KafkaError(KafkaErrorCode.TOPIC_AUTHORIZATION_FAILED, 'a topic may not be described');
  }
  requireValid(request, context.header.apiVersion);
  const call: HeartbeatCall = {
    memberId: request.memberId === '' ? randomUUID() : request.memberId,
    memberEpoch: request.memberEpoch,
    instanceId: request.instanceId,
    rackId: request.rackId,
    rebalanceTimeoutMs: request.rebalanceTimeoutMs,
    topicNames: subscribedTopicNames,
    topicPattern: request.subscribedTopicRegex,
    assignor: request.serverAssignor,
    owned: request.topicPartitions,
    clientId: context.header.clientId ?? '',
    clientHost: `/${context.connection.link.peer.remoteAddress}`,
    mayDescribe,
  };
  const { memberId, memberEpoch, heartbeatIntervalMs, assignment } = await consumerGroupHeartbeat(
    coordinator,
    groupId,
    call,
  );
  return {
    ...{ memberId, memberEpoch, heartbeatIntervalMs },
    assignment: assignment && { topicPartitions: toTopicIdPartitions(assignment) },
  };
}

/** What Kafka refuses before it looks at the group. @throws KafkaError INVALID_REQUEST, UNSUPPORTED_ASSIGNOR */
function requireValid(request: ConsumerGroupHeartbeatRequest, apiVersion: number): void {
  const { memberEpoch, serverAssignor } = request;
  const needsId = apiVersion >= memberIdRequiredSince || memberEpoch > 0 || memberEpoch === leaveEpoch;
  if (needsId && request.memberId === '') throw invalid('the member id is empty');
  for (const field of ['instanceId', 'rackId'] as const) {
    if (request[field] === '') throw invalid(`${field} is empty`);
  }
  if (memberEpoch < staticLeaveEpoch) throw invalid('there is no such member epoch');
  if (memberEpoch === staticLeaveEpoch && request.instanceId === null)
    throw invalid('only a static member returns');
  if (memberEpoch === 0) requireFull(request);
  if ((request.subscribedTopicNames?.length ?? 0) > topicNamesMax)
    throw invalid(`more than ${topicNamesMax} topics`);
  if (serverAssignor !== null && !assignors.some(({ name }) => name === serverAssignor)) {
    const names = assignors.map(({ name }) => name).join(', ');
    throw new KafkaError(KafkaErrorCode.UNSUPPORTED_ASSIGNOR, `${serverAssignor} is not one of ${names}`);
  }
}

function requireFull(request: ConsumerGroupHeartbeatRequest): void {
  if (request.rebalanceTimeoutMs === -1) throw invalid('who joins gives its rebalance timeout');
  if (request.topicPartitions?.length !== 0) throw invalid('who joins owns nothing');
  if (request.subscribedTopicNames === null && request.subscribedTopicRegex === null) {
    throw invalid('who joins subscribes');
  }
}

/** What the client does not know of this API is to it a coordinator that it looks for again. */
function codeOf(error: unknown): number {
  const code = kafkaErrorCode(error);
  return code === KafkaErrorCode.MESSAGE_TOO_LARGE ? KafkaErrorCode.COORDINATOR_NOT_AVAILABLE : code;
}

function invalid(message: string): KafkaError {
  return new KafkaError(KafkaErrorCode.INVALID_REQUEST, message);
}
