// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { Buffer } from 'node:buffer';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { EMPTY_BYTES, notInVersion, notNullable, unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-9. */
export interface JoinGroupRequest {
  /** The group identifier. (versions 0+) */
  groupId: string;
  /** The coordinator considers the consumer dead if it receives no heartbeat after this timeout in milliseconds. (versions 0+) */
  sessionTimeoutMs: number;
  /** The maximum time in milliseconds that the coordinator will wait for each member to rejoin when rebalancing the group. (versions 1+) */
  rebalanceTimeoutMs: number;
  /** The member id assigned by the group coordinator. (versions 0+) */
  memberId: string;
  /** The unique identifier of the consumer instance provided by end user. (versions 5+, nullable 5+) */
  groupInstanceId: string | null;
  /** The unique name the for class of protocols implemented by the group we want to join. (versions 0+) */
  protocolType: string;
  /** The list of protocols that the member supports. (versions 0+) */
  protocols: JoinGroupRequestJoinGroupRequestProtocol[];
  /** The reason why the member (re-)joins the group. (versions 8+, nullable 8+) */
  reason: string | null;
}

export interface JoinGroupRequestJoinGroupRequestProtocol {
  /** The protocol name. (versions 0+) */
  name: string;
  /** The protocol metadata. (versions 0+) */
  metadata: Buffer;
}

export function decodeJoinGroupRequest(
  reader: ByteReader,
  version: number,
): JoinGroupRequest {
  if (!(version >= 0 && version <= 9)) unsupportedDecode('JoinGroupRequest', version);
  const flexible = version >= 6;
  const groupId = flexible ? reader.readCompactString() : reader.readString();
  const sessionTimeoutMs = reader.readInt32();
  let rebalanceTimeoutMs: number = -1;
  if (version >= 1) {
    rebalanceTimeoutMs = reader.readInt32();
  }
  const memberId = flexible ? reader.readCompactString() : reader.readString();
  let groupInstanceId: string | null = null;
  if (version >= 5) {
    groupInstanceId = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  }
  const protocolType = flexible ? reader.readCompactString() : reader.readString();
  const protocols: JoinGroupRequestJoinGroupRequestProtocol[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3)); count > 0; count--) {
    protocols.push(decodeJoinGroupRequestJoinGroupRequestProtocol(reader, version));
  }
  let reason: string | null = null;
  if (version >= 8) {
    reason = reader.readCompactNullableString();
  }
  if (flexible) {
    reader.skipTags();
  }
  return { groupId, sessionTimeoutMs, rebalanceTimeoutMs, memberId, groupInstanceId, protocolType, protocols, reason };
}

export function encodeJoinGroupRequest(
  writer: ByteWriter,
  value: Encodable<JoinGroupRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 9)) unsupportedEncode('JoinGroupRequest', version);
  const flexible = version >= 6;
  const groupId = value.groupId ?? '';
  flexible ? writer.writeCompactString(groupId) : writer.writeString(groupId);
  const sessionTimeoutMs = value.sessionTimeoutMs ?? 0;
  writer.writeInt32(sessionTimeoutMs);
  if (version >= 1) {
    const rebalanceTimeoutMs = value.rebalanceTimeoutMs ?? -1;
    writer.writeInt32(rebalanceTimeoutMs);
  }
  const memberId = value.memberId ?? '';
  flexible ? writer.writeCompactString(memberId) : writer.writeString(memberId);
  if (version >= 5) {
    const groupInstanceId = value.groupInstanceId ?? null;
    flexible ? writer.writeCompactNullableString(groupInstanceId) : writer.writeNullableString(groupInstanceId);
  } else if ((value.groupInstanceId ?? null) !== null) notInVersion('JoinGroupRequest.groupInstanceId', version);
  const protocolType = value.protocolType ?? '';
  flexible ? writer.writeCompactString(protocolType) : writer.writeString(protocolType);
  const protocols = value.protocols ?? [];
  if (flexible) writer.writeCompactArrayCount(protocols.length);
  else writer.writeArrayCount(protocols.length);
  for (const item of protocols) encodeJoinGroupRequestJoinGroupRequestProtocol(writer, item, version);
  if (version >= 8) {
    const reason = value.reason ?? null;
    writer.writeCompactNullableString(reason);
  }
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeJoinGroupRequestJoinGroupRequestProtocol(
  reader: ByteReader,
  version: number,
): JoinGroupRequestJoinGroupRequestProtocol {
  const flexible = version >= 6;
  const name = flexible ? reader.readCompactString() : reader.readString();
  const metadata = flexible ? reader.readCompactBytes() : reader.readBytes();
  if (flexible) {
    reader.skipTags();
  }
  return { name, metadata };
}

function encodeJoinGroupRequestJoinGroupRequestProtocol(
  writer: ByteWriter,
  value: Encodable<JoinGroupRequestJoinGroupRequestProtocol>,
  version: number,
): void {
  const flexible = version >= 6;
  const name = value.name ?? '';
  flexible ? writer.writeCompactString(name) : writer.writeString(name);
  const metadata = value.metadata ?? EMPTY_BYTES;
  flexible ? writer.writeCompactBytes(metadata) : writer.writeBytes(metadata);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** Versions 0-9. */
export interface JoinGroupResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 2+) */
  throttleTimeMs: number;
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** The generation ID of the group. (versions 0+) */
  generationId: number;
  /** The group protocol name. (versions 7+, nullable 7+) */
  protocolType: string | null;
  /** The group protocol selected by the coordinator. (versions 0+, nullable 7+) */
  protocolName: string | null;
  /** The leader of the group. (versions 0+) */
  leader: string;
  /** True if the leader must skip running the assignment. (versions 9+) */
  skipAssignment: boolean;
  /** The member ID assigned by the group coordinator. (versions 0+) */
  memberId: string;
  /** The group members. (versions 0+) */
  members: JoinGroupResponseJoinGroupResponseMember[];
}

