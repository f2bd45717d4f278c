import type { MqttError } from '../mqtt.errors.js';

/** Where the messages of an MQTT topic are. */
export interface PulsarPlace {
  /** Inside the tenant's namespace; a name without fault (`topicNameFault` of libs/auth). */
  readonly topic: string;
  readonly key: string;
}

/** The Pulsar topics that messages which a filter matches can be on. */
export interface TopicsOfFilter {
  /** Those whose names are certain; they need not exist. */
  readonly names: readonly string[];
  /** And any that is MQTT's (`MqttTopic.ofMqtt`). */
  readonly all: boolean;
}

/** How the MQTT topics of one tenant and Pulsar's topics and keys belong together (docs/mapping.md). Pure. */
export interface TopicMapping {
  /** MqttError 0x90: there is no Pulsar topic for it. */
  toPulsar(topic: string): PulsarPlace | MqttError;
  /**
   * The MQTT topic of a message, undefined where it has none; `toPulsar` of what is given has that Pulsar topic.
   * @param key undefined: none, or one that is no text
   * @param mqttTopic what an MQTT publisher's message says (property `pulsegate.mqtt.topic`)
   */
  fromPulsar(name: string, key: string | undefined, mqttTopic: string | undefined): string | undefined;
  /** Of a valid filter, without `$share/<group>/`. */
  pulsarTopicsOf(filter: string): TopicsOfFilter;
}
