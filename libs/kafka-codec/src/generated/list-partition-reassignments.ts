// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0. */
export interface ListPartitionReassignmentsRequest {
  /** The time in ms to wait for the request to complete. (versions 0+) */
  timeoutMs: number;
  /** The topics to list partition reassignments for, or null to list everything. (versions 0+, nullable 0+) */
  topics: ListPartitionReassignmentsRequestListPartitionReassignmentsTopics[] | null;
}

export interface ListPartitionReassignmentsRequestListPartitionReassignmentsTopics {
  /** The topic name. (versions 0+) */
  name: string;
  /** The partitions to list partition reassignments for. (versions 0+) */
  partitionIndexes: number[];
}

export function decodeListPartitionReassignmentsRequest(
  reader: ByteReader,
  version: number,
): ListPartitionReassignmentsRequest {
  if (!(version >= 0 && version <= 0)) unsupportedDecode('ListPartitionReassignmentsRequest', version);
  const timeoutMs = reader.readInt32();
  let topics: ListPartitionReassignmentsRequestListPartitionReassignmentsTopics[] | null;
  const topicsCount = reader.readCompactArrayCount(3);
  if (topicsCount < 0) topics = null;
  else {
    topics = [];
    for (let count = topicsCount; count > 0; count--) topics.push(decodeListPartitionReassignmentsRequestListPartitionReassignmentsTopics(reader, version));
  }
  reader.skipTags();
  return { timeoutMs, topics };
}

export function encodeListPartitionReassignmentsRequest(
  writer: ByteWriter,
  value: Encodable<ListPartitionReassignmentsRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 0)) unsupportedEncode('ListPartitionReassignmentsRequest', version);
  const timeoutMs = value.timeoutMs ?? 60000;
  writer.writeInt32(timeoutMs);
  const topics = value.topics ?? null;
  if (topics === null) {
    writer.writeCompactArrayCount(-1);
  } else {
    writer.writeCompactArrayCount(topics.length);
    for (const item of topics) encodeListPartitionReassignmentsRequestListPartitionReassignmentsTopics(writer, item, version);
  }
  writer.writeUnsignedVarint(0);
}

function decodeListPartitionReassignmentsRequestListPartitionReassignmentsTopics(
  reader: ByteReader,
  _version: number,
): ListPartitionReassignmentsRequestListPartitionReassignmentsTopics {
  const name = reader.readCompactString();
  const partitionIndexes: number[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(4)); count > 0; count--) {
    partitionIndexes.push(reader.readInt32());
  }
  reader.skipTags();
  return { name, partitionIndexes };
}

function encodeListPartitionReassignmentsRequestListPartitionReassignmentsTopics(
  writer: ByteWriter,
  value: Encodable<ListPartitionReassignmentsRequestListPartitionReassignmentsTopics>,
  _version: number,
): void {
  const name = value.name ?? '';
  writer.writeCompactString(name);
  const partitionIndexes = value.partitionIndexes ?? [];
  writer.writeCompactArrayCount(partitionIndexes.length);
  for (const item of partitionIndexes) writer.writeInt32(item);
  writer.writeUnsignedVarint(0);
}

/** Versions 0. */
export interface ListPartitionReassignmentsResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** The top-level error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** The top-level error message, or null if there was no error. (versions 0+, nullable 0+) */
  errorMessage: string | null;
  /** The ongoing reassignments for each topic. (versions 0+) */
  topics: ListPartitionReassignmentsResponseOngoingTopicReassignment[];
}

export interface ListPartitionReassignmentsResponseOngoingPartitionReassignment {
  /** The index of the partition. (versions 0+) */
  partitionIndex: number;
  /** The current replica set. (versions 0+) */
  replicas: number[];
  /** The set of replicas we are currently adding. (versions 0+) */
  addingReplicas: number[];
  /** The set of replicas we are currently removing. (versions 0+) */
  removingReplicas: number[];
}

export interface ListPartitionReassignmentsResponseOngoingTopicReassignment {
  /** The topic name. (versions 0+) */
  name: string;
  /** The ongoing reassignments for each partition. (versions 0+) */
  partitions: ListPartitionReassignmentsResponseOngoingPartitionReassignment[];
}

