// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { Buffer } from 'node:buffer';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { notInVersion, unsupportedDecode, unsupportedEncode, ZERO_UUID } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-7. */
export interface CreateTopicsRequest {
  /** The topics to create. (versions 0+) */
  topics: CreateTopicsRequestCreatableTopic[];
  /** How long to wait in milliseconds before timing out the request. (versions 0+) */
  timeoutMs: number;
  /** If true, check that the topics can be created as specified, but don't create anything. (versions 1+) */
  validateOnly: boolean;
}

export interface CreateTopicsRequestCreatableReplicaAssignment {
  /** The partition index. (versions 0+) */
  partitionIndex: number;
  /** The brokers to place the partition on. (versions 0+) */
  brokerIds: number[];
}

export interface CreateTopicsRequestCreatableTopicConfig {
  /** The configuration name. (versions 0+) */
  name: string;
  /** The configuration value. (versions 0+, nullable 0+) */
  value: string | null;
}

export interface CreateTopicsRequestCreatableTopic {
  /** The topic name. (versions 0+) */
  name: string;
  /** The number of partitions to create in the topic, or -1 if we are either specifying a manual partition assignment or using the default partitions. (versions 0+) */
  numPartitions: number;
  /** The number of replicas to create for each partition in the topic, or -1 if we are either specifying a manual partition assignment or using the default replication factor. (versions 0+) */
  replicationFactor: number;
  /** The manual partition assignment, or the empty array if we are using automatic assignment. (versions 0+) */
  assignments: CreateTopicsRequestCreatableReplicaAssignment[];
  /** The custom topic configurations to set. (versions 0+) */
  configs: CreateTopicsRequestCreatableTopicConfig[];
}

export function decodeCreateTopicsRequest(
  reader: ByteReader,
  version: number,
): CreateTopicsRequest {
  if (!(version >= 0 && version <= 7)) unsupportedDecode('CreateTopicsRequest', version);
  const flexible = version >= 5;
  const topics: CreateTopicsRequestCreatableTopic[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(10) : reader.readArrayCount(10)); count > 0; count--) {
    topics.push(decodeCreateTopicsRequestCreatableTopic(reader, version));
  }
  const timeoutMs = reader.readInt32();
  let validateOnly: boolean = false;
  if (version >= 1) {
    validateOnly = reader.readBoolean();
  }
  if (flexible) {
    reader.skipTags();
  }
  return { topics, timeoutMs, validateOnly };
}

export function encodeCreateTopicsRequest(
  writer: ByteWriter,
  value: Encodable<CreateTopicsRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 7)) unsupportedEncode('CreateTopicsRequest', version);
  const flexible = version >= 5;
  const topics = value.topics ?? [];
  if (flexible) writer.writeCompactArrayCount(topics.length);
  else writer.writeArrayCount(topics.length);
  for (const item of topics) encodeCreateTopicsRequestCreatableTopic(writer, item, version);
  const timeoutMs = value.timeoutMs ?? 60000;
  writer.writeInt32(timeoutMs);
  if (version >= 1) {
    const validateOnly = value.validateOnly ?? false;
    writer.writeBoolean(validateOnly);
  } else if (value.validateOnly !== undefined && value.validateOnly !== false) notInVersion('CreateTopicsRequest.validateOnly', version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeCreateTopicsRequestCreatableReplicaAssignment(
  reader: ByteReader,
  version: number,
): CreateTopicsRequestCreatableReplicaAssignment {
  const flexible = version >= 5;
  const partitionIndex = reader.readInt32();
  const brokerIds: number[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(4) : reader.readArrayCount(4)); count > 0; count--) {
    brokerIds.push(reader.readInt32());
  }
  if (flexible) {
    reader.skipTags();
  }
  return { partitionIndex, brokerIds };
}

