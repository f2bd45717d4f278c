import { type ConfigDescription, type ConfigValue, configSource } from './config-description.js';
import {
  cleanupPolicies,
  type TopicConfigDefinition,
  topicConfigDefinitions,
} from './topic-config.definitions.js';
import {
  type PulsarRetention,
  type RetentionHalf,
  retentionSize,
  retentionTime,
  retentionUnits,
  setTopicConfig,
} from './topic-config.mapping.js';

/** What Pulsar says of a topic at one moment. */
export interface TopicConfigState {
  readonly properties: Readonly<Record<string, string>>;
  /** The topic's own policy; undefined: it has none. */
  readonly retention: PulsarRetention | undefined;
  /** The namespace's policy, or the broker's. */
  readonly inheritedRetention: PulsarRetention;
  /** Whether Pulsar compacts it, by whatever policy. */
  readonly compacting: boolean;
  /** The tenant's. */
  readonly messageBytesMaxDefault: number;
}

type Found = Omit<ConfigValue, 'name'>;

/**
 * The topic's configurations as they act. What was changed in Pulsar itself wins over what a Kafka client wrote: a
 * retention that a Kafka client set is described in the client's own number only while Pulsar's policy is what
 * that number became.
 */
export function describeTopicConfig(state: TopicConfigState): ConfigDescription[] {
  const described: ConfigDescription[] = [];
  for (const definition of topicConfigDefinitions) {
    const { name, brokerName, type, documentation } = definition;
    const below = inherited(definition, state);
    const found = onTopic(definition, state) ?? below;
    if (found === undefined) continue;
    const synonyms: ConfigValue[] = [];
    if (found.source === configSource.dynamicTopic) synonyms.push({ name, ...found });
    if (below !== undefined) synonyms.push({ name: brokerName, ...below });
    described.push({ name, ...found, type, documentation, synonyms, readOnly: false });
  }
  return described;
}

/** What an alteration starts from: the configurations that the topic itself has. */
export function ownTopicConfigs(state: TopicConfigState): Map<string, string> {
  const own = describeTopicConfig(state).filter(({ source }) => source === configSource.dynamicTopic);
  return new Map(own.map(({ name, value }) => [name, value]));
}

function onTopic({ name }: TopicConfigDefinition, state: TopicConfigState): Found | undefined {
  if (name === 'retention.ms') return retentionOf(state, retentionTime, retentionSize);
  if (name === 'retention.bytes') return retentionOf(state, retentionSize, retentionTime);
  const set = setTopicConfig(state.properties, name);
  if (set === undefined) return undefined;
  if (name === 'cleanup.policy' && !state.compacting) return dynamic('delete');
  return dynamic(set);
}

function inherited(
  { name, defaultValue }: TopicConfigDefinition,
  state: TopicConfigState,
): Found | undefined {
  const staticBroker = (value: number) => ({ value: String(value), source: configSource.staticBroker });
  switch (name) {
    case 'max.message.bytes':
      return staticBroker(state.messageBytesMaxDefault);
    case 'retention.ms':
      return staticBroker(fromUnits(state.inheritedRetention, retentionTime));
    case 'retention.bytes':
      return staticBroker(fromUnits(state.inheritedRetention, retentionSize));
    default:
      return defaultValue === undefined ? undefined : { value: defaultValue, source: configSource.default };
  }
}

/** Undefined: the namespace's acts. */
function retentionOf(state: TopicConfigState, half: RetentionHalf, other: RetentionHalf): Found | undefined {
  const { retention, inheritedRetention } = state;
  if (retention === undefined) return undefined;
  const acting = retention[half.field];
  const set = setTopicConfig(state.properties, half.config);
  if (set !== undefined && isWhatBecameOf(set, half, retention)) return dynamic(set);
  if (onlyCompacted(state) && acting < 0) {
    // Pulsar's policy is unlimited for compaction's sake; what the client set acts again when delete comes back.
    return set === undefined ? { value: '-1', source: configSource.default } : dynamic(set);
  }
  const otherSet = setTopicConfig(state.properties, other.config);
  const byOther = otherSet !== undefined && isWhatBecameOf(otherSet, other, retention);
  if (byOther && acting === inheritedRetention[half.field]) return undefined;
  return dynamic(String(fromUnits(retention, half)));
}

function isWhatBecameOf(set: string, half: RetentionHalf, retention: PulsarRetention): boolean {
  return retentionUnits(Number(set), half) === retention[half.field];
}

function onlyCompacted({ properties }: TopicConfigState): boolean {
  const policy = setTopicConfig(properties, 'cleanup.policy');
  return policy !== undefined && !cleanupPolicies(policy).includes('delete');
}

function fromUnits(retention: PulsarRetention, { field, unit }: RetentionHalf): number {
  return retention[field] < 0 ? -1 : retention[field] * unit;
}

function dynamic(value: string): Found {
  return { value, source: configSource.dynamicTopic };
}
