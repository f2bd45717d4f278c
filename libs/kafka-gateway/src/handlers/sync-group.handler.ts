import {
  type Encodable,
  KafkaErrorCode,
  type SyncGroupRequest,
  type SyncGroupResponse,
  syncGroupApi,
} from '#libs/kafka-codec';
import { classicGroup } from '../group-coordinator/classic/classic-groups.js';
import {
  type SyncAnswer,
  type SyncCall,
  syncRefusal,
} from '../group-coordinator/classic/classic-requests.js';
import type { ApiHandler, RequestContext } from '../handler.js';
import { kafkaErrorCode } from '../kafka.errors.js';
import { coordinatorOf, mayUseGroup, noteRefusal } from './group-request.js';
import { waitingAnswer } from './waiting-answer.js';

const { GROUP_AUTHORIZATION_FAILED, NOT_COORDINATOR, UNKNOWN_MEMBER_ID } = KafkaErrorCode;

type Response = Encodable<SyncGroupResponse>;

/** SyncGroup v0-5: answered when the leader's assignment is stored. v3 brings static members, v5 what the member takes for the group's protocol. */
export const syncGroupHandler: ApiHandler<SyncGroupRequest, SyncGroupResponse> = {
  api: syncGroupApi,
  versionMin: 0,
  versionMax: 5,
  handle(request, context) {
    const { groupId } = request;
    try {
      const group = classicGroup(coordinatorOf(context, groupId, 'consume'), groupId);
      if (group === undefined) return respond(syncRefusal(UNKNOWN_MEMBER_ID), groupId, context);
      const waiting = waitingAnswer(context, syncRefusal(NOT_COORDINATOR));
      group.sync(callOf(request), waiting.answer);
      return waiting.answered((answer) => {
        const isAllowed = mayUseGroup(context, groupId);
        return respond(isAllowed ? answer : syncRefusal(GROUP_AUTHORIZATION_FAILED), groupId, context);
      });
    } catch (error) {
      return respond(syncRefusal(kafkaErrorCode(error)), groupId, context);
    }
  },
};

function callOf(request: SyncGroupRequest): SyncCall {
  const { memberId, groupInstanceId, generationId, protocolType, protocolName, assignments } = request;
  return {
    memberId,
    instanceId: groupInstanceId,
    generation: generationId,
    protocolType,
    protocolName,
    assignments: new Map(assignments.map((each) => [each.memberId, each.assignment])),
  };
}

function respond(answer: SyncAnswer, groupId: string, context: RequestContext): Response {
  const { code, protocolType, protocolName, assignment } = answer;
  noteRefusal(context, groupId, code);
  return { errorCode: code, protocolType, protocolName, assignment };
}
