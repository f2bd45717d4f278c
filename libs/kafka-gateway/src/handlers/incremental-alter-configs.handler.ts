import {
  type IncrementalAlterConfigsRequest,
  type IncrementalAlterConfigsRequestAlterableConfig as AlterableConfig,
  type IncrementalAlterConfigsResponse,
  incrementalAlterConfigsApi,
  KafkaErrorCode,
} from '#libs/kafka-codec';
import { type ApiHandler, noResponse } from '../handler.js';
import { KafkaError } from '../kafka.errors.js';
import { configType } from '../mapping/config-description.js';
import { topicConfigDefinition } from '../mapping/topic-config.definitions.js';
import { type ConfigEntry, checkedTopicConfig } from '../mapping/topic-config.mapping.js';
import { alterConfigs, invalidRequest, requireDistinct } from './config-alteration.js';

/** Kafka's AlterConfigOp.OpType (KIP-339). */
const operation = { set: 0, delete: 1, append: 2, subtract: 3 } as const;

/** IncrementalAlterConfigs v0-1: SET and DELETE of any configuration, APPEND and SUBTRACT of lists (`cleanup.policy`). */
export const incrementalAlterConfigsHandler: ApiHandler<
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse
> = {
  api: incrementalAlterConfigsApi,
  versionMin: 0,
  versionMax: 1,
  async handle({ resources, validateOnly }, context) {
    const alterations = resources.map(({ resourceType, resourceName, configs }) => ({
      resourceType,
      resourceName,
      change: (own: ReadonlyMap<string, string>) => changed(own, configs),
    }));
    const responses = await alterConfigs(alterations, validateOnly, context);
    return responses === noResponse ? noResponse : { responses };
  },
};

function changed(own: ReadonlyMap<string, string>, changes: readonly AlterableConfig[]): ConfigEntry[] {
  requireDistinct(changes.map(({ name }) => name));
  const values = new Map<string, string>(own);
  for (const { name, configOperation, value } of changes) {
    if (configOperation === operation.delete) {
      requireKnown(name);
      values.delete(name);
      continue;
    }
    if (value === null) throw invalidRequest(`${name.slice(0, 100)}: only DELETE has no value`);
    switch (configOperation) {
      case operation.set:
        values.set(name, value);
        break;
      case operation.append:
      case operation.subtract:
        values.set(name, listed(name, values.get(name), configOperation, value));
        break;
      default:
        throw invalidRequest(`there is no operation ${configOperation} on configurations`);
    }
  }
  return [...values].map(([name, value]) => ({ name, value }));
}

function listed(
  name: string,
  current: string | undefined,
  configOperation: typeof operation.append | typeof operation.subtract,
  value: string,
): string {
  requireKnown(name);
  const { type, defaultValue } = topicConfigDefinition(name)!;
  if (type !== configType.list) {
    throw new KafkaError(KafkaErrorCode.INVALID_CONFIG, `${name} is not a list: nothing is added or removed`);
  }
  const items = (text: string) => text.split(',').map((item) => item.trim());
  const before = items(current ?? defaultValue ?? '');
  const given = items(value);
  const after =
    configOperation === operation.append
      ? [...new Set([...before, ...given])]
      : before.filter((item) => !given.includes(item));
  return checkedTopicConfig(name, after.join(','));
}

/** @throws KafkaError INVALID_CONFIG */
function requireKnown(name: string): void {
  if (topicConfigDefinition(name) === undefined) checkedTopicConfig(name, null);
}
