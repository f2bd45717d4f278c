// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { Buffer } from 'node:buffer';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { unsupportedDecode, unsupportedEncode, ZERO_UUID } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-1. */
export interface WriteShareGroupStateRequest {
  /** The group identifier. (versions 0+) */
  groupId: string;
  /** The data for the topics. (versions 0+) */
  topics: WriteShareGroupStateRequestWriteStateData[];
}

export interface WriteShareGroupStateRequestStateBatch {
  /** The first offset of this state batch. (versions 0+) */
  firstOffset: bigint;
  /** The last offset of this state batch. (versions 0+) */
  lastOffset: bigint;
  /** The delivery state - 0:Available,2:Acked,4:Archived. (versions 0+) */
  deliveryState: number;
  /** The delivery count. (versions 0+) */
  deliveryCount: number;
}

export interface WriteShareGroupStateRequestPartitionData {
  /** The partition index. (versions 0+) */
  partition: number;
  /** The state epoch of the share-partition. (versions 0+) */
  stateEpoch: number;
  /** The leader epoch of the share-partition. (versions 0+) */
  leaderEpoch: number;
  /** The share-partition start offset, or -1 if the start offset is not being written. (versions 0+) */
  startOffset: bigint;
  /** The number of offsets greater than or equal to share-partition start offset for which delivery has been completed. (versions 1+) */
  deliveryCompleteCount: number;
  /** The state batches for the share-partition. (versions 0+) */
  stateBatches: WriteShareGroupStateRequestStateBatch[];
}

export interface WriteShareGroupStateRequestWriteStateData {
  /** The topic identifier. (versions 0+) */
  topicId: Buffer;
  /** The data for the partitions. (versions 0+) */
  partitions: WriteShareGroupStateRequestPartitionData[];
}

export function decodeWriteShareGroupStateRequest(
  reader: ByteReader,
  version: number,
): WriteShareGroupStateRequest {
  if (!(version >= 0 && version <= 1)) unsupportedDecode('WriteShareGroupStateRequest', version);
  const groupId = reader.readCompactString();
  const topics: WriteShareGroupStateRequestWriteStateData[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(18)); count > 0; count--) {
    topics.push(decodeWriteShareGroupStateRequestWriteStateData(reader, version));
  }
  reader.skipTags();
  return { groupId, topics };
}

export function encodeWriteShareGroupStateRequest(
  writer: ByteWriter,
  value: Encodable<WriteShareGroupStateRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 1)) unsupportedEncode('WriteShareGroupStateRequest', version);
  const groupId = value.groupId ?? '';
  writer.writeCompactString(groupId);
  const topics = value.topics ?? [];
  writer.writeCompactArrayCount(topics.length);
  for (const item of topics) encodeWriteShareGroupStateRequestWriteStateData(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeWriteShareGroupStateRequestStateBatch(
  reader: ByteReader,
  _version: number,
): WriteShareGroupStateRequestStateBatch {
  const firstOffset = reader.readInt64();
  const lastOffset = reader.readInt64();
  const deliveryState = reader.readInt8();
  const deliveryCount = reader.readInt16();
  reader.skipTags();
  return { firstOffset, lastOffset, deliveryState, deliveryCount };
}

function encodeWriteShareGroupStateRequestStateBatch(
  writer: ByteWriter,
  value: Encodable<WriteShareGroupStateRequestStateBatch>,
  _version: number,
): void {
  const firstOffset = value.firstOffset ?? 0n;
  writer.writeInt64(firstOffset);
  const lastOffset = value.lastOffset ?? 0n;
  writer.writeInt64(lastOffset);
  const deliveryState = value.deliveryState ?? 0;
  writer.writeInt8(deliveryState);
  const deliveryCount = value.deliveryCount ?? 0;
  writer.writeInt16(deliveryCount);
  writer.writeUnsignedVarint(0);
}

function decodeWriteShareGroupStateRequestPartitionData(
  reader: ByteReader,
  version: number,
): WriteShareGroupStateRequestPartitionData {
  const partition = reader.readInt32();
  const stateEpoch = reader.readInt32();
  const leaderEpoch = reader.readInt32();
  const startOffset = reader.readInt64();
  let deliveryCompleteCount: number = -1;
  if (version >= 1) {
    deliveryCompleteCount = reader.readInt32();
  }
  const stateBatches: WriteShareGroupStateRequestStateBatch[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(20)); count > 0; count--) {
    stateBatches.push(decodeWriteShareGroupStateRequestStateBatch(reader, version));
  }
  reader.skipTags();
  return { partition, stateEpoch, leaderEpoch, startOffset, deliveryCompleteCount, stateBatches };
}

