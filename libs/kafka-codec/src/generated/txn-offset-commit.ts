// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { notInVersion, unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-5. */
export interface TxnOffsetCommitRequest {
  /** The ID of the transaction. (versions 0+) */
  transactionalId: string;
  /** The ID of the group. (versions 0+) */
  groupId: string;
  /** The current producer ID in use by the transactional ID. (versions 0+) */
  producerId: bigint;
  /** The current epoch associated with the producer ID. (versions 0+) */
  producerEpoch: number;
  /** The generation of the consumer. (versions 3+) */
  generationId: number;
  /** The member ID assigned by the group coordinator. (versions 3+) */
  memberId: string;
  /** The unique identifier of the consumer instance provided by end user. (versions 3+, nullable 3+) */
  groupInstanceId: string | null;
  /** Each topic that we want to commit offsets for. (versions 0+) */
  topics: TxnOffsetCommitRequestTxnOffsetCommitRequestTopic[];
}

export interface TxnOffsetCommitRequestTxnOffsetCommitRequestPartition {
  /** The index of the partition within the topic. (versions 0+) */
  partitionIndex: number;
  /** The message offset to be committed. (versions 0+) */
  committedOffset: bigint;
  /** The leader epoch of the last consumed record. (versions 2+) */
  committedLeaderEpoch: number;
  /** Any associated metadata the client wants to keep. (versions 0+, nullable 0+) */
  committedMetadata: string | null;
}

export interface TxnOffsetCommitRequestTxnOffsetCommitRequestTopic {
  /** The topic name. (versions 0+) */
  name: string;
  /** The partitions inside the topic that we want to commit offsets for. (versions 0+) */
  partitions: TxnOffsetCommitRequestTxnOffsetCommitRequestPartition[];
}

