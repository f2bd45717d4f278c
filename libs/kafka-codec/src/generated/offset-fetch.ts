// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { Buffer } from 'node:buffer';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { notInVersion, notNullable, unsupportedDecode, unsupportedEncode, ZERO_UUID } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-10. */
export interface OffsetFetchRequest {
  /** The group to fetch offsets for. (versions 0-7) */
  groupId: string;
  /** Each topic we would like to fetch offsets for, or null to fetch offsets for all topics. (versions 0-7, nullable 2-7) */
  topics: OffsetFetchRequestOffsetFetchRequestTopic[] | null;
  /** Each group we would like to fetch offsets for. (versions 8+) */
  groups: OffsetFetchRequestOffsetFetchRequestGroup[];
  /** Whether broker should hold on returning unstable offsets but set a retriable error code for the partitions. (versions 7+) */
  requireStable: boolean;
}

export interface OffsetFetchRequestOffsetFetchRequestTopic {
  /** The topic name. (versions 0-7) */
  name: string;
  /** The partition indexes we would like to fetch offsets for. (versions 0-7) */
  partitionIndexes: number[];
}

export interface OffsetFetchRequestOffsetFetchRequestTopics {
  /** The topic name. (versions 8-9) */
  name: string;
  /** The topic ID. (versions 10+) */
  topicId: Buffer;
  /** The partition indexes we would like to fetch offsets for. (versions 8+) */
  partitionIndexes: number[];
}

export interface OffsetFetchRequestOffsetFetchRequestGroup {
  /** The group ID. (versions 8+) */
  groupId: string;
  /** The member id. (versions 9+, nullable 9+) */
  memberId: string | null;
  /** The member epoch if using the new consumer protocol (KIP-848). (versions 9+) */
  memberEpoch: number;
  /** Each topic we would like to fetch offsets for, or null to fetch offsets for all topics. (versions 8+, nullable 8+) */
  topics: OffsetFetchRequestOffsetFetchRequestTopics[] | null;
}

export function decodeOffsetFetchRequest(
  reader: ByteReader,
  version: number,
): OffsetFetchRequest {
  if (!(version >= 0 && version <= 10)) unsupportedDecode('OffsetFetchRequest', version);
  const flexible = version >= 6;
  let groupId: string = '';
  if (version <= 7) {
    groupId = flexible ? reader.readCompactString() : reader.readString();
  }
  let topics: OffsetFetchRequestOffsetFetchRequestTopic[] | null = [];
  if (version <= 7) {
    const announced = flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3);
    const topicsCount = version >= 2 ? announced : reader.notNull(announced);
    if (topicsCount < 0) topics = null;
    else {
      topics = [];
      for (let count = topicsCount; count > 0; count--) topics.push(decodeOffsetFetchRequestOffsetFetchRequestTopic(reader, version));
    }
  }
  const groups: OffsetFetchRequestOffsetFetchRequestGroup[] = [];
  if (version >= 8) {
    for (let count = reader.notNull(reader.readCompactArrayCount(3)); count > 0; count--) {
      groups.push(decodeOffsetFetchRequestOffsetFetchRequestGroup(reader, version));
    }
  }
  let requireStable: boolean = false;
  if (version >= 7) {
    requireStable = reader.readBoolean();
  }
  if (flexible) {
    reader.skipTags();
  }
  return { groupId, topics, groups, requireStable };
}

