// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { Buffer } from 'node:buffer';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { unsupportedDecode, unsupportedEncode, ZERO_UUID } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-1. */
export interface DescribeShareGroupOffsetsRequest {
  /** The groups to describe offsets for. (versions 0+) */
  groups: DescribeShareGroupOffsetsRequestDescribeShareGroupOffsetsRequestGroup[];
}

export interface DescribeShareGroupOffsetsRequestDescribeShareGroupOffsetsRequestTopic {
  /** The topic name. (versions 0+) */
  topicName: string;
  /** The partitions. (versions 0+) */
  partitions: number[];
}

export interface DescribeShareGroupOffsetsRequestDescribeShareGroupOffsetsRequestGroup {
  /** The group identifier. (versions 0+) */
  groupId: string;
  /** The topics to describe offsets for, or null for all topic-partitions. (versions 0+, nullable 0+) */
  topics: DescribeShareGroupOffsetsRequestDescribeShareGroupOffsetsRequestTopic[] | null;
}

export function decodeDescribeShareGroupOffsetsRequest(
  reader: ByteReader,
  version: number,
): DescribeShareGroupOffsetsRequest {
  if (!(version >= 0 && version <= 1)) unsupportedDecode('DescribeShareGroupOffsetsRequest', version);
  const groups: DescribeShareGroupOffsetsRequestDescribeShareGroupOffsetsRequestGroup[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(3)); count > 0; count--) {
    groups.push(decodeDescribeShareGroupOffsetsRequestDescribeShareGroupOffsetsRequestGroup(reader, version));
  }
  reader.skipTags();
  return { groups };
}

export function encodeDescribeShareGroupOffsetsRequest(
  writer: ByteWriter,
  value: Encodable<DescribeShareGroupOffsetsRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 1)) unsupportedEncode('DescribeShareGroupOffsetsRequest', version);
  const groups = value.groups ?? [];
  writer.writeCompactArrayCount(groups.length);
  for (const item of groups) encodeDescribeShareGroupOffsetsRequestDescribeShareGroupOffsetsRequestGroup(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeDescribeShareGroupOffsetsRequestDescribeShareGroupOffsetsRequestTopic(
  reader: ByteReader,
  _version: number,
): DescribeShareGroupOffsetsRequestDescribeShareGroupOffsetsRequestTopic {
  const topicName = reader.readCompactString();
  const partitions: number[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(4)); count > 0; count--) {
    partitions.push(reader.readInt32());
  }
  reader.skipTags();
  return { topicName, partitions };
}

function encodeDescribeShareGroupOffsetsRequestDescribeShareGroupOffsetsRequestTopic(
  writer: ByteWriter,
  value: Encodable<DescribeShareGroupOffsetsRequestDescribeShareGroupOffsetsRequestTopic>,
  _version: number,
): void {
  const topicName = value.topicName ?? '';
  writer.writeCompactString(topicName);
  const partitions = value.partitions ?? [];
  writer.writeCompactArrayCount(partitions.length);
  for (const item of partitions) writer.writeInt32(item);
  writer.writeUnsignedVarint(0);
}

function decodeDescribeShareGroupOffsetsRequestDescribeShareGroupOffsetsRequestGroup(
  reader: ByteReader,
  version: number,
): DescribeShareGroupOffsetsRequestDescribeShareGroupOffsetsRequestGroup {
  const groupId = reader.readCompactString();
  let topics: DescribeShareGroupOffsetsRequestDescribeShareGroupOffsetsRequestTopic[] | null;
  const topicsCount = reader.readCompactArrayCount(3);
  if (topicsCount < 0) topics = null;
  else {
    topics = [];
    for (let count = topicsCount; count > 0; count--) topics.push(decodeDescribeShareGroupOffsetsRequestDescribeShareGroupOffsetsRequestTopic(reader, version));
  }
  reader.skipTags();
  return { groupId, topics };
}

