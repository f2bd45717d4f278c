// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { Buffer } from 'node:buffer';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { unsupportedDecode, unsupportedEncode, ZERO_UUID } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0. */
export interface DescribeTopicPartitionsRequest {
  /** The topics to fetch details for. (versions 0+) */
  topics: DescribeTopicPartitionsRequestTopicRequest[];
  /** The maximum number of partitions included in the response. (versions 0+) */
  responsePartitionLimit: number;
  /** The first topic and partition index to fetch details for. (versions 0+, nullable 0+) */
  cursor: DescribeTopicPartitionsRequestCursor | null;
}

export interface DescribeTopicPartitionsRequestTopicRequest {
  /** The topic name. (versions 0+) */
  name: string;
}

export interface DescribeTopicPartitionsRequestCursor {
  /** The name for the first topic to process. (versions 0+) */
  topicName: string;
  /** The partition index to start with. (versions 0+) */
  partitionIndex: number;
}

export function decodeDescribeTopicPartitionsRequest(
  reader: ByteReader,
  version: number,
): DescribeTopicPartitionsRequest {
  if (!(version >= 0 && version <= 0)) unsupportedDecode('DescribeTopicPartitionsRequest', version);
  const topics: DescribeTopicPartitionsRequestTopicRequest[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(2)); count > 0; count--) {
    topics.push(decodeDescribeTopicPartitionsRequestTopicRequest(reader, version));
  }
  const responsePartitionLimit = reader.readInt32();
  const cursor = (reader.readStructPresent() ? decodeDescribeTopicPartitionsRequestCursor(reader, version) : null);
  reader.skipTags();
  return { topics, responsePartitionLimit, cursor };
}

export function encodeDescribeTopicPartitionsRequest(
  writer: ByteWriter,
  value: Encodable<DescribeTopicPartitionsRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 0)) unsupportedEncode('DescribeTopicPartitionsRequest', version);
  const topics = value.topics ?? [];
  writer.writeCompactArrayCount(topics.length);
  for (const item of topics) encodeDescribeTopicPartitionsRequestTopicRequest(writer, item, version);
  const responsePartitionLimit = value.responsePartitionLimit ?? 2000;
  writer.writeInt32(responsePartitionLimit);
  const cursor = value.cursor ?? null;
  writer.writeInt8(cursor === null ? -1 : 1);
  if (cursor !== null) encodeDescribeTopicPartitionsRequestCursor(writer, cursor, version);
  writer.writeUnsignedVarint(0);
}

function decodeDescribeTopicPartitionsRequestTopicRequest(
  reader: ByteReader,
  _version: number,
): DescribeTopicPartitionsRequestTopicRequest {
  const name = reader.readCompactString();
  reader.skipTags();
  return { name };
}

function encodeDescribeTopicPartitionsRequestTopicRequest(
  writer: ByteWriter,
  value: Encodable<DescribeTopicPartitionsRequestTopicRequest>,
  _version: number,
): void {
  const name = value.name ?? '';
  writer.writeCompactString(name);
  writer.writeUnsignedVarint(0);
}

function decodeDescribeTopicPartitionsRequestCursor(
  reader: ByteReader,
  _version: number,
): DescribeTopicPartitionsRequestCursor {
  const topicName = reader.readCompactString();
  const partitionIndex = reader.readInt32();
  reader.skipTags();
  return { topicName, partitionIndex };
}

function encodeDescribeTopicPartitionsRequestCursor(
  writer: ByteWriter,
  value: Encodable<DescribeTopicPartitionsRequestCursor>,
  _version: number,
): void {
  const topicName = value.topicName ?? '';
  writer.writeCompactString(topicName);
  const partitionIndex = value.partitionIndex ?? 0;
  writer.writeInt32(partitionIndex);
  writer.writeUnsignedVarint(0);
}

/** Versions 0. */
export interface DescribeTopicPartitionsResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** Each topic in the response. (versions 0+) */
  topics: DescribeTopicPartitionsResponseDescribeTopicPartitionsResponseTopic[];
  /** The next topic and partition index to fetch details for. (versions 0+, nullable 0+) */
  nextCursor: DescribeTopicPartitionsResponseCursor | null;
}

export interface DescribeTopicPartitionsResponseDescribeTopicPartitionsResponsePartition {
  /** The partition error, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** The partition index. (versions 0+) */
  partitionIndex: number;
  /** The ID of the leader broker. (versions 0+) */
  leaderId: number;
  /** The leader epoch of this partition. (versions 0+) */
  leaderEpoch: number;
  /** The set of all nodes that host this partition. (versions 0+) */
  replicaNodes: number[];
  /** The set of nodes that are in sync with the leader for this partition. (versions 0+) */
  isrNodes: number[];
  /** The new eligible leader replicas otherwise. (versions 0+, nullable 0+) */
  eligibleLeaderReplicas: number[] | null;
  /** The last known ELR. (versions 0+, nullable 0+) */
  lastKnownElr: number[] | null;
  /** The set of offline replicas of this partition. (versions 0+) */
  offlineReplicas: number[];
}

