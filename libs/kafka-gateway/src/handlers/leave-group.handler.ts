import {
  type Encodable,
  KafkaErrorCode,
  type LeaveGroupRequest,
  type LeaveGroupResponse,
  leaveGroupApi,
} from '#libs/kafka-codec';
import { classicGroup } from '../group-coordinator/classic/classic-groups.js';
import type { LeavingMember } from '../group-coordinator/classic/classic-requests.js';
import type { ApiHandler } from '../handler.js';
import { kafkaErrorCode } from '../kafka.errors.js';
import { coordinatorOf, noteRefusal } from './group-request.js';

type Response = Encodable<LeaveGroupResponse>;

/** From here on several members leave at once, each with a code of its own (KIP-345). */
const batchSince = 3;

/** LeaveGroup v0-5: a member, or since v3 several; an administrator may name static members by instance alone. */
export const leaveGroupHandler: ApiHandler<LeaveGroupRequest, LeaveGroupResponse> = {
  api: leaveGroupApi,
  versionMin: 0,
  versionMax: 5,
  handle(request, context) {
    const { groupId } = request;
    const batch = context.header.apiVersion >= batchSince;
    const leaving = batch
      ? membersOf(request)
      : [{ memberId: request.memberId, instanceId: null, reason: null }];
    let codes: readonly number[];
    try {
      const group = classicGroup(coordinatorOf(context, groupId, 'consume'), groupId);
      codes = group?.leave(leaving) ?? leaving.map(() => KafkaErrorCode.UNKNOWN_MEMBER_ID);
    } catch (error) {
      const errorCode = kafkaErrorCode(error);
      noteRefusal(context, groupId, errorCode);
      return { errorCode };
    }
    for (const code of new Set(codes)) noteRefusal(context, groupId, code);
    return batch ? batchResponse(leaving, codes) : { errorCode: codes[0]! };
  },
};

function membersOf({ members }: LeaveGroupRequest): LeavingMember[] {
  return members.map(({ memberId, groupInstanceId, reason }) => ({
    memberId,
    instanceId: groupInstanceId,
    reason,
  }));
}

function batchResponse(leaving: readonly LeavingMember[], codes: readonly number[]): Response {
  const members = leaving.map(({ memberId, instanceId }, index) => ({
    memberId,
    groupInstanceId: instanceId,
    errorCode: codes[index]!,
  }));
  return { errorCode: KafkaErrorCode.NONE, members };
}
