// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-2. */
export interface DeleteRecordsRequest {
  /** Each topic that we want to delete records from. (versions 0+) */
  topics: DeleteRecordsRequestDeleteRecordsTopic[];
  /** How long to wait for the deletion to complete, in milliseconds. (versions 0+) */
  timeoutMs: number;
}

export interface DeleteRecordsRequestDeleteRecordsPartition {
  /** The partition index. (versions 0+) */
  partitionIndex: number;
  /** The deletion offset. -1 means that records should be truncated to the high watermark. (versions 0+) */
  offset: bigint;
}

export interface DeleteRecordsRequestDeleteRecordsTopic {
  /** The topic name. (versions 0+) */
  name: string;
  /** Each partition that we want to delete records from. (versions 0+) */
  partitions: DeleteRecordsRequestDeleteRecordsPartition[];
}

export function decodeDeleteRecordsRequest(
  reader: ByteReader,
  version: number,
): DeleteRecordsRequest {
  if (!(version >= 0 && version <= 2)) unsupportedDecode('DeleteRecordsRequest', version);
  const flexible = version >= 2;
  const topics: DeleteRecordsRequestDeleteRecordsTopic[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3)); count > 0; count--) {
    topics.push(decodeDeleteRecordsRequestDeleteRecordsTopic(reader, version));
  }
  const timeoutMs = reader.readInt32();
  if (flexible) {
    reader.skipTags();
  }
  return { topics, timeoutMs };
}

export function encodeDeleteRecordsRequest(
  writer: ByteWriter,
  value: Encodable<DeleteRecordsRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 2)) unsupportedEncode('DeleteRecordsRequest', version);
  const flexible = version >= 2;
  const topics = value.topics ?? [];
  if (flexible) writer.writeCompactArrayCount(topics.length);
  else writer.writeArrayCount(topics.length);
  for (const item of topics) encodeDeleteRecordsRequestDeleteRecordsTopic(writer, item, version);
  const timeoutMs = value.timeoutMs ?? 0;
  writer.writeInt32(timeoutMs);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeDeleteRecordsRequestDeleteRecordsPartition(
  reader: ByteReader,
  version: number,
): DeleteRecordsRequestDeleteRecordsPartition {
  const flexible = version >= 2;
  const partitionIndex = reader.readInt32();
  const offset = reader.readInt64();
  if (flexible) {
    reader.skipTags();
  }
  return { partitionIndex, offset };
}

