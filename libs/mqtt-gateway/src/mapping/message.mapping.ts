import type { MessageCursor } from '#libs/pulsar';
import type { MqttMessage } from '../message.js';
import type { TopicMapping } from './topic.mapping.js';

/**
 * The message that the cursor stands on, of an entry of the Pulsar topic `name`; undefined where it is none for MQTT (no
 * MQTT topic, removed by compaction). Its bytes are views on the entry's.
 */
export type FromPulsar = (
  cursor: MessageCursor,
  name: string,
  topics: TopicMapping,
) => MqttMessage | undefined;
