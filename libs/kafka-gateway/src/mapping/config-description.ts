import type {
  DescribeConfigsResponseDescribeConfigsResourceResult as DescribedConfig,
  DescribeConfigsResponseDescribeConfigsSynonym as DescribedSynonym,
  Encodable,
} from '#libs/kafka-codec';

/** Kafka's ConfigDef.Type as DescribeConfigs numbers it (KIP-569). */
export const configType = { boolean: 1, string: 2, int: 3, long: 5, list: 7 } as const;
export type ConfigType = (typeof configType)[keyof typeof configType];

/** Kafka's DescribeConfigsResponse.ConfigSource: where a value comes from. */
export const configSource = {
  /** Set on the topic. */
  dynamicTopic: 1,
  /** The gateway's configuration file, or a policy of the tenant's Pulsar namespace. */
  staticBroker: 4,
  default: 5,
} as const;
export type ConfigSource = (typeof configSource)[keyof typeof configSource];

export interface ConfigValue {
  readonly name: string;
  readonly value: string;
  readonly source: ConfigSource;
}

/** One configuration as it acts at present. */
export interface ConfigDescription extends ConfigValue {
  readonly type: ConfigType;
  readonly readOnly: boolean;
  readonly documentation: string;
  /** Every place that gives a value, the one that acts first. */
  readonly synonyms: readonly ConfigValue[];
}

export interface DescribeConfigsFields {
  readonly version: number;
  readonly includeSynonyms: boolean;
  readonly includeDocumentation: boolean;
}

/** DescribeConfigs v0 has a flag in place of the source; synonyms came with v1, types and documentation with v3. */
export function toDescribedConfig(
  config: ConfigDescription,
  { version, includeSynonyms, includeDocumentation }: DescribeConfigsFields,
): Encodable<DescribedConfig> {
  const { name, value, source, type, readOnly, documentation, synonyms } = config;
  const plain = { name, value, readOnly, isSensitive: false };
  if (version === 0) return { ...plain, isDefault: source !== configSource.dynamicTopic };
  return {
    ...plain,
    configSource: source,
    synonyms: includeSynonyms ? synonyms.map((synonym): DescribedSynonym => ({ ...synonym })) : [],
    ...(version >= 3 && { configType: type, documentation: includeDocumentation ? documentation : null }),
  };
}
