/** Into how many parts a tenant's groups are divided: fixed, since it says where a group's records are. */
export const groupSlicesPerTenant = 4;

/** FNV-1a (32 bits) over the id's UTF-8: never to be changed, it says where a group's records are. */
export function groupSlice(groupId: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(groupId)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0) % groupSlicesPerTenant;
}

/** What rendezvous hashing places over the gateways. */
export function groupSliceKey(tenant: string, slice: number): string {
  return `kafka-groups/${tenant}/${slice}`;
}

/**
 * The partitioned topic of a tenant's groups. Pulsar takes what ends in `-partition-1` for a part of another topic: such
 * a tenant's has a letter in it that tenants' names have not.
 */
export function groupsTopic(stateNamespace: string, tenant: string): string {
  return `persistent://${stateNamespace}/kafka-groups.${tenant.replaceAll('-partition-', '-Partition-')}`;
}
