// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { Buffer } from 'node:buffer';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { notInVersion, unsupportedDecode, unsupportedEncode, ZERO_UUID } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-10. */
export interface OffsetCommitRequest {
  /** The unique group identifier. (versions 0+) */
  groupId: string;
  /** The generation of the group if using the classic group protocol or the member epoch if using the consumer protocol. (versions 1+) */
  generationIdOrMemberEpoch: number;
  /** The member ID assigned by the group coordinator. (versions 1+) */
  memberId: string;
  /** The unique identifier of the consumer instance provided by end user. (versions 7+, nullable 7+) */
  groupInstanceId: string | null;
  /** The time period in ms to retain the offset. (versions 2-4) */
  retentionTimeMs: bigint;
  /** The topics to commit offsets for. (versions 0+) */
  topics: OffsetCommitRequestOffsetCommitRequestTopic[];
}

export interface OffsetCommitRequestOffsetCommitRequestPartition {
  /** The partition index. (versions 0+) */
  partitionIndex: number;
  /** The message offset to be committed. (versions 0+) */
  committedOffset: bigint;
  /** The leader epoch of this partition. (versions 6+) */
  committedLeaderEpoch: number;
  /** The timestamp of the commit. (versions 1) */
  commitTimestamp: bigint;
  /** Any associated metadata the client wants to keep. (versions 0+, nullable 0+) */
  committedMetadata: string | null;
}

export interface OffsetCommitRequestOffsetCommitRequestTopic {
  /** The topic name. (versions 0-9) */
  name: string;
  /** The topic ID. (versions 10+) */
  topicId: Buffer;
  /** Each partition to commit offsets for. (versions 0+) */
  partitions: OffsetCommitRequestOffsetCommitRequestPartition[];
}

