import {
  consumerGroupDescribeApi,
  consumerGroupHeartbeatApi,
  deleteGroupsApi,
  describeGroupsApi,
  heartbeatApi,
  joinGroupApi,
  leaveGroupApi,
  offsetCommitApi,
  offsetDeleteApi,
  offsetFetchApi,
  syncGroupApi,
} from '#libs/kafka-codec';
import type { KafkaApi } from '#libs/kafka-codec';
import type { Tenant } from '#libs/tenancy';
import type { GatewayServices } from '../handler.js';

type GroupIds = (request: unknown) => readonly string[];

const groupIdsByApi = new Map<number, GroupIds>([
  entry(joinGroupApi, ({ groupId }) => [groupId]),
  entry(syncGroupApi, ({ groupId }) => [groupId]),
  entry(heartbeatApi, ({ groupId }) => [groupId]),
  entry(leaveGroupApi, ({ groupId }) => [groupId]),
  entry(offsetCommitApi, ({ groupId }) => [groupId]),
  // Several groups since v8; none of them before.
  entry(offsetFetchApi, ({ groupId, groups }) =>
    groups.length > 0 ? groups.map((each) => each.groupId) : [groupId],
  ),
  entry(offsetDeleteApi, ({ groupId }) => [groupId]),
  entry(describeGroupsApi, ({ groups }) => groups),
  entry(deleteGroupsApi, ({ groupsNames }) => groupsNames),
  entry(consumerGroupHeartbeatApi, ({ groupId }) => [groupId]),
  entry(consumerGroupDescribeApi, ({ groupIds }) => groupIds),
]);

/** Whether requests of this API are about groups that they name. */
export function namesGroups(apiKey: number): boolean {
  return groupIdsByApi.has(apiKey);
}

/** The groups that a request is about, as their coordinator is asked. */
export function groupsOfRequest(apiKey: number, request: unknown): readonly string[] {
  return groupIdsByApi.get(apiKey)?.(request) ?? [];
}

/** A request about more groups is not looked at for where they are: each is answered for itself. */
export const groupsMax = 1_000;

/**
 * The other gateway that coordinates all groups of a request; undefined when this one does, when several do (each group
 * is then answered for itself), or when the request is about no group.
 */
export function coordinatorOfRequest(
  apiKey: number,
  request: unknown,
  tenant: Tenant,
  { groups, cluster }: Pick<GatewayServices, 'groups' | 'cluster'>,
): number | undefined {
  // With one gateway there is nothing to find out.
  if (cluster.members().length === 1) return undefined;
  let coordinator: number | undefined;
  const groupIds = groupsOfRequest(apiKey, request);
  if (groupIds.length > groupsMax) return undefined;
  for (const groupId of groupIds) {
    const nodeId = groups.nodeOf(tenant, groupId);
    if (nodeId === cluster.self.nodeId || (coordinator ?? nodeId) !== nodeId) return undefined;
    coordinator = nodeId;
  }
  return coordinator;
}

function entry<Request, Response>(
  api: KafkaApi<Request, Response>,
  groupIds: (request: Request) => readonly string[],
): [number, GroupIds] {
  return [api.key, groupIds as GroupIds];
}
