// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { Buffer } from 'node:buffer';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { unsupportedDecode, unsupportedEncode, ZERO_UUID } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-1. */
export interface ReadShareGroupStateSummaryRequest {
  /** The group identifier. (versions 0+) */
  groupId: string;
  /** The data for the topics. (versions 0+) */
  topics: ReadShareGroupStateSummaryRequestReadStateSummaryData[];
}

export interface ReadShareGroupStateSummaryRequestPartitionData {
  /** The partition index. (versions 0+) */
  partition: number;
  /** The leader epoch of the share-partition. (versions 0+) */
  leaderEpoch: number;
}

export interface ReadShareGroupStateSummaryRequestReadStateSummaryData {
  /** The topic identifier. (versions 0+) */
  topicId: Buffer;
  /** The data for the partitions. (versions 0+) */
  partitions: ReadShareGroupStateSummaryRequestPartitionData[];
}

export function decodeReadShareGroupStateSummaryRequest(
  reader: ByteReader,
  version: number,
): ReadShareGroupStateSummaryRequest {
  if (!(version >= 0 && version <= 1)) unsupportedDecode('ReadShareGroupStateSummaryRequest', version);
  const groupId = reader.readCompactString();
  const topics: ReadShareGroupStateSummaryRequestReadStateSummaryData[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(18)); count > 0; count--) {
    topics.push(decodeReadShareGroupStateSummaryRequestReadStateSummaryData(reader, version));
  }
  reader.skipTags();
  return { groupId, topics };
}

export function encodeReadShareGroupStateSummaryRequest(
  writer: ByteWriter,
  value: Encodable<ReadShareGroupStateSummaryRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 1)) unsupportedEncode('ReadShareGroupStateSummaryRequest', version);
  const groupId = value.groupId ?? '';
  writer.writeCompactString(groupId);
  const topics = value.topics ?? [];
  writer.writeCompactArrayCount(topics.length);
  for (const item of topics) encodeReadShareGroupStateSummaryRequestReadStateSummaryData(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeReadShareGroupStateSummaryRequestPartitionData(
  reader: ByteReader,
  _version: number,
): ReadShareGroupStateSummaryRequestPartitionData {
  const partition = reader.readInt32();
  const leaderEpoch = reader.readInt32();
  reader.skipTags();
  return { partition, leaderEpoch };
}

function encodeReadShareGroupStateSummaryRequestPartitionData(
  writer: ByteWriter,
  value: Encodable<ReadShareGroupStateSummaryRequestPartitionData>,
  _version: number,
): void {
  const partition = value.partition ?? 0;
  writer.writeInt32(partition);
  const leaderEpoch = value.leaderEpoch ?? 0;
  writer.writeInt32(leaderEpoch);
  writer.writeUnsignedVarint(0);
}

function decodeReadShareGroupStateSummaryRequestReadStateSummaryData(
  reader: ByteReader,
  version: number,
): ReadShareGroupStateSummaryRequestReadStateSummaryData {
  const topicId = reader.readUuid();
  const partitions: ReadShareGroupStateSummaryRequestPartitionData[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(9)); count > 0; count--) {
    partitions.push(decodeReadShareGroupStateSummaryRequestPartitionData(reader, version));
  }
  reader.skipTags();
  return { topicId, partitions };
}

function encodeReadShareGroupStateSummaryRequestReadStateSummaryData(
  writer: ByteWriter,
  value: Encodable<ReadShareGroupStateSummaryRequestReadStateSummaryData>,
  version: number,
): void {
  const topicId = value.topicId ?? ZERO_UUID;
  writer.writeUuid(topicId);
  const partitions = value.partitions ?? [];
  writer.writeCompactArrayCount(partitions.length);
  for (const item of partitions) encodeReadShareGroupStateSummaryRequestPartitionData(writer, item, version);
  writer.writeUnsignedVarint(0);
}

/** Versions 0-1. */
export interface ReadShareGroupStateSummaryResponse {
  /** The read results. (versions 0+) */
  results: ReadShareGroupStateSummaryResponseReadStateSummaryResult[];
}

export interface ReadShareGroupStateSummaryResponsePartitionResult {
  /** The partition index. (versions 0+) */
  partition: number;
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** The error message, or null if there was no error. (versions 0+, nullable 0+) */
  errorMessage: string | null;
  /** The state epoch of the share-partition. (versions 0+) */
  stateEpoch: number;
  /** The leader epoch of the share-partition. (versions 0+) */
  leaderEpoch: number;
  /** The share-partition start offset. (versions 0+) */
  startOffset: bigint;
  /** The number of offsets greater than or equal to share-partition start offset for which delivery has been completed. (versions 1+) */
  deliveryCompleteCount: number;
}