export function encodeOffsetFetchRequest(
  writer: ByteWriter,
  value: Encodable<OffsetFetchRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 10)) unsupportedEncode('OffsetFetchRequest', version);
  const flexible = version >= 6;
  if (version <= 7) {
    const groupId = value.groupId ?? '';
    flexible ? writer.writeCompactString(groupId) : writer.writeString(groupId);
  } else if (value.groupId !== undefined && value.groupId !== '') notInVersion('OffsetFetchRequest.groupId', version);
  if (version <= 7) {
    const topics = value.topics === undefined ? [] : value.topics;
    if (topics === null && !(version >= 2)) notNullable('OffsetFetchRequest.topics', version);
    if (topics === null) {
      if (flexible) writer.writeCompactArrayCount(-1);
      else writer.writeArrayCount(-1);
    } else {
      if (flexible) writer.writeCompactArrayCount(topics.length);
      else writer.writeArrayCount(topics.length);
      for (const item of topics) encodeOffsetFetchRequestOffsetFetchRequestTopic(writer, item, version);
    }
  } else if (value.topics !== undefined && value.topics?.length !== 0) notInVersion('OffsetFetchRequest.topics', version);
  if (version >= 8) {
    const groups = value.groups ?? [];
    writer.writeCompactArrayCount(groups.length);
    for (const item of groups) encodeOffsetFetchRequestOffsetFetchRequestGroup(writer, item, version);
  } else if (value.groups !== undefined && value.groups.length !== 0) notInVersion('OffsetFetchRequest.groups', version);
  if (version >= 7) {
    const requireStable = value.requireStable ?? false;
    writer.writeBoolean(requireStable);
  } else if (value.requireStable !== undefined && value.requireStable !== false) notInVersion('OffsetFetchRequest.requireStable', version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeOffsetFetchRequestOffsetFetchRequestTopic(
  reader: ByteReader,
  version: number,
): OffsetFetchRequestOffsetFetchRequestTopic {
  const flexible = version >= 6;
  const name = flexible ? reader.readCompactString() : reader.readString();
  const partitionIndexes: number[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(4) : reader.readArrayCount(4)); count > 0; count--) {
    partitionIndexes.push(reader.readInt32());
  }
  if (flexible) {
    reader.skipTags();
  }
  return { name, partitionIndexes };
}

function encodeOffsetFetchRequestOffsetFetchRequestTopic(
  writer: ByteWriter,
  value: Encodable<OffsetFetchRequestOffsetFetchRequestTopic>,
  version: number,
): void {
  const flexible = version >= 6;
  const name = value.name ?? '';
  flexible ? writer.writeCompactString(name) : writer.writeString(name);
  const partitionIndexes = value.partitionIndexes ?? [];
  if (flexible) writer.writeCompactArrayCount(partitionIndexes.length);
  else writer.writeArrayCount(partitionIndexes.length);
  for (const item of partitionIndexes) writer.writeInt32(item);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeOffsetFetchRequestOffsetFetchRequestTopics(
  reader: ByteReader,
  version: number,
): OffsetFetchRequestOffsetFetchRequestTopics {
  let name: string = '';
  if (version <= 9) {
    name = reader.readCompactString();
  }
  let topicId: Buffer = ZERO_UUID;
  if (version >= 10) {
    topicId = reader.readUuid();
  }
  const partitionIndexes: number[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(4)); count > 0; count--) {
    partitionIndexes.push(reader.readInt32());
  }
  reader.skipTags();
  return { name, topicId, partitionIndexes };
}

function encodeOffsetFetchRequestOffsetFetchRequestTopics(
  writer: ByteWriter,
  value: Encodable<OffsetFetchRequestOffsetFetchRequestTopics>,
  version: number,
): void {
  if (version <= 9) {
    const name = value.name ?? '';
    writer.writeCompactString(name);
  }
  if (version >= 10) {
    const topicId = value.topicId ?? ZERO_UUID;
    writer.writeUuid(topicId);
  }
  const partitionIndexes = value.partitionIndexes ?? [];
  writer.writeCompactArrayCount(partitionIndexes.length);
  for (const item of partitionIndexes) writer.writeInt32(item);
  writer.writeUnsignedVarint(0);
}

function decodeOffsetFetchRequestOffsetFetchRequestGroup(
  reader: ByteReader,
  version: number,
): OffsetFetchRequestOffsetFetchRequestGroup {
  const groupId = reader.readCompactString();
  let memberId: string | null = null;
  if (version >= 9) {
    memberId = reader.readCompactNullableString();
  }
  let memberEpoch: number = -1;
  if (version >= 9) {
    memberEpoch = reader.readInt32();
  }
  let topics: OffsetFetchRequestOffsetFetchRequestTopics[] | null;
  const topicsCount = reader.readCompactArrayCount(3);
  if (topicsCount < 0) topics = null;
  else {
    topics = [];
    for (let count = topicsCount; count > 0; count--) topics.push(decodeOffsetFetchRequestOffsetFetchRequestTopics(reader, version));
  }
  reader.skipTags();
  return { groupId, memberId, memberEpoch, topics };
}

