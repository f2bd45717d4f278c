import { sliceOf } from '#libs/cluster';

/** Part of the slices' keys and topics. */
export const groupsKind = 'kafka-groups';

/** Into how many parts a tenant's groups are divided: fixed, since it says where a group's records are. */
export const groupSlicesPerTenant = 4;

export function groupSlice(groupId: string): number {
  return sliceOf(groupId, groupSlicesPerTenant);
}
