/** What a tenant may use up. Absent = not limited. */
export interface TenantLimits {
  readonly produceBytesPerSecond?: number;
  readonly produceMessagesPerSecond?: number;
  /** How many seconds' worth of the rates may be used at once after a quiet time. */
  readonly produceBurstSeconds?: number;
  /** Longest time that one request is slowed by, so that no client runs into its own timeout. */
  readonly throttleMsMax?: number;
}

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

/** One tenant of the gateway: everything that its clients name lives inside `pulsarNamespace`. */
export interface Tenant {
  readonly name: string;
  /** `<pulsar tenant>/<namespace>`; no two tenants have the same one. */
  readonly pulsarNamespace: string;
  readonly limits: TenantLimits;
  readonly kafka: TenantKafkaOptions;
  /** Absent: as {@link tenantMqttDefaults}. */
  readonly mqtt?: TenantMqttOptions;
  /** Host names in TLS (SNI) that bind to this tenant: exact, or `*.` and a suffix, which stands for one label. */
  readonly serverNames?: readonly string[];
}
