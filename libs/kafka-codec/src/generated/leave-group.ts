// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { notInVersion, unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-5. */
export interface LeaveGroupRequest {
  /** The ID of the group to leave. (versions 0+) */
  groupId: string;
  /** The member ID to remove from the group. (versions 0-2) */
  memberId: string;
  /** List of leaving member identities. (versions 3+) */
  members: LeaveGroupRequestMemberIdentity[];
}

export interface LeaveGroupRequestMemberIdentity {
  /** The member ID to remove from the group. (versions 3+) */
  memberId: string;
  /** The group instance ID to remove from the group. (versions 3+, nullable 3+) */
  groupInstanceId: string | null;
  /** The reason why the member left the group. (versions 5+, nullable 5+) */
  reason: string | null;
}

export function decodeLeaveGroupRequest(
  reader: ByteReader,
  version: number,
): LeaveGroupRequest {
  if (!(version >= 0 && version <= 5)) unsupportedDecode('LeaveGroupRequest', version);
  const flexible = version >= 4;
  const groupId = flexible ? reader.readCompactString() : reader.readString();
  let memberId: string = '';
  if (version <= 2) {
    memberId = reader.readString();
  }
  const members: LeaveGroupRequestMemberIdentity[] = [];
  if (version >= 3) {
    for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3)); count > 0; count--) {
      members.push(decodeLeaveGroupRequestMemberIdentity(reader, version));
    }
  }
  if (flexible) {
    reader.skipTags();
  }
  return { groupId, memberId, members };
}

export function encodeLeaveGroupRequest(
  writer: ByteWriter,
  value: Encodable<LeaveGroupRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 5)) unsupportedEncode('LeaveGroupRequest', version);
  const flexible = version >= 4;
  const groupId = value.groupId ?? '';
  flexible ? writer.writeCompactString(groupId) : writer.writeString(groupId);
  if (version <= 2) {
    const memberId = value.memberId ?? '';
    writer.writeString(memberId);
  } else if (value.memberId !== undefined && value.memberId !== '') notInVersion('LeaveGroupRequest.memberId', version);
  if (version >= 3) {
    const members = value.members ?? [];
    if (flexible) writer.writeCompactArrayCount(members.length);
    else writer.writeArrayCount(members.length);
    for (const item of members) encodeLeaveGroupRequestMemberIdentity(writer, item, version);
  } else if (value.members !== undefined && value.members.length !== 0) notInVersion('LeaveGroupRequest.members', version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeLeaveGroupRequestMemberIdentity(
  reader: ByteReader,
  version: number,
): LeaveGroupRequestMemberIdentity {
  const flexible = version >= 4;
  const memberId = flexible ? reader.readCompactString() : reader.readString();
  const groupInstanceId = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  let reason: string | null = null;
  if (version >= 5) {
    reason = reader.readCompactNullableString();
  }
  if (flexible) {
    reader.skipTags();
  }
  return { memberId, groupInstanceId, reason };
}

function encodeLeaveGroupRequestMemberIdentity(
  writer: ByteWriter,
  value: Encodable<LeaveGroupRequestMemberIdentity>,
  version: number,
): void {
  const flexible = version >= 4;
  const memberId = value.memberId ?? '';
  flexible ? writer.writeCompactString(memberId) : writer.writeString(memberId);
  const groupInstanceId = value.groupInstanceId ?? null;
  flexible ? writer.writeCompactNullableString(groupInstanceId) : writer.writeNullableString(groupInstanceId);
  if (version >= 5) {
    const reason = value.reason ?? null;
    writer.writeCompactNullableString(reason);
  }
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** Versions 0-5. */
export interface LeaveGroupResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 1+) */
  throttleTimeMs: number;
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** List of leaving member responses. (versions 3+) */
  members: LeaveGroupResponseMemberResponse[];
}

export interface LeaveGroupResponseMemberResponse {
  /** The member ID to remove from the group. (versions 3+) */
  memberId: string;
  /** The group instance ID to remove from the group. (versions 3+, nullable 3+) */
  groupInstanceId: string | null;
  /** The error code, or 0 if there was no error. (versions 3+) */
  errorCode: number;
}

export function decodeLeaveGroupResponse(
  reader: ByteReader,
  version: number,
): LeaveGroupResponse {
  if (!(version >= 0 && version <= 5)) unsupportedDecode('LeaveGroupResponse', version);
  const flexible = version >= 4;
  let throttleTimeMs: number = 0;
  if (version >= 1) {
    throttleTimeMs = reader.readInt32();
  }
  const errorCode = reader.readInt16();
  const members: LeaveGroupResponseMemberResponse[] = [];
  if (version >= 3) {
    for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(5) : reader.readArrayCount(5)); count > 0; count--) {
      members.push(decodeLeaveGroupResponseMemberResponse(reader, version));
    }
  }
  if (flexible) {
    reader.skipTags();
  }
  return { throttleTimeMs, errorCode, members };
}

export function encodeLeaveGroupResponse(
  writer: ByteWriter,
  value: Encodable<LeaveGroupResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 5)) unsupportedEncode('LeaveGroupResponse', version);
  const flexible = version >= 4;
  if (version >= 1) {
    const throttleTimeMs = value.throttleTimeMs ?? 0;
    writer.writeInt32(throttleTimeMs);
  }
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  if (version >= 3) {
    const members = value.members ?? [];
    if (flexible) writer.writeCompactArrayCount(members.length);
    else writer.writeArrayCount(members.length);
    for (const item of members) encodeLeaveGroupResponseMemberResponse(writer, item, version);
  } else if (value.members !== undefined && value.members.length !== 0) notInVersion('LeaveGroupResponse.members', version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeLeaveGroupResponseMemberResponse(
  reader: ByteReader,
  version: number,
): LeaveGroupResponseMemberResponse {
  const flexible = version >= 4;
  const memberId = flexible ? reader.readCompactString() : reader.readString();
  const groupInstanceId = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  const errorCode = reader.readInt16();
  if (flexible) {
    reader.skipTags();
  }
  return { memberId, groupInstanceId, errorCode };
}

function encodeLeaveGroupResponseMemberResponse(
  writer: ByteWriter,
  value: Encodable<LeaveGroupResponseMemberResponse>,
  version: number,
): void {
  const flexible = version >= 4;
  const memberId = value.memberId ?? '';
  flexible ? writer.writeCompactString(memberId) : writer.writeString(memberId);
  const groupInstanceId = value.groupInstanceId === undefined ? '' : value.groupInstanceId;
  flexible ? writer.writeCompactNullableString(groupInstanceId) : writer.writeNullableString(groupInstanceId);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** LeaveGroup, ApiKey 13: versions 0-5, flexible since 4. */
export const leaveGroupApi: KafkaApi<LeaveGroupRequest, LeaveGroupResponse> = {
  key: 13,
  name: 'LeaveGroup',
  versionMin: 0,
  versionMax: 5,
  flexibleSince: 4,
  latestVersionUnstable: false,
  decodeRequest: decodeLeaveGroupRequest,
  encodeRequest: encodeLeaveGroupRequest,
  decodeResponse: decodeLeaveGroupResponse,
  encodeResponse: encodeLeaveGroupResponse,
};
