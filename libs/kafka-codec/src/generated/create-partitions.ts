// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-3. */
export interface CreatePartitionsRequest {
  /** Each topic that we want to create new partitions inside. (versions 0+) */
  topics: CreatePartitionsRequestCreatePartitionsTopic[];
  /** The time in ms to wait for the partitions to be created. (versions 0+) */
  timeoutMs: number;
  /** If true, then validate the request, but don't actually increase the number of partitions. (versions 0+) */
  validateOnly: boolean;
}

export interface CreatePartitionsRequestCreatePartitionsAssignment {
  /** The assigned broker IDs. (versions 0+) */
  brokerIds: number[];
}

export interface CreatePartitionsRequestCreatePartitionsTopic {
  /** The topic name. (versions 0+) */
  name: string;
  /** The new partition count. (versions 0+) */
  count: number;
  /** The new partition assignments. (versions 0+, nullable 0+) */
  assignments: CreatePartitionsRequestCreatePartitionsAssignment[] | null;
}

export function decodeCreatePartitionsRequest(
  reader: ByteReader,
  version: number,
): CreatePartitionsRequest {
  if (!(version >= 0 && version <= 3)) unsupportedDecode('CreatePartitionsRequest', version);
  const flexible = version >= 2;
  const topics: CreatePartitionsRequestCreatePartitionsTopic[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(7) : reader.readArrayCount(7)); count > 0; count--) {
    topics.push(decodeCreatePartitionsRequestCreatePartitionsTopic(reader, version));
  }
  const timeoutMs = reader.readInt32();
  const validateOnly = reader.readBoolean();
  if (flexible) {
    reader.skipTags();
  }
  return { topics, timeoutMs, validateOnly };
}

export function encodeCreatePartitionsRequest(
  writer: ByteWriter,
  value: Encodable<CreatePartitionsRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 3)) unsupportedEncode('CreatePartitionsRequest', version);
  const flexible = version >= 2;
  const topics = value.topics ?? [];
  if (flexible) writer.writeCompactArrayCount(topics.length);
  else writer.writeArrayCount(topics.length);
  for (const item of topics) encodeCreatePartitionsRequestCreatePartitionsTopic(writer, item, version);
  const timeoutMs = value.timeoutMs ?? 0;
  writer.writeInt32(timeoutMs);
  const validateOnly = value.validateOnly ?? false;
  writer.writeBoolean(validateOnly);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeCreatePartitionsRequestCreatePartitionsAssignment(
  reader: ByteReader,
  version: number,
): CreatePartitionsRequestCreatePartitionsAssignment {
  const flexible = version >= 2;
  const brokerIds: number[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(4) : reader.readArrayCount(4)); count > 0; count--) {
    brokerIds.push(reader.readInt32());
  }
  if (flexible) {
    reader.skipTags();
  }
  return { brokerIds };
}

