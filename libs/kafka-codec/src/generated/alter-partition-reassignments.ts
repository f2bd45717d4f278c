// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { notInVersion, unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-1. */
export interface AlterPartitionReassignmentsRequest {
  /** The time in ms to wait for the request to complete. (versions 0+) */
  timeoutMs: number;
  /** The option indicating whether changing the replication factor of any given partition as part of this request is a valid move. (versions 1+) */
  allowReplicationFactorChange: boolean;
  /** The topics to reassign. (versions 0+) */
  topics: AlterPartitionReassignmentsRequestReassignableTopic[];
}

export interface AlterPartitionReassignmentsRequestReassignablePartition {
  /** The partition index. (versions 0+) */
  partitionIndex: number;
  /** The replicas to place the partitions on, or null to cancel a pending reassignment for this partition. (versions 0+, nullable 0+) */
  replicas: number[] | null;
}

export interface AlterPartitionReassignmentsRequestReassignableTopic {
  /** The topic name. (versions 0+) */
  name: string;
  /** The partitions to reassign. (versions 0+) */
  partitions: AlterPartitionReassignmentsRequestReassignablePartition[];
}

export function decodeAlterPartitionReassignmentsRequest(
  reader: ByteReader,
  version: number,
): AlterPartitionReassignmentsRequest {
  if (!(version >= 0 && version <= 1)) unsupportedDecode('AlterPartitionReassignmentsRequest', version);
  const timeoutMs = reader.readInt32();
  let allowReplicationFactorChange: boolean = true;
  if (version >= 1) {
    allowReplicationFactorChange = reader.readBoolean();
  }
  const topics: AlterPartitionReassignmentsRequestReassignableTopic[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(3)); count > 0; count--) {
    topics.push(decodeAlterPartitionReassignmentsRequestReassignableTopic(reader, version));
  }
  reader.skipTags();
  return { timeoutMs, allowReplicationFactorChange, topics };
}

export function encodeAlterPartitionReassignmentsRequest(
  writer: ByteWriter,
  value: Encodable<AlterPartitionReassignmentsRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 1)) unsupportedEncode('AlterPartitionReassignmentsRequest', version);
  const timeoutMs = value.timeoutMs ?? 60000;
  writer.writeInt32(timeoutMs);
  if (version >= 1) {
    const allowReplicationFactorChange = value.allowReplicationFactorChange ?? true;
    writer.writeBoolean(allowReplicationFactorChange);
  } else if (value.allowReplicationFactorChange !== undefined && value.allowReplicationFactorChange !== true) notInVersion('AlterPartitionReassignmentsRequest.allowReplicationFactorChange', version);
  const topics = value.topics ?? [];
  writer.writeCompactArrayCount(topics.length);
  for (const item of topics) encodeAlterPartitionReassignmentsRequestReassignableTopic(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeAlterPartitionReassignmentsRequestReassignablePartition(
  reader: ByteReader,
  _version: number,
): AlterPartitionReassignmentsRequestReassignablePartition {
  const partitionIndex = reader.readInt32();
  let replicas: number[] | null;
  const replicasCount = reader.readCompactArrayCount(4);
  if (replicasCount < 0) replicas = null;
  else {
    replicas = [];
    for (let count = replicasCount; count > 0; count--) replicas.push(reader.readInt32());
  }
  reader.skipTags();
  return { partitionIndex, replicas };
}

function encodeAlterPartitionReassignmentsRequestReassignablePartition(
  writer: ByteWriter,
  value: Encodable<AlterPartitionReassignmentsRequestReassignablePartition>,
  _version: number,
): void {
  const partitionIndex = value.partitionIndex ?? 0;
  writer.writeInt32(partitionIndex);
  const replicas = value.replicas ?? null;
  if (replicas === null) {
    writer.writeCompactArrayCount(-1);
  } else {
    writer.writeCompactArrayCount(replicas.length);
    for (const item of replicas) writer.writeInt32(item);
  }
  writer.writeUnsignedVarint(0);
}

function decodeAlterPartitionReassignmentsRequestReassignableTopic(
  reader: ByteReader,
  version: number,
): AlterPartitionReassignmentsRequestReassignableTopic {
  const name = reader.readCompactString();
  const partitions: AlterPartitionReassignmentsRequestReassignablePartition[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(6)); count > 0; count--) {
    partitions.push(decodeAlterPartitionReassignmentsRequestReassignablePartition(reader, version));
  }
  reader.skipTags();
  return { name, partitions };
}

function encodeAlterPartitionReassignmentsRequestReassignableTopic(
  writer: ByteWriter,
  value: Encodable<AlterPartitionReassignmentsRequestReassignableTopic>,
  version: number,
): void {
  const name = value.name ?? '';
  writer.writeCompactString(name);
  const partitions = value.partitions ?? [];
  writer.writeCompactArrayCount(partitions.length);
  for (const item of partitions) encodeAlterPartitionReassignmentsRequestReassignablePartition(writer, item, version);
  writer.writeUnsignedVarint(0);
}

