// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { notInVersion, unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-11. */
export interface ListOffsetsRequest {
  /** The broker ID of the requester, or -1 if this request is being made by a normal consumer. (versions 0+) */
  replicaId: number;
  /** This setting controls the visibility of transactional records. Using READ_UNCOMMITTED (isolation_level = 0) makes all records visible. With READ_COMMITTED (isolation_level = 1), non-transactional and COMMITTED transactional records are visible. To be more concrete, READ_COMMITTED returns all data from offsets smaller than the current LSO (last stable offset), and enables the inclusion of the list of aborted transactions in the result, which allows consumers to discard ABORTED transactional records. (versions 2+) */
  isolationLevel: number;
  /** Each topic in the request. (versions 0+) */
  topics: ListOffsetsRequestListOffsetsTopic[];
  /** The timeout to await a response in milliseconds for requests that require reading from remote storage for topics enabled with tiered storage. (versions 10+) */
  timeoutMs: number;
}

export interface ListOffsetsRequestListOffsetsPartition {
  /** The partition index. (versions 0+) */
  partitionIndex: number;
  /** The current leader epoch. (versions 4+) */
  currentLeaderEpoch: number;
  /** The current timestamp. (versions 0+) */
  timestamp: bigint;
  /** The maximum number of offsets to report. (versions 0) */
  maxNumOffsets: number;
}

export interface ListOffsetsRequestListOffsetsTopic {
  /** The topic name. (versions 0+) */
  name: string;
  /** Each partition in the request. (versions 0+) */
  partitions: ListOffsetsRequestListOffsetsPartition[];
}

export function decodeListOffsetsRequest(
  reader: ByteReader,
  version: number,
): ListOffsetsRequest {
  if (!(version >= 0 && version <= 11)) unsupportedDecode('ListOffsetsRequest', version);
  const flexible = version >= 6;
  const replicaId = reader.readInt32();
  let isolationLevel: number = 0;
  if (version >= 2) {
    isolationLevel = reader.readInt8();
  }
  const topics: ListOffsetsRequestListOffsetsTopic[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3)); count > 0; count--) {
    topics.push(decodeListOffsetsRequestListOffsetsTopic(reader, version));
  }
  let timeoutMs: number = 0;
  if (version >= 10) {
    timeoutMs = reader.readInt32();
  }
  if (flexible) {
    reader.skipTags();
  }
  return { replicaId, isolationLevel, topics, timeoutMs };
}

export function encodeListOffsetsRequest(
  writer: ByteWriter,
  value: Encodable<ListOffsetsRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 11)) unsupportedEncode('ListOffsetsRequest', version);
  const flexible = version >= 6;
  const replicaId = value.replicaId ?? 0;
  writer.writeInt32(replicaId);
  if (version >= 2) {
    const isolationLevel = value.isolationLevel ?? 0;
    writer.writeInt8(isolationLevel);
  } else if (value.isolationLevel !== undefined && value.isolationLevel !== 0) notInVersion('ListOffsetsRequest.isolationLevel', version);
  const topics = value.topics ?? [];
  if (flexible) writer.writeCompactArrayCount(topics.length);
  else writer.writeArrayCount(topics.length);
  for (const item of topics) encodeListOffsetsRequestListOffsetsTopic(writer, item, version);
  if (version >= 10) {
    const timeoutMs = value.timeoutMs ?? 0;
    writer.writeInt32(timeoutMs);
  }
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeListOffsetsRequestListOffsetsPartition(
  reader: ByteReader,
  version: number,
): ListOffsetsRequestListOffsetsPartition {
  const flexible = version >= 6;
  const partitionIndex = reader.readInt32();
  let currentLeaderEpoch: number = -1;
  if (version >= 4) {
    currentLeaderEpoch = reader.readInt32();
  }
  const timestamp = reader.readInt64();
  let maxNumOffsets: number = 1;
  if (version <= 0) {
    maxNumOffsets = reader.readInt32();
  }
  if (flexible) {
    reader.skipTags();
  }
  return { partitionIndex, currentLeaderEpoch, timestamp, maxNumOffsets };
}