function encodeDescribeShareGroupOffsetsRequestDescribeShareGroupOffsetsRequestGroup(
  writer: ByteWriter,
  value: Encodable<DescribeShareGroupOffsetsRequestDescribeShareGroupOffsetsRequestGroup>,
  version: number,
): void {
  const groupId = value.groupId ?? '';
  writer.writeCompactString(groupId);
  const topics = value.topics === undefined ? [] : value.topics;
  if (topics === null) {
    writer.writeCompactArrayCount(-1);
  } else {
    writer.writeCompactArrayCount(topics.length);
    for (const item of topics) encodeDescribeShareGroupOffsetsRequestDescribeShareGroupOffsetsRequestTopic(writer, item, version);
  }
  writer.writeUnsignedVarint(0);
}

/** Versions 0-1. */
export interface DescribeShareGroupOffsetsResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** The results for each group. (versions 0+) */
  groups: DescribeShareGroupOffsetsResponseDescribeShareGroupOffsetsResponseGroup[];
}

export interface DescribeShareGroupOffsetsResponseDescribeShareGroupOffsetsResponsePartition {
  /** The partition index. (versions 0+) */
  partitionIndex: number;
  /** The share-partition start offset. (versions 0+) */
  startOffset: bigint;
  /** The leader epoch of the partition. (versions 0+) */
  leaderEpoch: number;
  /** The share-partition lag. (versions 1+) */
  lag: bigint;
  /** The partition-level error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** The partition-level error message, or null if there was no error. (versions 0+, nullable 0+) */
  errorMessage: string | null;
}

export interface DescribeShareGroupOffsetsResponseDescribeShareGroupOffsetsResponseTopic {
  /** The topic name. (versions 0+) */
  topicName: string;
  /** The unique topic ID. (versions 0+) */
  topicId: Buffer;
  /**  (versions 0+) */
  partitions: DescribeShareGroupOffsetsResponseDescribeShareGroupOffsetsResponsePartition[];
}

export interface DescribeShareGroupOffsetsResponseDescribeShareGroupOffsetsResponseGroup {
  /** The group identifier. (versions 0+) */
  groupId: string;
  /** The results for each topic. (versions 0+) */
  topics: DescribeShareGroupOffsetsResponseDescribeShareGroupOffsetsResponseTopic[];
  /** The group-level error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** The group-level error message, or null if there was no error. (versions 0+, nullable 0+) */
  errorMessage: string | null;
}

export function decodeDescribeShareGroupOffsetsResponse(
  reader: ByteReader,
  version: number,
): DescribeShareGroupOffsetsResponse {
  if (!(version >= 0 && version <= 1)) unsupportedDecode('DescribeShareGroupOffsetsResponse', version);
  const throttleTimeMs = reader.readInt32();
  const groups: DescribeShareGroupOffsetsResponseDescribeShareGroupOffsetsResponseGroup[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(6)); count > 0; count--) {
    groups.push(decodeDescribeShareGroupOffsetsResponseDescribeShareGroupOffsetsResponseGroup(reader, version));
  }
  reader.skipTags();
  return { throttleTimeMs, groups };
}

export function encodeDescribeShareGroupOffsetsResponse(
  writer: ByteWriter,
  value: Encodable<DescribeShareGroupOffsetsResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 1)) unsupportedEncode('DescribeShareGroupOffsetsResponse', version);
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  const groups = value.groups ?? [];
  writer.writeCompactArrayCount(groups.length);
  for (const item of groups) encodeDescribeShareGroupOffsetsResponseDescribeShareGroupOffsetsResponseGroup(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeDescribeShareGroupOffsetsResponseDescribeShareGroupOffsetsResponsePartition(
  reader: ByteReader,
  version: number,
): DescribeShareGroupOffsetsResponseDescribeShareGroupOffsetsResponsePartition {
  const partitionIndex = reader.readInt32();
  const startOffset = reader.readInt64();
  const leaderEpoch = reader.readInt32();
  let lag: bigint = -1n;
  if (version >= 1) {
    lag = reader.readInt64();
  }
  const errorCode = reader.readInt16();
  const errorMessage = reader.readCompactNullableString();
  reader.skipTags();
  return { partitionIndex, startOffset, leaderEpoch, lag, errorCode, errorMessage };
}

function encodeDescribeShareGroupOffsetsResponseDescribeShareGroupOffsetsResponsePartition(
  writer: ByteWriter,
  value: Encodable<DescribeShareGroupOffsetsResponseDescribeShareGroupOffsetsResponsePartition>,
  version: number,
): void {
  const partitionIndex = value.partitionIndex ?? 0;
  writer.writeInt32(partitionIndex);
  const startOffset = value.startOffset ?? 0n;
  writer.writeInt64(startOffset);
  const leaderEpoch = value.leaderEpoch ?? 0;
  writer.writeInt32(leaderEpoch);
  if (version >= 1) {
    const lag = value.lag ?? -1n;
    writer.writeInt64(lag);
  }
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const errorMessage = value.errorMessage ?? null;
  writer.writeCompactNullableString(errorMessage);
  writer.writeUnsignedVarint(0);
}

function decodeDescribeShareGroupOffsetsResponseDescribeShareGroupOffsetsResponseTopic(
  reader: ByteReader,
  version: number,
): DescribeShareGroupOffsetsResponseDescribeShareGroupOffsetsResponseTopic {
  const topicName = reader.readCompactString();
  const topicId = reader.readUuid();
  const partitions: DescribeShareGroupOffsetsResponseDescribeShareGroupOffsetsResponsePartition[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(20)); count > 0; count--) {
    partitions.push(decodeDescribeShareGroupOffsetsResponseDescribeShareGroupOffsetsResponsePartition(reader, version));
  }
  reader.skipTags();
  return { topicName, topicId, partitions };
}

