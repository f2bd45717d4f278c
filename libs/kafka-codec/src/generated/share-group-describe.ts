// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { Buffer } from 'node:buffer';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { unsupportedDecode, unsupportedEncode, ZERO_UUID } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 1. */
export interface ShareGroupDescribeRequest {
  /** The ids of the groups to describe. (versions 0+) */
  groupIds: string[];
  /** Whether to include authorized operations. (versions 0+) */
  includeAuthorizedOperations: boolean;
}

export function decodeShareGroupDescribeRequest(
  reader: ByteReader,
  version: number,
): ShareGroupDescribeRequest {
  if (!(version >= 1 && version <= 1)) unsupportedDecode('ShareGroupDescribeRequest', version);
  const groupIds: string[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(1)); count > 0; count--) {
    groupIds.push(reader.readCompactString());
  }
  const includeAuthorizedOperations = reader.readBoolean();
  reader.skipTags();
  return { groupIds, includeAuthorizedOperations };
}

export function encodeShareGroupDescribeRequest(
  writer: ByteWriter,
  value: Encodable<ShareGroupDescribeRequest>,
  version: number,
): void {
  if (!(version >= 1 && version <= 1)) unsupportedEncode('ShareGroupDescribeRequest', version);
  const groupIds = value.groupIds ?? [];
  writer.writeCompactArrayCount(groupIds.length);
  for (const item of groupIds) writer.writeCompactString(item);
  const includeAuthorizedOperations = value.includeAuthorizedOperations ?? false;
  writer.writeBoolean(includeAuthorizedOperations);
  writer.writeUnsignedVarint(0);
}

/** Versions 1. */
export interface ShareGroupDescribeResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** Each described group. (versions 0+) */
  groups: ShareGroupDescribeResponseDescribedGroup[];
}

export interface ShareGroupDescribeResponseTopicPartitions {
  /** The topic ID. (versions 0+) */
  topicId: Buffer;
  /** The topic name. (versions 0+) */
  topicName: string;
  /** The partitions. (versions 0+) */
  partitions: number[];
}

export interface ShareGroupDescribeResponseAssignment {
  /** The assigned topic-partitions to the member. (versions 0+) */
  topicPartitions: ShareGroupDescribeResponseTopicPartitions[];
}

export interface ShareGroupDescribeResponseMember {
  /** The member ID. (versions 0+) */
  memberId: string;
  /** The member rack ID. (versions 0+, nullable 0+) */
  rackId: string | null;
  /** The current member epoch. (versions 0+) */
  memberEpoch: number;
  /** The client ID. (versions 0+) */
  clientId: string;
  /** The client host. (versions 0+) */
  clientHost: string;
  /** The subscribed topic names. (versions 0+) */
  subscribedTopicNames: string[];
  /** The current assignment. (versions 0+) */
  assignment: ShareGroupDescribeResponseAssignment;
}

export interface ShareGroupDescribeResponseDescribedGroup {
  /** The describe error, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** The top-level error message, or null if there was no error. (versions 0+, nullable 0+) */
  errorMessage: string | null;
  /** The group ID string. (versions 0+) */
  groupId: string;
  /** The group state string, or the empty string. (versions 0+) */
  groupState: string;
  /** The group epoch. (versions 0+) */
  groupEpoch: number;
  /** The assignment epoch. (versions 0+) */
  assignmentEpoch: number;
  /** The selected assignor. (versions 0+) */
  assignorName: string;
  /** The members. (versions 0+) */
  members: ShareGroupDescribeResponseMember[];
  /** 32-bit bitfield to represent authorized operations for this group. (versions 0+) */
  authorizedOperations: number;
}

export function decodeShareGroupDescribeResponse(
  reader: ByteReader,
  version: number,
): ShareGroupDescribeResponse {
  if (!(version >= 1 && version <= 1)) unsupportedDecode('ShareGroupDescribeResponse', version);
  const throttleTimeMs = reader.readInt32();
  const groups: ShareGroupDescribeResponseDescribedGroup[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(20)); count > 0; count--) {
    groups.push(decodeShareGroupDescribeResponseDescribedGroup(reader, version));
  }
  reader.skipTags();
  return { throttleTimeMs, groups };
}

export function encodeShareGroupDescribeResponse(
  writer: ByteWriter,
  value: Encodable<ShareGroupDescribeResponse>,
  version: number,
): void {
  if (!(version >= 1 && version <= 1)) unsupportedEncode('ShareGroupDescribeResponse', version);
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  const groups = value.groups ?? [];
  writer.writeCompactArrayCount(groups.length);
  for (const item of groups) encodeShareGroupDescribeResponseDescribedGroup(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeShareGroupDescribeResponseTopicPartitions(
  reader: ByteReader,
  _version: number,
): ShareGroupDescribeResponseTopicPartitions {
  const topicId = reader.readUuid();
  const topicName = reader.readCompactString();
  const partitions: number[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(4)); count > 0; count--) {
    partitions.push(reader.readInt32());
  }
  reader.skipTags();
  return { topicId, topicName, partitions };
}

function encodeShareGroupDescribeResponseTopicPartitions(
  writer: ByteWriter,
  value: Encodable<ShareGroupDescribeResponseTopicPartitions>,
  _version: number,
): void {
  const topicId = value.topicId ?? ZERO_UUID;
  writer.writeUuid(topicId);
  const topicName = value.topicName ?? '';
  writer.writeCompactString(topicName);
  const partitions = value.partitions ?? [];
  writer.writeCompactArrayCount(partitions.length);
  for (const item of partitions) writer.writeInt32(item);
  writer.writeUnsignedVarint(0);
}

function decodeShareGroupDescribeResponseAssignment(
  reader: ByteReader,
  version: number,
): ShareGroupDescribeResponseAssignment {
  const topicPartitions: ShareGroupDescribeResponseTopicPartitions[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(19)); count > 0; count--) {
    topicPartitions.push(decodeShareGroupDescribeResponseTopicPartitions(reader, version));
  }
  reader.skipTags();
  return { topicPartitions };
}

