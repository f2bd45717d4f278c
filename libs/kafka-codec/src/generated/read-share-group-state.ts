// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { Buffer } from 'node:buffer';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { unsupportedDecode, unsupportedEncode, ZERO_UUID } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0. */
export interface ReadShareGroupStateRequest {
  /** The group identifier. (versions 0+) */
  groupId: string;
  /** The data for the topics. (versions 0+) */
  topics: ReadShareGroupStateRequestReadStateData[];
}

export interface ReadShareGroupStateRequestPartitionData {
  /** The partition index. (versions 0+) */
  partition: number;
  /** The leader epoch of the share-partition. (versions 0+) */
  leaderEpoch: number;
}

export interface ReadShareGroupStateRequestReadStateData {
  /** The topic identifier. (versions 0+) */
  topicId: Buffer;
  /** The data for the partitions. (versions 0+) */
  partitions: ReadShareGroupStateRequestPartitionData[];
}

export function decodeReadShareGroupStateRequest(
  reader: ByteReader,
  version: number,
): ReadShareGroupStateRequest {
  if (!(version >= 0 && version <= 0)) unsupportedDecode('ReadShareGroupStateRequest', version);
  const groupId = reader.readCompactString();
  const topics: ReadShareGroupStateRequestReadStateData[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(18)); count > 0; count--) {
    topics.push(decodeReadShareGroupStateRequestReadStateData(reader, version));
  }
  reader.skipTags();
  return { groupId, topics };
}

export function encodeReadShareGroupStateRequest(
  writer: ByteWriter,
  value: Encodable<ReadShareGroupStateRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 0)) unsupportedEncode('ReadShareGroupStateRequest', version);
  const groupId = value.groupId ?? '';
  writer.writeCompactString(groupId);
  const topics = value.topics ?? [];
  writer.writeCompactArrayCount(topics.length);
  for (const item of topics) encodeReadShareGroupStateRequestReadStateData(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeReadShareGroupStateRequestPartitionData(
  reader: ByteReader,
  _version: number,
): ReadShareGroupStateRequestPartitionData {
  const partition = reader.readInt32();
  const leaderEpoch = reader.readInt32();
  reader.skipTags();
  return { partition, leaderEpoch };
}

function encodeReadShareGroupStateRequestPartitionData(
  writer: ByteWriter,
  value: Encodable<ReadShareGroupStateRequestPartitionData>,
  _version: number,
): void {
  const partition = value.partition ?? 0;
  writer.writeInt32(partition);
  const leaderEpoch = value.leaderEpoch ?? 0;
  writer.writeInt32(leaderEpoch);
  writer.writeUnsignedVarint(0);
}

function decodeReadShareGroupStateRequestReadStateData(
  reader: ByteReader,
  version: number,
): ReadShareGroupStateRequestReadStateData {
  const topicId = reader.readUuid();
  const partitions: ReadShareGroupStateRequestPartitionData[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(9)); count > 0; count--) {
    partitions.push(decodeReadShareGroupStateRequestPartitionData(reader, version));
  }
  reader.skipTags();
  return { topicId, partitions };
}

function encodeReadShareGroupStateRequestReadStateData(
  writer: ByteWriter,
  value: Encodable<ReadShareGroupStateRequestReadStateData>,
  version: number,
): void {
  const topicId = value.topicId ?? ZERO_UUID;
  writer.writeUuid(topicId);
  const partitions = value.partitions ?? [];
  writer.writeCompactArrayCount(partitions.length);
  for (const item of partitions) encodeReadShareGroupStateRequestPartitionData(writer, item, version);
  writer.writeUnsignedVarint(0);
}

/** Versions 0. */
export interface ReadShareGroupStateResponse {
  /** The read results. (versions 0+) */
  results: ReadShareGroupStateResponseReadStateResult[];
}

export interface ReadShareGroupStateResponseStateBatch {
  /** The first offset of this state batch. (versions 0+) */
  firstOffset: bigint;
  /** The last offset of this state batch. (versions 0+) */
  lastOffset: bigint;
  /** The delivery state - 0:Available,2:Acked,4:Archived. (versions 0+) */
  deliveryState: number;
  /** The delivery count. (versions 0+) */
  deliveryCount: number;
}

export interface ReadShareGroupStateResponsePartitionResult {
  /** The partition index. (versions 0+) */
  partition: number;
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** The error message, or null if there was no error. (versions 0+, nullable 0+) */
  errorMessage: string | null;
  /** The state epoch of the share-partition. (versions 0+) */
  stateEpoch: number;
  /** The share-partition start offset, which can be -1 if it is not yet initialized. (versions 0+) */
  startOffset: bigint;
  /** The state batches for this share-partition. (versions 0+) */
  stateBatches: ReadShareGroupStateResponseStateBatch[];
}

