// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { Buffer } from 'node:buffer';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { unsupportedDecode, unsupportedEncode, ZERO_UUID } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0. */
export interface DeleteShareGroupStateRequest {
  /** The group identifier. (versions 0+) */
  groupId: string;
  /** The data for the topics. (versions 0+) */
  topics: DeleteShareGroupStateRequestDeleteStateData[];
}

export interface DeleteShareGroupStateRequestPartitionData {
  /** The partition index. (versions 0+) */
  partition: number;
}

export interface DeleteShareGroupStateRequestDeleteStateData {
  /** The topic identifier. (versions 0+) */
  topicId: Buffer;
  /** The data for the partitions. (versions 0+) */
  partitions: DeleteShareGroupStateRequestPartitionData[];
}

export function decodeDeleteShareGroupStateRequest(
  reader: ByteReader,
  version: number,
): DeleteShareGroupStateRequest {
  if (!(version >= 0 && version <= 0)) unsupportedDecode('DeleteShareGroupStateRequest', version);
  const groupId = reader.readCompactString();
  const topics: DeleteShareGroupStateRequestDeleteStateData[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(18)); count > 0; count--) {
    topics.push(decodeDeleteShareGroupStateRequestDeleteStateData(reader, version));
  }
  reader.skipTags();
  return { groupId, topics };
}

export function encodeDeleteShareGroupStateRequest(
  writer: ByteWriter,
  value: Encodable<DeleteShareGroupStateRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 0)) unsupportedEncode('DeleteShareGroupStateRequest', version);
  const groupId = value.groupId ?? '';
  writer.writeCompactString(groupId);
  const topics = value.topics ?? [];
  writer.writeCompactArrayCount(topics.length);
  for (const item of topics) encodeDeleteShareGroupStateRequestDeleteStateData(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeDeleteShareGroupStateRequestPartitionData(
  reader: ByteReader,
  _version: number,
): DeleteShareGroupStateRequestPartitionData {
  const partition = reader.readInt32();
  reader.skipTags();
  return { partition };
}

function encodeDeleteShareGroupStateRequestPartitionData(
  writer: ByteWriter,
  value: Encodable<DeleteShareGroupStateRequestPartitionData>,
  _version: number,
): void {
  const partition = value.partition ?? 0;
  writer.writeInt32(partition);
  writer.writeUnsignedVarint(0);
}

function decodeDeleteShareGroupStateRequestDeleteStateData(
  reader: ByteReader,
  version: number,
): DeleteShareGroupStateRequestDeleteStateData {
  const topicId = reader.readUuid();
  const partitions: DeleteShareGroupStateRequestPartitionData[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(5)); count > 0; count--) {
    partitions.push(decodeDeleteShareGroupStateRequestPartitionData(reader, version));
  }
  reader.skipTags();
  return { topicId, partitions };
}

function encodeDeleteShareGroupStateRequestDeleteStateData(
  writer: ByteWriter,
  value: Encodable<DeleteShareGroupStateRequestDeleteStateData>,
  version: number,
): void {
  const topicId = value.topicId ?? ZERO_UUID;
  writer.writeUuid(topicId);
  const partitions = value.partitions ?? [];
  writer.writeCompactArrayCount(partitions.length);
  for (const item of partitions) encodeDeleteShareGroupStateRequestPartitionData(writer, item, version);
  writer.writeUnsignedVarint(0);
}

/** Versions 0. */
export interface DeleteShareGroupStateResponse {
  /** The delete results. (versions 0+) */
  results: DeleteShareGroupStateResponseDeleteStateResult[];
}

export interface DeleteShareGroupStateResponsePartitionResult {
  /** The partition index. (versions 0+) */
  partition: number;
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** The error message, or null if there was no error. (versions 0+, nullable 0+) */
  errorMessage: string | null;
}

export interface DeleteShareGroupStateResponseDeleteStateResult {
  /** The topic identifier. (versions 0+) */
  topicId: Buffer;
  /** The results for the partitions. (versions 0+) */
  partitions: DeleteShareGroupStateResponsePartitionResult[];
}

export function decodeDeleteShareGroupStateResponse(
  reader: ByteReader,
  version: number,
): DeleteShareGroupStateResponse {
  if (!(version >= 0 && version <= 0)) unsupportedDecode('DeleteShareGroupStateResponse', version);
  const results: DeleteShareGroupStateResponseDeleteStateResult[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(18)); count > 0; count--) {
    results.push(decodeDeleteShareGroupStateResponseDeleteStateResult(reader, version));
  }
  reader.skipTags();
  return { results };
}

export function encodeDeleteShareGroupStateResponse(
  writer: ByteWriter,
  value: Encodable<DeleteShareGroupStateResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 0)) unsupportedEncode('DeleteShareGroupStateResponse', version);
  const results = value.results ?? [];
  writer.writeCompactArrayCount(results.length);
  for (const item of results) encodeDeleteShareGroupStateResponseDeleteStateResult(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeDeleteShareGroupStateResponsePartitionResult(
  reader: ByteReader,
  _version: number,
): DeleteShareGroupStateResponsePartitionResult {
  const partition = reader.readInt32();
  const errorCode = reader.readInt16();
  const errorMessage = reader.readCompactNullableString();
  reader.skipTags();
  return { partition, errorCode, errorMessage };
}

function encodeDeleteShareGroupStateResponsePartitionResult(
  writer: ByteWriter,
  value: Encodable<DeleteShareGroupStateResponsePartitionResult>,
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

function decodeDeleteShareGroupStateResponseDeleteStateResult(
  reader: ByteReader,
  version: number,
): DeleteShareGroupStateResponseDeleteStateResult {
  const topicId = reader.readUuid();
  const partitions: DeleteShareGroupStateResponsePartitionResult[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(8)); count > 0; count--) {
    partitions.push(decodeDeleteShareGroupStateResponsePartitionResult(reader, version));
  }
  reader.skipTags();
  return { topicId, partitions };
}

function encodeDeleteShareGroupStateResponseDeleteStateResult(
  writer: ByteWriter,
  value: Encodable<DeleteShareGroupStateResponseDeleteStateResult>,
  version: number,
): void {
  const topicId = value.topicId ?? ZERO_UUID;
  writer.writeUuid(topicId);
  const partitions = value.partitions ?? [];
  writer.writeCompactArrayCount(partitions.length);
  for (const item of partitions) encodeDeleteShareGroupStateResponsePartitionResult(writer, item, version);
  writer.writeUnsignedVarint(0);
}

/** DeleteShareGroupState, ApiKey 86: versions 0, flexible since 0. */
export const deleteShareGroupStateApi: KafkaApi<DeleteShareGroupStateRequest, DeleteShareGroupStateResponse> = {
  key: 86,
  name: 'DeleteShareGroupState',
  versionMin: 0,
  versionMax: 0,
  flexibleSince: 0,
  latestVersionUnstable: false,
  decodeRequest: decodeDeleteShareGroupStateRequest,
  encodeRequest: encodeDeleteShareGroupStateRequest,
  decodeResponse: decodeDeleteShareGroupStateResponse,
  encodeResponse: encodeDeleteShareGroupStateResponse,
};
