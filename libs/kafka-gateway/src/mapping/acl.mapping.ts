import {
  type Action,
  type AuthorizationRule,
  clusterResource,
  type ResourceType,
  topicNameFault,
  userNameFault,
} from '#libs/auth';
import { KafkaErrorCode } from '#libs/kafka-codec';
import { KafkaError } from '../kafka.errors.js';

/** One ACL, with Kafka's numbers (org.apache.kafka.common.acl, .resource). */
export interface Acl {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly patternType: number;
  readonly principal: string;
  readonly host: string;
  readonly operation: number;
  readonly permissionType: number;
}

/** Kafka's ResourceType, as far as there is such a thing here. */
export const aclResourceType = { topic: 2, group: 3, cluster: 4, transactionalId: 5 } as const;
export const aclPatternType = { literal: 3, prefixed: 4 } as const;
export const aclPermission = { deny: 2, allow: 3 } as const;
export const anyName = '*';
export const anyHost = '*';
/** `KafkaPrincipal.ANONYMOUS` */
const kafkaAnonymous = 'ANONYMOUS';
const clusterName = 'kafka-cluster';

const all = 2;
const [read, write, create, remove, alter, describe] = [3, 4, 5, 6, 7, 8];
const [describeConfigs, alterConfigs, idempotentWrite] = [10, 11, 12];

type Operations = readonly (readonly [operation: number, action: Action | '*'])[];

/** What Kafka's operations on each type are here. All others would allow or deny nothing, so they are refused. */
const operationsOf: ReadonlyMap<number, { readonly type: ResourceType; readonly operations: Operations }> =
  new Map([
    [
      aclResourceType.topic,
      {
        type: 'topic' as const,
        operations: [
          [all, '*'],
          [read, 'consume'],
          [write, 'produce'],
          [create, 'create'],
          [remove, 'delete'],
          [alter, 'alter'],
          [describe, 'describe'],
          [describeConfigs, 'describe-configs'],
          [alterConfigs, 'alter-configs'],
        ] as Operations,
      },
    ],
    [
      aclResourceType.group,
      {
        type: 'group' as const,
        operations: [
          [all, '*'],
          [read, 'consume'],
          [remove, 'delete'],
          [describe, 'describe'],
        ] as Operations,
      },
    ],
    [
      aclResourceType.cluster,
      {
        type: 'cluster' as const,
        operations: [
          [all, '*'],
          [create, 'create'],
          [alter, 'alter'],
          [describe, 'describe'],
          [describeConfigs, 'describe-configs'],
          [alterConfigs, 'alter-configs'],
          // Nobody produces to a cluster: InitProducerId asks for it, as for the same permission in Kafka.
          [idempotentWrite, 'produce'],
        ] as Operations,
      },
    ],
    [
      aclResourceType.transactionalId,
      {
        type: 'transactional-id' as const,
        operations: [
          [all, '*'],
          [write, 'produce'],
          [describe, 'describe'],
        ] as Operations,
      },
    ],
  ]);

/** The rule that says what the ACL says. @throws KafkaError INVALID_REQUEST where there is none */
export function toRule(acl: Acl): AuthorizationRule {
  const { allow, deny } = aclPermission;
  if (acl.permissionType !== allow && acl.permissionType !== deny) throw invalid('an ACL allows or denies');
  if (acl.host !== anyHost) throw invalid('rules are about users, not about hosts: the host is "*"');
  const kind = operationsOf.get(acl.resourceType);
  if (kind === undefined) {
    throw invalid('ACLs are about topics, groups, transactional ids and the cluster');
  }
  const action = kind.operations.find(([operation]) => operation === acl.operation)?.[1];
  if (action === undefined) {
    throw invalid(`operation ${acl.operation} is none that a ${kind.type} has here`);
  }
  return {
    effect: acl.permissionType === deny ? 'deny' : 'allow',
    principals: [toPrincipal(acl.principal)],
    actions: [action],
    resource: { type: kind.type, ...toNames(kind.type, acl) },
  };
}