function encodeDeleteRecordsRequestDeleteRecordsPartition(
  writer: ByteWriter,
  value: Encodable<DeleteRecordsRequestDeleteRecordsPartition>,
  version: number,
): void {
  const flexible = version >= 2;
  const partitionIndex = value.partitionIndex ?? 0;
  writer.writeInt32(partitionIndex);
  const offset = value.offset ?? 0n;
  writer.writeInt64(offset);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeDeleteRecordsRequestDeleteRecordsTopic(
  reader: ByteReader,
  version: number,
): DeleteRecordsRequestDeleteRecordsTopic {
  const flexible = version >= 2;
  const name = flexible ? reader.readCompactString() : reader.readString();
  const partitions: DeleteRecordsRequestDeleteRecordsPartition[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(12) : reader.readArrayCount(12)); count > 0; count--) {
    partitions.push(decodeDeleteRecordsRequestDeleteRecordsPartition(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { name, partitions };
}

function encodeDeleteRecordsRequestDeleteRecordsTopic(
  writer: ByteWriter,
  value: Encodable<DeleteRecordsRequestDeleteRecordsTopic>,
  version: number,
): void {
  const flexible = version >= 2;
  const name = value.name ?? '';
  flexible ? writer.writeCompactString(name) : writer.writeString(name);
  const partitions = value.partitions ?? [];
  if (flexible) writer.writeCompactArrayCount(partitions.length);
  else writer.writeArrayCount(partitions.length);
  for (const item of partitions) encodeDeleteRecordsRequestDeleteRecordsPartition(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** Versions 0-2. */
export interface DeleteRecordsResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** Each topic that we wanted to delete records from. (versions 0+) */
  topics: DeleteRecordsResponseDeleteRecordsTopicResult[];
}

export interface DeleteRecordsResponseDeleteRecordsPartitionResult {
  /** The partition index. (versions 0+) */
  partitionIndex: number;
  /** The partition low water mark. (versions 0+) */
  lowWatermark: bigint;
  /** The deletion error code, or 0 if the deletion succeeded. (versions 0+) */
  errorCode: number;
}

export interface DeleteRecordsResponseDeleteRecordsTopicResult {
  /** The topic name. (versions 0+) */
  name: string;
  /** Each partition that we wanted to delete records from. (versions 0+) */
  partitions: DeleteRecordsResponseDeleteRecordsPartitionResult[];
}

export function decodeDeleteRecordsResponse(
  reader: ByteReader,
  version: number,
): DeleteRecordsResponse {
  if (!(version >= 0 && version <= 2)) unsupportedDecode('DeleteRecordsResponse', version);
  const flexible = version >= 2;
  const throttleTimeMs = reader.readInt32();
  const topics: DeleteRecordsResponseDeleteRecordsTopicResult[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3)); count > 0; count--) {
    topics.push(decodeDeleteRecordsResponseDeleteRecordsTopicResult(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { throttleTimeMs, topics };
}

export function encodeDeleteRecordsResponse(
  writer: ByteWriter,
  value: Encodable<DeleteRecordsResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 2)) unsupportedEncode('DeleteRecordsResponse', version);
  const flexible = version >= 2;
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  const topics = value.topics ?? [];
  if (flexible) writer.writeCompactArrayCount(topics.length);
  else writer.writeArrayCount(topics.length);
  for (const item of topics) encodeDeleteRecordsResponseDeleteRecordsTopicResult(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeDeleteRecordsResponseDeleteRecordsPartitionResult(
  reader: ByteReader,
  version: number,
): DeleteRecordsResponseDeleteRecordsPartitionResult {
  const flexible = version >= 2;
  const partitionIndex = reader.readInt32();
  const lowWatermark = reader.readInt64();
  const errorCode = reader.readInt16();
  if (flexible) {
    reader.skipTags();
  }
  return { partitionIndex, lowWatermark, errorCode };
}

function encodeDeleteRecordsResponseDeleteRecordsPartitionResult(
  writer: ByteWriter,
  value: Encodable<DeleteRecordsResponseDeleteRecordsPartitionResult>,
  version: number,
): void {
  const flexible = version >= 2;
  const partitionIndex = value.partitionIndex ?? 0;
  writer.writeInt32(partitionIndex);
  const lowWatermark = value.lowWatermark ?? 0n;
  writer.writeInt64(lowWatermark);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeDeleteRecordsResponseDeleteRecordsTopicResult(
  reader: ByteReader,
  version: number,
): DeleteRecordsResponseDeleteRecordsTopicResult {
  const flexible = version >= 2;
  const name = flexible ? reader.readCompactString() : reader.readString();
  const partitions: DeleteRecordsResponseDeleteRecordsPartitionResult[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(14) : reader.readArrayCount(14)); count > 0; count--) {
    partitions.push(decodeDeleteRecordsResponseDeleteRecordsPartitionResult(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { name, partitions };
}

function encodeDeleteRecordsResponseDeleteRecordsTopicResult(
  writer: ByteWriter,
  value: Encodable<DeleteRecordsResponseDeleteRecordsTopicResult>,
  version: number,
): void {
  const flexible = version >= 2;
  const name = value.name ?? '';
  flexible ? writer.writeCompactString(name) : writer.writeString(name);
  const partitions = value.partitions ?? [];
  if (flexible) writer.writeCompactArrayCount(partitions.length);
  else writer.writeArrayCount(partitions.length);
  for (const item of partitions) encodeDeleteRecordsResponseDeleteRecordsPartitionResult(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** DeleteRecords, ApiKey 21: versions 0-2, flexible since 2. */
export const deleteRecordsApi: KafkaApi<DeleteRecordsRequest, DeleteRecordsResponse> = {
  key: 21,
  name: 'DeleteRecords',
  versionMin: 0,
  versionMax: 2,
  flexibleSince: 2,
  latestVersionUnstable: false,
  decodeRequest: decodeDeleteRecordsRequest,
  encodeRequest: encodeDeleteRecordsRequest,
  decodeResponse: decodeDeleteRecordsResponse,
  encodeResponse: encodeDeleteRecordsResponse,
};
