// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { Buffer } from 'node:buffer';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { unsupportedDecode, unsupportedEncode, ZERO_UUID } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0. */
export interface AlterShareGroupOffsetsRequest {
  /** The group identifier. (versions 0+) */
  groupId: string;
  /** The topics to alter offsets for. (versions 0+) */
  topics: AlterShareGroupOffsetsRequestAlterShareGroupOffsetsRequestTopic[];
}

export interface AlterShareGroupOffsetsRequestAlterShareGroupOffsetsRequestPartition {
  /** The partition index. (versions 0+) */
  partitionIndex: number;
  /** The share-partition start offset. (versions 0+) */
  startOffset: bigint;
}

export interface AlterShareGroupOffsetsRequestAlterShareGroupOffsetsRequestTopic {
  /** The topic name. (versions 0+) */
  topicName: string;
  /** Each partition to alter offsets for. (versions 0+) */
  partitions: AlterShareGroupOffsetsRequestAlterShareGroupOffsetsRequestPartition[];
}

export function decodeAlterShareGroupOffsetsRequest(
  reader: ByteReader,
  version: number,
): AlterShareGroupOffsetsRequest {
  if (!(version >= 0 && version <= 0)) unsupportedDecode('AlterShareGroupOffsetsRequest', version);
  const groupId = reader.readCompactString();
  const topics: AlterShareGroupOffsetsRequestAlterShareGroupOffsetsRequestTopic[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(3)); count > 0; count--) {
    topics.push(decodeAlterShareGroupOffsetsRequestAlterShareGroupOffsetsRequestTopic(reader, version));
  }
  reader.skipTags();
  return { groupId, topics };
}

export function encodeAlterShareGroupOffsetsRequest(
  writer: ByteWriter,
  value: Encodable<AlterShareGroupOffsetsRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 0)) unsupportedEncode('AlterShareGroupOffsetsRequest', version);
  const groupId = value.groupId ?? '';
  writer.writeCompactString(groupId);
  const topics = value.topics ?? [];
  writer.writeCompactArrayCount(topics.length);
  for (const item of topics) encodeAlterShareGroupOffsetsRequestAlterShareGroupOffsetsRequestTopic(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeAlterShareGroupOffsetsRequestAlterShareGroupOffsetsRequestPartition(
  reader: ByteReader,
  _version: number,
): AlterShareGroupOffsetsRequestAlterShareGroupOffsetsRequestPartition {
  const partitionIndex = reader.readInt32();
  const startOffset = reader.readInt64();
  reader.skipTags();
  return { partitionIndex, startOffset };
}

function encodeAlterShareGroupOffsetsRequestAlterShareGroupOffsetsRequestPartition(
  writer: ByteWriter,
  value: Encodable<AlterShareGroupOffsetsRequestAlterShareGroupOffsetsRequestPartition>,
  _version: number,
): void {
  const partitionIndex = value.partitionIndex ?? 0;
  writer.writeInt32(partitionIndex);
  const startOffset = value.startOffset ?? 0n;
  writer.writeInt64(startOffset);
  writer.writeUnsignedVarint(0);
}

function decodeAlterShareGroupOffsetsRequestAlterShareGroupOffsetsRequestTopic(
  reader: ByteReader,
  version: number,
): AlterShareGroupOffsetsRequestAlterShareGroupOffsetsRequestTopic {
  const topicName = reader.readCompactString();
  const partitions: AlterShareGroupOffsetsRequestAlterShareGroupOffsetsRequestPartition[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(13)); count > 0; count--) {
    partitions.push(decodeAlterShareGroupOffsetsRequestAlterShareGroupOffsetsRequestPartition(reader, version));
  }
  reader.skipTags();
  return { topicName, partitions };
}

function encodeAlterShareGroupOffsetsRequestAlterShareGroupOffsetsRequestTopic(
  writer: ByteWriter,
  value: Encodable<AlterShareGroupOffsetsRequestAlterShareGroupOffsetsRequestTopic>,
  version: number,
): void {
  const topicName = value.topicName ?? '';
  writer.writeCompactString(topicName);
  const partitions = value.partitions ?? [];
  writer.writeCompactArrayCount(partitions.length);
  for (const item of partitions) encodeAlterShareGroupOffsetsRequestAlterShareGroupOffsetsRequestPartition(writer, item, version);
  writer.writeUnsignedVarint(0);
}

/** Versions 0. */
export interface AlterShareGroupOffsetsResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** The top-level error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** The top-level error message, or null if there was no error. (versions 0+, nullable 0+) */
  errorMessage: string | null;
  /** The results for each topic. (versions 0+) */
  responses: AlterShareGroupOffsetsResponseAlterShareGroupOffsetsResponseTopic[];
}

export interface AlterShareGroupOffsetsResponseAlterShareGroupOffsetsResponsePartition {
  /** The partition index. (versions 0+) */
  partitionIndex: number;
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** The error message, or null if there was no error. (versions 0+, nullable 0+) */
  errorMessage: string | null;
}