export interface ReadShareGroupStateSummaryResponseReadStateSummaryResult {
  /** The topic identifier. (versions 0+) */
  topicId: Buffer;
  /** The results for the partitions. (versions 0+) */
  partitions: ReadShareGroupStateSummaryResponsePartitionResult[];
}

export function decodeReadShareGroupStateSummaryResponse(
  reader: ByteReader,
  version: number,
): ReadShareGroupStateSummaryResponse {
  if (!(version >= 0 && version <= 1)) unsupportedDecode('ReadShareGroupStateSummaryResponse', version);
  const results: ReadShareGroupStateSummaryResponseReadStateSummaryResult[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(18)); count > 0; count--) {
    results.push(decodeReadShareGroupStateSummaryResponseReadStateSummaryResult(reader, version));
  }
  reader.skipTags();
  return { results };
}

export function encodeReadShareGroupStateSummaryResponse(
  writer: ByteWriter,
  value: Encodable<ReadShareGroupStateSummaryResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 1)) unsupportedEncode('ReadShareGroupStateSummaryResponse', version);
  const results = value.results ?? [];
  writer.writeCompactArrayCount(results.length);
  for (const item of results) encodeReadShareGroupStateSummaryResponseReadStateSummaryResult(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeReadShareGroupStateSummaryResponsePartitionResult(
  reader: ByteReader,
  version: number,
): ReadShareGroupStateSummaryResponsePartitionResult {
  const partition = reader.readInt32();
  const errorCode = reader.readInt16();
  const errorMessage = reader.readCompactNullableString();
  const stateEpoch = reader.readInt32();
  const leaderEpoch = reader.readInt32();
  const startOffset = reader.readInt64();
  let deliveryCompleteCount: number = -1;
  if (version >= 1) {
    deliveryCompleteCount = reader.readInt32();
  }
  reader.skipTags();
  return { partition, errorCode, errorMessage, stateEpoch, leaderEpoch, startOffset, deliveryCompleteCount };
}

function encodeReadShareGroupStateSummaryResponsePartitionResult(
  writer: ByteWriter,
  value: Encodable<ReadShareGroupStateSummaryResponsePartitionResult>,
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
  const leaderEpoch = value.leaderEpoch ?? 0;
  writer.writeInt32(leaderEpoch);
  const startOffset = value.startOffset ?? 0n;
  writer.writeInt64(startOffset);
  if (version >= 1) {
    const deliveryCompleteCount = value.deliveryCompleteCount ?? -1;
    writer.writeInt32(deliveryCompleteCount);
  }
  writer.writeUnsignedVarint(0);
}

function decodeReadShareGroupStateSummaryResponseReadStateSummaryResult(
  reader: ByteReader,
  version: number,
): ReadShareGroupStateSummaryResponseReadStateSummaryResult {
  const topicId = reader.readUuid();
  const partitions: ReadShareGroupStateSummaryResponsePartitionResult[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(24)); count > 0; count--) {
    partitions.push(decodeReadShareGroupStateSummaryResponsePartitionResult(reader, version));
  }
  reader.skipTags();
  return { topicId, partitions };
}

function encodeReadShareGroupStateSummaryResponseReadStateSummaryResult(
  writer: ByteWriter,
  value: Encodable<ReadShareGroupStateSummaryResponseReadStateSummaryResult>,
  version: number,
): void {
  const topicId = value.topicId ?? ZERO_UUID;
  writer.writeUuid(topicId);
  const partitions = value.partitions ?? [];
  writer.writeCompactArrayCount(partitions.length);
  for (const item of partitions) encodeReadShareGroupStateSummaryResponsePartitionResult(writer, item, version);
  writer.writeUnsignedVarint(0);
}

/** ReadShareGroupStateSummary, ApiKey 87: versions 0-1, flexible since 0. */
export const readShareGroupStateSummaryApi: KafkaApi<ReadShareGroupStateSummaryRequest, ReadShareGroupStateSummaryResponse> = {
  key: 87,
  name: 'ReadShareGroupStateSummary',
  versionMin: 0,
  versionMax: 1,
  flexibleSince: 0,
  latestVersionUnstable: false,
  decodeRequest: decodeReadShareGroupStateSummaryRequest,
  encodeRequest: encodeReadShareGroupStateSummaryRequest,
  decodeResponse: decodeReadShareGroupStateSummaryResponse,
  encodeResponse: encodeReadShareGroupStateSummaryResponse,
};
