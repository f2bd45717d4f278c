import {
  type Encodable,
  type JoinGroupRequest,
  type JoinGroupResponse,
  joinGroupApi,
  KafkaErrorCode,
} from '#libs/kafka-codec';
import { groupToJoin } from '../group-coordinator/classic/classic-groups.js';
import {
  type JoinAnswer,
  type JoinCall,
  joinRefusal,
} from '../group-coordinator/classic/classic-requests.js';
import type { ApiHandler, RequestContext } from '../handler.js';
import { kafkaErrorCode } from '../kafka.errors.js';
import { coordinatorOf, mayUseGroup, noteRefusal } from './group-request.js';
import { waitingAnswer } from './waiting-answer.js';

type Response = Encodable<JoinGroupResponse>;

/** KIP-394: a new dynamic member is told its id first. */
const idRequiredSince = 4;
/** Before, what is not known is the empty string. */
const nullableSince = 7;
/** KIP-814 */
const skipAssignmentSince = 9;

/**
 * JoinGroup v0-9: answered when all members of the group have joined. v5 brings static members (KIP-345), v8 the
 * member's reason.
 */
export const joinGroupHandler: ApiHandler<JoinGroupRequest, JoinGroupResponse> = {
  api: joinGroupApi,
  versionMin: 0,
  versionMax: 9,
  handle(request, context) {
    const { groupId, memberId } = request;
    const version = context.header.apiVersion;
    try {
      const coordinator = coordinatorOf(context, groupId, 'consume');
      const group = groupToJoin(coordinator, groupId, memberId);
      const waiting = waitingAnswer(context, joinRefusal(memberId, KafkaErrorCode.NOT_COORDINATOR));
      group.join(callOf(request, context), waiting.answer);
      return waiting.answered((answer) => {
        const isAllowed = mayUseGroup(context, groupId);
        const refusal = joinRefusal(memberId, KafkaErrorCode.GROUP_AUTHORIZATION_FAILED);
        return respond(isAllowed ? answer : refusal, groupId, version, context);
      });
    } catch (error) {
      return respond(joinRefusal(memberId, kafkaErrorCode(error)), groupId, version, context);
    }
  },
};

function callOf(request: JoinGroupRequest, { connection, header }: RequestContext): JoinCall {
  const { memberId, groupInstanceId, protocolType, protocols, reason } = request;
  return {
    memberId,
    instanceId: groupInstanceId,
    clientId: header.clientId ?? '',
    clientHost: `/${connection.link.peer.remoteAddress}`,
    sessionTimeoutMs: request.sessionTimeoutMs,
    rebalanceTimeoutMs: request.rebalanceTimeoutMs,
    protocolType,
    protocols,
    reason,
    idRequired: header.apiVersion >= idRequiredSince,
    skipsAssignment: header.apiVersion >= skipAssignmentSince,
    whenGone: (listener) => connection.whenClosed(listener),
  };
}

function respond(answer: JoinAnswer, groupId: string, version: number, context: RequestContext): Response {
  noteRefusal(context, groupId, answer.code);
  const { code, memberId, generation, protocolType, protocolName, leader, skipAssignment, members } = answer;
  return {
    errorCode: code,
    generationId: generation,
    protocolType,
    protocolName: version >= nullableSince ? protocolName : (protocolName ?? ''),
    leader,
    skipAssignment,
    memberId,
    members: members.map((each) => ({
      memberId: each.memberId,
      groupInstanceId: each.instanceId,
      metadata: each.metadata,
    })),
  };
}