/** Versions 0-1. */
export interface AlterPartitionReassignmentsResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** The option indicating whether changing the replication factor of any given partition as part of the request was allowed. (versions 1+) */
  allowReplicationFactorChange: boolean;
  /** The top-level error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** The top-level error message, or null if there was no error. (versions 0+, nullable 0+) */
  errorMessage: string | null;
  /** The responses to topics to reassign. (versions 0+) */
  responses: AlterPartitionReassignmentsResponseReassignableTopicResponse[];
}

export interface AlterPartitionReassignmentsResponseReassignablePartitionResponse {
  /** The partition index. (versions 0+) */
  partitionIndex: number;
  /** The error code for this partition, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** The error message for this partition, or null if there was no error. (versions 0+, nullable 0+) */
  errorMessage: string | null;
}

export interface AlterPartitionReassignmentsResponseReassignableTopicResponse {
  /** The topic name. (versions 0+) */
  name: string;
  /** The responses to partitions to reassign. (versions 0+) */
  partitions: AlterPartitionReassignmentsResponseReassignablePartitionResponse[];
}

export function decodeAlterPartitionReassignmentsResponse(
  reader: ByteReader,
  version: number,
): AlterPartitionReassignmentsResponse {
  if (!(version >= 0 && version <= 1)) unsupportedDecode('AlterPartitionReassignmentsResponse', version);
  const throttleTimeMs = reader.readInt32();
  let allowReplicationFactorChange: boolean = true;
  if (version >= 1) {
    allowReplicationFactorChange = reader.readBoolean();
  }
  const errorCode = reader.readInt16();
  const errorMessage = reader.readCompactNullableString();
  const responses: AlterPartitionReassignmentsResponseReassignableTopicResponse[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(3)); count > 0; count--) {
    responses.push(decodeAlterPartitionReassignmentsResponseReassignableTopicResponse(reader, version));
  }
  reader.skipTags();
  return { throttleTimeMs, allowReplicationFactorChange, errorCode, errorMessage, responses };
}

export function encodeAlterPartitionReassignmentsResponse(
  writer: ByteWriter,
  value: Encodable<AlterPartitionReassignmentsResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 1)) unsupportedEncode('AlterPartitionReassignmentsResponse', version);
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  if (version >= 1) {
    const allowReplicationFactorChange = value.allowReplicationFactorChange ?? true;
    writer.writeBoolean(allowReplicationFactorChange);
  }
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const errorMessage = value.errorMessage === undefined ? '' : value.errorMessage;
  writer.writeCompactNullableString(errorMessage);
  const responses = value.responses ?? [];
  writer.writeCompactArrayCount(responses.length);
  for (const item of responses) encodeAlterPartitionReassignmentsResponseReassignableTopicResponse(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeAlterPartitionReassignmentsResponseReassignablePartitionResponse(
  reader: ByteReader,
  _version: number,
): AlterPartitionReassignmentsResponseReassignablePartitionResponse {
  const partitionIndex = reader.readInt32();
  const errorCode = reader.readInt16();
  const errorMessage = reader.readCompactNullableString();
  reader.skipTags();
  return { partitionIndex, errorCode, errorMessage };
}

function encodeAlterPartitionReassignmentsResponseReassignablePartitionResponse(
  writer: ByteWriter,
  value: Encodable<AlterPartitionReassignmentsResponseReassignablePartitionResponse>,
  _version: number,
): void {
  const partitionIndex = value.partitionIndex ?? 0;
  writer.writeInt32(partitionIndex);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const errorMessage = value.errorMessage === undefined ? '' : value.errorMessage;
  writer.writeCompactNullableString(errorMessage);
  writer.writeUnsignedVarint(0);
}

function decodeAlterPartitionReassignmentsResponseReassignableTopicResponse(
  reader: ByteReader,
  version: number,
): AlterPartitionReassignmentsResponseReassignableTopicResponse {
  const name = reader.readCompactString();
  const partitions: AlterPartitionReassignmentsResponseReassignablePartitionResponse[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(8)); count > 0; count--) {
    partitions.push(decodeAlterPartitionReassignmentsResponseReassignablePartitionResponse(reader, version));
  }
  reader.skipTags();
  return { name, partitions };
}

function encodeAlterPartitionReassignmentsResponseReassignableTopicResponse(
  writer: ByteWriter,
  value: Encodable<AlterPartitionReassignmentsResponseReassignableTopicResponse>,
  version: number,
): void {
  const name = value.name ?? '';
  writer.writeCompactString(name);
  const partitions = value.partitions ?? [];
  writer.writeCompactArrayCount(partitions.length);
  for (const item of partitions) encodeAlterPartitionReassignmentsResponseReassignablePartitionResponse(writer, item, version);
  writer.writeUnsignedVarint(0);
}

/** AlterPartitionReassignments, ApiKey 45: versions 0-1, flexible since 0. */
export const alterPartitionReassignmentsApi: KafkaApi<AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse> = {
  key: 45,
  name: 'AlterPartitionReassignments',
  versionMin: 0,
  versionMax: 1,
  flexibleSince: 0,
  latestVersionUnstable: false,
  decodeRequest: decodeAlterPartitionReassignmentsRequest,
  encodeRequest: encodeAlterPartitionReassignmentsRequest,
  decodeResponse: decodeAlterPartitionReassignmentsResponse,
  encodeResponse: encodeAlterPartitionReassignmentsResponse,
};
