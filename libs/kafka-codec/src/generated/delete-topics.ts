// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { Buffer } from 'node:buffer';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { notInVersion, notNullable, unsupportedDecode, unsupportedEncode, ZERO_UUID } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-6. */
export interface DeleteTopicsRequest {
  /** The name or topic ID of the topic. (versions 6+) */
  topics: DeleteTopicsRequestDeleteTopicState[];
  /** The names of the topics to delete. (versions 0-5) */
  topicNames: string[];
  /** The length of time in milliseconds to wait for the deletions to complete. (versions 0+) */
  timeoutMs: number;
}

export interface DeleteTopicsRequestDeleteTopicState {
  /** The topic name. (versions 6+, nullable 6+) */
  name: string | null;
  /** The unique topic ID. (versions 6+) */
  topicId: Buffer;
}

export function decodeDeleteTopicsRequest(
  reader: ByteReader,
  version: number,
): DeleteTopicsRequest {
  if (!(version >= 0 && version <= 6)) unsupportedDecode('DeleteTopicsRequest', version);
  const flexible = version >= 4;
  const topics: DeleteTopicsRequestDeleteTopicState[] = [];
  if (version >= 6) {
    for (let count = reader.notNull(reader.readCompactArrayCount(18)); count > 0; count--) {
      topics.push(decodeDeleteTopicsRequestDeleteTopicState(reader, version));
    }
  }
  const topicNames: string[] = [];
  if (version <= 5) {
    for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(1) : reader.readArrayCount(1)); count > 0; count--) {
      topicNames.push(flexible ? reader.readCompactString() : reader.readString());
    }
  }
  const timeoutMs = reader.readInt32();
  if (flexible) {
    reader.skipTags();
  }
  return { topics, topicNames, timeoutMs };
}

export function encodeDeleteTopicsRequest(
  writer: ByteWriter,
  value: Encodable<DeleteTopicsRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 6)) unsupportedEncode('DeleteTopicsRequest', version);
  const flexible = version >= 4;
  if (version >= 6) {
    const topics = value.topics ?? [];
    writer.writeCompactArrayCount(topics.length);
    for (const item of topics) encodeDeleteTopicsRequestDeleteTopicState(writer, item, version);
  } else if (value.topics !== undefined && value.topics.length !== 0) notInVersion('DeleteTopicsRequest.topics', version);
  if (version <= 5) {
    const topicNames = value.topicNames ?? [];
    if (flexible) writer.writeCompactArrayCount(topicNames.length);
    else writer.writeArrayCount(topicNames.length);
    for (const item of topicNames) flexible ? writer.writeCompactString(item) : writer.writeString(item);
  }
  const timeoutMs = value.timeoutMs ?? 0;
  writer.writeInt32(timeoutMs);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeDeleteTopicsRequestDeleteTopicState(
  reader: ByteReader,
  _version: number,
): DeleteTopicsRequestDeleteTopicState {
  const name = reader.readCompactNullableString();
  const topicId = reader.readUuid();
  reader.skipTags();
  return { name, topicId };
}

function encodeDeleteTopicsRequestDeleteTopicState(
  writer: ByteWriter,
  value: Encodable<DeleteTopicsRequestDeleteTopicState>,
  _version: number,
): void {
  const name = value.name ?? null;
  writer.writeCompactNullableString(name);
  const topicId = value.topicId ?? ZERO_UUID;
  writer.writeUuid(topicId);
  writer.writeUnsignedVarint(0);
}

/** Versions 0-6. */
export interface DeleteTopicsResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 1+) */
  throttleTimeMs: number;
  /** The results for each topic we tried to delete. (versions 0+) */
  responses: DeleteTopicsResponseDeletableTopicResult[];
}

export interface DeleteTopicsResponseDeletableTopicResult {
  /** The topic name. (versions 0+, nullable 6+) */
  name: string | null;
  /** The unique topic ID. (versions 6+) */
  topicId: Buffer;
  /** The deletion error, or 0 if the deletion succeeded. (versions 0+) */
  errorCode: number;
  /** The error message, or null if there was no error. (versions 5+, nullable 5+) */
  errorMessage: string | null;
}

export function decodeDeleteTopicsResponse(
  reader: ByteReader,
  version: number,
): DeleteTopicsResponse {
  if (!(version >= 0 && version <= 6)) unsupportedDecode('DeleteTopicsResponse', version);
  const flexible = version >= 4;
  let throttleTimeMs: number = 0;
  if (version >= 1) {
    throttleTimeMs = reader.readInt32();
  }
  const responses: DeleteTopicsResponseDeletableTopicResult[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(4) : reader.readArrayCount(4)); count > 0; count--) {
    responses.push(decodeDeleteTopicsResponseDeletableTopicResult(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { throttleTimeMs, responses };
}

export function encodeDeleteTopicsResponse(
  writer: ByteWriter,
  value: Encodable<DeleteTopicsResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 6)) unsupportedEncode('DeleteTopicsResponse', version);
  const flexible = version >= 4;
  if (version >= 1) {
    const throttleTimeMs = value.throttleTimeMs ?? 0;
    writer.writeInt32(throttleTimeMs);
  }
  const responses = value.responses ?? [];
  if (flexible) writer.writeCompactArrayCount(responses.length);
  else writer.writeArrayCount(responses.length);
  for (const item of responses) encodeDeleteTopicsResponseDeletableTopicResult(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeDeleteTopicsResponseDeletableTopicResult(
  reader: ByteReader,
  version: number,
): DeleteTopicsResponseDeletableTopicResult {
  const flexible = version >= 4;
  const name = flexible ? (version >= 6 ? reader.readCompactNullableString() : reader.readCompactString()) : (version >= 6 ? reader.readNullableString() : reader.readString());
  let topicId: Buffer = ZERO_UUID;
  if (version >= 6) {
    topicId = reader.readUuid();
  }
  const errorCode = reader.readInt16();
  let errorMessage: string | null = null;
  if (version >= 5) {
    errorMessage = reader.readCompactNullableString();
  }
  if (flexible) {
    reader.skipTags();
  }
  return { name, topicId, errorCode, errorMessage };
}

function encodeDeleteTopicsResponseDeletableTopicResult(
  writer: ByteWriter,
  value: Encodable<DeleteTopicsResponseDeletableTopicResult>,
  version: number,
): void {
  const flexible = version >= 4;
  const name = value.name === undefined ? '' : value.name;
  if (name === null && !(version >= 6)) notNullable('DeleteTopicsResponseDeletableTopicResult.name', version);
  flexible ? writer.writeCompactNullableString(name) : writer.writeNullableString(name);
  if (version >= 6) {
    const topicId = value.topicId ?? ZERO_UUID;
    writer.writeUuid(topicId);
  }
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  if (version >= 5) {
    const errorMessage = value.errorMessage ?? null;
    writer.writeCompactNullableString(errorMessage);
  }
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** DeleteTopics, ApiKey 20: versions 0-6, flexible since 4. */
export const deleteTopicsApi: KafkaApi<DeleteTopicsRequest, DeleteTopicsResponse> = {
  key: 20,
  name: 'DeleteTopics',
  versionMin: 0,
  versionMax: 6,
  flexibleSince: 4,
  latestVersionUnstable: false,
  decodeRequest: decodeDeleteTopicsRequest,
  encodeRequest: encodeDeleteTopicsRequest,
  decodeResponse: decodeDeleteTopicsResponse,
  encodeResponse: encodeDeleteTopicsResponse,
};
