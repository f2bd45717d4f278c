/** What clients change for others than themselves. What is before the dot is the kind of thing that is changed. */
export const clientChanges = [
  ...(['topic.create', 'topic.delete', 'topic.add-partitions', 'topic.alter-configs'] as const),
  ...(['topic.delete-records', 'group.delete', 'group.delete-offsets', 'acl.create', 'acl.delete'] as const),
  ...(['user.change-scram', 'quota.alter', 'queue.create', 'queue.delete', 'queue.purge'] as const),
  ...(['exchange.create', 'exchange.delete', 'binding.create', 'binding.delete'] as const),
] as const;

/** What operators change, by the configuration, the users file and the admin HTTP. */
export const operatorChanges = [
  ...(['config.reload', 'gateway.change', 'tenant.add', 'tenant.remove', 'tenant.change'] as const),
  ...(['users-file.reload', 'user.add', 'user.remove', 'user.change'] as const),
] as const;

export type ClientChange = (typeof clientChanges)[number];
export type OperatorChange = (typeof operatorChanges)[number];
