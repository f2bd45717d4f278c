import type { MessageCursor } from '#libs/pulsar';
import type { Tenant } from '#libs/tenancy';
import type { MqttMessage } from '../message.js';

/** The Pulsar topics that a filter can match: these, and/or all that are MQTT's. Names are those in the tenant's namespace. */
export interface FilterTopics {
  readonly names: readonly string[];
  readonly all: boolean;
}

/** What reading needs of the mapping between MQTT's topics and Pulsar's. */
export interface TopicReading {
  /** @param filter valid, without `$share/` */
  topicsOf(tenant: Tenant, filter: string): FilterTopics;
  /** Whether a filter that says `all` matches what is in this topic. Rejects when nobody could say: with 'TopicNotFound' of one that is being made or deleted. */
  isOfMqtt(tenant: Tenant, name: string): Promise<boolean>;
  /** A topic that was there before has become MQTT's. Returns the way to stop it. */
  onBecameMqtt(listener: (tenant: string, name: string) => void): () => void;
  /**
   * The message that the cursor is at; its bytes may be views on the entry's. Undefined: it is no message of MQTT.
   * Throws EntryDecodeError at worst.
   */
  fromPulsar(tenant: Tenant, name: string, cursor: MessageCursor): MqttMessage | undefined;
}
