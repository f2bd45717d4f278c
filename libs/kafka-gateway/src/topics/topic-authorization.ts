import { type Action, actions, clusterResource, type Resource, topicNameFault } from '#libs/auth';
import { KafkaErrorCode } from '#libs/kafka-codec';
import type { RequestContext } from '../handler.js';
import { KafkaError } from '../kafka.errors.js';

/** Kafka's AclOperation codes. */
const operation = {
  read: 3,
  write: 4,
  create: 5,
  delete: 6,
  alter: 7,
  describe: 8,
  describeConfigs: 10,
  alterConfigs: 11,
} as const;

/** Which of Kafka's operations each action stands for. */
const operationsOf: Readonly<Record<Action, readonly number[]>> = {
  consume: [operation.read],
  produce: [operation.write],
  create: [operation.create],
  delete: [operation.delete],
  alter: [operation.alter],
  describe: [operation.describe],
  'alter-configs': [operation.alterConfigs],
  'describe-configs': [operation.describeConfigs],
};

const topicActions: readonly Action[] = actions;
const groupActions: readonly Action[] = ['consume', 'delete', 'describe'];
const clusterActions: readonly Action[] = [
  'describe',
  'create',
  'alter',
  'describe-configs',
  'alter-configs',
];

/** What one principal may do to topics; the names must be valid (`topicNameFault`). */
export class TopicAuthorization {
  constructor(private readonly context: RequestContext) {}

  may(action: Action, topic: string): boolean {
    const resource = { type: 'topic', name: topic } as const;
    return this.context.authorize(action, resource) || (action === 'create' && this.#mayCreateAny(resource));
  }

  /** As in Kafka, who may create in the cluster may create each topic. Not one that a rule denies: deny always wins. */
  #mayCreateAny(resource: Resource): boolean {
    const { context } = this;
    if (!context.authorize('create', clusterResource)) return false;
    const { gateway, principal, header } = context;
    const { rule } = gateway.authorizer.explain(principal, 'create', resource, header.clientId ?? '');
    return rule?.effect !== 'deny';
  }

  /** @throws KafkaError INVALID_TOPIC_EXCEPTION, TOPIC_AUTHORIZATION_FAILED */
  require(action: Action, topic: string): void {
    const fault = topicNameFault(topic);
    if (fault !== undefined) throw new KafkaError(KafkaErrorCode.INVALID_TOPIC_EXCEPTION, fault);
    if (this.may(action, topic)) return;
    throw new KafkaError(KafkaErrorCode.TOPIC_AUTHORIZATION_FAILED, `no permission to ${action} the topic`);
  }

  /** @throws KafkaError CLUSTER_AUTHORIZATION_FAILED */
  requireCluster(action: Action): void {
    if (this.context.authorize(action, clusterResource)) return;
    throw new KafkaError(
      KafkaErrorCode.CLUSTER_AUTHORIZATION_FAILED,
      `no permission to ${action} the cluster`,
    );
  }

  /** Bit n stands for AclOperation n, as Metadata, DescribeGroups and DescribeCluster give them (KIP-430). */
  topicOperations(topic: string): number {
    return bits(topicActions.filter((action) => this.may(action, topic)));
  }

  groupOperations(group: string): number {
    const allowed = (action: Action) => this.context.authorize(action, { type: 'group', name: group });
    return bits(groupActions.filter(allowed));
  }

  clusterOperations(): number {
    return bits(clusterActions.filter((action) => this.context.authorize(action, clusterResource)));
  }
}

function bits(actions: readonly Action[]): number {
  let value = 0;
  for (const action of actions) for (const each of operationsOf[action]) value |= 1 << each;
  return value;
}
