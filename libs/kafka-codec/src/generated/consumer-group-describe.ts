// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { Buffer } from 'node:buffer';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { unsupportedDecode, unsupportedEncode, ZERO_UUID } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-1. */
export interface ConsumerGroupDescribeRequest {
  /** The ids of the groups to describe. (versions 0+) */
  groupIds: string[];
  /** Whether to include authorized operations. (versions 0+) */
  includeAuthorizedOperations: boolean;
}

export function decodeConsumerGroupDescribeRequest(
  reader: ByteReader,
  version: number,
): ConsumerGroupDescribeRequest {
  if (!(version >= 0 && version <= 1)) unsupportedDecode('ConsumerGroupDescribeRequest', version);
  const groupIds: string[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(1)); count > 0; count--) {
    groupIds.push(reader.readCompactString());
  }
  const includeAuthorizedOperations = reader.readBoolean();
  reader.skipTags();
  return { groupIds, includeAuthorizedOperations };
}

export function encodeConsumerGroupDescribeRequest(
  writer: ByteWriter,
  value: Encodable<ConsumerGroupDescribeRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 1)) unsupportedEncode('ConsumerGroupDescribeRequest', version);
  const groupIds = value.groupIds ?? [];
  writer.writeCompactArrayCount(groupIds.length);
  for (const item of groupIds) writer.writeCompactString(item);
  const includeAuthorizedOperations = value.includeAuthorizedOperations ?? false;
  writer.writeBoolean(includeAuthorizedOperations);
  writer.writeUnsignedVarint(0);
}

/** Versions 0-1. */
export interface ConsumerGroupDescribeResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** Each described group. (versions 0+) */
  groups: ConsumerGroupDescribeResponseDescribedGroup[];
}

export interface ConsumerGroupDescribeResponseTopicPartitions {
  /** The topic ID. (versions 0+) */
  topicId: Buffer;
  /** The topic name. (versions 0+) */
  topicName: string;
  /** The partitions. (versions 0+) */
  partitions: number[];
}

export interface ConsumerGroupDescribeResponseAssignment {
  /** The assigned topic-partitions to the member. (versions 0+) */
  topicPartitions: ConsumerGroupDescribeResponseTopicPartitions[];
}

export interface ConsumerGroupDescribeResponseMember {
  /** The member ID. (versions 0+) */
  memberId: string;
  /** The member instance ID. (versions 0+, nullable 0+) */
  instanceId: string | null;
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
  /** the subscribed topic regex otherwise or null of not provided. (versions 0+, nullable 0+) */
  subscribedTopicRegex: string | null;
  /** The current assignment. (versions 0+) */
  assignment: ConsumerGroupDescribeResponseAssignment;
  /** The target assignment. (versions 0+) */
  targetAssignment: ConsumerGroupDescribeResponseAssignment;
  /** -1 for unknown. 0 for classic member. +1 for consumer member. (versions 1+) */
  memberType: number;
}

export interface ConsumerGroupDescribeResponseDescribedGroup {
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
  members: ConsumerGroupDescribeResponseMember[];
  /** 32-bit bitfield to represent authorized operations for this group. (versions 0+) */
  authorizedOperations: number;
}

export function decodeConsumerGroupDescribeResponse(
  reader: ByteReader,
  version: number,
): ConsumerGroupDescribeResponse {
  if (!(version >= 0 && version <= 1)) unsupportedDecode('ConsumerGroupDescribeResponse', version);
  const throttleTimeMs = reader.readInt32();
  const groups: ConsumerGroupDescribeResponseDescribedGroup[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(20)); count > 0; count--) {
    groups.push(decodeConsumerGroupDescribeResponseDescribedGroup(reader, version));
  }
  reader.skipTags();
  return { throttleTimeMs, groups };
}

export function encodeConsumerGroupDescribeResponse(
  writer: ByteWriter,
  value: Encodable<ConsumerGroupDescribeResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 1)) unsupportedEncode('ConsumerGroupDescribeResponse', version);
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  const groups = value.groups ?? [];
  writer.writeCompactArrayCount(groups.length);
  for (const item of groups) encodeConsumerGroupDescribeResponseDescribedGroup(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeConsumerGroupDescribeResponseTopicPartitions(
  reader: ByteReader,
  _version: number,
): ConsumerGroupDescribeResponseTopicPartitions {
  const topicId = reader.readUuid();
  const topicName = reader.readCompactString();
  const partitions: number[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(4)); count > 0; count--) {
    partitions.push(reader.readInt32());
  }
  reader.skipTags();
  return { topicId, topicName, partitions };
}