export interface AlterShareGroupOffsetsResponseAlterShareGroupOffsetsResponseTopic {
  /** The topic name. (versions 0+) */
  topicName: string;
  /** The unique topic ID. (versions 0+) */
  topicId: Buffer;
  /**  (versions 0+) */
  partitions: AlterShareGroupOffsetsResponseAlterShareGroupOffsetsResponsePartition[];
}

export function decodeAlterShareGroupOffsetsResponse(
  reader: ByteReader,
  version: number,
): AlterShareGroupOffsetsResponse {
  if (!(version >= 0 && version <= 0)) unsupportedDecode('AlterShareGroupOffsetsResponse', version);
  const throttleTimeMs = reader.readInt32();
  const errorCode = reader.readInt16();
  const errorMessage = reader.readCompactNullableString();
  const responses: AlterShareGroupOffsetsResponseAlterShareGroupOffsetsResponseTopic[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(19)); count > 0; count--) {
    responses.push(decodeAlterShareGroupOffsetsResponseAlterShareGroupOffsetsResponseTopic(reader, version));
  }
  reader.skipTags();
  return { throttleTimeMs, errorCode, errorMessage, responses };
}

export function encodeAlterShareGroupOffsetsResponse(
  writer: ByteWriter,
  value: Encodable<AlterShareGroupOffsetsResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 0)) unsupportedEncode('AlterShareGroupOffsetsResponse', version);
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const errorMessage = value.errorMessage ?? null;
  writer.writeCompactNullableString(errorMessage);
  const responses = value.responses ?? [];
  writer.writeCompactArrayCount(responses.length);
  for (const item of responses) encodeAlterShareGroupOffsetsResponseAlterShareGroupOffsetsResponseTopic(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeAlterShareGroupOffsetsResponseAlterShareGroupOffsetsResponsePartition(
  reader: ByteReader,
  _version: number,
): AlterShareGroupOffsetsResponseAlterShareGroupOffsetsResponsePartition {
  const partitionIndex = reader.readInt32();
  const errorCode = reader.readInt16();
  const errorMessage = reader.readCompactNullableString();
  reader.skipTags();
  return { partitionIndex, errorCode, errorMessage };
}

function encodeAlterShareGroupOffsetsResponseAlterShareGroupOffsetsResponsePartition(
  writer: ByteWriter,
  value: Encodable<AlterShareGroupOffsetsResponseAlterShareGroupOffsetsResponsePartition>,
  _version: number,
): void {
  const partitionIndex = value.partitionIndex ?? 0;
  writer.writeInt32(partitionIndex);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const errorMessage = value.errorMessage ?? null;
  writer.writeCompactNullableString(errorMessage);
  writer.writeUnsignedVarint(0);
}

function decodeAlterShareGroupOffsetsResponseAlterShareGroupOffsetsResponseTopic(
  reader: ByteReader,
  version: number,
): AlterShareGroupOffsetsResponseAlterShareGroupOffsetsResponseTopic {
  const topicName = reader.readCompactString();
  const topicId = reader.readUuid();
  const partitions: AlterShareGroupOffsetsResponseAlterShareGroupOffsetsResponsePartition[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(8)); count > 0; count--) {
    partitions.push(decodeAlterShareGroupOffsetsResponseAlterShareGroupOffsetsResponsePartition(reader, version));
  }
  reader.skipTags();
  return { topicName, topicId, partitions };
}

function encodeAlterShareGroupOffsetsResponseAlterShareGroupOffsetsResponseTopic(
  writer: ByteWriter,
  value: Encodable<AlterShareGroupOffsetsResponseAlterShareGroupOffsetsResponseTopic>,
  version: number,
): void {
  const topicName = value.topicName ?? '';
  writer.writeCompactString(topicName);
  const topicId = value.topicId ?? ZERO_UUID;
  writer.writeUuid(topicId);
  const partitions = value.partitions ?? [];
  writer.writeCompactArrayCount(partitions.length);
  for (const item of partitions) encodeAlterShareGroupOffsetsResponseAlterShareGroupOffsetsResponsePartition(writer, item, version);
  writer.writeUnsignedVarint(0);
}

/** AlterShareGroupOffsets, ApiKey 91: versions 0, flexible since 0. */
export const alterShareGroupOffsetsApi: KafkaApi<AlterShareGroupOffsetsRequest, AlterShareGroupOffsetsResponse> = {
  key: 91,
  name: 'AlterShareGroupOffsets',
  versionMin: 0,
  versionMax: 0,
  flexibleSince: 0,
  latestVersionUnstable: false,
  decodeRequest: decodeAlterShareGroupOffsetsRequest,
  encodeRequest: encodeAlterShareGroupOffsetsRequest,
  decodeResponse: decodeAlterShareGroupOffsetsResponse,
  encodeResponse: encodeAlterShareGroupOffsetsResponse,
};
