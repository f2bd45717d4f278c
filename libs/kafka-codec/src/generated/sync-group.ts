// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { Buffer } from 'node:buffer';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { EMPTY_BYTES, notInVersion, unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-5. */
export interface SyncGroupRequest {
  /** The unique group identifier. (versions 0+) */
  groupId: string;
  /** The generation of the group. (versions 0+) */
  generationId: number;
  /** The member ID assigned by the group. (versions 0+) */
  memberId: string;
  /** The unique identifier of the consumer instance provided by end user. (versions 3+, nullable 3+) */
  groupInstanceId: string | null;
  /** The group protocol type. (versions 5+, nullable 5+) */
  protocolType: string | null;
  /** The group protocol name. (versions 5+, nullable 5+) */
  protocolName: string | null;
  /** Each assignment. (versions 0+) */
  assignments: SyncGroupRequestSyncGroupRequestAssignment[];
}

export interface SyncGroupRequestSyncGroupRequestAssignment {
  /** The ID of the member to assign. (versions 0+) */
  memberId: string;
  /** The member assignment. (versions 0+) */
  assignment: Buffer;
}

export function decodeSyncGroupRequest(
  reader: ByteReader,
  version: number,
): SyncGroupRequest {
  if (!(version >= 0 && version <= 5)) unsupportedDecode('SyncGroupRequest', version);
  const flexible = version >= 4;
  const groupId = flexible ? reader.readCompactString() : reader.readString();
  const generationId = reader.readInt32();
  const memberId = flexible ? reader.readCompactString() : reader.readString();
  let groupInstanceId: string | null = null;
  if (version >= 3) {
    groupInstanceId = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  }
  let protocolType: string | null = null;
  if (version >= 5) {
    protocolType = reader.readCompactNullableString();
  }
  let protocolName: string | null = null;
  if (version >= 5) {
    protocolName = reader.readCompactNullableString();
  }
  const assignments: SyncGroupRequestSyncGroupRequestAssignment[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3)); count > 0; count--) {
    assignments.push(decodeSyncGroupRequestSyncGroupRequestAssignment(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { groupId, generationId, memberId, groupInstanceId, protocolType, protocolName, assignments };
}

export function encodeSyncGroupRequest(
  writer: ByteWriter,
  value: Encodable<SyncGroupRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 5)) unsupportedEncode('SyncGroupRequest', version);
  const flexible = version >= 4;
  const groupId = value.groupId ?? '';
  flexible ? writer.writeCompactString(groupId) : writer.writeString(groupId);
  const generationId = value.generationId ?? 0;
  writer.writeInt32(generationId);
  const memberId = value.memberId ?? '';
  flexible ? writer.writeCompactString(memberId) : writer.writeString(memberId);
  if (version >= 3) {
    const groupInstanceId = value.groupInstanceId ?? null;
    flexible ? writer.writeCompactNullableString(groupInstanceId) : writer.writeNullableString(groupInstanceId);
  } else if ((value.groupInstanceId ?? null) !== null) notInVersion('SyncGroupRequest.groupInstanceId', version);
  if (version >= 5) {
    const protocolType = value.protocolType ?? null;
    writer.writeCompactNullableString(protocolType);
  }
  if (version >= 5) {
    const protocolName = value.protocolName ?? null;
    writer.writeCompactNullableString(protocolName);
  }
  const assignments = value.assignments ?? [];
  if (flexible) writer.writeCompactArrayCount(assignments.length);
  else writer.writeArrayCount(assignments.length);
  for (const item of assignments) encodeSyncGroupRequestSyncGroupRequestAssignment(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeSyncGroupRequestSyncGroupRequestAssignment(
  reader: ByteReader,
  version: number,
): SyncGroupRequestSyncGroupRequestAssignment {
  const flexible = version >= 4;
  const memberId = flexible ? reader.readCompactString() : reader.readString();
  const assignment = flexible ? reader.readCompactBytes() : reader.readBytes();
  if (flexible) {
    reader.skipTags();
  }
  return { memberId, assignment };
}

function encodeSyncGroupRequestSyncGroupRequestAssignment(
  writer: ByteWriter,
  value: Encodable<SyncGroupRequestSyncGroupRequestAssignment>,
  version: number,
): void {
  const flexible = version >= 4;
  const memberId = value.memberId ?? '';
  flexible ? writer.writeCompactString(memberId) : writer.writeString(memberId);
  const assignment = value.assignment ?? EMPTY_BYTES;
  flexible ? writer.writeCompactBytes(assignment) : writer.writeBytes(assignment);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** Versions 0-5. */
export interface SyncGroupResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 1+) */
  throttleTimeMs: number;
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** The group protocol type. (versions 5+, nullable 5+) */
  protocolType: string | null;
  /** The group protocol name. (versions 5+, nullable 5+) */
  protocolName: string | null;
  /** The member assignment. (versions 0+) */
  assignment: Buffer;
}

export function decodeSyncGroupResponse(
  reader: ByteReader,
  version: number,
): SyncGroupResponse {
  if (!(version >= 0 && version <= 5)) unsupportedDecode('SyncGroupResponse', version);
  const flexible = version >= 4;
  let throttleTimeMs: number = 0;
  if (version >= 1) {
    throttleTimeMs = reader.readInt32();
  }
  const errorCode = reader.readInt16();
  let protocolType: string | null = null;
  if (version >= 5) {
    protocolType = reader.readCompactNullableString();
  }
  let protocolName: string | null = null;
  if (version >= 5) {
    protocolName = reader.readCompactNullableString();
  }
  const assignment = flexible ? reader.readCompactBytes() : reader.readBytes();
  if (flexible) {
    reader.skipTags();
  }
  return { throttleTimeMs, errorCode, protocolType, protocolName, assignment };
}

export function encodeSyncGroupResponse(
  writer: ByteWriter,
  value: Encodable<SyncGroupResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 5)) unsupportedEncode('SyncGroupResponse', version);
  const flexible = version >= 4;
  if (version >= 1) {
    const throttleTimeMs = value.throttleTimeMs ?? 0;
    writer.writeInt32(throttleTimeMs);
  }
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  if (version >= 5) {
    const protocolType = value.protocolType ?? null;
    writer.writeCompactNullableString(protocolType);
  }
  if (version >= 5) {
    const protocolName = value.protocolName ?? null;
    writer.writeCompactNullableString(protocolName);
  }
  const assignment = value.assignment ?? EMPTY_BYTES;
  flexible ? writer.writeCompactBytes(assignment) : writer.writeBytes(assignment);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** SyncGroup, ApiKey 14: versions 0-5, flexible since 4. */
export const syncGroupApi: KafkaApi<SyncGroupRequest, SyncGroupResponse> = {
  key: 14,
  name: 'SyncGroup',
  versionMin: 0,
  versionMax: 5,
  flexibleSince: 4,
  latestVersionUnstable: false,
  decodeRequest: decodeSyncGroupRequest,
  encodeRequest: encodeSyncGroupRequest,
  decodeResponse: decodeSyncGroupResponse,
  encodeResponse: encodeSyncGroupResponse,
};
