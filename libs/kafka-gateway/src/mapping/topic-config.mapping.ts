import { KafkaErrorCode } from '#libs/kafka-codec';
import { KafkaError } from '../kafka.errors.js';

/** What the topic's own configuration says, as far as the gateway enforces it. */
export interface KafkaTopicConfig {
  /** `max.message.bytes`: the largest record batch, in bytes as the client sent it. */
  readonly messageBytesMax: number;
  /** `message.timestamp.type`: CreateTime or LogAppendTime. */
  readonly timestampType: 'create' | 'append';
  /** `cleanup.policy` contains compact: null keys and empty values are refused. */
  readonly compacted: boolean;
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
  /** Bytes of backlog that start a compaction. */
  readonly compactionThresholdBytes: number | undefined;
}

export type ConfigEntry = { readonly name: string; readonly value: string | null };

const propertyPrefix = 'pulsegate.kafka.';
const msPerMinute = 60_000;
const bytesPerMegabyte = 1024 * 1024;
/** Kafka's log.retention.hours, for a topic that only says how many bytes to keep. */
const retentionMinutesDefault = 7 * 24 * 60;
const unlimited = -1;
/** Pulsar compacts when this much was written since the last time. */
const compactionThresholdBytes = 64 * bytesPerMegabyte;

type Check = (value: string) => boolean;

const integerFrom =
  (min: number, max = Number.MAX_SAFE_INTEGER): Check =>
  (value) =>
    /^-?\d{1,19}$/.test(value) && Number(value) >= min && Number(value) <= max;
const oneOf =
  (...values: string[]): Check =>
  (value) =>
    values.includes(value);

/** What acts; everything else is refused, so that nobody relies on a setting that does nothing. */
const configChecks: Readonly<Record<string, Check>> = {
  'retention.ms': integerFrom(-1),
  'retention.bytes': integerFrom(-1),
  'cleanup.policy': (value) => {
    const policies = value.split(',').map((each) => each.trim());
    return policies.length > 0 && policies.every(oneOf('delete', 'compact'));
  },
  'max.message.bytes': integerFrom(0, 0x7fffffff),
  'message.timestamp.type': oneOf('CreateTime', 'LogAppendTime'),
  // The gateway keeps the compression that the producer chose.
  'compression.type': oneOf('producer'),
};

/** @throws KafkaError INVALID_CONFIG when a configuration is unknown, does not act here, or has a wrong value */
export function toPulsarTopicSettings(configs: readonly ConfigEntry[]): PulsarTopicSettings {
  const values = new Map<string, string>();
  for (const { name, value } of configs) {
    if (value === null) throw invalid(`${name} has no value`);
    const check = Object.hasOwn(configChecks, name) ? configChecks[name] : undefined;
    if (check === undefined) {
      throw invalid(`${name} has no effect here; these have: ${Object.keys(configChecks).join(', ')}`);
    }
    if (!check(value)) throw invalid(`${name} cannot be ${value.slice(0, 100)}`);
    values.set(name, value);
  }
  const policy = values.get('cleanup.policy') ?? 'delete';
  return {
    properties: Object.fromEntries([...values].map(([name, value]) => [propertyPrefix + name, value])),
    retention: retentionOf(values.get('retention.ms'), values.get('retention.bytes'), policy),
    compactionThresholdBytes: policy.includes('compact') ? compactionThresholdBytes : undefined,
  };
}

function retentionOf(
  ms: string | undefined,
  bytes: string | undefined,
  policy: string,
): PulsarRetention | undefined {
  // Without delete, Kafka never removes the last record of a key, however old it is.
  if (!policy.includes('delete')) return { retentionTimeInMinutes: unlimited, retentionSizeInMB: unlimited };
  if (ms === undefined && bytes === undefined) return undefined;
  return {
    retentionTimeInMinutes: ms === undefined ? retentionMinutesDefault : units(Number(ms), msPerMinute),
    retentionSizeInMB: bytes === undefined ? unlimited : units(Number(bytes), bytesPerMegabyte),
  };
}

/** Rounded up: nothing is removed earlier than the client asked for. 0 would make Pulsar keep nothing at all. */
function units(value: number, unit: number): number {
  if (value < 0) return unlimited;
  return Math.min(Math.max(1, Math.ceil(value / unit)), 0x7fffffff);
}

/** What produce needs, from a topic's properties; a value that is not valid (a human wrote it) counts as absent. */
export function fromTopicProperties(
  properties: Readonly<Record<string, string>>,
  messageBytesMaxDefault: number,
): KafkaTopicConfig {
  const valid = (name: string): string | undefined => {
    const value = properties[propertyPrefix + name];
    return value !== undefined && configChecks[name]!(value) ? value : undefined;
  };
  return {
    messageBytesMax: Number(valid('max.message.bytes') ?? messageBytesMaxDefault),
    timestampType: valid('message.timestamp.type') === 'LogAppendTime' ? 'append' : 'create',
    compacted: valid('cleanup.policy')?.includes('compact') ?? false,
  };
}

function invalid(message: string): KafkaError {
  return new KafkaError(KafkaErrorCode.INVALID_CONFIG, message);
}