function toPrincipal(principal: string): string {
  const [, type, name = ''] = /^(User|Group):(.+)$/s.exec(principal) ?? [];
  if (type === undefined) throw invalid('a principal is User:NAME, User:* or Group:NAME');
  if (type === 'User' && name === anyName) return '*';
  // Nobody is called so: what such a rule denies would stay allowed.
  if (name === anyName || (type === 'User' && name === kafkaAnonymous)) {
    throw invalid('all groups, or clients without credentials, are no principal: everyone is User:*');
  }
  const fault = userNameFault(name);
  if (fault !== undefined) throw invalid(fault);
  return `${type.toLowerCase()}:${name}`;
}

function toNames(type: ResourceType, { resourceName: name, patternType }: Acl) {
  const isLiteral = patternType === aclPatternType.literal;
  if (!isLiteral && patternType !== aclPatternType.prefixed)
    throw invalid('a pattern is LITERAL or PREFIXED');
  if (name === '') throw invalid('the name of the resource is empty');
  if (type === 'cluster') {
    if (name !== clusterName || !isLiteral) throw invalid(`the cluster is LITERAL ${clusterName}`);
    return { match: 'literal', name: clusterResource.name } as const;
  }
  if (isLiteral && name === anyName) return { match: 'prefix', name: '' } as const;
  if (name.includes('%'))
    throw invalid('"%" begins a placeholder, which only the configuration file may use');
  const fault = type === 'topic' && isLiteral ? topicNameFault(name) : undefined;
  // No topic is ever called so: the rule would only look like one.
  if (fault !== undefined) throw invalid(fault);
  return { match: isLiteral ? 'literal' : 'prefix', name } as const;
}

/**
 * How Kafka's clients see a rule: one ACL for each of its principals and operations, and each type of resource that Kafka
 * has: rules for MQTT topics are none of these. A pattern with wildcards inside is shown as LITERAL with its text, which no
 * topic has for a name.
 */
export function toAcls({ effect, principals, actions, resource }: AuthorizationRule): Acl[] {
  const acls: Acl[] = [];
  for (const [resourceType, { type, operations }] of operationsOf) {
    if (resource.type !== '*' && resource.type !== type) continue;
    const place = type === 'cluster' ? fromClusterName(resource) : fromNames(resource);
    if (place === undefined) continue;
    for (const [operation, action] of operations) {
      if (!actions.includes(action)) continue;
      for (const principal of principals) {
        acls.push({
          resourceType,
          ...place,
          principal: fromPrincipal(principal),
          host: anyHost,
          operation,
          permissionType: effect === 'deny' ? aclPermission.deny : aclPermission.allow,
        });
      }
    }
  }
  return acls;
}

function fromPrincipal(principal: string): string {
  if (principal === '*') return `User:${anyName}`;
  return principal[0]!.toUpperCase() + principal.slice(1);
}

type Place = Pick<Acl, 'resourceName' | 'patternType'>;

function fromNames({ match, name }: AuthorizationRule['resource']): Place | undefined {
  const { literal, prefixed } = aclPatternType;
  if (match === 'literal') {
    // To Kafka it would be every name.
    return name === anyName ? undefined : { resourceName: name, patternType: literal };
  }
  const start = match === 'prefix' ? name : /^([^*?]*)\*+$/.exec(name)?.[1];
  if (start === undefined) return { resourceName: name, patternType: literal };
  return start === ''
    ? { resourceName: anyName, patternType: literal }
    : { resourceName: start, patternType: prefixed };
}

/** There is one cluster: a rule that has it among its names is about it. */
function fromClusterName({ match, name }: AuthorizationRule['resource']): Place | undefined {
  const isAbout =
    match === 'prefix'
      ? clusterResource.name.startsWith(name)
      : name === clusterResource.name || (match === 'pattern' && /^\*+$/.test(name));
  return isAbout ? { resourceName: clusterName, patternType: aclPatternType.literal } : undefined;
}

function invalid(message: string): KafkaError {
  return new KafkaError(KafkaErrorCode.INVALID_REQUEST, message);
}
