// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { Buffer } from 'node:buffer';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { EMPTY_BYTES, notInVersion, unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-6. */
export interface DescribeGroupsRequest {
  /** The names of the groups to describe. (versions 0+) */
  groups: string[];
  /** Whether to include authorized operations. (versions 3+) */
  includeAuthorizedOperations: boolean;
}

export function decodeDescribeGroupsRequest(
  reader: ByteReader,
  version: number,
): DescribeGroupsRequest {
  if (!(version >= 0 && version <= 6)) unsupportedDecode('DescribeGroupsRequest', version);
  const flexible = version >= 5;
  const groups: string[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(1) : reader.readArrayCount(1)); count > 0; count--) {
    groups.push(flexible ? reader.readCompactString() : reader.readString());
  }
  let includeAuthorizedOperations: boolean = false;
  if (version >= 3) {
    includeAuthorizedOperations = reader.readBoolean();
  }
  if (flexible) {
    reader.skipTags();
  }
  return { groups, includeAuthorizedOperations };
}

export function encodeDescribeGroupsRequest(
  writer: ByteWriter,
  value: Encodable<DescribeGroupsRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 6)) unsupportedEncode('DescribeGroupsRequest', version);
  const flexible = version >= 5;
  const groups = value.groups ?? [];
  if (flexible) writer.writeCompactArrayCount(groups.length);
  else writer.writeArrayCount(groups.length);
  for (const item of groups) flexible ? writer.writeCompactString(item) : writer.writeString(item);
  if (version >= 3) {
    const includeAuthorizedOperations = value.includeAuthorizedOperations ?? false;
    writer.writeBoolean(includeAuthorizedOperations);
  } else if (value.includeAuthorizedOperations !== undefined && value.includeAuthorizedOperations !== false) notInVersion('DescribeGroupsRequest.includeAuthorizedOperations', version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** Versions 0-6. */
export interface DescribeGroupsResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 1+) */
  throttleTimeMs: number;
  /** Each described group. (versions 0+) */
  groups: DescribeGroupsResponseDescribedGroup[];
}

export interface DescribeGroupsResponseDescribedGroupMember {
  /** The member id. (versions 0+) */
  memberId: string;
  /** The unique identifier of the consumer instance provided by end user. (versions 4+, nullable 4+) */
  groupInstanceId: string | null;
  /** The client ID used in the member's latest join group request. (versions 0+) */
  clientId: string;
  /** The client host. (versions 0+) */
  clientHost: string;
  /** The metadata corresponding to the current group protocol in use. (versions 0+) */
  memberMetadata: Buffer;
  /** The current assignment provided by the group leader. (versions 0+) */
  memberAssignment: Buffer;
}

export interface DescribeGroupsResponseDescribedGroup {
  /** The describe error, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** The describe error message, or null if there was no error. (versions 6+, nullable 6+) */
  errorMessage: string | null;
  /** The group ID string. (versions 0+) */
  groupId: string;
  /** The group state string, or the empty string. (versions 0+) */
  groupState: string;
  /** The group protocol type, or the empty string. (versions 0+) */
  protocolType: string;
  /** The group protocol data, or the empty string. (versions 0+) */
  protocolData: string;
  /** The group members. (versions 0+) */
  members: DescribeGroupsResponseDescribedGroupMember[];
  /** 32-bit bitfield to represent authorized operations for this group. (versions 3+) */
  authorizedOperations: number;
}