export function decodeOffsetCommitRequest(
  reader: ByteReader,
  version: number,
): OffsetCommitRequest {
  if (!(version >= 0 && version <= 10)) unsupportedDecode('OffsetCommitRequest', version);
  const flexible = version >= 8;
  const groupId = flexible ? reader.readCompactString() : reader.readString();
  let generationIdOrMemberEpoch: number = -1;
  if (version >= 1) {
    generationIdOrMemberEpoch = reader.readInt32();
  }
  let memberId: string = '';
  if (version >= 1) {
    memberId = flexible ? reader.readCompactString() : reader.readString();
  }
  let groupInstanceId: string | null = null;
  if (version >= 7) {
    groupInstanceId = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  }
  let retentionTimeMs: bigint = -1n;
  if (version >= 2 && version <= 4) {
    retentionTimeMs = reader.readInt64();
  }
  const topics: OffsetCommitRequestOffsetCommitRequestTopic[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3)); count > 0; count--) {
    topics.push(decodeOffsetCommitRequestOffsetCommitRequestTopic(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { groupId, generationIdOrMemberEpoch, memberId, groupInstanceId, retentionTimeMs, topics };
}

export function encodeOffsetCommitRequest(
  writer: ByteWriter,
  value: Encodable<OffsetCommitRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 10)) unsupportedEncode('OffsetCommitRequest', version);
  const flexible = version >= 8;
  const groupId = value.groupId ?? '';
  flexible ? writer.writeCompactString(groupId) : writer.writeString(groupId);
  if (version >= 1) {
    const generationIdOrMemberEpoch = value.generationIdOrMemberEpoch ?? -1;
    writer.writeInt32(generationIdOrMemberEpoch);
  }
  if (version >= 1) {
    const memberId = value.memberId ?? '';
    flexible ? writer.writeCompactString(memberId) : writer.writeString(memberId);
  }
  if (version >= 7) {
    const groupInstanceId = value.groupInstanceId ?? null;
    flexible ? writer.writeCompactNullableString(groupInstanceId) : writer.writeNullableString(groupInstanceId);
  } else if ((value.groupInstanceId ?? null) !== null) notInVersion('OffsetCommitRequest.groupInstanceId', version);
  if (version >= 2 && version <= 4) {
    const retentionTimeMs = value.retentionTimeMs ?? -1n;
    writer.writeInt64(retentionTimeMs);
  }
  const topics = value.topics ?? [];
  if (flexible) writer.writeCompactArrayCount(topics.length);
  else writer.writeArrayCount(topics.length);
  for (const item of topics) encodeOffsetCommitRequestOffsetCommitRequestTopic(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeOffsetCommitRequestOffsetCommitRequestPartition(
  reader: ByteReader,
  version: number,
): OffsetCommitRequestOffsetCommitRequestPartition {
  const flexible = version >= 8;
  const partitionIndex = reader.readInt32();
  const committedOffset = reader.readInt64();
  let committedLeaderEpoch: number = -1;
  if (version >= 6) {
    committedLeaderEpoch = reader.readInt32();
  }
  let commitTimestamp: bigint = -1n;
  if (version >= 1 && version <= 1) {
    commitTimestamp = reader.readInt64();
  }
  const committedMetadata = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  if (flexible) {
    reader.skipTags();
  }
  return { partitionIndex, committedOffset, committedLeaderEpoch, commitTimestamp, committedMetadata };
}

function encodeOffsetCommitRequestOffsetCommitRequestPartition(
  writer: ByteWriter,
  value: Encodable<OffsetCommitRequestOffsetCommitRequestPartition>,
  version: number,
): void {
  const flexible = version >= 8;
  const partitionIndex = value.partitionIndex ?? 0;
  writer.writeInt32(partitionIndex);
  const committedOffset = value.committedOffset ?? 0n;
  writer.writeInt64(committedOffset);
  if (version >= 6) {
    const committedLeaderEpoch = value.committedLeaderEpoch ?? -1;
    writer.writeInt32(committedLeaderEpoch);
  }
  if (version >= 1 && version <= 1) {
    const commitTimestamp = value.commitTimestamp ?? -1n;
    writer.writeInt64(commitTimestamp);
  } else if (value.commitTimestamp !== undefined && BigInt(value.commitTimestamp) !== -1n) notInVersion('OffsetCommitRequestOffsetCommitRequestPartition.commitTimestamp', version);
  const committedMetadata = value.committedMetadata === undefined ? '' : value.committedMetadata;
  flexible ? writer.writeCompactNullableString(committedMetadata) : writer.writeNullableString(committedMetadata);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeOffsetCommitRequestOffsetCommitRequestTopic(
  reader: ByteReader,
  version: number,
): OffsetCommitRequestOffsetCommitRequestTopic {
  const flexible = version >= 8;
  let name: string = '';
  if (version <= 9) {
    name = flexible ? reader.readCompactString() : reader.readString();
  }
  let topicId: Buffer = ZERO_UUID;
  if (version >= 10) {
    topicId = reader.readUuid();
  }
  const partitions: OffsetCommitRequestOffsetCommitRequestPartition[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(14) : reader.readArrayCount(14)); count > 0; count--) {
    partitions.push(decodeOffsetCommitRequestOffsetCommitRequestPartition(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { name, topicId, partitions };
}

function encodeOffsetCommitRequestOffsetCommitRequestTopic(
  writer: ByteWriter,
  value: Encodable<OffsetCommitRequestOffsetCommitRequestTopic>,
  version: number,
): void {
  const flexible = version >= 8;
  if (version <= 9) {
    const name = value.name ?? '';
    flexible ? writer.writeCompactString(name) : writer.writeString(name);
  }
  if (version >= 10) {
    const topicId = value.topicId ?? ZERO_UUID;
    writer.writeUuid(topicId);
  }
  const partitions = value.partitions ?? [];
  if (flexible) writer.writeCompactArrayCount(partitions.length);
  else writer.writeArrayCount(partitions.length);
  for (const item of partitions) encodeOffsetCommitRequestOffsetCommitRequestPartition(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** Versions 0-10. */
export interface OffsetCommitResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 3+) */
  throttleTimeMs: number;
  /** The responses for each topic. (versions 0+) */
  topics: OffsetCommitResponseOffsetCommitResponseTopic[];
}

export interface OffsetCommitResponseOffsetCommitResponsePartition {
  /** The partition index. (versions 0+) */
  partitionIndex: number;
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
}

export interface OffsetCommitResponseOffsetCommitResponseTopic {
  /** The topic name. (versions 0-9) */
  name: string;
  /** The topic ID. (versions 10+) */
  topicId: Buffer;
  /** The responses for each partition in the topic. (versions 0+) */
  partitions: OffsetCommitResponseOffsetCommitResponsePartition[];
}

export function decodeOffsetCommitResponse(
  reader: ByteReader,
  version: number,
): OffsetCommitResponse {
  if (!(version >= 0 && version <= 10)) unsupportedDecode('OffsetCommitResponse', version);
  const flexible = version >= 8;
  let throttleTimeMs: number = 0;
  if (version >= 3) {
    throttleTimeMs = reader.readInt32();
  }
  const topics: OffsetCommitResponseOffsetCommitResponseTopic[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3)); count > 0; count--) {
    topics.push(decodeOffsetCommitResponseOffsetCommitResponseTopic(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { throttleTimeMs, topics };
}

export function encodeOffsetCommitResponse(
  writer: ByteWriter,
  value: Encodable<OffsetCommitResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 10)) unsupportedEncode('OffsetCommitResponse', version);
  const flexible = version >= 8;
  if (version >= 3) {
    const throttleTimeMs = value.throttleTimeMs ?? 0;
    writer.writeInt32(throttleTimeMs);
  }
  const topics = value.topics ?? [];
  if (flexible) writer.writeCompactArrayCount(topics.length);
  else writer.writeArrayCount(topics.length);
  for (const item of topics) encodeOffsetCommitResponseOffsetCommitResponseTopic(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeOffsetCommitResponseOffsetCommitResponsePartition(
  reader: ByteReader,
  version: number,
): OffsetCommitResponseOffsetCommitResponsePartition {
  const flexible = version >= 8;
  const partitionIndex = reader.readInt32();
  const errorCode = reader.readInt16();
  if (flexible) {
    reader.skipTags();
  }
  return { partitionIndex, errorCode };
}

function encodeOffsetCommitResponseOffsetCommitResponsePartition(
  writer: ByteWriter,
  value: Encodable<OffsetCommitResponseOffsetCommitResponsePartition>,
  version: number,
): void {
  const flexible = version >= 8;
  const partitionIndex = value.partitionIndex ?? 0;
  writer.writeInt32(partitionIndex);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeOffsetCommitResponseOffsetCommitResponseTopic(
  reader: ByteReader,
  version: number,
): OffsetCommitResponseOffsetCommitResponseTopic {
  const flexible = version >= 8;
  let name: string = '';
  if (version <= 9) {
    name = flexible ? reader.readCompactString() : reader.readString();
  }
  let topicId: Buffer = ZERO_UUID;
  if (version >= 10) {
    topicId = reader.readUuid();
  }
  const partitions: OffsetCommitResponseOffsetCommitResponsePartition[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(6) : reader.readArrayCount(6)); count > 0; count--) {
    partitions.push(decodeOffsetCommitResponseOffsetCommitResponsePartition(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { name, topicId, partitions };
}

function encodeOffsetCommitResponseOffsetCommitResponseTopic(
  writer: ByteWriter,
  value: Encodable<OffsetCommitResponseOffsetCommitResponseTopic>,
  version: number,
): void {
  const flexible = version >= 8;
  if (version <= 9) {
    const name = value.name ?? '';
    flexible ? writer.writeCompactString(name) : writer.writeString(name);
  }
  if (version >= 10) {
    const topicId = value.topicId ?? ZERO_UUID;
    writer.writeUuid(topicId);
  }
  const partitions = value.partitions ?? [];
  if (flexible) writer.writeCompactArrayCount(partitions.length);
  else writer.writeArrayCount(partitions.length);
  for (const item of partitions) encodeOffsetCommitResponseOffsetCommitResponsePartition(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** OffsetCommit, ApiKey 8: versions 0-10, flexible since 8. */
export const offsetCommitApi: KafkaApi<OffsetCommitRequest, OffsetCommitResponse> = {
  key: 8,
  name: 'OffsetCommit',
  versionMin: 0,
  versionMax: 10,
  flexibleSince: 8,
  latestVersionUnstable: false,
  decodeRequest: decodeOffsetCommitRequest,
  encodeRequest: encodeOffsetCommitRequest,
  decodeResponse: decodeOffsetCommitResponse,
  encodeResponse: encodeOffsetCommitResponse,
};
