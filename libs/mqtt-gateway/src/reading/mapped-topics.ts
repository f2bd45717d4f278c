import { type MessageCursor, PulsarError } from '#libs/pulsar';
import type { Tenant } from '#libs/tenancy';
import { messageFromPulsar } from '../mapping/stored-message.mapping.js';
import type { MqttMessage } from '../message.js';
import type { MqttTopics } from '../publishing/mqtt-topic.js';
import type { FilterTopics, TopicReading } from './topic-reading.js';

/** Reading by the rules that publishing follows. */
export class MappedTopics implements TopicReading {
  constructor(private readonly topics: MqttTopics) {}

  topicsOf(tenant: Tenant, filter: string): FilterTopics {
    return this.topics.mapping(tenant).pulsarTopicsOf(filter);
  }

  async isOfMqtt(tenant: Tenant, name: string): Promise<boolean> {
    const topic = await this.topics.resolve(tenant, name);
    // It is listed, so this is only so for a moment.
    if (topic === undefined) throw new PulsarError('TopicNotFound', name);
    return topic.ofMqtt;
  }

  onBecameMqtt(listener: (tenant: string, name: string) => void): () => void {
    return this.topics.onBecameMqtt(listener);
  }

  fromPulsar(tenant: Tenant, name: string, cursor: MessageCursor): MqttMessage | undefined {
    return messageFromPulsar(cursor, name, this.topics.mapping(tenant));
  }
}
