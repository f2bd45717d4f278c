// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { Buffer } from 'node:buffer';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { unsupportedDecode, unsupportedEncode, ZERO_UUID } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0. */
export interface InitializeShareGroupStateRequest {
  /** The group identifier. (versions 0+) */
  groupId: string;
  /** The data for the topics. (versions 0+) */
  topics: InitializeShareGroupStateRequestInitializeStateData[];
}

export interface InitializeShareGroupStateRequestPartitionData {
  /** The partition index. (versions 0+) */
  partition: number;
  /** The state epoch for this share-partition. (versions 0+) */
  stateEpoch: number;
  /** The share-partition start offset, or -1 if the start offset is not being initialized. (versions 0+) */
  startOffset: bigint;
}

export interface InitializeShareGroupStateRequestInitializeStateData {
  /** The topic identifier. (versions 0+) */
  topicId: Buffer;
  /** The data for the partitions. (versions 0+) */
  partitions: InitializeShareGroupStateRequestPartitionData[];
}

export function decodeInitializeShareGroupStateRequest(
  reader: ByteReader,
  version: number,
): InitializeShareGroupStateRequest {
  if (!(version >= 0 && version <= 0)) unsupportedDecode('InitializeShareGroupStateRequest', version);
  const groupId = reader.readCompactString();
  const topics: InitializeShareGroupStateRequestInitializeStateData[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(18)); count > 0; count--) {
    topics.push(decodeInitializeShareGroupStateRequestInitializeStateData(reader, version));
  }
  reader.skipTags();
  return { groupId, topics };
}

export function encodeInitializeShareGroupStateRequest(
  writer: ByteWriter,
  value: Encodable<InitializeShareGroupStateRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 0)) unsupportedEncode('InitializeShareGroupStateRequest', version);
  const groupId = value.groupId ?? '';
  writer.writeCompactString(groupId);
  const topics = value.topics ?? [];
  writer.writeCompactArrayCount(topics.length);
  for (const item of topics) encodeInitializeShareGroupStateRequestInitializeStateData(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeInitializeShareGroupStateRequestPartitionData(
  reader: ByteReader,
  _version: number,
): InitializeShareGroupStateRequestPartitionData {
  const partition = reader.readInt32();
  const stateEpoch = reader.readInt32();
  const startOffset = reader.readInt64();
  reader.skipTags();
  return { partition, stateEpoch, startOffset };
}

function encodeInitializeShareGroupStateRequestPartitionData(
  writer: ByteWriter,
  value: Encodable<InitializeShareGroupStateRequestPartitionData>,
  _version: number,
): void {
  const partition = value.partition ?? 0;
  writer.writeInt32(partition);
  const stateEpoch = value.stateEpoch ?? 0;
  writer.writeInt32(stateEpoch);
  const startOffset = value.startOffset ?? 0n;
  writer.writeInt64(startOffset);
  writer.writeUnsignedVarint(0);
}

function decodeInitializeShareGroupStateRequestInitializeStateData(
  reader: ByteReader,
  version: number,
): InitializeShareGroupStateRequestInitializeStateData {
  const topicId = reader.readUuid();
  const partitions: InitializeShareGroupStateRequestPartitionData[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(17)); count > 0; count--) {
    partitions.push(decodeInitializeShareGroupStateRequestPartitionData(reader, version));
  }
  reader.skipTags();
  return { topicId, partitions };
}

function encodeInitializeShareGroupStateRequestInitializeStateData(
  writer: ByteWriter,
  value: Encodable<InitializeShareGroupStateRequestInitializeStateData>,
  version: number,
): void {
  const topicId = value.topicId ?? ZERO_UUID;
  writer.writeUuid(topicId);
  const partitions = value.partitions ?? [];
  writer.writeCompactArrayCount(partitions.length);
  for (const item of partitions) encodeInitializeShareGroupStateRequestPartitionData(writer, item, version);
  writer.writeUnsignedVarint(0);
}

