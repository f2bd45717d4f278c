import type { Tenant } from '#libs/tenancy';
import type { PublishRequest } from './publisher.js';
import type { TopicMapping } from '../mapping/topic.mapping.js';

/** A Pulsar topic as MQTT has to do with it. Immutable: a change gives a new object. */
export interface MqttTopic {
  /** Inside the tenant's namespace. */
  readonly name: string;
  /** `persistent://tenant/namespace/name`. */
  readonly pulsarTopic: string;
  /** Full names: one of a topic without partitions. */
  readonly partitions: readonly string[];
  /** MQTT clients have published to it. */
  readonly marked: boolean;
  /** MQTT clients have published to it, or a rule of the tenant names it: filters that begin with a wildcard match it. */
  readonly ofMqtt: boolean;
  /** Compacted by its Kafka configuration: empty payloads are refused. */
  readonly compacted: boolean;
}

/** Who is the first to publish to a topic. */
export type TopicUser = Pick<PublishRequest, 'clientId' | 'log'>;

/** The Pulsar topics of all tenants: looked up, created, and known by the property that says that MQTT uses them. */
export interface MqttTopics {
  mapping(tenant: Tenant): TopicMapping;
  /** Undefined when Pulsar has no such topic. Cached for a short time. Rejects with PulsarError, PulsarAdminError. */
  resolve(tenant: Tenant, name: string): Promise<MqttTopic | undefined>;
  /**
   * For publishing: made, or marked as MQTT's, if it is not. Rejects with MqttError 0x97 where the tenant has as many as it
   * may have, 0x90 where the tenant creates none and it is not there; PulsarError, PulsarAdminError.
   */
  forPublishing(tenant: Tenant, name: string, by?: TopicUser): Promise<MqttTopic>;
  /**
   * A topic that was there before has become MQTT's: here, or on another gateway. Topics that are made for MQTT are so from
   * the first moment that they are listed.
   */
  onBecameMqtt(listener: (tenant: string, name: string) => void): () => void;
}