export interface DescribeTopicPartitionsResponseDescribeTopicPartitionsResponseTopic {
  /** The topic error, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** The topic name. (versions 0+, nullable 0+) */
  name: string | null;
  /** The topic id. (versions 0+) */
  topicId: Buffer;
  /** True if the topic is internal. (versions 0+) */
  isInternal: boolean;
  /** Each partition in the topic. (versions 0+) */
  partitions: DescribeTopicPartitionsResponseDescribeTopicPartitionsResponsePartition[];
  /** 32-bit bitfield to represent authorized operations for this topic. (versions 0+) */
  topicAuthorizedOperations: number;
}

export interface DescribeTopicPartitionsResponseCursor {
  /** The name for the first topic to process. (versions 0+) */
  topicName: string;
  /** The partition index to start with. (versions 0+) */
  partitionIndex: number;
}

export function decodeDescribeTopicPartitionsResponse(
  reader: ByteReader,
  version: number,
): DescribeTopicPartitionsResponse {
  if (!(version >= 0 && version <= 0)) unsupportedDecode('DescribeTopicPartitionsResponse', version);
  const throttleTimeMs = reader.readInt32();
  const topics: DescribeTopicPartitionsResponseDescribeTopicPartitionsResponseTopic[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(26)); count > 0; count--) {
    topics.push(decodeDescribeTopicPartitionsResponseDescribeTopicPartitionsResponseTopic(reader, version));
  }
  const nextCursor = (reader.readStructPresent() ? decodeDescribeTopicPartitionsResponseCursor(reader, version) : null);
  reader.skipTags();
  return { throttleTimeMs, topics, nextCursor };
}

export function encodeDescribeTopicPartitionsResponse(
  writer: ByteWriter,
  value: Encodable<DescribeTopicPartitionsResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 0)) unsupportedEncode('DescribeTopicPartitionsResponse', version);
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  const topics = value.topics ?? [];
  writer.writeCompactArrayCount(topics.length);
  for (const item of topics) encodeDescribeTopicPartitionsResponseDescribeTopicPartitionsResponseTopic(writer, item, version);
  const nextCursor = value.nextCursor ?? null;
  writer.writeInt8(nextCursor === null ? -1 : 1);
  if (nextCursor !== null) encodeDescribeTopicPartitionsResponseCursor(writer, nextCursor, version);
  writer.writeUnsignedVarint(0);
}

function decodeDescribeTopicPartitionsResponseDescribeTopicPartitionsResponsePartition(
  reader: ByteReader,
  _version: number,
): DescribeTopicPartitionsResponseDescribeTopicPartitionsResponsePartition {
  const errorCode = reader.readInt16();
  const partitionIndex = reader.readInt32();
  const leaderId = reader.readInt32();
  const leaderEpoch = reader.readInt32();
  const replicaNodes: number[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(4)); count > 0; count--) {
    replicaNodes.push(reader.readInt32());
  }
  const isrNodes: number[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(4)); count > 0; count--) {
    isrNodes.push(reader.readInt32());
  }
  let eligibleLeaderReplicas: number[] | null;
  const eligibleLeaderReplicasCount = reader.readCompactArrayCount(4);
  if (eligibleLeaderReplicasCount < 0) eligibleLeaderReplicas = null;
  else {
    eligibleLeaderReplicas = [];
    for (let count = eligibleLeaderReplicasCount; count > 0; count--) eligibleLeaderReplicas.push(reader.readInt32());
  }
  let lastKnownElr: number[] | null;
  const lastKnownElrCount = reader.readCompactArrayCount(4);
  if (lastKnownElrCount < 0) lastKnownElr = null;
  else {
    lastKnownElr = [];
    for (let count = lastKnownElrCount; count > 0; count--) lastKnownElr.push(reader.readInt32());
  }
  const offlineReplicas: number[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(4)); count > 0; count--) {
    offlineReplicas.push(reader.readInt32());
  }
  reader.skipTags();
  return { errorCode, partitionIndex, leaderId, leaderEpoch, replicaNodes, isrNodes, eligibleLeaderReplicas, lastKnownElr, offlineReplicas };
}

