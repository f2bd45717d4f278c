import type { Tenant } from '#libs/tenancy';
import type { ListenerInfo } from '#libs/transport';
import { type KafkaOptions, kafkaOptionsSchema } from '../kafka.options.js';
import { type ConfigDescription, type ConfigType, configSource, configType } from './config-description.js';

interface Setting {
  readonly name: string;
  readonly type: ConfigType;
  readonly value: (options: KafkaOptions) => string | number | boolean;
  readonly documentation: string;
}

type Plain = {
  [K in keyof KafkaOptions]-?: KafkaOptions[K] extends string | number ? K : never;
}[keyof KafkaOptions];

/** A setting of the gateway as it is, under Kafka's name. */
function own(name: string, type: ConfigType, option: Plain): Setting {
  return {
    name,
    type,
    value: (options) => options[option],
    documentation: `kafka.${option} of the gateway.`,
  };
}

/** What the gateway's own settings are under Kafka's names. */
const settings: readonly Setting[] = [
  own('socket.request.max.bytes', configType.int, 'frameBytesMax'),
  own('group.initial.rebalance.delay.ms', configType.int, 'groupInitialRebalanceDelayMs'),
  own('group.min.session.timeout.ms', configType.int, 'groupSessionTimeoutMsMin'),
  own('group.max.session.timeout.ms', configType.int, 'groupSessionTimeoutMsMax'),
  own('group.max.size', configType.int, 'groupMembersMax'),
  own('group.consumer.heartbeat.interval.ms', configType.int, 'consumerGroupHeartbeatIntervalMs'),
  own('group.consumer.session.timeout.ms', configType.int, 'consumerGroupSessionTimeoutMs'),
  own('group.consumer.max.size', configType.int, 'consumerGroupSizeMax'),
  own('group.consumer.migration.policy', configType.string, 'consumerGroupMigrationPolicy'),
  own('offsets.retention.check.interval.ms', configType.long, 'offsetsRetentionCheckMs'),
  {
    name: 'offsets.retention.minutes',
    type: configType.int,
    value: ({ offsetsRetentionMs }) => Math.ceil(offsetsRetentionMs / 60_000),
    documentation: 'kafka.offsetsRetentionMs of the gateway, rounded up.',
  },
];

/** What is so whatever the configuration. */
const facts: readonly Setting[] = [
  {
    name: 'default.replication.factor',
    type: configType.int,
    value: () => 1,
    documentation: 'A partition has one replica, this gateway; Pulsar replicates by its own settings.',
  },
  {
    name: 'min.insync.replicas',
    type: configType.int,
    value: () => 1,
    documentation: 'A partition has one replica, this gateway; Pulsar replicates by its own settings.',
  },
  {
    name: 'compression.type',
    type: configType.string,
    value: () => 'producer',
    documentation: 'The compression that the producer chose is kept.',
  },
];

const defaults = kafkaOptionsSchema.parse(undefined);

/** The settings that this gateway has for one tenant, by one of its listeners; clients cannot change them. */
export function describeBrokerConfig(
  nodeId: number,
  options: KafkaOptions,
  tenant: Tenant,
  listener: ListenerInfo,
): ConfigDescription[] {
  const own = [...facts, ...settings].map((setting) => {
    const value = setting.value(options);
    const source = value === setting.value(defaults) ? configSource.default : configSource.staticBroker;
    return described(setting.name, setting.type, value, source, setting.documentation);
  });
  const { autoCreateTopics, partitionsDefault, messageBytesMax } = tenant.kafka;
  const { string, int, boolean } = configType;
  const { staticBroker } = configSource;
  const address = (host: string, port: number) => `${listener.name.toUpperCase()}://${host}:${port}`;
  return [
    ...own,
    described('broker.id', int, nodeId, staticBroker, 'The gateway.'),
    described('node.id', int, nodeId, staticBroker, 'The gateway.'),
    described(
      'listeners',
      string,
      address(listener.host, listener.port),
      staticBroker,
      'The listener that you use.',
    ),
    described(
      'advertised.listeners',
      string,
      address(listener.advertisedHost, listener.advertisedPort),
      staticBroker,
      'What clients of the listener that you use are told to connect to.',
    ),
    described(
      'auto.create.topics.enable',
      boolean,
      autoCreateTopics,
      staticBroker,
      "The tenant's autoCreateTopics.",
    ),
    described('num.partitions', int, partitionsDefault, staticBroker, "The tenant's partitionsDefault."),
    described('message.max.bytes', int, messageBytesMax, staticBroker, "The tenant's messageBytesMax."),
  ].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function described(
  name: string,
  type: ConfigType,
  value: string | number | boolean,
  source: ConfigDescription['source'],
  documentation: string,
): ConfigDescription {
  const text = String(value);
  const synonyms = [{ name, value: text, source }];
  return { name, value: text, source, type, documentation, synonyms, readOnly: true };
}
