import { KafkaErrorCode } from '#libs/kafka-codec';
import { KafkaError } from '../kafka.errors.js';
import {
  cleanupPolicies,
  topicConfigDefinition,
  topicConfigDefinitions,
} from './topic-config.definitions.js';

/** What the topic's own configuration says, as far as the gateway enforces it. */
export interface KafkaTopicConfig {
  /** `max.message.bytes`: the largest record batch, in bytes as the client sent it. */
  readonly messageBytesMax: number;
  /** `message.timestamp.type`: CreateTime or LogAppendTime. */
  readonly timestampType: 'create' | 'append';
  /** `cleanup.policy` contains compact: null keys and empty values are refused. */
  readonly compacted: boolean;
  /** By partition: DeleteRecords removed what is below. Absent where there was none. */
  readonly logStarts?: ReadonlyMap<number, number>;
  /** Its offsets are made from places, not counted (sparse-offset.mapping.ts). Absent: they are the broker's index. */
  readonly sparse?: true;
}

/** Pulsar's retention; -1 is unlimited. */
export interface PulsarRetention {
  readonly retentionTimeInMinutes: number;
  readonly retentionSizeInMB: number;
}

/** What a topic's configuration is on Pulsar's side. */
export interface PulsarTopicSettings {
  /** Every configuration as the client wrote it, under its own name behind the prefix. */
  readonly properties: Readonly<Record<string, string>>;
  readonly retention: PulsarRetention | undefined;
  /** Whether Pulsar is to compact the topic. */
  readonly compacted: boolean;
}

export type ConfigEntry = { readonly name: string; readonly value: string | null };

const propertyPrefix = 'pulsegate.kafka.';
/** The topic property that DeleteRecords writes: the first offset of partition `<n>` that is not deleted. */
export const logStartPropertyPrefix = 'pulsegate.kafka.log-start.';
/** The topic property that says which offsets it has, written before it is served: `sparse`. Without it: dense ones. */
export const offsetsProperty = 'pulsegate.kafka.offsets';
const unlimited = -1;

/** One half of Pulsar's retention, and the configuration that it stands for. */
export interface RetentionHalf {
  readonly config: 'retention.ms' | 'retention.bytes';
  readonly field: keyof PulsarRetention;
  /** Milliseconds or bytes in one of Pulsar's units. */
  readonly unit: number;
  /** The most of them that Pulsar can take: it counts minutes on as seconds in 32 bits. */
  readonly unitsMax: number;
}

export const retentionTime: RetentionHalf = {
  config: 'retention.ms',
  field: 'retentionTimeInMinutes',
  unit: 60_000,
  unitsMax: Math.floor(0x7fffffff / 60),
};
export const retentionSize: RetentionHalf = {
  config: 'retention.bytes',
  field: 'retentionSizeInMB',
  unit: 1024 * 1024,
  unitsMax: 0x7fffffff,
};

/** Kafka's seven days and no limit of size, where nothing better is known of the namespace. */
export const retentionDefault: PulsarRetention = {
  retentionTimeInMinutes: 7 * 24 * 60,
  retentionSizeInMB: unlimited,
};

export const topicConfigProperty = (name: string): string => propertyPrefix + name;

/**
 * @param inherited what the namespace says, for the half of the retention that is not given
 * @throws KafkaError INVALID_CONFIG when a configuration is unknown, does not act here, or has a wrong value
 */
export function toPulsarTopicSettings(
  configs: readonly ConfigEntry[],
  inherited: PulsarRetention = retentionDefault,
): PulsarTopicSettings {
  const values = new Map<string, string>();
  for (const { name, value } of configs) values.set(name, checkedTopicConfig(name, value));
  const policies = cleanupPolicies(values.get('cleanup.policy') ?? 'delete');
  return {
    properties: Object.fromEntries([...values].map(([name, value]) => [topicConfigProperty(name), value])),
    retention: retentionOf(values, policies, inherited),
    compacted: policies.includes('compact'),
  };
}

/** @throws KafkaError INVALID_CONFIG */
export function checkedTopicConfig(name: string, value: string | null): string {
  const definition = topicConfigDefinition(name);
  if (definition === undefined) {
    const known = topicConfigDefinitions.map((each) => each.name).join(', ');
    throw invalid(`${name.slice(0, 100)} has no effect here; these have: ${known}`);
  }
  if (value === null) throw invalid(`${name} has no value`);
  if (!definition.accepts(value)) throw invalid(`${name} cannot be ${value.slice(0, 100)}`);
  return value;
}

function retentionOf(
  values: ReadonlyMap<string, string>,
  policies: readonly string[],
  inherited: PulsarRetention,
): PulsarRetention | undefined {
  // Without delete, Kafka never removes the last record of a key, however old it is.
  if (!policies.includes('delete')) {
    return { retentionTimeInMinutes: unlimited, retentionSizeInMB: unlimited };
  }
  const units = (half: RetentionHalf): number => {
    const value = values.get(half.config);
    if (value !== undefined) return retentionUnits(Number(value), half);
    // Pulsar refuses a retention that is 0 in one half only.
    return inherited[half.field] || retentionDefault[half.field];
  };
  if (!values.has('retention.ms') && !values.has('retention.bytes')) return undefined;
  return { retentionTimeInMinutes: units(retentionTime), retentionSizeInMB: units(retentionSize) };
}

/**
 * Rounded up: nothing is removed earlier than the client asked for, and what is too much for Pulsar is unlimited. 0 would
 * make it keep nothing at all.
 */
export function retentionUnits(value: number, { unit, unitsMax }: RetentionHalf): number {
  const units = Math.ceil(value / unit);
  return value < 0 || units > unitsMax ? unlimited : Math.max(1, units);
}

/** A configuration that is set on the topic; one that is not valid (a human wrote it) counts as absent. */
export function setTopicConfig(
  properties: Readonly<Record<string, string>>,
  name: string,
): string | undefined {
  const value = properties[topicConfigProperty(name)];
  return value !== undefined && topicConfigDefinition(name)!.accepts(value) ? value : undefined;
}

/** What produce needs, from a topic's properties. */
export function fromTopicProperties(
  properties: Readonly<Record<string, string>>,
  messageBytesMaxDefault: number,
): KafkaTopicConfig {
  const policy = setTopicConfig(properties, 'cleanup.policy') ?? 'delete';
  return {
    messageBytesMax: Number(setTopicConfig(properties, 'max.message.bytes') ?? messageBytesMaxDefault),
    timestampType:
      setTopicConfig(properties, 'message.timestamp.type') === 'LogAppendTime' ? 'append' : 'create',
    compacted: cleanupPolicies(policy).includes('compact'),
    logStarts: logStartsOf(properties),
    ...(properties[offsetsProperty] === 'sparse' ? { sparse: true } : {}),
  };
}

function logStartsOf(properties: Readonly<Record<string, string>>): ReadonlyMap<number, number> | undefined {
  const starts = new Map<number, number>();
  for (const [name, value] of Object.entries(properties)) {
    if (!name.startsWith(logStartPropertyPrefix) || !/^\d{1,16}$/.test(value)) continue;
    const partition = name.slice(logStartPropertyPrefix.length);
    if (/^\d{1,9}$/.test(partition)) starts.set(Number(partition), Number(value));
  }
  return starts.size > 0 ? starts : undefined;
}

function invalid(message: string): KafkaError {
  return new KafkaError(KafkaErrorCode.INVALID_CONFIG, message);
}