function encodeDescribeTopicPartitionsResponseDescribeTopicPartitionsResponsePartition(
  writer: ByteWriter,
  value: Encodable<DescribeTopicPartitionsResponseDescribeTopicPartitionsResponsePartition>,
  _version: number,
): void {
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const partitionIndex = value.partitionIndex ?? 0;
  writer.writeInt32(partitionIndex);
  const leaderId = value.leaderId ?? 0;
  writer.writeInt32(leaderId);
  const leaderEpoch = value.leaderEpoch ?? -1;
  writer.writeInt32(leaderEpoch);
  const replicaNodes = value.replicaNodes ?? [];
  writer.writeCompactArrayCount(replicaNodes.length);
  for (const item of replicaNodes) writer.writeInt32(item);
  const isrNodes = value.isrNodes ?? [];
  writer.writeCompactArrayCount(isrNodes.length);
  for (const item of isrNodes) writer.writeInt32(item);
  const eligibleLeaderReplicas = value.eligibleLeaderReplicas ?? null;
  if (eligibleLeaderReplicas === null) {
    writer.writeCompactArrayCount(-1);
  } else {
    writer.writeCompactArrayCount(eligibleLeaderReplicas.length);
    for (const item of eligibleLeaderReplicas) writer.writeInt32(item);
  }
  const lastKnownElr = value.lastKnownElr ?? null;
  if (lastKnownElr === null) {
    writer.writeCompactArrayCount(-1);
  } else {
    writer.writeCompactArrayCount(lastKnownElr.length);
    for (const item of lastKnownElr) writer.writeInt32(item);
  }
  const offlineReplicas = value.offlineReplicas ?? [];
  writer.writeCompactArrayCount(offlineReplicas.length);
  for (const item of offlineReplicas) writer.writeInt32(item);
  writer.writeUnsignedVarint(0);
}

function decodeDescribeTopicPartitionsResponseDescribeTopicPartitionsResponseTopic(
  reader: ByteReader,
  version: number,
): DescribeTopicPartitionsResponseDescribeTopicPartitionsResponseTopic {
  const errorCode = reader.readInt16();
  const name = reader.readCompactNullableString();
  const topicId = reader.readUuid();
  const isInternal = reader.readBoolean();
  const partitions: DescribeTopicPartitionsResponseDescribeTopicPartitionsResponsePartition[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(20)); count > 0; count--) {
    partitions.push(decodeDescribeTopicPartitionsResponseDescribeTopicPartitionsResponsePartition(reader, version));
  }
  const topicAuthorizedOperations = reader.readInt32();
  reader.skipTags();
  return { errorCode, name, topicId, isInternal, partitions, topicAuthorizedOperations };
}

function encodeDescribeTopicPartitionsResponseDescribeTopicPartitionsResponseTopic(
  writer: ByteWriter,
  value: Encodable<DescribeTopicPartitionsResponseDescribeTopicPartitionsResponseTopic>,
  version: number,
): void {
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const name = value.name === undefined ? '' : value.name;
  writer.writeCompactNullableString(name);
  const topicId = value.topicId ?? ZERO_UUID;
  writer.writeUuid(topicId);
  const isInternal = value.isInternal ?? false;
  writer.writeBoolean(isInternal);
  const partitions = value.partitions ?? [];
  writer.writeCompactArrayCount(partitions.length);
  for (const item of partitions) encodeDescribeTopicPartitionsResponseDescribeTopicPartitionsResponsePartition(writer, item, version);
  const topicAuthorizedOperations = value.topicAuthorizedOperations ?? -2147483648;
  writer.writeInt32(topicAuthorizedOperations);
  writer.writeUnsignedVarint(0);
}

function decodeDescribeTopicPartitionsResponseCursor(
  reader: ByteReader,
  _version: number,
): DescribeTopicPartitionsResponseCursor {
  const topicName = reader.readCompactString();
  const partitionIndex = reader.readInt32();
  reader.skipTags();
  return { topicName, partitionIndex };
}

function encodeDescribeTopicPartitionsResponseCursor(
  writer: ByteWriter,
  value: Encodable<DescribeTopicPartitionsResponseCursor>,
  _version: number,
): void {
  const topicName = value.topicName ?? '';
  writer.writeCompactString(topicName);
  const partitionIndex = value.partitionIndex ?? 0;
  writer.writeInt32(partitionIndex);
  writer.writeUnsignedVarint(0);
}

/** DescribeTopicPartitions, ApiKey 75: versions 0, flexible since 0. */
export const describeTopicPartitionsApi: KafkaApi<DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse> = {
  key: 75,
  name: 'DescribeTopicPartitions',
  versionMin: 0,
  versionMax: 0,
  flexibleSince: 0,
  latestVersionUnstable: false,
  decodeRequest: decodeDescribeTopicPartitionsRequest,
  encodeRequest: encodeDescribeTopicPartitionsRequest,
  decodeResponse: decodeDescribeTopicPartitionsResponse,
  encodeResponse: encodeDescribeTopicPartitionsResponse,
};