function encodeListOffsetsRequestListOffsetsPartition(
  writer: ByteWriter,
  value: Encodable<ListOffsetsRequestListOffsetsPartition>,
  version: number,
): void {
  const flexible = version >= 6;
  const partitionIndex = value.partitionIndex ?? 0;
  writer.writeInt32(partitionIndex);
  if (version >= 4) {
    const currentLeaderEpoch = value.currentLeaderEpoch ?? -1;
    writer.writeInt32(currentLeaderEpoch);
  }
  const timestamp = value.timestamp ?? 0n;
  writer.writeInt64(timestamp);
  if (version <= 0) {
    const maxNumOffsets = value.maxNumOffsets ?? 1;
    writer.writeInt32(maxNumOffsets);
  } else if (value.maxNumOffsets !== undefined && value.maxNumOffsets !== 1) notInVersion('ListOffsetsRequestListOffsetsPartition.maxNumOffsets', version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeListOffsetsRequestListOffsetsTopic(
  reader: ByteReader,
  version: number,
): ListOffsetsRequestListOffsetsTopic {
  const flexible = version >= 6;
  const name = flexible ? reader.readCompactString() : reader.readString();
  const partitions: ListOffsetsRequestListOffsetsPartition[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(12) : reader.readArrayCount(12)); count > 0; count--) {
    partitions.push(decodeListOffsetsRequestListOffsetsPartition(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { name, partitions };
}

function encodeListOffsetsRequestListOffsetsTopic(
  writer: ByteWriter,
  value: Encodable<ListOffsetsRequestListOffsetsTopic>,
  version: number,
): void {
  const flexible = version >= 6;
  const name = value.name ?? '';
  flexible ? writer.writeCompactString(name) : writer.writeString(name);
  const partitions = value.partitions ?? [];
  if (flexible) writer.writeCompactArrayCount(partitions.length);
  else writer.writeArrayCount(partitions.length);
  for (const item of partitions) encodeListOffsetsRequestListOffsetsPartition(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** Versions 0-11. */
export interface ListOffsetsResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 2+) */
  throttleTimeMs: number;
  /** Each topic in the response. (versions 0+) */
  topics: ListOffsetsResponseListOffsetsTopicResponse[];
}

export interface ListOffsetsResponseListOffsetsPartitionResponse {
  /** The partition index. (versions 0+) */
  partitionIndex: number;
  /** The partition error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** The result offsets. (versions 0) */
  oldStyleOffsets: bigint[];
  /** The timestamp associated with the returned offset. (versions 1+) */
  timestamp: bigint;
  /** The returned offset. (versions 1+) */
  offset: bigint;
  /** The leader epoch associated with the returned offset. (versions 4+) */
  leaderEpoch: number;
}

export interface ListOffsetsResponseListOffsetsTopicResponse {
  /** The topic name. (versions 0+) */
  name: string;
  /** Each partition in the response. (versions 0+) */
  partitions: ListOffsetsResponseListOffsetsPartitionResponse[];
}

export function decodeListOffsetsResponse(
  reader: ByteReader,
  version: number,
): ListOffsetsResponse {
  if (!(version >= 0 && version <= 11)) unsupportedDecode('ListOffsetsResponse', version);
  const flexible = version >= 6;
  let throttleTimeMs: number = 0;
  if (version >= 2) {
    throttleTimeMs = reader.readInt32();
  }
  const topics: ListOffsetsResponseListOffsetsTopicResponse[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3)); count > 0; count--) {
    topics.push(decodeListOffsetsResponseListOffsetsTopicResponse(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { throttleTimeMs, topics };
}

export function encodeListOffsetsResponse(
  writer: ByteWriter,
  value: Encodable<ListOffsetsResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 11)) unsupportedEncode('ListOffsetsResponse', version);
  const flexible = version >= 6;
  if (version >= 2) {
    const throttleTimeMs = value.throttleTimeMs ?? 0;
    writer.writeInt32(throttleTimeMs);
  }
  const topics = value.topics ?? [];
  if (flexible) writer.writeCompactArrayCount(topics.length);
  else writer.writeArrayCount(topics.length);
  for (const item of topics) encodeListOffsetsResponseListOffsetsTopicResponse(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeListOffsetsResponseListOffsetsPartitionResponse(
  reader: ByteReader,
  version: number,
): ListOffsetsResponseListOffsetsPartitionResponse {
  const flexible = version >= 6;
  const partitionIndex = reader.readInt32();
  const errorCode = reader.readInt16();
  const oldStyleOffsets: bigint[] = [];
  if (version <= 0) {
    for (let count = reader.notNull(reader.readArrayCount(8)); count > 0; count--) {
      oldStyleOffsets.push(reader.readInt64());
    }
  }
  let timestamp: bigint = -1n;
  if (version >= 1) {
    timestamp = reader.readInt64();
  }
  let offset: bigint = -1n;
  if (version >= 1) {
    offset = reader.readInt64();
  }
  let leaderEpoch: number = -1;
  if (version >= 4) {
    leaderEpoch = reader.readInt32();
  }
  if (flexible) {
    reader.skipTags();
  }
  return { partitionIndex, errorCode, oldStyleOffsets, timestamp, offset, leaderEpoch };
}

function encodeListOffsetsResponseListOffsetsPartitionResponse(
  writer: ByteWriter,
  value: Encodable<ListOffsetsResponseListOffsetsPartitionResponse>,
  version: number,
): void {
  const flexible = version >= 6;
  const partitionIndex = value.partitionIndex ?? 0;
  writer.writeInt32(partitionIndex);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  if (version <= 0) {
    const oldStyleOffsets = value.oldStyleOffsets ?? [];
    writer.writeArrayCount(oldStyleOffsets.length);
    for (const item of oldStyleOffsets) writer.writeInt64(item);
  } else if (value.oldStyleOffsets !== undefined && value.oldStyleOffsets.length !== 0) notInVersion('ListOffsetsResponseListOffsetsPartitionResponse.oldStyleOffsets', version);
  if (version >= 1) {
    const timestamp = value.timestamp ?? -1n;
    writer.writeInt64(timestamp);
  } else if (value.timestamp !== undefined && BigInt(value.timestamp) !== -1n) notInVersion('ListOffsetsResponseListOffsetsPartitionResponse.timestamp', version);
  if (version >= 1) {
    const offset = value.offset ?? -1n;
    writer.writeInt64(offset);
  } else if (value.offset !== undefined && BigInt(value.offset) !== -1n) notInVersion('ListOffsetsResponseListOffsetsPartitionResponse.offset', version);
  if (version >= 4) {
    const leaderEpoch = value.leaderEpoch ?? -1;
    writer.writeInt32(leaderEpoch);
  } else if (value.leaderEpoch !== undefined && value.leaderEpoch !== -1) notInVersion('ListOffsetsResponseListOffsetsPartitionResponse.leaderEpoch', version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeListOffsetsResponseListOffsetsTopicResponse(
  reader: ByteReader,
  version: number,
): ListOffsetsResponseListOffsetsTopicResponse {
  const flexible = version >= 6;
  const name = flexible ? reader.readCompactString() : reader.readString();
  const partitions: ListOffsetsResponseListOffsetsPartitionResponse[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(10) : reader.readArrayCount(10)); count > 0; count--) {
    partitions.push(decodeListOffsetsResponseListOffsetsPartitionResponse(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { name, partitions };
}

function encodeListOffsetsResponseListOffsetsTopicResponse(
  writer: ByteWriter,
  value: Encodable<ListOffsetsResponseListOffsetsTopicResponse>,
  version: number,
): void {
  const flexible = version >= 6;
  const name = value.name ?? '';
  flexible ? writer.writeCompactString(name) : writer.writeString(name);
  const partitions = value.partitions ?? [];
  if (flexible) writer.writeCompactArrayCount(partitions.length);
  else writer.writeArrayCount(partitions.length);
  for (const item of partitions) encodeListOffsetsResponseListOffsetsPartitionResponse(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** ListOffsets, ApiKey 2: versions 0-11, flexible since 6. */
export const listOffsetsApi: KafkaApi<ListOffsetsRequest, ListOffsetsResponse> = {
  key: 2,
  name: 'ListOffsets',
  versionMin: 0,
  versionMax: 11,
  flexibleSince: 6,
  latestVersionUnstable: false,
  decodeRequest: decodeListOffsetsRequest,
  encodeRequest: encodeListOffsetsRequest,
  decodeResponse: decodeListOffsetsResponse,
  encodeResponse: encodeListOffsetsResponse,
};
