import {
  type DeleteGroupsRequest,
  type DeleteGroupsResponse,
  deleteGroupsApi,
  KafkaErrorCode,
} from '#libs/kafka-codec';
import { loopTurn } from '../connection/loop-turn.js';
import type { ApiHandler, RequestContext } from '../handler.js';
import { KafkaError, kafkaErrorCode, kafkaErrorMessage } from '../kafka.errors.js';

/** DeleteGroups v0-2: groups without members, with their offsets. */
export const deleteGroupsHandler: ApiHandler<DeleteGroupsRequest, DeleteGroupsResponse> = {
  api: deleteGroupsApi,
  versionMin: 0,
  versionMax: 2,
  async handle({ groupsNames }, context) {
    const results: ReturnType<typeof answer>[] = [];
    for (const groupId of new Set(groupsNames)) {
      if (loopTurn.isOver) await loopTurn.next();
      results.push(answer(groupId, context));
    }
    return { results: await Promise.all(results) };
  },
};

async function answer(groupId: string, context: RequestContext) {
  try {
    await remove(groupId, context);
    context.changed('group.delete', groupId);
    return { groupId };
  } catch (error) {
    const errorCode = kafkaErrorCode(error);
    context.refused(errorCode, kafkaErrorMessage(error));
    return { groupId, errorCode };
  }
}

async function remove(groupId: string, context: RequestContext): Promise<void> {
  const { gateway, principal } = context;
  const { GROUP_AUTHORIZATION_FAILED, GROUP_ID_NOT_FOUND, NON_EMPTY_GROUP } = KafkaErrorCode;
  if (!context.authorize('delete', { type: 'group', name: groupId })) {
    throw new KafkaError(GROUP_AUTHORIZATION_FAILED, 'the group may not be deleted');
  }
  const coordinator = gateway.groups.coordinator(principal.tenant, groupId);
  const group = coordinator.group(groupId);
  if (group === undefined) throw new KafkaError(GROUP_ID_NOT_FOUND, 'there is no such group');
  if (group.memberCount > 0) throw new KafkaError(NON_EMPTY_GROUP, 'the group has members');
  await new Promise<void>((resolve, reject) => {
    coordinator.remove(group, (error) => (error === undefined ? resolve() : reject(error)));
  });
}
