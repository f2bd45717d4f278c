// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0. */
export interface OffsetDeleteRequest {
  /** The unique group identifier. (versions 0+) */
  groupId: string;
  /** The topics to delete offsets for. (versions 0+) */
  topics: OffsetDeleteRequestOffsetDeleteRequestTopic[];
}

export interface OffsetDeleteRequestOffsetDeleteRequestPartition {
  /** The partition index. (versions 0+) */
  partitionIndex: number;
}

export interface OffsetDeleteRequestOffsetDeleteRequestTopic {
  /** The topic name. (versions 0+) */
  name: string;
  /** Each partition to delete offsets for. (versions 0+) */
  partitions: OffsetDeleteRequestOffsetDeleteRequestPartition[];
}

export function decodeOffsetDeleteRequest(
  reader: ByteReader,
  version: number,
): OffsetDeleteRequest {
  if (!(version >= 0 && version <= 0)) unsupportedDecode('OffsetDeleteRequest', version);
  const groupId = reader.readString();
  const topics: OffsetDeleteRequestOffsetDeleteRequestTopic[] = [];
  for (let count = reader.notNull(reader.readArrayCount(6)); count > 0; count--) {
    topics.push(decodeOffsetDeleteRequestOffsetDeleteRequestTopic(reader, version));
  }
  return { groupId, topics };
}

export function encodeOffsetDeleteRequest(
  writer: ByteWriter,
  value: Encodable<OffsetDeleteRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 0)) unsupportedEncode('OffsetDeleteRequest', version);
  const groupId = value.groupId ?? '';
  writer.writeString(groupId);
  const topics = value.topics ?? [];
  writer.writeArrayCount(topics.length);
  for (const item of topics) encodeOffsetDeleteRequestOffsetDeleteRequestTopic(writer, item, version);
}

function decodeOffsetDeleteRequestOffsetDeleteRequestPartition(
  reader: ByteReader,
  _version: number,
): OffsetDeleteRequestOffsetDeleteRequestPartition {
  const partitionIndex = reader.readInt32();
  return { partitionIndex };
}

function encodeOffsetDeleteRequestOffsetDeleteRequestPartition(
  writer: ByteWriter,
  value: Encodable<OffsetDeleteRequestOffsetDeleteRequestPartition>,
  _version: number,
): void {
  const partitionIndex = value.partitionIndex ?? 0;
  writer.writeInt32(partitionIndex);
}

function decodeOffsetDeleteRequestOffsetDeleteRequestTopic(
  reader: ByteReader,
  version: number,
): OffsetDeleteRequestOffsetDeleteRequestTopic {
  const name = reader.readString();
  const partitions: OffsetDeleteRequestOffsetDeleteRequestPartition[] = [];
  for (let count = reader.notNull(reader.readArrayCount(4)); count > 0; count--) {
    partitions.push(decodeOffsetDeleteRequestOffsetDeleteRequestPartition(reader, version));
  }
  return { name, partitions };
}

function encodeOffsetDeleteRequestOffsetDeleteRequestTopic(
  writer: ByteWriter,
  value: Encodable<OffsetDeleteRequestOffsetDeleteRequestTopic>,
  version: number,
): void {
  const name = value.name ?? '';
  writer.writeString(name);
  const partitions = value.partitions ?? [];
  writer.writeArrayCount(partitions.length);
  for (const item of partitions) encodeOffsetDeleteRequestOffsetDeleteRequestPartition(writer, item, version);
}

/** Versions 0. */
export interface OffsetDeleteResponse {
  /** The top-level error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** The responses for each topic. (versions 0+) */
  topics: OffsetDeleteResponseOffsetDeleteResponseTopic[];
}

export interface OffsetDeleteResponseOffsetDeleteResponsePartition {
  /** The partition index. (versions 0+) */
  partitionIndex: number;
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
}

export interface OffsetDeleteResponseOffsetDeleteResponseTopic {
  /** The topic name. (versions 0+) */
  name: string;
  /** The responses for each partition in the topic. (versions 0+) */
  partitions: OffsetDeleteResponseOffsetDeleteResponsePartition[];
}

export function decodeOffsetDeleteResponse(
  reader: ByteReader,
  version: number,
): OffsetDeleteResponse {
  if (!(version >= 0 && version <= 0)) unsupportedDecode('OffsetDeleteResponse', version);
  const errorCode = reader.readInt16();
  const throttleTimeMs = reader.readInt32();
  const topics: OffsetDeleteResponseOffsetDeleteResponseTopic[] = [];
  for (let count = reader.notNull(reader.readArrayCount(6)); count > 0; count--) {
    topics.push(decodeOffsetDeleteResponseOffsetDeleteResponseTopic(reader, version));
  }
  return { errorCode, throttleTimeMs, topics };
}

export function encodeOffsetDeleteResponse(
  writer: ByteWriter,
  value: Encodable<OffsetDeleteResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 0)) unsupportedEncode('OffsetDeleteResponse', version);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  const topics = value.topics ?? [];
  writer.writeArrayCount(topics.length);
  for (const item of topics) encodeOffsetDeleteResponseOffsetDeleteResponseTopic(writer, item, version);
}

function decodeOffsetDeleteResponseOffsetDeleteResponsePartition(
  reader: ByteReader,
  _version: number,
): OffsetDeleteResponseOffsetDeleteResponsePartition {
  const partitionIndex = reader.readInt32();
  const errorCode = reader.readInt16();
  return { partitionIndex, errorCode };
}

function encodeOffsetDeleteResponseOffsetDeleteResponsePartition(
  writer: ByteWriter,
  value: Encodable<OffsetDeleteResponseOffsetDeleteResponsePartition>,
  _version: number,
): void {
  const partitionIndex = value.partitionIndex ?? 0;
  writer.writeInt32(partitionIndex);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
}

function decodeOffsetDeleteResponseOffsetDeleteResponseTopic(
  reader: ByteReader,
  version: number,
): OffsetDeleteResponseOffsetDeleteResponseTopic {
  const name = reader.readString();
  const partitions: OffsetDeleteResponseOffsetDeleteResponsePartition[] = [];
  for (let count = reader.notNull(reader.readArrayCount(6)); count > 0; count--) {
    partitions.push(decodeOffsetDeleteResponseOffsetDeleteResponsePartition(reader, version));
  }
  return { name, partitions };
}

function encodeOffsetDeleteResponseOffsetDeleteResponseTopic(
  writer: ByteWriter,
  value: Encodable<OffsetDeleteResponseOffsetDeleteResponseTopic>,
  version: number,
): void {
  const name = value.name ?? '';
  writer.writeString(name);
  const partitions = value.partitions ?? [];
  writer.writeArrayCount(partitions.length);
  for (const item of partitions) encodeOffsetDeleteResponseOffsetDeleteResponsePartition(writer, item, version);
}

/** OffsetDelete, ApiKey 47: versions 0. */
export const offsetDeleteApi: KafkaApi<OffsetDeleteRequest, OffsetDeleteResponse> = {
  key: 47,
  name: 'OffsetDelete',
  versionMin: 0,
  versionMax: 0,
  flexibleSince: -1,
  latestVersionUnstable: false,
  decodeRequest: decodeOffsetDeleteRequest,
  encodeRequest: encodeOffsetDeleteRequest,
  decodeResponse: decodeOffsetDeleteResponse,
  encodeResponse: encodeOffsetDeleteResponse,
};
