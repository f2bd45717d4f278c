import { clusterResource } from '#libs/auth';
import {
  type Encodable,
  type ListGroupsRequest,
  type ListGroupsResponse,
  type ListGroupsResponseListedGroup as ListedGroup,
  listGroupsApi,
} from '#libs/kafka-codec';
import type { Group } from '../group-coordinator/group.js';
import type { ApiHandler } from '../handler.js';
import { kafkaErrorCode, kafkaErrorMessage } from '../kafka.errors.js';

/**
 * ListGroups v0-5: the groups that this gateway holds; clients ask every gateway. Filters compare without case, as Kafka's
 * coordinator does. Who may describe the cluster sees all groups, others those that they may describe.
 */
export const listGroupsHandler: ApiHandler<ListGroupsRequest, ListGroupsResponse> = {
  api: listGroupsApi,
  versionMin: 0,
  versionMax: 5,
  async handle({ statesFilter, typesFilter }, context) {
    const { gateway, principal } = context;
    const states = new Set(statesFilter.map((each) => each.toLowerCase()));
    const types = new Set(typesFilter.map((each) => each.toLowerCase()));
    const seesAll = context.authorize('describe', clusterResource);
    const isSeen = (name: string) => seesAll || context.authorize('describe', { type: 'group', name });
    try {
      const groups: Encodable<ListedGroup>[] = [];
      for (const coordinator of await gateway.groups.all(principal.tenant)) {
        for (const group of coordinator.groups()) {
          const { stateName, type } = group;
          if (states.size > 0 && !states.has(stateName.toLowerCase())) continue;
          if (types.size > 0 && !types.has(type)) continue;
          if (isSeen(group.id)) groups.push(listed(group));
        }
      }
      return { groups };
    } catch (error) {
      const errorCode = kafkaErrorCode(error);
      context.refused(errorCode, kafkaErrorMessage(error));
      return { errorCode };
    }
  },
};

function listed({ id, protocolType, stateName, type }: Group): Encodable<ListedGroup> {
  return { groupId: id, protocolType, groupState: stateName, groupType: type };
}