function encodeWriteShareGroupStateRequestPartitionData(
  writer: ByteWriter,
  value: Encodable<WriteShareGroupStateRequestPartitionData>,
  version: number,
): void {
  const partition = value.partition ?? 0;
  writer.writeInt32(partition);
  const stateEpoch = value.stateEpoch ?? 0;
  writer.writeInt32(stateEpoch);
  const leaderEpoch = value.leaderEpoch ?? 0;
  writer.writeInt32(leaderEpoch);
  const startOffset = value.startOffset ?? 0n;
  writer.writeInt64(startOffset);
  if (version >= 1) {
    const deliveryCompleteCount = value.deliveryCompleteCount ?? -1;
    writer.writeInt32(deliveryCompleteCount);
  }
  const stateBatches = value.stateBatches ?? [];
  writer.writeCompactArrayCount(stateBatches.length);
  for (const item of stateBatches) encodeWriteShareGroupStateRequestStateBatch(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeWriteShareGroupStateRequestWriteStateData(
  reader: ByteReader,
  version: number,
): WriteShareGroupStateRequestWriteStateData {
  const topicId = reader.readUuid();
  const partitions: WriteShareGroupStateRequestPartitionData[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(22)); count > 0; count--) {
    partitions.push(decodeWriteShareGroupStateRequestPartitionData(reader, version));
  }
  reader.skipTags();
  return { topicId, partitions };
}

function encodeWriteShareGroupStateRequestWriteStateData(
  writer: ByteWriter,
  value: Encodable<WriteShareGroupStateRequestWriteStateData>,
  version: number,
): void {
  const topicId = value.topicId ?? ZERO_UUID;
  writer.writeUuid(topicId);
  const partitions = value.partitions ?? [];
  writer.writeCompactArrayCount(partitions.length);
  for (const item of partitions) encodeWriteShareGroupStateRequestPartitionData(writer, item, version);
  writer.writeUnsignedVarint(0);
}

/** Versions 0-1. */
export interface WriteShareGroupStateResponse {
  /** The write results. (versions 0+) */
  results: WriteShareGroupStateResponseWriteStateResult[];
}

export interface WriteShareGroupStateResponsePartitionResult {
  /** The partition index. (versions 0+) */
  partition: number;
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** The error message, or null if there was no error. (versions 0+, nullable 0+) */
  errorMessage: string | null;
}

export interface WriteShareGroupStateResponseWriteStateResult {
  /** The topic identifier. (versions 0+) */
  topicId: Buffer;
  /** The results for the partitions. (versions 0+) */
  partitions: WriteShareGroupStateResponsePartitionResult[];
}

export function decodeWriteShareGroupStateResponse(
  reader: ByteReader,
  version: number,
): WriteShareGroupStateResponse {
  if (!(version >= 0 && version <= 1)) unsupportedDecode('WriteShareGroupStateResponse', version);
  const results: WriteShareGroupStateResponseWriteStateResult[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(18)); count > 0; count--) {
    results.push(decodeWriteShareGroupStateResponseWriteStateResult(reader, version));
  }
  reader.skipTags();
  return { results };
}

export function encodeWriteShareGroupStateResponse(
  writer: ByteWriter,
  value: Encodable<WriteShareGroupStateResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 1)) unsupportedEncode('WriteShareGroupStateResponse', version);
  const results = value.results ?? [];
  writer.writeCompactArrayCount(results.length);
  for (const item of results) encodeWriteShareGroupStateResponseWriteStateResult(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeWriteShareGroupStateResponsePartitionResult(
  reader: ByteReader,
  _version: number,
): WriteShareGroupStateResponsePartitionResult {
  const partition = reader.readInt32();
  const errorCode = reader.readInt16();
  const errorMessage = reader.readCompactNullableString();
  reader.skipTags();
  return { partition, errorCode, errorMessage };
}

function encodeWriteShareGroupStateResponsePartitionResult(
  writer: ByteWriter,
  value: Encodable<WriteShareGroupStateResponsePartitionResult>,
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

function decodeWriteShareGroupStateResponseWriteStateResult(
  reader: ByteReader,
  version: number,
): WriteShareGroupStateResponseWriteStateResult {
  const topicId = reader.readUuid();
  const partitions: WriteShareGroupStateResponsePartitionResult[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(8)); count > 0; count--) {
    partitions.push(decodeWriteShareGroupStateResponsePartitionResult(reader, version));
  }
  reader.skipTags();
  return { topicId, partitions };
}

function encodeWriteShareGroupStateResponseWriteStateResult(
  writer: ByteWriter,
  value: Encodable<WriteShareGroupStateResponseWriteStateResult>,
  version: number,
): void {
  const topicId = value.topicId ?? ZERO_UUID;
  writer.writeUuid(topicId);
  const partitions = value.partitions ?? [];
  writer.writeCompactArrayCount(partitions.length);
  for (const item of partitions) encodeWriteShareGroupStateResponsePartitionResult(writer, item, version);
  writer.writeUnsignedVarint(0);
}

/** WriteShareGroupState, ApiKey 85: versions 0-1, flexible since 0. */
export const writeShareGroupStateApi: KafkaApi<WriteShareGroupStateRequest, WriteShareGroupStateResponse> = {
  key: 85,
  name: 'WriteShareGroupState',
  versionMin: 0,
  versionMax: 1,
  flexibleSince: 0,
  latestVersionUnstable: false,
  decodeRequest: decodeWriteShareGroupStateRequest,
  encodeRequest: encodeWriteShareGroupStateRequest,
  decodeResponse: decodeWriteShareGroupStateResponse,
  encodeResponse: encodeWriteShareGroupStateResponse,
};