export function decodeDescribeGroupsResponse(
  reader: ByteReader,
  version: number,
): DescribeGroupsResponse {
  if (!(version >= 0 && version <= 6)) unsupportedDecode('DescribeGroupsResponse', version);
  const flexible = version >= 5;
  let throttleTimeMs: number = 0;
  if (version >= 1) {
    throttleTimeMs = reader.readInt32();
  }
  const groups: DescribeGroupsResponseDescribedGroup[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(12) : reader.readArrayCount(12)); count > 0; count--) {
    groups.push(decodeDescribeGroupsResponseDescribedGroup(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { throttleTimeMs, groups };
}

export function encodeDescribeGroupsResponse(
  writer: ByteWriter,
  value: Encodable<DescribeGroupsResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 6)) unsupportedEncode('DescribeGroupsResponse', version);
  const flexible = version >= 5;
  if (version >= 1) {
    const throttleTimeMs = value.throttleTimeMs ?? 0;
    writer.writeInt32(throttleTimeMs);
  }
  const groups = value.groups ?? [];
  if (flexible) writer.writeCompactArrayCount(groups.length);
  else writer.writeArrayCount(groups.length);
  for (const item of groups) encodeDescribeGroupsResponseDescribedGroup(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeDescribeGroupsResponseDescribedGroupMember(
  reader: ByteReader,
  version: number,
): DescribeGroupsResponseDescribedGroupMember {
  const flexible = version >= 5;
  const memberId = flexible ? reader.readCompactString() : reader.readString();
  let groupInstanceId: string | null = null;
  if (version >= 4) {
    groupInstanceId = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  }
  const clientId = flexible ? reader.readCompactString() : reader.readString();
  const clientHost = flexible ? reader.readCompactString() : reader.readString();
  const memberMetadata = flexible ? reader.readCompactBytes() : reader.readBytes();
  const memberAssignment = flexible ? reader.readCompactBytes() : reader.readBytes();
  if (flexible) {
    reader.skipTags();
  }
  return { memberId, groupInstanceId, clientId, clientHost, memberMetadata, memberAssignment };
}

function encodeDescribeGroupsResponseDescribedGroupMember(
  writer: ByteWriter,
  value: Encodable<DescribeGroupsResponseDescribedGroupMember>,
  version: number,
): void {
  const flexible = version >= 5;
  const memberId = value.memberId ?? '';
  flexible ? writer.writeCompactString(memberId) : writer.writeString(memberId);
  if (version >= 4) {
    const groupInstanceId = value.groupInstanceId ?? null;
    flexible ? writer.writeCompactNullableString(groupInstanceId) : writer.writeNullableString(groupInstanceId);
  }
  const clientId = value.clientId ?? '';
  flexible ? writer.writeCompactString(clientId) : writer.writeString(clientId);
  const clientHost = value.clientHost ?? '';
  flexible ? writer.writeCompactString(clientHost) : writer.writeString(clientHost);
  const memberMetadata = value.memberMetadata ?? EMPTY_BYTES;
  flexible ? writer.writeCompactBytes(memberMetadata) : writer.writeBytes(memberMetadata);
  const memberAssignment = value.memberAssignment ?? EMPTY_BYTES;
  flexible ? writer.writeCompactBytes(memberAssignment) : writer.writeBytes(memberAssignment);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeDescribeGroupsResponseDescribedGroup(
  reader: ByteReader,
  version: number,
): DescribeGroupsResponseDescribedGroup {
  const flexible = version >= 5;
  const errorCode = reader.readInt16();
  let errorMessage: string | null = null;
  if (version >= 6) {
    errorMessage = reader.readCompactNullableString();
  }
  const groupId = flexible ? reader.readCompactString() : reader.readString();
  const groupState = flexible ? reader.readCompactString() : reader.readString();
  const protocolType = flexible ? reader.readCompactString() : reader.readString();
  const protocolData = flexible ? reader.readCompactString() : reader.readString();
  const members: DescribeGroupsResponseDescribedGroupMember[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(7) : reader.readArrayCount(7)); count > 0; count--) {
    members.push(decodeDescribeGroupsResponseDescribedGroupMember(reader, version));
  }
  let authorizedOperations: number = -2147483648;
  if (version >= 3) {
    authorizedOperations = reader.readInt32();
  }
  if (flexible) {
    reader.skipTags();
  }
  return { errorCode, errorMessage, groupId, groupState, protocolType, protocolData, members, authorizedOperations };
}

function encodeDescribeGroupsResponseDescribedGroup(
  writer: ByteWriter,
  value: Encodable<DescribeGroupsResponseDescribedGroup>,
  version: number,
): void {
  const flexible = version >= 5;
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  if (version >= 6) {
    const errorMessage = value.errorMessage ?? null;
    writer.writeCompactNullableString(errorMessage);
  } else if ((value.errorMessage ?? null) !== null) notInVersion('DescribeGroupsResponseDescribedGroup.errorMessage', version);
  const groupId = value.groupId ?? '';
  flexible ? writer.writeCompactString(groupId) : writer.writeString(groupId);
  const groupState = value.groupState ?? '';
  flexible ? writer.writeCompactString(groupState) : writer.writeString(groupState);
  const protocolType = value.protocolType ?? '';
  flexible ? writer.writeCompactString(protocolType) : writer.writeString(protocolType);
  const protocolData = value.protocolData ?? '';
  flexible ? writer.writeCompactString(protocolData) : writer.writeString(protocolData);
  const members = value.members ?? [];
  if (flexible) writer.writeCompactArrayCount(members.length);
  else writer.writeArrayCount(members.length);
  for (const item of members) encodeDescribeGroupsResponseDescribedGroupMember(writer, item, version);
  if (version >= 3) {
    const authorizedOperations = value.authorizedOperations ?? -2147483648;
    writer.writeInt32(authorizedOperations);
  } else if (value.authorizedOperations !== undefined && value.authorizedOperations !== -2147483648) notInVersion('DescribeGroupsResponseDescribedGroup.authorizedOperations', version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** DescribeGroups, ApiKey 15: versions 0-6, flexible since 5. */
export const describeGroupsApi: KafkaApi<DescribeGroupsRequest, DescribeGroupsResponse> = {
  key: 15,
  name: 'DescribeGroups',
  versionMin: 0,
  versionMax: 6,
  flexibleSince: 5,
  latestVersionUnstable: false,
  decodeRequest: decodeDescribeGroupsRequest,
  encodeRequest: encodeDescribeGroupsRequest,
  decodeResponse: decodeDescribeGroupsResponse,
  encodeResponse: encodeDescribeGroupsResponse,
};
