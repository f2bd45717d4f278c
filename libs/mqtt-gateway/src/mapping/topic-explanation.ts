import { splitSharedFilter, topicFilterFault, topicNameFault } from '#libs/mqtt-codec';
import type { MqttTopicRule } from '#libs/tenancy';
import { MqttError } from '../mqtt.errors.js';
import { TopicMapping } from './topic.mapping.js';

/** What an MQTT topic is in Pulsar, and why. */
export interface TopicExplanation {
  readonly topic: string;
  /** Why it is none; then there is no more to say. */
  readonly refusal?: string;
  /** Inside the tenant's namespace. */
  readonly pulsarTopic?: string;
  readonly key?: string;
  /** From 1; absent: the default. */
  readonly ruleNumber?: number;
}

/** What a filter reads. */
export interface FilterExplanation {
  readonly filter: string;
  readonly refusal?: string;
  readonly pulsarTopics?: readonly string[];
  /** And all Pulsar topics that MQTT clients publish to, or rules name. */
  readonly all?: boolean;
}

export function explainTopic(rules: readonly MqttTopicRule[], topic: string): TopicExplanation {
  if (topic.startsWith('$')) return { topic, refusal: 'topics that begin with "$" are the server\'s' };
  const fault = topicNameFault(topic);
  if (fault !== undefined) return { topic, refusal: fault.fault };
  const mapping = new TopicMapping(rules);
  const place = mapping.toPulsar(topic);
  if (place instanceof MqttError) return { topic, refusal: place.message };
  const rule = mapping.ruleOf(topic);
  const explanation = { topic, pulsarTopic: place.topic, key: place.key };
  return rule === undefined ? explanation : { ...explanation, ruleNumber: rule + 1 };
}

export function explainFilter(rules: readonly MqttTopicRule[], filter: string): FilterExplanation {
  const fault = topicFilterFault(filter);
  if (fault !== undefined) return { filter, refusal: fault.fault };
  const plain = splitSharedFilter(filter)?.filter ?? filter;
  if (plain.startsWith('$')) return { filter, refusal: 'topics that begin with "$" are not in Pulsar' };
  const { names, all } = new TopicMapping(rules).pulsarTopicsOf(plain);
  return { filter, pulsarTopics: names, all };
}
