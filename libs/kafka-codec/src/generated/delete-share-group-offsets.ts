// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { Buffer } from 'node:buffer';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { unsupportedDecode, unsupportedEncode, ZERO_UUID } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0. */
export interface DeleteShareGroupOffsetsRequest {
  /** The group identifier. (versions 0+) */
  groupId: string;
  /** The topics to delete offsets for. (versions 0+) */
  topics: DeleteShareGroupOffsetsRequestDeleteShareGroupOffsetsRequestTopic[];
}

export interface DeleteShareGroupOffsetsRequestDeleteShareGroupOffsetsRequestTopic {
  /** The topic name. (versions 0+) */
  topicName: string;
}

export function decodeDeleteShareGroupOffsetsRequest(
  reader: ByteReader,
  version: number,
): DeleteShareGroupOffsetsRequest {
  if (!(version >= 0 && version <= 0)) unsupportedDecode('DeleteShareGroupOffsetsRequest', version);
  const groupId = reader.readCompactString();
  const topics: DeleteShareGroupOffsetsRequestDeleteShareGroupOffsetsRequestTopic[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(2)); count > 0; count--) {
    topics.push(decodeDeleteShareGroupOffsetsRequestDeleteShareGroupOffsetsRequestTopic(reader, version));
  }
  reader.skipTags();
  return { groupId, topics };
}

export function encodeDeleteShareGroupOffsetsRequest(
  writer: ByteWriter,
  value: Encodable<DeleteShareGroupOffsetsRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 0)) unsupportedEncode('DeleteShareGroupOffsetsRequest', version);
  const groupId = value.groupId ?? '';
  writer.writeCompactString(groupId);
  const topics = value.topics ?? [];
  writer.writeCompactArrayCount(topics.length);
  for (const item of topics) encodeDeleteShareGroupOffsetsRequestDeleteShareGroupOffsetsRequestTopic(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeDeleteShareGroupOffsetsRequestDeleteShareGroupOffsetsRequestTopic(
  reader: ByteReader,
  _version: number,
): DeleteShareGroupOffsetsRequestDeleteShareGroupOffsetsRequestTopic {
  const topicName = reader.readCompactString();
  reader.skipTags();
  return { topicName };
}

function encodeDeleteShareGroupOffsetsRequestDeleteShareGroupOffsetsRequestTopic(
  writer: ByteWriter,
  value: Encodable<DeleteShareGroupOffsetsRequestDeleteShareGroupOffsetsRequestTopic>,
  _version: number,
): void {
  const topicName = value.topicName ?? '';
  writer.writeCompactString(topicName);
  writer.writeUnsignedVarint(0);
}

/** Versions 0. */
export interface DeleteShareGroupOffsetsResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** The top-level error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** The top-level error message, or null if there was no error. (versions 0+, nullable 0+) */
  errorMessage: string | null;
  /** The results for each topic. (versions 0+) */
  responses: DeleteShareGroupOffsetsResponseDeleteShareGroupOffsetsResponseTopic[];
}

export interface DeleteShareGroupOffsetsResponseDeleteShareGroupOffsetsResponseTopic {
  /** The topic name. (versions 0+) */
  topicName: string;
  /** The unique topic ID. (versions 0+) */
  topicId: Buffer;
  /** The topic-level error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** The topic-level error message, or null if there was no error. (versions 0+, nullable 0+) */
  errorMessage: string | null;
}

export function decodeDeleteShareGroupOffsetsResponse(
  reader: ByteReader,
  version: number,
): DeleteShareGroupOffsetsResponse {
  if (!(version >= 0 && version <= 0)) unsupportedDecode('DeleteShareGroupOffsetsResponse', version);
  const throttleTimeMs = reader.readInt32();
  const errorCode = reader.readInt16();
  const errorMessage = reader.readCompactNullableString();
  const responses: DeleteShareGroupOffsetsResponseDeleteShareGroupOffsetsResponseTopic[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(21)); count > 0; count--) {
    responses.push(decodeDeleteShareGroupOffsetsResponseDeleteShareGroupOffsetsResponseTopic(reader, version));
  }
  reader.skipTags();
  return { throttleTimeMs, errorCode, errorMessage, responses };
}

export function encodeDeleteShareGroupOffsetsResponse(
  writer: ByteWriter,
  value: Encodable<DeleteShareGroupOffsetsResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 0)) unsupportedEncode('DeleteShareGroupOffsetsResponse', version);
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const errorMessage = value.errorMessage ?? null;
  writer.writeCompactNullableString(errorMessage);
  const responses = value.responses ?? [];
  writer.writeCompactArrayCount(responses.length);
  for (const item of responses) encodeDeleteShareGroupOffsetsResponseDeleteShareGroupOffsetsResponseTopic(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeDeleteShareGroupOffsetsResponseDeleteShareGroupOffsetsResponseTopic(
  reader: ByteReader,
  _version: number,
): DeleteShareGroupOffsetsResponseDeleteShareGroupOffsetsResponseTopic {
  const topicName = reader.readCompactString();
  const topicId = reader.readUuid();
  const errorCode = reader.readInt16();
  const errorMessage = reader.readCompactNullableString();
  reader.skipTags();
  return { topicName, topicId, errorCode, errorMessage };
}

function encodeDeleteShareGroupOffsetsResponseDeleteShareGroupOffsetsResponseTopic(
  writer: ByteWriter,
  value: Encodable<DeleteShareGroupOffsetsResponseDeleteShareGroupOffsetsResponseTopic>,
  _version: number,
): void {
  const topicName = value.topicName ?? '';
  writer.writeCompactString(topicName);
  const topicId = value.topicId ?? ZERO_UUID;
  writer.writeUuid(topicId);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const errorMessage = value.errorMessage ?? null;
  writer.writeCompactNullableString(errorMessage);
  writer.writeUnsignedVarint(0);
}

/** DeleteShareGroupOffsets, ApiKey 92: versions 0, flexible since 0. */
export const deleteShareGroupOffsetsApi: KafkaApi<DeleteShareGroupOffsetsRequest, DeleteShareGroupOffsetsResponse> = {
  key: 92,
  name: 'DeleteShareGroupOffsets',
  versionMin: 0,
  versionMax: 0,
  flexibleSince: 0,
  latestVersionUnstable: false,
  decodeRequest: decodeDeleteShareGroupOffsetsRequest,
  encodeRequest: encodeDeleteShareGroupOffsetsRequest,
  decodeResponse: decodeDeleteShareGroupOffsetsResponse,
  encodeResponse: encodeDeleteShareGroupOffsetsResponse,
};
