// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-4. */
export interface OffsetForLeaderEpochRequest {
  /** The broker ID of the follower, of -1 if this request is from a consumer. (versions 3+) */
  replicaId: number;
  /** Each topic to get offsets for. (versions 0+) */
  topics: OffsetForLeaderEpochRequestOffsetForLeaderTopic[];
}

export interface OffsetForLeaderEpochRequestOffsetForLeaderPartition {
  /** The partition index. (versions 0+) */
  partition: number;
  /** An epoch used to fence consumers/replicas with old metadata. If the epoch provided by the client is larger than the current epoch known to the broker, then the UNKNOWN_LEADER_EPOCH error code will be returned. If the provided epoch is smaller, then the FENCED_LEADER_EPOCH error code will be returned. (versions 2+) */
  currentLeaderEpoch: number;
  /** The epoch to look up an offset for. (versions 0+) */
  leaderEpoch: number;
}

export interface OffsetForLeaderEpochRequestOffsetForLeaderTopic {
  /** The topic name. (versions 0+) */
  topic: string;
  /** Each partition to get offsets for. (versions 0+) */
  partitions: OffsetForLeaderEpochRequestOffsetForLeaderPartition[];
}

export function decodeOffsetForLeaderEpochRequest(
  reader: ByteReader,
  version: number,
): OffsetForLeaderEpochRequest {
  if (!(version >= 0 && version <= 4)) unsupportedDecode('OffsetForLeaderEpochRequest', version);
  const flexible = version >= 4;
  let replicaId: number = -2;
  if (version >= 3) {
    replicaId = reader.readInt32();
  }
  const topics: OffsetForLeaderEpochRequestOffsetForLeaderTopic[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3)); count > 0; count--) {
    topics.push(decodeOffsetForLeaderEpochRequestOffsetForLeaderTopic(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { replicaId, topics };
}

export function encodeOffsetForLeaderEpochRequest(
  writer: ByteWriter,
  value: Encodable<OffsetForLeaderEpochRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 4)) unsupportedEncode('OffsetForLeaderEpochRequest', version);
  const flexible = version >= 4;
  if (version >= 3) {
    const replicaId = value.replicaId ?? -2;
    writer.writeInt32(replicaId);
  }
  const topics = value.topics ?? [];
  if (flexible) writer.writeCompactArrayCount(topics.length);
  else writer.writeArrayCount(topics.length);
  for (const item of topics) encodeOffsetForLeaderEpochRequestOffsetForLeaderTopic(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeOffsetForLeaderEpochRequestOffsetForLeaderPartition(
  reader: ByteReader,
  version: number,
): OffsetForLeaderEpochRequestOffsetForLeaderPartition {
  const flexible = version >= 4;
  const partition = reader.readInt32();
  let currentLeaderEpoch: number = -1;
  if (version >= 2) {
    currentLeaderEpoch = reader.readInt32();
  }
  const leaderEpoch = reader.readInt32();
  if (flexible) {
    reader.skipTags();
  }
  return { partition, currentLeaderEpoch, leaderEpoch };
}

function encodeOffsetForLeaderEpochRequestOffsetForLeaderPartition(
  writer: ByteWriter,
  value: Encodable<OffsetForLeaderEpochRequestOffsetForLeaderPartition>,
  version: number,
): void {
  const flexible = version >= 4;
  const partition = value.partition ?? 0;
  writer.writeInt32(partition);
  if (version >= 2) {
    const currentLeaderEpoch = value.currentLeaderEpoch ?? -1;
    writer.writeInt32(currentLeaderEpoch);
  }
  const leaderEpoch = value.leaderEpoch ?? 0;
  writer.writeInt32(leaderEpoch);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeOffsetForLeaderEpochRequestOffsetForLeaderTopic(
  reader: ByteReader,
  version: number,
): OffsetForLeaderEpochRequestOffsetForLeaderTopic {
  const flexible = version >= 4;
  const topic = flexible ? reader.readCompactString() : reader.readString();
  const partitions: OffsetForLeaderEpochRequestOffsetForLeaderPartition[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(8) : reader.readArrayCount(8)); count > 0; count--) {
    partitions.push(decodeOffsetForLeaderEpochRequestOffsetForLeaderPartition(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { topic, partitions };
}

function encodeOffsetForLeaderEpochRequestOffsetForLeaderTopic(
  writer: ByteWriter,
  value: Encodable<OffsetForLeaderEpochRequestOffsetForLeaderTopic>,
  version: number,
): void {
  const flexible = version >= 4;
  const topic = value.topic ?? '';
  flexible ? writer.writeCompactString(topic) : writer.writeString(topic);
  const partitions = value.partitions ?? [];
  if (flexible) writer.writeCompactArrayCount(partitions.length);
  else writer.writeArrayCount(partitions.length);
  for (const item of partitions) encodeOffsetForLeaderEpochRequestOffsetForLeaderPartition(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** Versions 0-4. */
export interface OffsetForLeaderEpochResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 2+) */
  throttleTimeMs: number;
  /** Each topic we fetched offsets for. (versions 0+) */
  topics: OffsetForLeaderEpochResponseOffsetForLeaderTopicResult[];
}

export interface OffsetForLeaderEpochResponseEpochEndOffset {
  /** The error code 0, or if there was no error. (versions 0+) */
  errorCode: number;
  /** The partition index. (versions 0+) */
  partition: number;
  /** The leader epoch of the partition. (versions 1+) */
  leaderEpoch: number;
  /** The end offset of the epoch. (versions 0+) */
  endOffset: bigint;
}

export interface OffsetForLeaderEpochResponseOffsetForLeaderTopicResult {
  /** The topic name. (versions 0+) */
  topic: string;
  /** Each partition in the topic we fetched offsets for. (versions 0+) */
  partitions: OffsetForLeaderEpochResponseEpochEndOffset[];
}

export function decodeOffsetForLeaderEpochResponse(
  reader: ByteReader,
  version: number,
): OffsetForLeaderEpochResponse {
  if (!(version >= 0 && version <= 4)) unsupportedDecode('OffsetForLeaderEpochResponse', version);
  const flexible = version >= 4;
  let throttleTimeMs: number = 0;
  if (version >= 2) {
    throttleTimeMs = reader.readInt32();
  }
  const topics: OffsetForLeaderEpochResponseOffsetForLeaderTopicResult[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3)); count > 0; count--) {
    topics.push(decodeOffsetForLeaderEpochResponseOffsetForLeaderTopicResult(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { throttleTimeMs, topics };
}

export function encodeOffsetForLeaderEpochResponse(
  writer: ByteWriter,
  value: Encodable<OffsetForLeaderEpochResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 4)) unsupportedEncode('OffsetForLeaderEpochResponse', version);
  const flexible = version >= 4;
  if (version >= 2) {
    const throttleTimeMs = value.throttleTimeMs ?? 0;
    writer.writeInt32(throttleTimeMs);
  }
  const topics = value.topics ?? [];
  if (flexible) writer.writeCompactArrayCount(topics.length);
  else writer.writeArrayCount(topics.length);
  for (const item of topics) encodeOffsetForLeaderEpochResponseOffsetForLeaderTopicResult(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeOffsetForLeaderEpochResponseEpochEndOffset(
  reader: ByteReader,
  version: number,
): OffsetForLeaderEpochResponseEpochEndOffset {
  const flexible = version >= 4;
  const errorCode = reader.readInt16();
  const partition = reader.readInt32();
  let leaderEpoch: number = -1;
  if (version >= 1) {
    leaderEpoch = reader.readInt32();
  }
  const endOffset = reader.readInt64();
  if (flexible) {
    reader.skipTags();
  }
  return { errorCode, partition, leaderEpoch, endOffset };
}

function encodeOffsetForLeaderEpochResponseEpochEndOffset(
  writer: ByteWriter,
  value: Encodable<OffsetForLeaderEpochResponseEpochEndOffset>,
  version: number,
): void {
  const flexible = version >= 4;
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const partition = value.partition ?? 0;
  writer.writeInt32(partition);
  if (version >= 1) {
    const leaderEpoch = value.leaderEpoch ?? -1;
    writer.writeInt32(leaderEpoch);
  }
  const endOffset = value.endOffset ?? -1n;
  writer.writeInt64(endOffset);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeOffsetForLeaderEpochResponseOffsetForLeaderTopicResult(
  reader: ByteReader,
  version: number,
): OffsetForLeaderEpochResponseOffsetForLeaderTopicResult {
  const flexible = version >= 4;
  const topic = flexible ? reader.readCompactString() : reader.readString();
  const partitions: OffsetForLeaderEpochResponseEpochEndOffset[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(14) : reader.readArrayCount(14)); count > 0; count--) {
    partitions.push(decodeOffsetForLeaderEpochResponseEpochEndOffset(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { topic, partitions };
}

function encodeOffsetForLeaderEpochResponseOffsetForLeaderTopicResult(
  writer: ByteWriter,
  value: Encodable<OffsetForLeaderEpochResponseOffsetForLeaderTopicResult>,
  version: number,
): void {
  const flexible = version >= 4;
  const topic = value.topic ?? '';
  flexible ? writer.writeCompactString(topic) : writer.writeString(topic);
  const partitions = value.partitions ?? [];
  if (flexible) writer.writeCompactArrayCount(partitions.length);
  else writer.writeArrayCount(partitions.length);
  for (const item of partitions) encodeOffsetForLeaderEpochResponseEpochEndOffset(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** OffsetForLeaderEpoch, ApiKey 23: versions 0-4, flexible since 4. */
export const offsetForLeaderEpochApi: KafkaApi<OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse> = {
  key: 23,
  name: 'OffsetForLeaderEpoch',
  versionMin: 0,
  versionMax: 4,
  flexibleSince: 4,
  latestVersionUnstable: false,
  decodeRequest: decodeOffsetForLeaderEpochRequest,
  encodeRequest: encodeOffsetForLeaderEpochRequest,
  decodeResponse: decodeOffsetForLeaderEpochResponse,
  encodeResponse: encodeOffsetForLeaderEpochResponse,
};
