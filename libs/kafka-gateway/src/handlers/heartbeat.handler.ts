import {
  type HeartbeatRequest,
  type HeartbeatResponse,
  heartbeatApi,
  KafkaErrorCode,
} from '#libs/kafka-codec';
import { classicGroup } from '../group-coordinator/classic/classic-groups.js';
import type { ApiHandler, RequestContext } from '../handler.js';
import { kafkaErrorCode } from '../kafka.errors.js';
import { coordinatorOf, noteRefusal } from './group-request.js';

/** Heartbeat v0-4. v3 brings static members. */
export const heartbeatHandler: ApiHandler<HeartbeatRequest, HeartbeatResponse> = {
  api: heartbeatApi,
  versionMin: 0,
  versionMax: 4,
  handle(request, context) {
    const errorCode = codeOf(request, context);
    noteRefusal(context, request.groupId, errorCode);
    return { errorCode };
  },
};

function codeOf(request: HeartbeatRequest, context: RequestContext): number {
  const { groupId, memberId, groupInstanceId, generationId } = request;
  try {
    const group = classicGroup(coordinatorOf(context, groupId, 'consume'), groupId);
    return group?.heartbeat(memberId, groupInstanceId, generationId) ?? KafkaErrorCode.UNKNOWN_MEMBER_ID;
  } catch (error) {
    return kafkaErrorCode(error);
  }
}
