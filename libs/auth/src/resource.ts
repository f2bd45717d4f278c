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

export const resourceTypes = [
  'topic',
  'group',
  'transactional-id',
  'queue',
  'exchange',
  'cluster',
  // A topic as MQTT's clients name it: part of a Pulsar topic.
  'mqtt-topic',
] as const;
export type ResourceType = (typeof resourceTypes)[number];

/** What permissions are about: a canonical name inside the principal's tenant. There is one name for one thing. */
export interface Resource {
  readonly type: ResourceType;
  readonly name: string;
  /** Of `mqtt-topic`: what it is published with, or what a subscription asks for. Absent: not asked about. */
  readonly qos?: 0 | 1 | 2;
  /** Of `mqtt-topic`: whether it is published with the RETAIN flag. Absent: not asked about. */
  readonly retain?: boolean;
}

/** The tenant's share of the gateway itself. */
export const clusterResource: Resource = { type: 'cluster', name: 'cluster' };
