export const actions = [
  'produce',
  'consume',
  'create',
  'delete',
  'alter',
  'describe',
  // Parts of alter and describe, which Kafka allows by themselves.
  'alter-configs',
  'describe-configs',
] as const;
export type Action = (typeof actions)[number];

export const resourceTypes = ['topic', 'group', 'transactional-id', 'queue', 'exchange', 'cluster'] as const;
export type ResourceType = (typeof resourceTypes)[number];

/** What permissions are about: a canonical name inside the principal's tenant. There is one name for one thing. */
export interface Resource {
  readonly type: ResourceType;
  readonly name: string;
}

/** The tenant's share of the gateway itself. */
export const clusterResource: Resource = { type: 'cluster', name: 'cluster' };