function encodeOffsetFetchRequestOffsetFetchRequestGroup(
  writer: ByteWriter,
  value: Encodable<OffsetFetchRequestOffsetFetchRequestGroup>,
  version: number,
): void {
  const groupId = value.groupId ?? '';
  writer.writeCompactString(groupId);
  if (version >= 9) {
    const memberId = value.memberId ?? null;
    writer.writeCompactNullableString(memberId);
  }
  if (version >= 9) {
    const memberEpoch = value.memberEpoch ?? -1;
    writer.writeInt32(memberEpoch);
  }
  const topics = value.topics === undefined ? [] : value.topics;
  if (topics === null) {
    writer.writeCompactArrayCount(-1);
  } else {
    writer.writeCompactArrayCount(topics.length);
    for (const item of topics) encodeOffsetFetchRequestOffsetFetchRequestTopics(writer, item, version);
  }
  writer.writeUnsignedVarint(0);
}

/** Versions 0-10. */
export interface OffsetFetchResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 3+) */
  throttleTimeMs: number;
  /** The responses per topic. (versions 0-7) */
  topics: OffsetFetchResponseOffsetFetchResponseTopic[];
  /** The top-level error code, or 0 if there was no error. (versions 2-7) */
  errorCode: number;
  /** The responses per group id. (versions 8+) */
  groups: OffsetFetchResponseOffsetFetchResponseGroup[];
}

export interface OffsetFetchResponseOffsetFetchResponsePartition {
  /** The partition index. (versions 0-7) */
  partitionIndex: number;
  /** The committed message offset. (versions 0-7) */
  committedOffset: bigint;
  /** The leader epoch. (versions 5-7) */
  committedLeaderEpoch: number;
  /** The partition metadata. (versions 0-7, nullable 0-7) */
  metadata: string | null;
  /** The error code, or 0 if there was no error. (versions 0-7) */
  errorCode: number;
}

export interface OffsetFetchResponseOffsetFetchResponseTopic {
  /** The topic name. (versions 0-7) */
  name: string;
  /** The responses per partition. (versions 0-7) */
  partitions: OffsetFetchResponseOffsetFetchResponsePartition[];
}

export interface OffsetFetchResponseOffsetFetchResponsePartitions {
  /** The partition index. (versions 8+) */
  partitionIndex: number;
  /** The committed message offset. (versions 8+) */
  committedOffset: bigint;
  /** The leader epoch. (versions 8+) */
  committedLeaderEpoch: number;
  /** The partition metadata. (versions 8+, nullable 8+) */
  metadata: string | null;
  /** The partition-level error code, or 0 if there was no error. (versions 8+) */
  errorCode: number;
}

export interface OffsetFetchResponseOffsetFetchResponseTopics {
  /** The topic name. (versions 8-9) */
  name: string;
  /** The topic ID. (versions 10+) */
  topicId: Buffer;
  /** The responses per partition. (versions 8+) */
  partitions: OffsetFetchResponseOffsetFetchResponsePartitions[];
}

export interface OffsetFetchResponseOffsetFetchResponseGroup {
  /** The group ID. (versions 8+) */
  groupId: string;
  /** The responses per topic. (versions 8+) */
  topics: OffsetFetchResponseOffsetFetchResponseTopics[];
  /** The group-level error code, or 0 if there was no error. (versions 8+) */
  errorCode: number;
}

export function decodeOffsetFetchResponse(
  reader: ByteReader,
  version: number,
): OffsetFetchResponse {
  if (!(version >= 0 && version <= 10)) unsupportedDecode('OffsetFetchResponse', version);
  const flexible = version >= 6;
  let throttleTimeMs: number = 0;
  if (version >= 3) {
    throttleTimeMs = reader.readInt32();
  }
  const topics: OffsetFetchResponseOffsetFetchResponseTopic[] = [];
  if (version <= 7) {
    for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3)); count > 0; count--) {
      topics.push(decodeOffsetFetchResponseOffsetFetchResponseTopic(reader, version));
    }
  }
  let errorCode: number = 0;
  if (version >= 2 && version <= 7) {
    errorCode = reader.readInt16();
  }
  const groups: OffsetFetchResponseOffsetFetchResponseGroup[] = [];
  if (version >= 8) {
    for (let count = reader.notNull(reader.readCompactArrayCount(5)); count > 0; count--) {
      groups.push(decodeOffsetFetchResponseOffsetFetchResponseGroup(reader, version));
    }
  }
  if (flexible) {
    reader.skipTags();
  }
  return { throttleTimeMs, topics, errorCode, groups };
}