export interface JoinGroupResponseJoinGroupResponseMember {
  /** The group member ID. (versions 0+) */
  memberId: string;
  /** The unique identifier of the consumer instance provided by end user. (versions 5+, nullable 5+) */
  groupInstanceId: string | null;
  /** The group member metadata. (versions 0+) */
  metadata: Buffer;
}

export function decodeJoinGroupResponse(
  reader: ByteReader,
  version: number,
): JoinGroupResponse {
  if (!(version >= 0 && version <= 9)) unsupportedDecode('JoinGroupResponse', version);
  const flexible = version >= 6;
  let throttleTimeMs: number = 0;
  if (version >= 2) {
    throttleTimeMs = reader.readInt32();
  }
  const errorCode = reader.readInt16();
  const generationId = reader.readInt32();
  let protocolType: string | null = null;
  if (version >= 7) {
    protocolType = reader.readCompactNullableString();
  }
  const protocolName = flexible ? (version >= 7 ? reader.readCompactNullableString() : reader.readCompactString()) : (version >= 7 ? reader.readNullableString() : reader.readString());
  const leader = flexible ? reader.readCompactString() : reader.readString();
  let skipAssignment: boolean = false;
  if (version >= 9) {
    skipAssignment = reader.readBoolean();
  }
  const memberId = flexible ? reader.readCompactString() : reader.readString();
  const members: JoinGroupResponseJoinGroupResponseMember[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(4) : reader.readArrayCount(4)); count > 0; count--) {
    members.push(decodeJoinGroupResponseJoinGroupResponseMember(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { throttleTimeMs, errorCode, generationId, protocolType, protocolName, leader, skipAssignment, memberId, members };
}

export function encodeJoinGroupResponse(
  writer: ByteWriter,
  value: Encodable<JoinGroupResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 9)) unsupportedEncode('JoinGroupResponse', version);
  const flexible = version >= 6;
  if (version >= 2) {
    const throttleTimeMs = value.throttleTimeMs ?? 0;
    writer.writeInt32(throttleTimeMs);
  }
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const generationId = value.generationId ?? -1;
  writer.writeInt32(generationId);
  if (version >= 7) {
    const protocolType = value.protocolType ?? null;
    writer.writeCompactNullableString(protocolType);
  }
  const protocolName = value.protocolName === undefined ? '' : value.protocolName;
  if (protocolName === null && !(version >= 7)) notNullable('JoinGroupResponse.protocolName', version);
  flexible ? writer.writeCompactNullableString(protocolName) : writer.writeNullableString(protocolName);
  const leader = value.leader ?? '';
  flexible ? writer.writeCompactString(leader) : writer.writeString(leader);
  if (version >= 9) {
    const skipAssignment = value.skipAssignment ?? false;
    writer.writeBoolean(skipAssignment);
  } else if (value.skipAssignment !== undefined && value.skipAssignment !== false) notInVersion('JoinGroupResponse.skipAssignment', version);
  const memberId = value.memberId ?? '';
  flexible ? writer.writeCompactString(memberId) : writer.writeString(memberId);
  const members = value.members ?? [];
  if (flexible) writer.writeCompactArrayCount(members.length);
  else writer.writeArrayCount(members.length);
  for (const item of members) encodeJoinGroupResponseJoinGroupResponseMember(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeJoinGroupResponseJoinGroupResponseMember(
  reader: ByteReader,
  version: number,
): JoinGroupResponseJoinGroupResponseMember {
  const flexible = version >= 6;
  const memberId = flexible ? reader.readCompactString() : reader.readString();
  let groupInstanceId: string | null = null;
  if (version >= 5) {
    groupInstanceId = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  }
  const metadata = flexible ? reader.readCompactBytes() : reader.readBytes();
  if (flexible) {
    reader.skipTags();
  }
  return { memberId, groupInstanceId, metadata };
}

function encodeJoinGroupResponseJoinGroupResponseMember(
  writer: ByteWriter,
  value: Encodable<JoinGroupResponseJoinGroupResponseMember>,
  version: number,
): void {
  const flexible = version >= 6;
  const memberId = value.memberId ?? '';
  flexible ? writer.writeCompactString(memberId) : writer.writeString(memberId);
  if (version >= 5) {
    const groupInstanceId = value.groupInstanceId ?? null;
    flexible ? writer.writeCompactNullableString(groupInstanceId) : writer.writeNullableString(groupInstanceId);
  }
  const metadata = value.metadata ?? EMPTY_BYTES;
  flexible ? writer.writeCompactBytes(metadata) : writer.writeBytes(metadata);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** JoinGroup, ApiKey 11: versions 0-9, flexible since 6. */
export const joinGroupApi: KafkaApi<JoinGroupRequest, JoinGroupResponse> = {
  key: 11,
  name: 'JoinGroup',
  versionMin: 0,
  versionMax: 9,
  flexibleSince: 6,
  latestVersionUnstable: false,
  decodeRequest: decodeJoinGroupRequest,
  encodeRequest: encodeJoinGroupRequest,
  decodeResponse: decodeJoinGroupResponse,
  encodeResponse: encodeJoinGroupResponse,
};