function encodeDescribeShareGroupOffsetsResponseDescribeShareGroupOffsetsResponseTopic(
  writer: ByteWriter,
  value: Encodable<DescribeShareGroupOffsetsResponseDescribeShareGroupOffsetsResponseTopic>,
  version: number,
): void {
  const topicName = value.topicName ?? '';
  writer.writeCompactString(topicName);
  const topicId = value.topicId ?? ZERO_UUID;
  writer.writeUuid(topicId);
  const partitions = value.partitions ?? [];
  writer.writeCompactArrayCount(partitions.length);
  for (const item of partitions) encodeDescribeShareGroupOffsetsResponseDescribeShareGroupOffsetsResponsePartition(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeDescribeShareGroupOffsetsResponseDescribeShareGroupOffsetsResponseGroup(
  reader: ByteReader,
  version: number,
): DescribeShareGroupOffsetsResponseDescribeShareGroupOffsetsResponseGroup {
  const groupId = reader.readCompactString();
  const topics: DescribeShareGroupOffsetsResponseDescribeShareGroupOffsetsResponseTopic[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(19)); count > 0; count--) {
    topics.push(decodeDescribeShareGroupOffsetsResponseDescribeShareGroupOffsetsResponseTopic(reader, version));
  }
  const errorCode = reader.readInt16();
  const errorMessage = reader.readCompactNullableString();
  reader.skipTags();
  return { groupId, topics, errorCode, errorMessage };
}

function encodeDescribeShareGroupOffsetsResponseDescribeShareGroupOffsetsResponseGroup(
  writer: ByteWriter,
  value: Encodable<DescribeShareGroupOffsetsResponseDescribeShareGroupOffsetsResponseGroup>,
  version: number,
): void {
  const groupId = value.groupId ?? '';
  writer.writeCompactString(groupId);
  const topics = value.topics ?? [];
  writer.writeCompactArrayCount(topics.length);
  for (const item of topics) encodeDescribeShareGroupOffsetsResponseDescribeShareGroupOffsetsResponseTopic(writer, item, version);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const errorMessage = value.errorMessage ?? null;
  writer.writeCompactNullableString(errorMessage);
  writer.writeUnsignedVarint(0);
}

/** DescribeShareGroupOffsets, ApiKey 90: versions 0-1, flexible since 0. */
export const describeShareGroupOffsetsApi: KafkaApi<DescribeShareGroupOffsetsRequest, DescribeShareGroupOffsetsResponse> = {
  key: 90,
  name: 'DescribeShareGroupOffsets',
  versionMin: 0,
  versionMax: 1,
  flexibleSince: 0,
  latestVersionUnstable: false,
  decodeRequest: decodeDescribeShareGroupOffsetsRequest,
  encodeRequest: encodeDescribeShareGroupOffsetsRequest,
  decodeResponse: decodeDescribeShareGroupOffsetsResponse,
  encodeResponse: encodeDescribeShareGroupOffsetsResponse,
};