/** Versions 0. */
export interface InitializeShareGroupStateResponse {
  /** The initialization results. (versions 0+) */
  results: InitializeShareGroupStateResponseInitializeStateResult[];
}

export interface InitializeShareGroupStateResponsePartitionResult {
  /** The partition index. (versions 0+) */
  partition: number;
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** The error message, or null if there was no error. (versions 0+, nullable 0+) */
  errorMessage: string | null;
}

export interface InitializeShareGroupStateResponseInitializeStateResult {
  /** The topic identifier. (versions 0+) */
  topicId: Buffer;
  /** The results for the partitions. (versions 0+) */
  partitions: InitializeShareGroupStateResponsePartitionResult[];
}

export function decodeInitializeShareGroupStateResponse(
  reader: ByteReader,
  version: number,
): InitializeShareGroupStateResponse {
  if (!(version >= 0 && version <= 0)) unsupportedDecode('InitializeShareGroupStateResponse', version);
  const results: InitializeShareGroupStateResponseInitializeStateResult[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(18)); count > 0; count--) {
    results.push(decodeInitializeShareGroupStateResponseInitializeStateResult(reader, version));
  }
  reader.skipTags();
  return { results };
}

export function encodeInitializeShareGroupStateResponse(
  writer: ByteWriter,
  value: Encodable<InitializeShareGroupStateResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 0)) unsupportedEncode('InitializeShareGroupStateResponse', version);
  const results = value.results ?? [];
  writer.writeCompactArrayCount(results.length);
  for (const item of results) encodeInitializeShareGroupStateResponseInitializeStateResult(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeInitializeShareGroupStateResponsePartitionResult(
  reader: ByteReader,
  _version: number,
): InitializeShareGroupStateResponsePartitionResult {
  const partition = reader.readInt32();
  const errorCode = reader.readInt16();
  const errorMessage = reader.readCompactNullableString();
  reader.skipTags();
  return { partition, errorCode, errorMessage };
}

function encodeInitializeShareGroupStateResponsePartitionResult(
  writer: ByteWriter,
  value: Encodable<InitializeShareGroupStateResponsePartitionResult>,
  _version: number,
): void {
  const partition = value.partition ?? 0;
  writer.writeInt32(partition);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const errorMessage = value.errorMessage ?? null;
  writer.writeCompactNullableString(errorMessage);
  writer.writeUnsignedVarint(0);
}

function decodeInitializeShareGroupStateResponseInitializeStateResult(
  reader: ByteReader,
  version: number,
): InitializeShareGroupStateResponseInitializeStateResult {
  const topicId = reader.readUuid();
  const partitions: InitializeShareGroupStateResponsePartitionResult[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(8)); count > 0; count--) {
    partitions.push(decodeInitializeShareGroupStateResponsePartitionResult(reader, version));
  }
  reader.skipTags();
  return { topicId, partitions };
}

function encodeInitializeShareGroupStateResponseInitializeStateResult(
  writer: ByteWriter,
  value: Encodable<InitializeShareGroupStateResponseInitializeStateResult>,
  version: number,
): void {
  const topicId = value.topicId ?? ZERO_UUID;
  writer.writeUuid(topicId);
  const partitions = value.partitions ?? [];
  writer.writeCompactArrayCount(partitions.length);
  for (const item of partitions) encodeInitializeShareGroupStateResponsePartitionResult(writer, item, version);
  writer.writeUnsignedVarint(0);
}

/** InitializeShareGroupState, ApiKey 83: versions 0, flexible since 0. */
export const initializeShareGroupStateApi: KafkaApi<InitializeShareGroupStateRequest, InitializeShareGroupStateResponse> = {
  key: 83,
  name: 'InitializeShareGroupState',
  versionMin: 0,
  versionMax: 0,
  flexibleSince: 0,
  latestVersionUnstable: false,
  decodeRequest: decodeInitializeShareGroupStateRequest,
  encodeRequest: encodeInitializeShareGroupStateRequest,
  decodeResponse: decodeInitializeShareGroupStateResponse,
  encodeResponse: encodeInitializeShareGroupStateResponse,
};
