import type { TenantLimits } from './tenant-limits.js';

/** How Kafka clients of the tenant are served. */
export interface TenantKafkaOptions {
  readonly autoCreateTopics: boolean;
  readonly partitionsDefault: number;
  readonly messageBytesMax: number;
}

/** Which Pulsar topic, and which key, the MQTT topics that a filter matches have. */
export interface MqttTopicRule {
  /** An MQTT topic filter; what `+` and `#` stand for is `$1`, `$2`, ... */
  readonly filter: string;
  /** The Pulsar topic, inside the tenant's namespace, with `$n`. */
  readonly topic: string;
  /** The key, with `$n`; absent: the whole MQTT topic. */
  readonly key?: string;
}

/** How MQTT clients of the tenant are served. */
export interface TenantMqttOptions {
  /** The first that matches counts; a topic that none matches is on the Pulsar topic named after its first level. */
  readonly topics: readonly MqttTopicRule[];
  /** Pulsar topics that MQTT clients may publish to; beyond, 0x97. */
  readonly topicsMax: number;
  /** Whether publishing to a topic that is not there creates it. */
  readonly autoCreateTopics: boolean;
  /** Partitions of a Pulsar topic that is created so. */
  readonly partitionsDefault: number;
}

export const tenantMqttDefaults: TenantMqttOptions = {
  topics: [],
  topicsMax: 100,
  autoCreateTopics: true,
  partitionsDefault: 1,
};

/** How AMQP clients of the tenant are served. */
export interface TenantAmqpOptions {
  /** Whether attaching to a topic or queue that is not there creates it. */
  readonly autoCreateTopics: boolean;
  /** Partitions of a Pulsar topic that is created for a topic address. */
  readonly partitionsDefault: number;
  /** The same for a queue: more than one gives up order between messages without a group. */
  readonly queuePartitions: number;
  /** The largest message, in bytes. */
  readonly messageBytesMax: number;
  /** Deliveries of a queue's message before it is a dead letter; 0: no limit. */
  readonly deliveriesMax: number;
  /** Whether what is rejected, or delivered too often, goes to the dead-letter topic; else it is dropped and counted. */
  readonly deadLetters: boolean;
  /** Whether transactions are served: one that is open stops every reader of its partitions. */
  readonly transactions: boolean;
}

export const tenantAmqpDefaults: TenantAmqpOptions = {
  autoCreateTopics: true,
  partitionsDefault: 1,
  queuePartitions: 1,
  messageBytesMax: 1_048_576,
  deliveriesMax: 20,
  deadLetters: true,
  transactions: false,
};

/** A namespace of the tenant that AMQP 0-9-1 clients reach by the name of a vhost. */
export interface TenantVhost {
  /** Not `/`, which is the tenant's own namespace. */
  readonly name: string;
  /** `<pulsar tenant>/<namespace>`, of no other tenant or vhost. */
  readonly pulsarNamespace: string;
}

/**
 * What a RabbitMQ user may do, as `rabbitmqctl set_permissions` says it: regular expressions that are looked for in the
 * names of exchanges and queues. An empty one matches no name but the empty one.
 */
export interface RabbitPermission {
  readonly user: string;
  readonly vhost: string;
  readonly configure: string;
  readonly write: string;
  readonly read: string;
}

/** `rabbitmqctl set_topic_permissions`: the same for routing keys of one topic exchange. Without one all keys are allowed. */
export interface RabbitTopicPermission {
  readonly user: string;
  readonly vhost: string;
  readonly exchange: string;
  /** May hold `{username}`, `{vhost}` and `{client_id}`. */
  readonly write: string;
  readonly read: string;
}

/** How AMQP 0-9-1 clients of the tenant are served. */
export interface TenantAmqp091Options {
  /** Beside `/`. */
  readonly vhosts: readonly TenantVhost[];
  /** They allow beside the tenant's other permissions; what those deny stays denied. */
  readonly permissions: readonly RabbitPermission[];
  readonly topicPermissions: readonly RabbitTopicPermission[];
  /** Of all vhosts, those that are always there not counted. */
  readonly exchangesMax: number;
  readonly queuesMax: number;
  readonly bindingsMax: number;
}

export const tenantAmqp091Defaults: TenantAmqp091Options = {
  vhosts: [],
  permissions: [],
  topicPermissions: [],
  exchangesMax: 10_000,
  queuesMax: 50_000,
  bindingsMax: 100_000,
};

/**
 * One tenant of the gateway: everything that its clients name lives inside `pulsarNamespace`. The object stays while its
 * settings are replaced (see `TenantDirectory`): who reads one twice may read two values.
 */
export interface Tenant {
  readonly name: string;
  /** `<pulsar tenant>/<namespace>`; no two tenants have the same one. */
  readonly pulsarNamespace: string;
  readonly limits: TenantLimits;
  readonly kafka: TenantKafkaOptions;
  /** Absent: as {@link tenantMqttDefaults}. */
  readonly mqtt?: TenantMqttOptions;
  /** Absent: as {@link tenantAmqpDefaults}. */
  readonly amqp?: TenantAmqpOptions;
  /** Absent: as {@link tenantAmqp091Defaults}. */
  readonly amqp091?: TenantAmqp091Options;
  /** Host names in TLS (SNI) that bind to this tenant: exact, or `*.` and a suffix, which stands for one label. */
  readonly serverNames?: readonly string[];
}
