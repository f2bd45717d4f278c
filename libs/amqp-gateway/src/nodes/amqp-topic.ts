import type { Tenant } from '#libs/tenancy';

/** A Pulsar topic as it was when it was looked up. */
export interface AmqpTopic {
  readonly tenant: Tenant;
  /** Inside the tenant's namespace: what permissions are about. */
  readonly name: string;
  /** `persistent://tenant/namespace/name`. */
  readonly pulsarTopic: string;
  /** Full names, in their order: the topic's own where it has no partitions. Another array says that there are more. */
  readonly partitions: readonly string[];
  /** Compacted by its Kafka configuration: messages without key and empty ones cannot be kept (docs/mapping.md). */
  readonly compacted: boolean;
}

/** The Pulsar topics of all tenants: looked up, and made where the tenant allows it. */
export interface AmqpTopics {
  /** Undefined when Pulsar has no such topic. Known for a short time. Rejects with PulsarAdminError. */
  resolve(tenant: Tenant, name: string): Promise<AmqpTopic | undefined>;
  /**
   * Rejects with AmqpError `amqp:not-found` where it is not there and the tenant makes none; PulsarAdminError.
   *
   * @param onMade called where it was made for this call
   */
  forTopic(tenant: Tenant, name: string, onMade?: () => void): Promise<AmqpTopic>;
  /** The same, with the subscription that makes it a queue: what is sent from then on waits for a receiver. */
  forQueue(tenant: Tenant, name: string, onMade?: () => void): Promise<AmqpTopic>;
  /** Somebody heard that it is gone or has other partitions. */
  invalidate(tenant: Tenant, name: string): void;
}