export function encodeOffsetFetchResponse(
  writer: ByteWriter,
  value: Encodable<OffsetFetchResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 10)) unsupportedEncode('OffsetFetchResponse', version);
  const flexible = version >= 6;
  if (version >= 3) {
    const throttleTimeMs = value.throttleTimeMs ?? 0;
    writer.writeInt32(throttleTimeMs);
  }
  if (version <= 7) {
    const topics = value.topics ?? [];
    if (flexible) writer.writeCompactArrayCount(topics.length);
    else writer.writeArrayCount(topics.length);
    for (const item of topics) encodeOffsetFetchResponseOffsetFetchResponseTopic(writer, item, version);
  } else if (value.topics !== undefined && value.topics.length !== 0) notInVersion('OffsetFetchResponse.topics', version);
  if (version >= 2 && version <= 7) {
    const errorCode = value.errorCode ?? 0;
    writer.writeInt16(errorCode);
  }
  if (version >= 8) {
    const groups = value.groups ?? [];
    writer.writeCompactArrayCount(groups.length);
    for (const item of groups) encodeOffsetFetchResponseOffsetFetchResponseGroup(writer, item, version);
  } else if (value.groups !== undefined && value.groups.length !== 0) notInVersion('OffsetFetchResponse.groups', version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeOffsetFetchResponseOffsetFetchResponsePartition(
  reader: ByteReader,
  version: number,
): OffsetFetchResponseOffsetFetchResponsePartition {
  const flexible = version >= 6;
  const partitionIndex = reader.readInt32();
  const committedOffset = reader.readInt64();
  let committedLeaderEpoch: number = -1;
  if (version >= 5) {
    committedLeaderEpoch = reader.readInt32();
  }
  const metadata = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  const errorCode = reader.readInt16();
  if (flexible) {
    reader.skipTags();
  }
  return { partitionIndex, committedOffset, committedLeaderEpoch, metadata, errorCode };
}

function encodeOffsetFetchResponseOffsetFetchResponsePartition(
  writer: ByteWriter,
  value: Encodable<OffsetFetchResponseOffsetFetchResponsePartition>,
  version: number,
): void {
  const flexible = version >= 6;
  const partitionIndex = value.partitionIndex ?? 0;
  writer.writeInt32(partitionIndex);
  const committedOffset = value.committedOffset ?? 0n;
  writer.writeInt64(committedOffset);
  if (version >= 5) {
    const committedLeaderEpoch = value.committedLeaderEpoch ?? -1;
    writer.writeInt32(committedLeaderEpoch);
  }
  const metadata = value.metadata === undefined ? '' : value.metadata;
  flexible ? writer.writeCompactNullableString(metadata) : writer.writeNullableString(metadata);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeOffsetFetchResponseOffsetFetchResponseTopic(
  reader: ByteReader,
  version: number,
): OffsetFetchResponseOffsetFetchResponseTopic {
  const flexible = version >= 6;
  const name = flexible ? reader.readCompactString() : reader.readString();
  const partitions: OffsetFetchResponseOffsetFetchResponsePartition[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(16) : reader.readArrayCount(16)); count > 0; count--) {
    partitions.push(decodeOffsetFetchResponseOffsetFetchResponsePartition(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { name, partitions };
}

function encodeOffsetFetchResponseOffsetFetchResponseTopic(
  writer: ByteWriter,
  value: Encodable<OffsetFetchResponseOffsetFetchResponseTopic>,
  version: number,
): void {
  const flexible = version >= 6;
  const name = value.name ?? '';
  flexible ? writer.writeCompactString(name) : writer.writeString(name);
  const partitions = value.partitions ?? [];
  if (flexible) writer.writeCompactArrayCount(partitions.length);
  else writer.writeArrayCount(partitions.length);
  for (const item of partitions) encodeOffsetFetchResponseOffsetFetchResponsePartition(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeOffsetFetchResponseOffsetFetchResponsePartitions(
  reader: ByteReader,
  _version: number,
): OffsetFetchResponseOffsetFetchResponsePartitions {
  const partitionIndex = reader.readInt32();
  const committedOffset = reader.readInt64();
  const committedLeaderEpoch = reader.readInt32();
  const metadata = reader.readCompactNullableString();
  const errorCode = reader.readInt16();
  reader.skipTags();
  return { partitionIndex, committedOffset, committedLeaderEpoch, metadata, errorCode };
}

function encodeOffsetFetchResponseOffsetFetchResponsePartitions(
  writer: ByteWriter,
  value: Encodable<OffsetFetchResponseOffsetFetchResponsePartitions>,
  _version: number,
): void {
  const partitionIndex = value.partitionIndex ?? 0;
  writer.writeInt32(partitionIndex);
  const committedOffset = value.committedOffset ?? 0n;
  writer.writeInt64(committedOffset);
  const committedLeaderEpoch = value.committedLeaderEpoch ?? -1;
  writer.writeInt32(committedLeaderEpoch);
  const metadata = value.metadata === undefined ? '' : value.metadata;
  writer.writeCompactNullableString(metadata);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  writer.writeUnsignedVarint(0);
}

function decodeOffsetFetchResponseOffsetFetchResponseTopics(
  reader: ByteReader,
  version: number,
): OffsetFetchResponseOffsetFetchResponseTopics {
  let name: string = '';
  if (version <= 9) {
    name = reader.readCompactString();
  }
  let topicId: Buffer = ZERO_UUID;
  if (version >= 10) {
    topicId = reader.readUuid();
  }
  const partitions: OffsetFetchResponseOffsetFetchResponsePartitions[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(20)); count > 0; count--) {
    partitions.push(decodeOffsetFetchResponseOffsetFetchResponsePartitions(reader, version));
  }
  reader.skipTags();
  return { name, topicId, partitions };
}

function encodeOffsetFetchResponseOffsetFetchResponseTopics(
  writer: ByteWriter,
  value: Encodable<OffsetFetchResponseOffsetFetchResponseTopics>,
  version: number,
): void {
  if (version <= 9) {
    const name = value.name ?? '';
    writer.writeCompactString(name);
  }
  if (version >= 10) {
    const topicId = value.topicId ?? ZERO_UUID;
    writer.writeUuid(topicId);
  }
  const partitions = value.partitions ?? [];
  writer.writeCompactArrayCount(partitions.length);
  for (const item of partitions) encodeOffsetFetchResponseOffsetFetchResponsePartitions(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeOffsetFetchResponseOffsetFetchResponseGroup(
  reader: ByteReader,
  version: number,
): OffsetFetchResponseOffsetFetchResponseGroup {
  const groupId = reader.readCompactString();
  const topics: OffsetFetchResponseOffsetFetchResponseTopics[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(3)); count > 0; count--) {
    topics.push(decodeOffsetFetchResponseOffsetFetchResponseTopics(reader, version));
  }
  const errorCode = reader.readInt16();
  reader.skipTags();
  return { groupId, topics, errorCode };
}

function encodeOffsetFetchResponseOffsetFetchResponseGroup(
  writer: ByteWriter,
  value: Encodable<OffsetFetchResponseOffsetFetchResponseGroup>,
  version: number,
): void {
  const groupId = value.groupId ?? '';
  writer.writeCompactString(groupId);
  const topics = value.topics ?? [];
  writer.writeCompactArrayCount(topics.length);
  for (const item of topics) encodeOffsetFetchResponseOffsetFetchResponseTopics(writer, item, version);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  writer.writeUnsignedVarint(0);
}

/** OffsetFetch, ApiKey 9: versions 0-10, flexible since 6. */
export const offsetFetchApi: KafkaApi<OffsetFetchRequest, OffsetFetchResponse> = {
  key: 9,
  name: 'OffsetFetch',
  versionMin: 0,
  versionMax: 10,
  flexibleSince: 6,
  latestVersionUnstable: false,
  decodeRequest: decodeOffsetFetchRequest,
  encodeRequest: encodeOffsetFetchRequest,
  decodeResponse: decodeOffsetFetchResponse,
  encodeResponse: encodeOffsetFetchResponse,
};
