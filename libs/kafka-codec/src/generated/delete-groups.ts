// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-2. */
export interface DeleteGroupsRequest {
  /** The group names to delete. (versions 0+) */
  groupsNames: string[];
}

export function decodeDeleteGroupsRequest(
  reader: ByteReader,
  version: number,
): DeleteGroupsRequest {
  if (!(version >= 0 && version <= 2)) unsupportedDecode('DeleteGroupsRequest', version);
  const flexible = version >= 2;
  const groupsNames: string[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(1) : reader.readArrayCount(1)); count > 0; count--) {
    groupsNames.push(flexible ? reader.readCompactString() : reader.readString());
  }
  if (flexible) {
    reader.skipTags();
  }
  return { groupsNames };
}

export function encodeDeleteGroupsRequest(
  writer: ByteWriter,
  value: Encodable<DeleteGroupsRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 2)) unsupportedEncode('DeleteGroupsRequest', version);
  const flexible = version >= 2;
  const groupsNames = value.groupsNames ?? [];
  if (flexible) writer.writeCompactArrayCount(groupsNames.length);
  else writer.writeArrayCount(groupsNames.length);
  for (const item of groupsNames) flexible ? writer.writeCompactString(item) : writer.writeString(item);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** Versions 0-2. */
export interface DeleteGroupsResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** The deletion results. (versions 0+) */
  results: DeleteGroupsResponseDeletableGroupResult[];
}

export interface DeleteGroupsResponseDeletableGroupResult {
  /** The group id. (versions 0+) */
  groupId: string;
  /** The deletion error, or 0 if the deletion succeeded. (versions 0+) */
  errorCode: number;
}

export function decodeDeleteGroupsResponse(
  reader: ByteReader,
  version: number,
): DeleteGroupsResponse {
  if (!(version >= 0 && version <= 2)) unsupportedDecode('DeleteGroupsResponse', version);
  const flexible = version >= 2;
  const throttleTimeMs = reader.readInt32();
  const results: DeleteGroupsResponseDeletableGroupResult[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(4) : reader.readArrayCount(4)); count > 0; count--) {
    results.push(decodeDeleteGroupsResponseDeletableGroupResult(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { throttleTimeMs, results };
}

export function encodeDeleteGroupsResponse(
  writer: ByteWriter,
  value: Encodable<DeleteGroupsResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 2)) unsupportedEncode('DeleteGroupsResponse', version);
  const flexible = version >= 2;
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  const results = value.results ?? [];
  if (flexible) writer.writeCompactArrayCount(results.length);
  else writer.writeArrayCount(results.length);
  for (const item of results) encodeDeleteGroupsResponseDeletableGroupResult(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeDeleteGroupsResponseDeletableGroupResult(
  reader: ByteReader,
  version: number,
): DeleteGroupsResponseDeletableGroupResult {
  const flexible = version >= 2;
  const groupId = flexible ? reader.readCompactString() : reader.readString();
  const errorCode = reader.readInt16();
  if (flexible) {
    reader.skipTags();
  }
  return { groupId, errorCode };
}

function encodeDeleteGroupsResponseDeletableGroupResult(
  writer: ByteWriter,
  value: Encodable<DeleteGroupsResponseDeletableGroupResult>,
  version: number,
): void {
  const flexible = version >= 2;
  const groupId = value.groupId ?? '';
  flexible ? writer.writeCompactString(groupId) : writer.writeString(groupId);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** DeleteGroups, ApiKey 42: versions 0-2, flexible since 2. */
export const deleteGroupsApi: KafkaApi<DeleteGroupsRequest, DeleteGroupsResponse> = {
  key: 42,
  name: 'DeleteGroups',
  versionMin: 0,
  versionMax: 2,
  flexibleSince: 2,
  latestVersionUnstable: false,
  decodeRequest: decodeDeleteGroupsRequest,
  encodeRequest: encodeDeleteGroupsRequest,
  decodeResponse: decodeDeleteGroupsResponse,
  encodeResponse: encodeDeleteGroupsResponse,
};