export function decodeListPartitionReassignmentsResponse(
  reader: ByteReader,
  version: number,
): ListPartitionReassignmentsResponse {
  if (!(version >= 0 && version <= 0)) unsupportedDecode('ListPartitionReassignmentsResponse', version);
  const throttleTimeMs = reader.readInt32();
  const errorCode = reader.readInt16();
  const errorMessage = reader.readCompactNullableString();
  const topics: ListPartitionReassignmentsResponseOngoingTopicReassignment[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(3)); count > 0; count--) {
    topics.push(decodeListPartitionReassignmentsResponseOngoingTopicReassignment(reader, version));
  }
  reader.skipTags();
  return { throttleTimeMs, errorCode, errorMessage, topics };
}

export function encodeListPartitionReassignmentsResponse(
  writer: ByteWriter,
  value: Encodable<ListPartitionReassignmentsResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 0)) unsupportedEncode('ListPartitionReassignmentsResponse', version);
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const errorMessage = value.errorMessage === undefined ? '' : value.errorMessage;
  writer.writeCompactNullableString(errorMessage);
  const topics = value.topics ?? [];
  writer.writeCompactArrayCount(topics.length);
  for (const item of topics) encodeListPartitionReassignmentsResponseOngoingTopicReassignment(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeListPartitionReassignmentsResponseOngoingPartitionReassignment(
  reader: ByteReader,
  _version: number,
): ListPartitionReassignmentsResponseOngoingPartitionReassignment {
  const partitionIndex = reader.readInt32();
  const replicas: number[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(4)); count > 0; count--) {
    replicas.push(reader.readInt32());
  }
  const addingReplicas: number[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(4)); count > 0; count--) {
    addingReplicas.push(reader.readInt32());
  }
  const removingReplicas: number[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(4)); count > 0; count--) {
    removingReplicas.push(reader.readInt32());
  }
  reader.skipTags();
  return { partitionIndex, replicas, addingReplicas, removingReplicas };
}

function encodeListPartitionReassignmentsResponseOngoingPartitionReassignment(
  writer: ByteWriter,
  value: Encodable<ListPartitionReassignmentsResponseOngoingPartitionReassignment>,
  _version: number,
): void {
  const partitionIndex = value.partitionIndex ?? 0;
  writer.writeInt32(partitionIndex);
  const replicas = value.replicas ?? [];
  writer.writeCompactArrayCount(replicas.length);
  for (const item of replicas) writer.writeInt32(item);
  const addingReplicas = value.addingReplicas ?? [];
  writer.writeCompactArrayCount(addingReplicas.length);
  for (const item of addingReplicas) writer.writeInt32(item);
  const removingReplicas = value.removingReplicas ?? [];
  writer.writeCompactArrayCount(removingReplicas.length);
  for (const item of removingReplicas) writer.writeInt32(item);
  writer.writeUnsignedVarint(0);
}

function decodeListPartitionReassignmentsResponseOngoingTopicReassignment(
  reader: ByteReader,
  version: number,
): ListPartitionReassignmentsResponseOngoingTopicReassignment {
  const name = reader.readCompactString();
  const partitions: ListPartitionReassignmentsResponseOngoingPartitionReassignment[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(8)); count > 0; count--) {
    partitions.push(decodeListPartitionReassignmentsResponseOngoingPartitionReassignment(reader, version));
  }
  reader.skipTags();
  return { name, partitions };
}

function encodeListPartitionReassignmentsResponseOngoingTopicReassignment(
  writer: ByteWriter,
  value: Encodable<ListPartitionReassignmentsResponseOngoingTopicReassignment>,
  version: number,
): void {
  const name = value.name ?? '';
  writer.writeCompactString(name);
  const partitions = value.partitions ?? [];
  writer.writeCompactArrayCount(partitions.length);
  for (const item of partitions) encodeListPartitionReassignmentsResponseOngoingPartitionReassignment(writer, item, version);
  writer.writeUnsignedVarint(0);
}

/** ListPartitionReassignments, ApiKey 46: versions 0, flexible since 0. */
export const listPartitionReassignmentsApi: KafkaApi<ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse> = {
  key: 46,
  name: 'ListPartitionReassignments',
  versionMin: 0,
  versionMax: 0,
  flexibleSince: 0,
  latestVersionUnstable: false,
  decodeRequest: decodeListPartitionReassignmentsRequest,
  encodeRequest: encodeListPartitionReassignmentsRequest,
  decodeResponse: decodeListPartitionReassignmentsResponse,
  encodeResponse: encodeListPartitionReassignmentsResponse,
};