function encodeShareGroupDescribeResponseAssignment(
  writer: ByteWriter,
  value: Encodable<ShareGroupDescribeResponseAssignment>,
  version: number,
): void {
  const topicPartitions = value.topicPartitions ?? [];
  writer.writeCompactArrayCount(topicPartitions.length);
  for (const item of topicPartitions) encodeShareGroupDescribeResponseTopicPartitions(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeShareGroupDescribeResponseMember(
  reader: ByteReader,
  version: number,
): ShareGroupDescribeResponseMember {
  const memberId = reader.readCompactString();
  const rackId = reader.readCompactNullableString();
  const memberEpoch = reader.readInt32();
  const clientId = reader.readCompactString();
  const clientHost = reader.readCompactString();
  const subscribedTopicNames: string[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(1)); count > 0; count--) {
    subscribedTopicNames.push(reader.readCompactString());
  }
  const assignment = decodeShareGroupDescribeResponseAssignment(reader, version);
  reader.skipTags();
  return { memberId, rackId, memberEpoch, clientId, clientHost, subscribedTopicNames, assignment };
}

function encodeShareGroupDescribeResponseMember(
  writer: ByteWriter,
  value: Encodable<ShareGroupDescribeResponseMember>,
  version: number,
): void {
  const memberId = value.memberId ?? '';
  writer.writeCompactString(memberId);
  const rackId = value.rackId ?? null;
  writer.writeCompactNullableString(rackId);
  const memberEpoch = value.memberEpoch ?? 0;
  writer.writeInt32(memberEpoch);
  const clientId = value.clientId ?? '';
  writer.writeCompactString(clientId);
  const clientHost = value.clientHost ?? '';
  writer.writeCompactString(clientHost);
  const subscribedTopicNames = value.subscribedTopicNames ?? [];
  writer.writeCompactArrayCount(subscribedTopicNames.length);
  for (const item of subscribedTopicNames) writer.writeCompactString(item);
  const assignment = value.assignment === undefined ? {} : value.assignment;
  encodeShareGroupDescribeResponseAssignment(writer, assignment, version);
  writer.writeUnsignedVarint(0);
}

function decodeShareGroupDescribeResponseDescribedGroup(
  reader: ByteReader,
  version: number,
): ShareGroupDescribeResponseDescribedGroup {
  const errorCode = reader.readInt16();
  const errorMessage = reader.readCompactNullableString();
  const groupId = reader.readCompactString();
  const groupState = reader.readCompactString();
  const groupEpoch = reader.readInt32();
  const assignmentEpoch = reader.readInt32();
  const assignorName = reader.readCompactString();
  const members: ShareGroupDescribeResponseMember[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(12)); count > 0; count--) {
    members.push(decodeShareGroupDescribeResponseMember(reader, version));
  }
  const authorizedOperations = reader.readInt32();
  reader.skipTags();
  return { errorCode, errorMessage, groupId, groupState, groupEpoch, assignmentEpoch, assignorName, members, authorizedOperations };
}

function encodeShareGroupDescribeResponseDescribedGroup(
  writer: ByteWriter,
  value: Encodable<ShareGroupDescribeResponseDescribedGroup>,
  version: number,
): void {
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const errorMessage = value.errorMessage ?? null;
  writer.writeCompactNullableString(errorMessage);
  const groupId = value.groupId ?? '';
  writer.writeCompactString(groupId);
  const groupState = value.groupState ?? '';
  writer.writeCompactString(groupState);
  const groupEpoch = value.groupEpoch ?? 0;
  writer.writeInt32(groupEpoch);
  const assignmentEpoch = value.assignmentEpoch ?? 0;
  writer.writeInt32(assignmentEpoch);
  const assignorName = value.assignorName ?? '';
  writer.writeCompactString(assignorName);
  const members = value.members ?? [];
  writer.writeCompactArrayCount(members.length);
  for (const item of members) encodeShareGroupDescribeResponseMember(writer, item, version);
  const authorizedOperations = value.authorizedOperations ?? -2147483648;
  writer.writeInt32(authorizedOperations);
  writer.writeUnsignedVarint(0);
}

/** ShareGroupDescribe, ApiKey 77: versions 1, flexible since 1. */
export const shareGroupDescribeApi: KafkaApi<ShareGroupDescribeRequest, ShareGroupDescribeResponse> = {
  key: 77,
  name: 'ShareGroupDescribe',
  versionMin: 1,
  versionMax: 1,
  flexibleSince: 1,
  latestVersionUnstable: false,
  decodeRequest: decodeShareGroupDescribeRequest,
  encodeRequest: encodeShareGroupDescribeRequest,
  decodeResponse: decodeShareGroupDescribeResponse,
  encodeResponse: encodeShareGroupDescribeResponse,
};