function encodeCreateTopicsRequestCreatableReplicaAssignment(
  writer: ByteWriter,
  value: Encodable<CreateTopicsRequestCreatableReplicaAssignment>,
  version: number,
): void {
  const flexible = version >= 5;
  const partitionIndex = value.partitionIndex ?? 0;
  writer.writeInt32(partitionIndex);
  const brokerIds = value.brokerIds ?? [];
  if (flexible) writer.writeCompactArrayCount(brokerIds.length);
  else writer.writeArrayCount(brokerIds.length);
  for (const item of brokerIds) writer.writeInt32(item);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeCreateTopicsRequestCreatableTopicConfig(
  reader: ByteReader,
  version: number,
): CreateTopicsRequestCreatableTopicConfig {
  const flexible = version >= 5;
  const name = flexible ? reader.readCompactString() : reader.readString();
  const valueField = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  if (flexible) {
    reader.skipTags();
  }
  return { name, value: valueField };
}

function encodeCreateTopicsRequestCreatableTopicConfig(
  writer: ByteWriter,
  value: Encodable<CreateTopicsRequestCreatableTopicConfig>,
  version: number,
): void {
  const flexible = version >= 5;
  const name = value.name ?? '';
  flexible ? writer.writeCompactString(name) : writer.writeString(name);
  const valueField = value.value === undefined ? '' : value.value;
  flexible ? writer.writeCompactNullableString(valueField) : writer.writeNullableString(valueField);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeCreateTopicsRequestCreatableTopic(
  reader: ByteReader,
  version: number,
): CreateTopicsRequestCreatableTopic {
  const flexible = version >= 5;
  const name = flexible ? reader.readCompactString() : reader.readString();
  const numPartitions = reader.readInt32();
  const replicationFactor = reader.readInt16();
  const assignments: CreateTopicsRequestCreatableReplicaAssignment[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(6) : reader.readArrayCount(6)); count > 0; count--) {
    assignments.push(decodeCreateTopicsRequestCreatableReplicaAssignment(reader, version));
  }
  const configs: CreateTopicsRequestCreatableTopicConfig[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3)); count > 0; count--) {
    configs.push(decodeCreateTopicsRequestCreatableTopicConfig(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { name, numPartitions, replicationFactor, assignments, configs };
}

function encodeCreateTopicsRequestCreatableTopic(
  writer: ByteWriter,
  value: Encodable<CreateTopicsRequestCreatableTopic>,
  version: number,
): void {
  const flexible = version >= 5;
  const name = value.name ?? '';
  flexible ? writer.writeCompactString(name) : writer.writeString(name);
  const numPartitions = value.numPartitions ?? 0;
  writer.writeInt32(numPartitions);
  const replicationFactor = value.replicationFactor ?? 0;
  writer.writeInt16(replicationFactor);
  const assignments = value.assignments ?? [];
  if (flexible) writer.writeCompactArrayCount(assignments.length);
  else writer.writeArrayCount(assignments.length);
  for (const item of assignments) encodeCreateTopicsRequestCreatableReplicaAssignment(writer, item, version);
  const configs = value.configs ?? [];
  if (flexible) writer.writeCompactArrayCount(configs.length);
  else writer.writeArrayCount(configs.length);
  for (const item of configs) encodeCreateTopicsRequestCreatableTopicConfig(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** Versions 0-7. */
export interface CreateTopicsResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 2+) */
  throttleTimeMs: number;
  /** Results for each topic we tried to create. (versions 0+) */
  topics: CreateTopicsResponseCreatableTopicResult[];
}

export interface CreateTopicsResponseCreatableTopicConfigs {
  /** The configuration name. (versions 5+) */
  name: string;
  /** The configuration value. (versions 5+, nullable 5+) */
  value: string | null;
  /** True if the configuration is read-only. (versions 5+) */
  readOnly: boolean;
  /** The configuration source. (versions 5+) */
  configSource: number;
  /** True if this configuration is sensitive. (versions 5+) */
  isSensitive: boolean;
}

export interface CreateTopicsResponseCreatableTopicResult {
  /** The topic name. (versions 0+) */
  name: string;
  /** The unique topic ID. (versions 7+) */
  topicId: Buffer;
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** The error message, or null if there was no error. (versions 1+, nullable 0+) */
  errorMessage: string | null;
  /** Optional topic config error returned if configs are not returned in the response. (versions 5+, tag 0) */
  topicConfigErrorCode: number;
  /** Number of partitions of the topic. (versions 5+) */
  numPartitions: number;
  /** Replication factor of the topic. (versions 5+) */
  replicationFactor: number;
  /** Configuration of the topic. (versions 5+, nullable 5+) */
  configs: CreateTopicsResponseCreatableTopicConfigs[] | null;
}

export function decodeCreateTopicsResponse(
  reader: ByteReader,
  version: number,
): CreateTopicsResponse {
  if (!(version >= 0 && version <= 7)) unsupportedDecode('CreateTopicsResponse', version);
  const flexible = version >= 5;
  let throttleTimeMs: number = 0;
  if (version >= 2) {
    throttleTimeMs = reader.readInt32();
  }
  const topics: CreateTopicsResponseCreatableTopicResult[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(4) : reader.readArrayCount(4)); count > 0; count--) {
    topics.push(decodeCreateTopicsResponseCreatableTopicResult(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { throttleTimeMs, topics };
}

export function encodeCreateTopicsResponse(
  writer: ByteWriter,
  value: Encodable<CreateTopicsResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 7)) unsupportedEncode('CreateTopicsResponse', version);
  const flexible = version >= 5;
  if (version >= 2) {
    const throttleTimeMs = value.throttleTimeMs ?? 0;
    writer.writeInt32(throttleTimeMs);
  }
  const topics = value.topics ?? [];
  if (flexible) writer.writeCompactArrayCount(topics.length);
  else writer.writeArrayCount(topics.length);
  for (const item of topics) encodeCreateTopicsResponseCreatableTopicResult(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeCreateTopicsResponseCreatableTopicConfigs(
  reader: ByteReader,
  _version: number,
): CreateTopicsResponseCreatableTopicConfigs {
  const name = reader.readCompactString();
  const valueField = reader.readCompactNullableString();
  const readOnly = reader.readBoolean();
  const configSource = reader.readInt8();
  const isSensitive = reader.readBoolean();
  reader.skipTags();
  return { name, value: valueField, readOnly, configSource, isSensitive };
}

function encodeCreateTopicsResponseCreatableTopicConfigs(
  writer: ByteWriter,
  value: Encodable<CreateTopicsResponseCreatableTopicConfigs>,
  _version: number,
): void {
  const name = value.name ?? '';
  writer.writeCompactString(name);
  const valueField = value.value === undefined ? '' : value.value;
  writer.writeCompactNullableString(valueField);
  const readOnly = value.readOnly ?? false;
  writer.writeBoolean(readOnly);
  const configSource = value.configSource ?? -1;
  writer.writeInt8(configSource);
  const isSensitive = value.isSensitive ?? false;
  writer.writeBoolean(isSensitive);
  writer.writeUnsignedVarint(0);
}

function decodeCreateTopicsResponseCreatableTopicResult(
  reader: ByteReader,
  version: number,
): CreateTopicsResponseCreatableTopicResult {
  const flexible = version >= 5;
  const name = flexible ? reader.readCompactString() : reader.readString();
  let topicId: Buffer = ZERO_UUID;
  if (version >= 7) {
    topicId = reader.readUuid();
  }
  const errorCode = reader.readInt16();
  let errorMessage: string | null = '';
  if (version >= 1) {
    errorMessage = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  }
  let topicConfigErrorCode: number = 0;
  let numPartitions: number = -1;
  if (version >= 5) {
    numPartitions = reader.readInt32();
  }
  let replicationFactor: number = -1;
  if (version >= 5) {
    replicationFactor = reader.readInt16();
  }
  let configs: CreateTopicsResponseCreatableTopicConfigs[] | null = [];
  if (version >= 5) {
    const configsCount = reader.readCompactArrayCount(6);
    if (configsCount < 0) configs = null;
    else {
      configs = [];
      for (let count = configsCount; count > 0; count--) configs.push(decodeCreateTopicsResponseCreatableTopicConfigs(reader, version));
    }
  }
  if (flexible) {
    for (let tags = reader.readTagCount(); tags > 0; tags--) {
      const tag = reader.readUnsignedVarint();
      const end = reader.readTagEnd();
      if (tag === 0) {
        topicConfigErrorCode = reader.readInt16();
      } else {
        reader.offset = end;
      }
      reader.endTag(end);
    }
  }
  return { name, topicId, errorCode, errorMessage, topicConfigErrorCode, numPartitions, replicationFactor, configs };
}

function encodeCreateTopicsResponseCreatableTopicResult(
  writer: ByteWriter,
  value: Encodable<CreateTopicsResponseCreatableTopicResult>,
  version: number,
): void {
  const flexible = version >= 5;
  const name = value.name ?? '';
  flexible ? writer.writeCompactString(name) : writer.writeString(name);
  if (version >= 7) {
    const topicId = value.topicId ?? ZERO_UUID;
    writer.writeUuid(topicId);
  }
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  if (version >= 1) {
    const errorMessage = value.errorMessage === undefined ? '' : value.errorMessage;
    flexible ? writer.writeCompactNullableString(errorMessage) : writer.writeNullableString(errorMessage);
  }
  if (version >= 5) {
    const numPartitions = value.numPartitions ?? -1;
    writer.writeInt32(numPartitions);
  }
  if (version >= 5) {
    const replicationFactor = value.replicationFactor ?? -1;
    writer.writeInt16(replicationFactor);
  }
  if (version >= 5) {
    const configs = value.configs === undefined ? [] : value.configs;
    if (configs === null) {
      writer.writeCompactArrayCount(-1);
    } else {
      writer.writeCompactArrayCount(configs.length);
      for (const item of configs) encodeCreateTopicsResponseCreatableTopicConfigs(writer, item, version);
    }
  }
  if (flexible) {
    let tags = 0;
    const hasTopicConfigErrorCode = value.topicConfigErrorCode !== undefined && value.topicConfigErrorCode !== 0;
    if (hasTopicConfigErrorCode) tags++;
    writer.writeUnsignedVarint(tags);
    if (hasTopicConfigErrorCode) {
      const start = writer.beginTag(0);
      const topicConfigErrorCode = value.topicConfigErrorCode ?? 0;
      writer.writeInt16(topicConfigErrorCode);
      writer.endTag(start);
    }
  }
}

/** CreateTopics, ApiKey 19: versions 0-7, flexible since 5. */
export const createTopicsApi: KafkaApi<CreateTopicsRequest, CreateTopicsResponse> = {
  key: 19,
  name: 'CreateTopics',
  versionMin: 0,
  versionMax: 7,
  flexibleSince: 5,
  latestVersionUnstable: false,
  decodeRequest: decodeCreateTopicsRequest,
  encodeRequest: encodeCreateTopicsRequest,
  decodeResponse: decodeCreateTopicsResponse,
  encodeResponse: encodeCreateTopicsResponse,
};
