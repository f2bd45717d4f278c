import type { RabbitPermission, RabbitTopicPermission, TenantAmqp091Options } from '#libs/tenancy';
import { ownVhost } from '../topology/scope.js';
import { permissionPatternFault } from './permission-pattern.js';
import { fillNames } from './rabbit-permissions.js';

/** A fault of the list and key of a tenant's settings at `index`. */
export interface RabbitPermissionFault {
  readonly list: 'permissions' | 'topicPermissions';
  readonly index: number;
  readonly key: 'configure' | 'write' | 'read' | 'vhost' | 'user';
  readonly message: string;
}

/** What is wrong in `permissions` and `topicPermissions`. */
export function rabbitPermissionFaults(
  options: Pick<TenantAmqp091Options, 'vhosts' | 'permissions' | 'topicPermissions'>,
): RabbitPermissionFault[] {
  const vhosts = new Set([ownVhost, ...options.vhosts.map(({ name }) => name)]);
  const { permissions, topicPermissions } = options;
  return [
    ...permissions.flatMap((each, index) => [
      ...entryFaults('permissions', index, each, vhosts),
      ...repeatFault(
        'permissions',
        index,
        permissions.findIndex((other) => isSame(other, each)),
      ),
    ]),
    ...topicPermissions.flatMap((each, index) => [
      ...entryFaults('topicPermissions', index, { ...each, ...filledPatterns(each) }, vhosts),
      ...repeatFault(
        'topicPermissions',
        index,
        topicPermissions.findIndex((other) => isSame(other, each)),
      ),
    ]),
  ];
}

function entryFaults(
  list: RabbitPermissionFault['list'],
  index: number,
  entry: Partial<RabbitPermission>,
  vhosts: ReadonlySet<string>,
): RabbitPermissionFault[] {
  const faults: RabbitPermissionFault[] = [];
  for (const key of ['configure', 'write', 'read'] as const) {
    const message = permissionPatternFault(entry[key] ?? '');
    if (message !== undefined) faults.push({ list, index, key, message });
  }
  if (!vhosts.has(entry.vhost ?? '')) {
    faults.push({ list, index, key: 'vhost', message: 'the tenant has no such vhost' });
  }
  return faults;
}

function repeatFault(
  list: RabbitPermissionFault['list'],
  index: number,
  first: number,
): RabbitPermissionFault[] {
  return first === index
    ? []
    : [{ list, index, key: 'user', message: `it is said already, by entry ${first + 1}` }];
}

/** As they are with names in them: placeholders alone are no patterns. */
function filledPatterns({ write, read }: RabbitTopicPermission) {
  const names = { user: 'u', vhost: 'v', clientId: 'c' };
  return { write: fillNames(write, names), read: fillNames(read, names) };
}

function isSame(
  one: RabbitPermission | RabbitTopicPermission,
  other: RabbitPermission | RabbitTopicPermission,
): boolean {
  const exchangeOf = (each: object) => ('exchange' in each ? each.exchange : undefined);
  return one.user === other.user && one.vhost === other.vhost && exchangeOf(one) === exchangeOf(other);
}
