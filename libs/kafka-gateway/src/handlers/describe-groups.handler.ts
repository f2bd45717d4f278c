import {
  type DescribeGroupsRequest,
  type DescribeGroupsResponse,
  type DescribeGroupsResponseDescribedGroup as DescribedGroup,
  describeGroupsApi,
  type Encodable,
  KafkaErrorCode,
} from '#libs/kafka-codec';
import { loopTurn } from '../connection/loop-turn.js';
import { ClassicGroup } from '../group-coordinator/classic/classic-group.js';
import { noBytes } from '../group-coordinator/classic/classic-requests.js';
import type { ApiHandler, RequestContext } from '../handler.js';
import { KafkaError, kafkaErrorCode, kafkaErrorMessage } from '../kafka.errors.js';
import { TopicAuthorization } from '../topics/topic-authorization.js';
import { AnswerRoom } from './answer-room.js';

type Described = Encodable<DescribedGroup>;

/** From here on a group that is not there is an error; before, it is a group in state Dead. */
const notFoundSince = 6;
const { GROUP_AUTHORIZATION_FAILED, GROUP_ID_NOT_FOUND, NONE } = KafkaErrorCode;

/**
 * DescribeGroups v0-6: classic groups, and groups that only have offsets. Others are described by ConsumerGroupDescribe.
 * Each group is described once, however often it is named.
 */
export const describeGroupsHandler: ApiHandler<DescribeGroupsRequest, DescribeGroupsResponse> = {
  api: describeGroupsApi,
  versionMin: 0,
  versionMax: 6,
  async handle(request, context) {
    const groups: Described[] = [];
    const room = new AnswerRoom();
    for (const groupId of new Set(request.groups)) {
      if (loopTurn.isOver) await loopTurn.next();
      groups.push(answer(groupId, request, room, context));
    }
    return { groups };
  },
};

function answer(
  groupId: string,
  request: DescribeGroupsRequest,
  room: AnswerRoom,
  context: RequestContext,
): Described {
  const { header } = context;
  const saysWhy = header.apiVersion >= notFoundSince;
  try {
    if (!context.authorize('describe', { type: 'group', name: groupId })) {
      throw new KafkaError(GROUP_AUTHORIZATION_FAILED, 'the group may not be described');
    }
    const described = describe(groupId, room, context);
    if (!request.includeAuthorizedOperations) return described;
    const operations = new TopicAuthorization(context).groupOperations(groupId);
    return { ...described, authorizedOperations: operations };
  } catch (error) {
    const errorCode = kafkaErrorCode(error);
    const errorMessage = kafkaErrorMessage(error);
    if (errorCode === GROUP_ID_NOT_FOUND && !saysWhy)
      return { ...undescribed(groupId), errorCode: NONE, groupState: 'Dead' };
    context.refused(errorCode, errorMessage);
    return { ...undescribed(groupId), errorCode, ...(saysWhy && { errorMessage }) };
  }
}

function describe(groupId: string, room: AnswerRoom, { gateway, principal }: RequestContext): Described {
  const group = gateway.groups.coordinator(principal.tenant, groupId).group(groupId);
  if (group === undefined) throw new KafkaError(GROUP_ID_NOT_FOUND, `Group ${groupId} not found.`);
  const { protocol } = group;
  if (protocol === undefined) return { ...undescribed(groupId), errorCode: NONE, groupState: 'Empty' };
  if (!(protocol instanceof ClassicGroup)) {
    throw new KafkaError(GROUP_ID_NOT_FOUND, `Group ${groupId} is not a classic group.`);
  }
  room.take(protocol.memberBytes);
  const { stateName, protocolType, protocolName } = protocol;
  // During a rebalance what the members said and were assigned is of no generation.
  const stable = stateName === 'Stable';
  const members = Array.from(protocol.members(), (member) => ({
    memberId: member.memberId,
    groupInstanceId: member.instanceId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    memberMetadata: stable ? member.metadata(protocolName) : noBytes,
    memberAssignment: stable ? member.assignment : noBytes,
  }));
  const protocolData = stable ? (protocolName ?? '') : '';
  return { errorCode: NONE, groupId, groupState: stateName, protocolType, protocolData, members };
}

function undescribed(groupId: string): Described {
  return { groupId, groupState: '', protocolType: '', protocolData: '', members: [] };
}
