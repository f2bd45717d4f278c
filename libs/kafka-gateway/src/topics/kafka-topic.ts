import type { Tenant } from '#libs/tenancy';
import type { KafkaTopicConfig } from '../mapping/topic-config.mapping.js';

/** One topic as Kafka clients see it, resolved against Pulsar. Immutable: a change gives a new object. */
export interface KafkaTopic {
  readonly name: string;
  /** UUID, 16 bytes; new when a topic of the same name is created again. */
  readonly id: Buffer;
  /** `persistent://tenant/namespace/name`. */
  readonly pulsarTopic: string;
  /** Kafka's count: a Pulsar topic without partitions counts as one. */
  readonly partitions: number;
  readonly config: KafkaTopicConfig;
  /** The Pulsar topic of one partition, 0 <= partition < partitions. */
  partitionTopic(partition: number): string;
}

/** Looks topics up for handlers; bounded, cached for a short time, one look-up at a time per topic. */
export interface Topics {
  /** Undefined when Pulsar has no such topic. Throws KafkaError (invalid name) or PulsarError. Never creates. */
  resolve(tenant: Tenant, name: string): Promise<KafkaTopic | undefined>;
  /** Forgets what is cached: after Pulsar says that a topic is not there, or its partitions changed. */
  invalidate(tenant: Tenant, name: string): void;
}