export interface ReadShareGroupStateResponseReadStateResult {
  /** The topic identifier. (versions 0+) */
  topicId: Buffer;
  /** The results for the partitions. (versions 0+) */
  partitions: ReadShareGroupStateResponsePartitionResult[];
}

export function decodeReadShareGroupStateResponse(
  reader: ByteReader,
  version: number,
): ReadShareGroupStateResponse {
  if (!(version >= 0 && version <= 0)) unsupportedDecode('ReadShareGroupStateResponse', version);
  const results: ReadShareGroupStateResponseReadStateResult[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(18)); count > 0; count--) {
    results.push(decodeReadShareGroupStateResponseReadStateResult(reader, version));
  }
  reader.skipTags();
  return { results };
}

export function encodeReadShareGroupStateResponse(
  writer: ByteWriter,
  value: Encodable<ReadShareGroupStateResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 0)) unsupportedEncode('ReadShareGroupStateResponse', version);
  const results = value.results ?? [];
  writer.writeCompactArrayCount(results.length);
  for (const item of results) encodeReadShareGroupStateResponseReadStateResult(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeReadShareGroupStateResponseStateBatch(
  reader: ByteReader,
  _version: number,
): ReadShareGroupStateResponseStateBatch {
  const firstOffset = reader.readInt64();
  const lastOffset = reader.readInt64();
  const deliveryState = reader.readInt8();
  const deliveryCount = reader.readInt16();
  reader.skipTags();
  return { firstOffset, lastOffset, deliveryState, deliveryCount };
}

function encodeReadShareGroupStateResponseStateBatch(
  writer: ByteWriter,
  value: Encodable<ReadShareGroupStateResponseStateBatch>,
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

function decodeReadShareGroupStateResponsePartitionResult(
  reader: ByteReader,
  version: number,
): ReadShareGroupStateResponsePartitionResult {
  const partition = reader.readInt32();
  const errorCode = reader.readInt16();
  const errorMessage = reader.readCompactNullableString();
  const stateEpoch = reader.readInt32();
  const startOffset = reader.readInt64();
  const stateBatches: ReadShareGroupStateResponseStateBatch[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(20)); count > 0; count--) {
    stateBatches.push(decodeReadShareGroupStateResponseStateBatch(reader, version));
  }
  reader.skipTags();
  return { partition, errorCode, errorMessage, stateEpoch, startOffset, stateBatches };
}

function encodeReadShareGroupStateResponsePartitionResult(
  writer: ByteWriter,
  value: Encodable<ReadShareGroupStateResponsePartitionResult>,
  version: number,
): void {
  const partition = value.partition ?? 0;
  writer.writeInt32(partition);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const errorMessage = value.errorMessage ?? null;
  writer.writeCompactNullableString(errorMessage);
  const stateEpoch = value.stateEpoch ?? 0;
  writer.writeInt32(stateEpoch);
  const startOffset = value.startOffset ?? 0n;
  writer.writeInt64(startOffset);
  const stateBatches = value.stateBatches ?? [];
  writer.writeCompactArrayCount(stateBatches.length);
  for (const item of stateBatches) encodeReadShareGroupStateResponseStateBatch(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeReadShareGroupStateResponseReadStateResult(
  reader: ByteReader,
  version: number,
): ReadShareGroupStateResponseReadStateResult {
  const topicId = reader.readUuid();
  const partitions: ReadShareGroupStateResponsePartitionResult[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(21)); count > 0; count--) {
    partitions.push(decodeReadShareGroupStateResponsePartitionResult(reader, version));
  }
  reader.skipTags();
  return { topicId, partitions };
}

function encodeReadShareGroupStateResponseReadStateResult(
  writer: ByteWriter,
  value: Encodable<ReadShareGroupStateResponseReadStateResult>,
  version: number,
): void {
  const topicId = value.topicId ?? ZERO_UUID;
  writer.writeUuid(topicId);
  const partitions = value.partitions ?? [];
  writer.writeCompactArrayCount(partitions.length);
  for (const item of partitions) encodeReadShareGroupStateResponsePartitionResult(writer, item, version);
  writer.writeUnsignedVarint(0);
}

/** ReadShareGroupState, ApiKey 84: versions 0, flexible since 0. */
export const readShareGroupStateApi: KafkaApi<ReadShareGroupStateRequest, ReadShareGroupStateResponse> = {
  key: 84,
  name: 'ReadShareGroupState',
  versionMin: 0,
  versionMax: 0,
  flexibleSince: 0,
  latestVersionUnstable: false,
  decodeRequest: decodeReadShareGroupStateRequest,
  encodeRequest: encodeReadShareGroupStateRequest,
  decodeResponse: decodeReadShareGroupStateResponse,
  encodeResponse: encodeReadShareGroupStateResponse,
};