export function decodeTxnOffsetCommitRequest(
  reader: ByteReader,
  version: number,
): TxnOffsetCommitRequest {
  if (!(version >= 0 && version <= 5)) unsupportedDecode('TxnOffsetCommitRequest', version);
  const flexible = version >= 3;
  const transactionalId = flexible ? reader.readCompactString() : reader.readString();
  const groupId = flexible ? reader.readCompactString() : reader.readString();
  const producerId = reader.readInt64();
  const producerEpoch = reader.readInt16();
  let generationId: number = -1;
  if (version >= 3) {
    generationId = reader.readInt32();
  }
  let memberId: string = '';
  if (version >= 3) {
    memberId = reader.readCompactString();
  }
  let groupInstanceId: string | null = null;
  if (version >= 3) {
    groupInstanceId = reader.readCompactNullableString();
  }
  const topics: TxnOffsetCommitRequestTxnOffsetCommitRequestTopic[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3)); count > 0; count--) {
    topics.push(decodeTxnOffsetCommitRequestTxnOffsetCommitRequestTopic(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { transactionalId, groupId, producerId, producerEpoch, generationId, memberId, groupInstanceId, topics };
}

export function encodeTxnOffsetCommitRequest(
  writer: ByteWriter,
  value: Encodable<TxnOffsetCommitRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 5)) unsupportedEncode('TxnOffsetCommitRequest', version);
  const flexible = version >= 3;
  const transactionalId = value.transactionalId ?? '';
  flexible ? writer.writeCompactString(transactionalId) : writer.writeString(transactionalId);
  const groupId = value.groupId ?? '';
  flexible ? writer.writeCompactString(groupId) : writer.writeString(groupId);
  const producerId = value.producerId ?? 0n;
  writer.writeInt64(producerId);
  const producerEpoch = value.producerEpoch ?? 0;
  writer.writeInt16(producerEpoch);
  if (version >= 3) {
    const generationId = value.generationId ?? -1;
    writer.writeInt32(generationId);
  } else if (value.generationId !== undefined && value.generationId !== -1) notInVersion('TxnOffsetCommitRequest.generationId', version);
  if (version >= 3) {
    const memberId = value.memberId ?? '';
    writer.writeCompactString(memberId);
  } else if (value.memberId !== undefined && value.memberId !== '') notInVersion('TxnOffsetCommitRequest.memberId', version);
  if (version >= 3) {
    const groupInstanceId = value.groupInstanceId ?? null;
    writer.writeCompactNullableString(groupInstanceId);
  } else if ((value.groupInstanceId ?? null) !== null) notInVersion('TxnOffsetCommitRequest.groupInstanceId', version);
  const topics = value.topics ?? [];
  if (flexible) writer.writeCompactArrayCount(topics.length);
  else writer.writeArrayCount(topics.length);
  for (const item of topics) encodeTxnOffsetCommitRequestTxnOffsetCommitRequestTopic(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeTxnOffsetCommitRequestTxnOffsetCommitRequestPartition(
  reader: ByteReader,
  version: number,
): TxnOffsetCommitRequestTxnOffsetCommitRequestPartition {
  const flexible = version >= 3;
  const partitionIndex = reader.readInt32();
  const committedOffset = reader.readInt64();
  let committedLeaderEpoch: number = -1;
  if (version >= 2) {
    committedLeaderEpoch = reader.readInt32();
  }
  const committedMetadata = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  if (flexible) {
    reader.skipTags();
  }
  return { partitionIndex, committedOffset, committedLeaderEpoch, committedMetadata };
}

function encodeTxnOffsetCommitRequestTxnOffsetCommitRequestPartition(
  writer: ByteWriter,
  value: Encodable<TxnOffsetCommitRequestTxnOffsetCommitRequestPartition>,
  version: number,
): void {
  const flexible = version >= 3;
  const partitionIndex = value.partitionIndex ?? 0;
  writer.writeInt32(partitionIndex);
  const committedOffset = value.committedOffset ?? 0n;
  writer.writeInt64(committedOffset);
  if (version >= 2) {
    const committedLeaderEpoch = value.committedLeaderEpoch ?? -1;
    writer.writeInt32(committedLeaderEpoch);
  }
  const committedMetadata = value.committedMetadata === undefined ? '' : value.committedMetadata;
  flexible ? writer.writeCompactNullableString(committedMetadata) : writer.writeNullableString(committedMetadata);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeTxnOffsetCommitRequestTxnOffsetCommitRequestTopic(
  reader: ByteReader,
  version: number,
): TxnOffsetCommitRequestTxnOffsetCommitRequestTopic {
  const flexible = version >= 3;
  const name = flexible ? reader.readCompactString() : reader.readString();
  const partitions: TxnOffsetCommitRequestTxnOffsetCommitRequestPartition[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(14) : reader.readArrayCount(14)); count > 0; count--) {
    partitions.push(decodeTxnOffsetCommitRequestTxnOffsetCommitRequestPartition(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { name, partitions };
}

function encodeTxnOffsetCommitRequestTxnOffsetCommitRequestTopic(
  writer: ByteWriter,
  value: Encodable<TxnOffsetCommitRequestTxnOffsetCommitRequestTopic>,
  version: number,
): void {
  const flexible = version >= 3;
  const name = value.name ?? '';
  flexible ? writer.writeCompactString(name) : writer.writeString(name);
  const partitions = value.partitions ?? [];
  if (flexible) writer.writeCompactArrayCount(partitions.length);
  else writer.writeArrayCount(partitions.length);
  for (const item of partitions) encodeTxnOffsetCommitRequestTxnOffsetCommitRequestPartition(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** Versions 0-5. */
export interface TxnOffsetCommitResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** The responses for each topic. (versions 0+) */
  topics: TxnOffsetCommitResponseTxnOffsetCommitResponseTopic[];
}

export interface TxnOffsetCommitResponseTxnOffsetCommitResponsePartition {
  /** The partition index. (versions 0+) */
  partitionIndex: number;
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
}

export interface TxnOffsetCommitResponseTxnOffsetCommitResponseTopic {
  /** The topic name. (versions 0+) */
  name: string;
  /** The responses for each partition in the topic. (versions 0+) */
  partitions: TxnOffsetCommitResponseTxnOffsetCommitResponsePartition[];
}

export function decodeTxnOffsetCommitResponse(
  reader: ByteReader,
  version: number,
): TxnOffsetCommitResponse {
  if (!(version >= 0 && version <= 5)) unsupportedDecode('TxnOffsetCommitResponse', version);
  const flexible = version >= 3;
  const throttleTimeMs = reader.readInt32();
  const topics: TxnOffsetCommitResponseTxnOffsetCommitResponseTopic[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3)); count > 0; count--) {
    topics.push(decodeTxnOffsetCommitResponseTxnOffsetCommitResponseTopic(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { throttleTimeMs, topics };
}

export function encodeTxnOffsetCommitResponse(
  writer: ByteWriter,
  value: Encodable<TxnOffsetCommitResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 5)) unsupportedEncode('TxnOffsetCommitResponse', version);
  const flexible = version >= 3;
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  const topics = value.topics ?? [];
  if (flexible) writer.writeCompactArrayCount(topics.length);
  else writer.writeArrayCount(topics.length);
  for (const item of topics) encodeTxnOffsetCommitResponseTxnOffsetCommitResponseTopic(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeTxnOffsetCommitResponseTxnOffsetCommitResponsePartition(
  reader: ByteReader,
  version: number,
): TxnOffsetCommitResponseTxnOffsetCommitResponsePartition {
  const flexible = version >= 3;
  const partitionIndex = reader.readInt32();
  const errorCode = reader.readInt16();
  if (flexible) {
    reader.skipTags();
  }
  return { partitionIndex, errorCode };
}

function encodeTxnOffsetCommitResponseTxnOffsetCommitResponsePartition(
  writer: ByteWriter,
  value: Encodable<TxnOffsetCommitResponseTxnOffsetCommitResponsePartition>,
  version: number,
): void {
  const flexible = version >= 3;
  const partitionIndex = value.partitionIndex ?? 0;
  writer.writeInt32(partitionIndex);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeTxnOffsetCommitResponseTxnOffsetCommitResponseTopic(
  reader: ByteReader,
  version: number,
): TxnOffsetCommitResponseTxnOffsetCommitResponseTopic {
  const flexible = version >= 3;
  const name = flexible ? reader.readCompactString() : reader.readString();
  const partitions: TxnOffsetCommitResponseTxnOffsetCommitResponsePartition[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(6) : reader.readArrayCount(6)); count > 0; count--) {
    partitions.push(decodeTxnOffsetCommitResponseTxnOffsetCommitResponsePartition(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { name, partitions };
}

function encodeTxnOffsetCommitResponseTxnOffsetCommitResponseTopic(
  writer: ByteWriter,
  value: Encodable<TxnOffsetCommitResponseTxnOffsetCommitResponseTopic>,
  version: number,
): void {
  const flexible = version >= 3;
  const name = value.name ?? '';
  flexible ? writer.writeCompactString(name) : writer.writeString(name);
  const partitions = value.partitions ?? [];
  if (flexible) writer.writeCompactArrayCount(partitions.length);
  else writer.writeArrayCount(partitions.length);
  for (const item of partitions) encodeTxnOffsetCommitResponseTxnOffsetCommitResponsePartition(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** TxnOffsetCommit, ApiKey 28: versions 0-5, flexible since 3. */
export const txnOffsetCommitApi: KafkaApi<TxnOffsetCommitRequest, TxnOffsetCommitResponse> = {
  key: 28,
  name: 'TxnOffsetCommit',
  versionMin: 0,
  versionMax: 5,
  flexibleSince: 3,
  latestVersionUnstable: false,
  decodeRequest: decodeTxnOffsetCommitRequest,
  encodeRequest: encodeTxnOffsetCommitRequest,
  decodeResponse: decodeTxnOffsetCommitResponse,
  encodeResponse: encodeTxnOffsetCommitResponse,
};
