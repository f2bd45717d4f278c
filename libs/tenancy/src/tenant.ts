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

/** One tenant of the gateway: everything that its clients name lives inside `pulsarNamespace`. */
export interface Tenant {
  readonly name: string;
  /** `<pulsar tenant>/<namespace>`; no two tenants have the same one. */
  readonly pulsarNamespace: string;
  readonly limits: TenantLimits;
  readonly kafka: TenantKafkaOptions;
  /** Host names in TLS (SNI) that bind to this tenant: exact, or `*.` and a suffix, which stands for one label. */
  readonly serverNames?: readonly string[];
}
