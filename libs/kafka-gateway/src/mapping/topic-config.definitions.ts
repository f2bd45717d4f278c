import { type ConfigType, configType } from './config-description.js';

export interface TopicConfigDefinition {
  readonly name: string;
  readonly type: ConfigType;
  /** The broker's setting that stands behind it where the topic has none. */
  readonly brokerName: string;
  /** What acts where neither topic nor tenant say anything; undefined: described only where it is set. */
  readonly defaultValue: string | undefined;
  readonly accepts: (value: string) => boolean;
  readonly documentation: string;
}

const longMax = 2n ** 63n - 1n;
const integerFrom =
  (min: number, max: bigint = longMax): TopicConfigDefinition['accepts'] =>
  (value) =>
    /^-?\d{1,19}$/.test(value) && BigInt(value) >= min && BigInt(value) <= max;
const oneOf =
  (...values: string[]): TopicConfigDefinition['accepts'] =>
  (value) =>
    values.includes(value);

/** The policies of a `cleanup.policy`. */
export function cleanupPolicies(value: string): string[] {
  return value.split(',').map((policy) => policy.trim());
}

const int32Max = 0x7fffffffn;
/** Every topic configuration that is taken. Anything else is refused, so that nobody relies on what does nothing. */
export const topicConfigDefinitions: readonly TopicConfigDefinition[] = [
  {
    name: 'cleanup.policy',
    type: configType.list,
    brokerName: 'log.cleanup.policy',
    defaultValue: 'delete',
    accepts: (value) => cleanupPolicies(value).every(oneOf('delete', 'compact')),
    documentation:
      'delete: by retention. compact: Pulsar compacts the topic, and consumers read what is left.',
  },
  {
    name: 'compression.type',
    type: configType.string,
    brokerName: 'compression.type',
    defaultValue: 'producer',
    accepts: oneOf('producer'),
    documentation: 'The compression that the producer chose is kept; records are not compressed anew.',
  },
  {
    name: 'max.message.bytes',
    type: configType.int,
    brokerName: 'message.max.bytes',
    defaultValue: undefined,
    accepts: integerFrom(0, int32Max),
    documentation: 'The largest record batch, as the producer sends it.',
  },
  {
    name: 'message.timestamp.type',
    type: configType.string,
    brokerName: 'log.message.timestamp.type',
    defaultValue: 'CreateTime',
    accepts: oneOf('CreateTime', 'LogAppendTime'),
    documentation: "Whether a record has the producer's time or the time at which it was stored.",
  },
  {
    name: 'min.insync.replicas',
    type: configType.int,
    brokerName: 'min.insync.replicas',
    defaultValue: '1',
    accepts: oneOf('1'),
    documentation: 'A partition has one replica, this gateway; Pulsar replicates by its own settings.',
  },
  {
    name: 'retention.bytes',
    type: configType.long,
    brokerName: 'log.retention.bytes',
    defaultValue: undefined,
    accepts: integerFrom(-1),
    documentation: "Bytes that a partition keeps, -1 for all. Pulsar's retention, in whole MiB, rounded up.",
  },
  {
    name: 'retention.ms',
    type: configType.long,
    brokerName: 'log.retention.ms',
    defaultValue: undefined,
    accepts: integerFrom(-1),
    documentation:
      "How long records are kept, -1 for ever. Pulsar's retention, in whole minutes, rounded up.",
  },
  {
    name: 'segment.bytes',
    type: configType.int,
    brokerName: 'log.segment.bytes',
    defaultValue: undefined,
    accepts: integerFrom(14, int32Max),
    documentation:
      'Kept, because Kafka Streams insists on it. It bounds the size of files that no client sees; Pulsar rolls its ' +
      "ledgers by the broker's own settings.",
  },
  {
    name: 'unclean.leader.election.enable',
    type: configType.boolean,
    brokerName: 'unclean.leader.election.enable',
    defaultValue: 'false',
    accepts: oneOf('false'),
    documentation: 'No record that was acknowledged is given up for availability.',
  },
];

const byName = new Map(topicConfigDefinitions.map((definition) => [definition.name, definition]));

export function topicConfigDefinition(name: string): TopicConfigDefinition | undefined {
  return byName.get(name);
}