function encodeCreatePartitionsRequestCreatePartitionsAssignment(
  writer: ByteWriter,
  value: Encodable<CreatePartitionsRequestCreatePartitionsAssignment>,
  version: number,
): void {
  const flexible = version >= 2;
  const brokerIds = value.brokerIds ?? [];
  if (flexible) writer.writeCompactArrayCount(brokerIds.length);
  else writer.writeArrayCount(brokerIds.length);
  for (const item of brokerIds) writer.writeInt32(item);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeCreatePartitionsRequestCreatePartitionsTopic(
  reader: ByteReader,
  version: number,
): CreatePartitionsRequestCreatePartitionsTopic {
  const flexible = version >= 2;
  const name = flexible ? reader.readCompactString() : reader.readString();
  const countField = reader.readInt32();
  let assignments: CreatePartitionsRequestCreatePartitionsAssignment[] | null;
  const assignmentsCount = flexible ? reader.readCompactArrayCount(2) : reader.readArrayCount(2);
  if (assignmentsCount < 0) assignments = null;
  else {
    assignments = [];
    for (let count = assignmentsCount; count > 0; count--) assignments.push(decodeCreatePartitionsRequestCreatePartitionsAssignment(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { name, count: countField, assignments };
}

function encodeCreatePartitionsRequestCreatePartitionsTopic(
  writer: ByteWriter,
  value: Encodable<CreatePartitionsRequestCreatePartitionsTopic>,
  version: number,
): void {
  const flexible = version >= 2;
  const name = value.name ?? '';
  flexible ? writer.writeCompactString(name) : writer.writeString(name);
  const countField = value.count ?? 0;
  writer.writeInt32(countField);
  const assignments = value.assignments === undefined ? [] : value.assignments;
  if (assignments === null) {
    if (flexible) writer.writeCompactArrayCount(-1);
    else writer.writeArrayCount(-1);
  } else {
    if (flexible) writer.writeCompactArrayCount(assignments.length);
    else writer.writeArrayCount(assignments.length);
    for (const item of assignments) encodeCreatePartitionsRequestCreatePartitionsAssignment(writer, item, version);
  }
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** Versions 0-3. */
export interface CreatePartitionsResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** The partition creation results for each topic. (versions 0+) */
  results: CreatePartitionsResponseCreatePartitionsTopicResult[];
}

export interface CreatePartitionsResponseCreatePartitionsTopicResult {
  /** The topic name. (versions 0+) */
  name: string;
  /** The result error, or zero if there was no error. (versions 0+) */
  errorCode: number;
  /** The result message, or null if there was no error. (versions 0+, nullable 0+) */
  errorMessage: string | null;
}

export function decodeCreatePartitionsResponse(
  reader: ByteReader,
  version: number,
): CreatePartitionsResponse {
  if (!(version >= 0 && version <= 3)) unsupportedDecode('CreatePartitionsResponse', version);
  const flexible = version >= 2;
  const throttleTimeMs = reader.readInt32();
  const results: CreatePartitionsResponseCreatePartitionsTopicResult[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(5) : reader.readArrayCount(5)); count > 0; count--) {
    results.push(decodeCreatePartitionsResponseCreatePartitionsTopicResult(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { throttleTimeMs, results };
}

export function encodeCreatePartitionsResponse(
  writer: ByteWriter,
  value: Encodable<CreatePartitionsResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 3)) unsupportedEncode('CreatePartitionsResponse', version);
  const flexible = version >= 2;
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  const results = value.results ?? [];
  if (flexible) writer.writeCompactArrayCount(results.length);
  else writer.writeArrayCount(results.length);
  for (const item of results) encodeCreatePartitionsResponseCreatePartitionsTopicResult(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeCreatePartitionsResponseCreatePartitionsTopicResult(
  reader: ByteReader,
  version: number,
): CreatePartitionsResponseCreatePartitionsTopicResult {
  const flexible = version >= 2;
  const name = flexible ? reader.readCompactString() : reader.readString();
  const errorCode = reader.readInt16();
  const errorMessage = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  if (flexible) {
    reader.skipTags();
  }
  return { name, errorCode, errorMessage };
}

function encodeCreatePartitionsResponseCreatePartitionsTopicResult(
  writer: ByteWriter,
  value: Encodable<CreatePartitionsResponseCreatePartitionsTopicResult>,
  version: number,
): void {
  const flexible = version >= 2;
  const name = value.name ?? '';
  flexible ? writer.writeCompactString(name) : writer.writeString(name);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const errorMessage = value.errorMessage ?? null;
  flexible ? writer.writeCompactNullableString(errorMessage) : writer.writeNullableString(errorMessage);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** CreatePartitions, ApiKey 37: versions 0-3, flexible since 2. */
export const createPartitionsApi: KafkaApi<CreatePartitionsRequest, CreatePartitionsResponse> = {
  key: 37,
  name: 'CreatePartitions',
  versionMin: 0,
  versionMax: 3,
  flexibleSince: 2,
  latestVersionUnstable: false,
  decodeRequest: decodeCreatePartitionsRequest,
  encodeRequest: encodeCreatePartitionsRequest,
  decodeResponse: decodeCreatePartitionsResponse,
  encodeResponse: encodeCreatePartitionsResponse,
};