function encodeConsumerGroupDescribeResponseTopicPartitions(
  writer: ByteWriter,
  value: Encodable<ConsumerGroupDescribeResponseTopicPartitions>,
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

function decodeConsumerGroupDescribeResponseAssignment(
  reader: ByteReader,
  version: number,
): ConsumerGroupDescribeResponseAssignment {
  const topicPartitions: ConsumerGroupDescribeResponseTopicPartitions[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(19)); count > 0; count--) {
    topicPartitions.push(decodeConsumerGroupDescribeResponseTopicPartitions(reader, version));
  }
  reader.skipTags();
  return { topicPartitions };
}

function encodeConsumerGroupDescribeResponseAssignment(
  writer: ByteWriter,
  value: Encodable<ConsumerGroupDescribeResponseAssignment>,
  version: number,
): void {
  const topicPartitions = value.topicPartitions ?? [];
  writer.writeCompactArrayCount(topicPartitions.length);
  for (const item of topicPartitions) encodeConsumerGroupDescribeResponseTopicPartitions(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeConsumerGroupDescribeResponseMember(
  reader: ByteReader,
  version: number,
): ConsumerGroupDescribeResponseMember {
  const memberId = reader.readCompactString();
  const instanceId = reader.readCompactNullableString();
  const rackId = reader.readCompactNullableString();
  const memberEpoch = reader.readInt32();
  const clientId = reader.readCompactString();
  const clientHost = reader.readCompactString();
  const subscribedTopicNames: string[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(1)); count > 0; count--) {
    subscribedTopicNames.push(reader.readCompactString());
  }
  const subscribedTopicRegex = reader.readCompactNullableString();
  const assignment = decodeConsumerGroupDescribeResponseAssignment(reader, version);
  const targetAssignment = decodeConsumerGroupDescribeResponseAssignment(reader, version);
  let memberType: number = -1;
  if (version >= 1) {
    memberType = reader.readInt8();
  }
  reader.skipTags();
  return { memberId, instanceId, rackId, memberEpoch, clientId, clientHost, subscribedTopicNames, subscribedTopicRegex, assignment, targetAssignment, memberType };
}

function encodeConsumerGroupDescribeResponseMember(
  writer: ByteWriter,
  value: Encodable<ConsumerGroupDescribeResponseMember>,
  version: number,
): void {
  const memberId = value.memberId ?? '';
  writer.writeCompactString(memberId);
  const instanceId = value.instanceId ?? null;
  writer.writeCompactNullableString(instanceId);
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
  const subscribedTopicRegex = value.subscribedTopicRegex ?? null;
  writer.writeCompactNullableString(subscribedTopicRegex);
  const assignment = value.assignment === undefined ? {} : value.assignment;
  encodeConsumerGroupDescribeResponseAssignment(writer, assignment, version);
  const targetAssignment = value.targetAssignment === undefined ? {} : value.targetAssignment;
  encodeConsumerGroupDescribeResponseAssignment(writer, targetAssignment, version);
  if (version >= 1) {
    const memberType = value.memberType ?? -1;
    writer.writeInt8(memberType);
  }
  writer.writeUnsignedVarint(0);
}

function decodeConsumerGroupDescribeResponseDescribedGroup(
  reader: ByteReader,
  version: number,
): ConsumerGroupDescribeResponseDescribedGroup {
  const errorCode = reader.readInt16();
  const errorMessage = reader.readCompactNullableString();
  const groupId = reader.readCompactString();
  const groupState = reader.readCompactString();
  const groupEpoch = reader.readInt32();
  const assignmentEpoch = reader.readInt32();
  const assignorName = reader.readCompactString();
  const members: ConsumerGroupDescribeResponseMember[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(16)); count > 0; count--) {
    members.push(decodeConsumerGroupDescribeResponseMember(reader, version));
  }
  const authorizedOperations = reader.readInt32();
  reader.skipTags();
  return { errorCode, errorMessage, groupId, groupState, groupEpoch, assignmentEpoch, assignorName, members, authorizedOperations };
}

function encodeConsumerGroupDescribeResponseDescribedGroup(
  writer: ByteWriter,
  value: Encodable<ConsumerGroupDescribeResponseDescribedGroup>,
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
  for (const item of members) encodeConsumerGroupDescribeResponseMember(writer, item, version);
  const authorizedOperations = value.authorizedOperations ?? -2147483648;
  writer.writeInt32(authorizedOperations);
  writer.writeUnsignedVarint(0);
}

/** ConsumerGroupDescribe, ApiKey 69: versions 0-1, flexible since 0. */
export const consumerGroupDescribeApi: KafkaApi<ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse> = {
  key: 69,
  name: 'ConsumerGroupDescribe',
  versionMin: 0,
  versionMax: 1,
  flexibleSince: 0,
  latestVersionUnstable: false,
  decodeRequest: decodeConsumerGroupDescribeRequest,
  encodeRequest: encodeConsumerGroupDescribeRequest,
  decodeResponse: decodeConsumerGroupDescribeResponse,
  encodeResponse: encodeConsumerGroupDescribeResponse,
};
