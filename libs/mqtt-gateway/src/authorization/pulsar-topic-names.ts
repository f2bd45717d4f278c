import type { MqttError } from '../mqtt.errors.js';

/** Which Pulsar topics of a tenant MQTT's topics are on. By syntax and configuration alone. */
export interface PulsarTopicNames {
  /** `topic`: local to the tenant's namespace. */
  toPulsar(topic: string): { readonly topic: string } | MqttError;
  /** @param filter without `$share/name/`. `all`: also every topic that MQTT made, now or later. */
  pulsarTopicsOf(filter: string): { readonly names: readonly string[]; readonly all: boolean };
}
