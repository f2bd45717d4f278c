// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0. */
export interface StreamsGroupDescribeRequest {
  /** The ids of the groups to describe (versions 0+) */
  groupIds: string[];
  /** Whether to include authorized operations. (versions 0+) */
  includeAuthorizedOperations: boolean;
}

export function decodeStreamsGroupDescribeRequest(
  reader: ByteReader,
  version: number,
): StreamsGroupDescribeRequest {
  if (!(version >= 0 && version <= 0)) unsupportedDecode('StreamsGroupDescribeRequest', version);
  const groupIds: string[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(1)); count > 0; count--) {
    groupIds.push(reader.readCompactString());
  }
  const includeAuthorizedOperations = reader.readBoolean();
  reader.skipTags();
  return { groupIds, includeAuthorizedOperations };
}

export function encodeStreamsGroupDescribeRequest(
  writer: ByteWriter,
  value: Encodable<StreamsGroupDescribeRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 0)) unsupportedEncode('StreamsGroupDescribeRequest', version);
  const groupIds = value.groupIds ?? [];
  writer.writeCompactArrayCount(groupIds.length);
  for (const item of groupIds) writer.writeCompactString(item);
  const includeAuthorizedOperations = value.includeAuthorizedOperations ?? false;
  writer.writeBoolean(includeAuthorizedOperations);
  writer.writeUnsignedVarint(0);
}

/** Versions 0. */
export interface StreamsGroupDescribeResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** Each described group. (versions 0+) */
  groups: StreamsGroupDescribeResponseDescribedGroup[];
}

export interface StreamsGroupDescribeResponseEndpoint {
  /** host of the endpoint (versions 0+) */
  host: string;
  /** port of the endpoint (versions 0+) */
  port: number;
}

export interface StreamsGroupDescribeResponseTaskOffset {
  /** The subtopology identifier. (versions 0+) */
  subtopologyId: string;
  /** The partition. (versions 0+) */
  partition: number;
  /** The offset. (versions 0+) */
  offset: bigint;
}

export interface StreamsGroupDescribeResponseAssignment {
  /** Active tasks for this client. (versions 0+) */
  activeTasks: StreamsGroupDescribeResponseTaskIds[];
  /** Standby tasks for this client. (versions 0+) */
  standbyTasks: StreamsGroupDescribeResponseTaskIds[];
  /** Warm-up tasks for this client. (versions 0+) */
  warmupTasks: StreamsGroupDescribeResponseTaskIds[];
}

export interface StreamsGroupDescribeResponseTaskIds {
  /** The subtopology identifier. (versions 0+) */
  subtopologyId: string;
  /** The partitions of the input topics processed by this member. (versions 0+) */
  partitions: number[];
}

export interface StreamsGroupDescribeResponseKeyValue {
  /** key of the config (versions 0+) */
  key: string;
  /** value of the config (versions 0+) */
  value: string;
}

export interface StreamsGroupDescribeResponseTopicInfo {
  /** The name of the topic. (versions 0+) */
  name: string;
  /** The number of partitions in the topic. Can be 0 if no specific number of partitions is enforced. Always 0 for changelog topics. (versions 0+) */
  partitions: number;
  /** The replication factor of the topic. Can be 0 if the default replication factor should be used. (versions 0+) */
  replicationFactor: number;
  /** Topic-level configurations as key-value pairs. (versions 0+) */
  topicConfigs: StreamsGroupDescribeResponseKeyValue[];
}

export interface StreamsGroupDescribeResponseSubtopology {
  /** String to uniquely identify the subtopology. (versions 0+) */
  subtopologyId: string;
  /** The topics the subtopology reads from. (versions 0+) */
  sourceTopics: string[];
  /** The repartition topics the subtopology writes to. (versions 0+) */
  repartitionSinkTopics: string[];
  /** The set of state changelog topics associated with this subtopology. Created automatically. (versions 0+) */
  stateChangelogTopics: StreamsGroupDescribeResponseTopicInfo[];
  /** The set of source topics that are internally created repartition topics. Created automatically. (versions 0+) */
  repartitionSourceTopics: StreamsGroupDescribeResponseTopicInfo[];
}

export interface StreamsGroupDescribeResponseTopology {
  /** The epoch of the currently initialized topology for this group. (versions 0+) */
  epoch: number;
  /** The subtopologies of the streams application. This contains the configured subtopologies, where the number of partitions are set and any regular expressions are resolved to actual topics. Null if the group is uninitialized, source topics are missing or incorrectly partitioned. (versions 0+, nullable 0+) */
  subtopologies: StreamsGroupDescribeResponseSubtopology[] | null;
}

export interface StreamsGroupDescribeResponseMember {
  /** The member ID. (versions 0+) */
  memberId: string;
  /** The member epoch. (versions 0+) */
  memberEpoch: number;
  /** The member instance ID for static membership. (versions 0+, nullable 0+) */
  instanceId: string | null;
  /** The rack ID. (versions 0+, nullable 0+) */
  rackId: string | null;
  /** The client ID. (versions 0+) */
  clientId: string;
  /** The client host. (versions 0+) */
  clientHost: string;
  /** The epoch of the topology on the client. (versions 0+) */
  topologyEpoch: number;
  /** Identity of the streams instance that may have multiple clients. (versions 0+) */
  processId: string;
  /** User-defined endpoint for Interactive Queries. Null if not defined for this client. (versions 0+, nullable 0+) */
  userEndpoint: StreamsGroupDescribeResponseEndpoint | null;
  /** Used for rack-aware assignment algorithm. (versions 0+) */
  clientTags: StreamsGroupDescribeResponseKeyValue[];
  /** Cumulative changelog offsets for tasks. (versions 0+) */
  taskOffsets: StreamsGroupDescribeResponseTaskOffset[];
  /** Cumulative changelog end offsets for tasks. (versions 0+) */
  taskEndOffsets: StreamsGroupDescribeResponseTaskOffset[];
  /** The current assignment. (versions 0+) */
  assignment: StreamsGroupDescribeResponseAssignment;
  /** The target assignment. (versions 0+) */
  targetAssignment: StreamsGroupDescribeResponseAssignment;
  /** True for classic members that have not been upgraded yet. (versions 0+) */
  isClassic: boolean;
}

export interface StreamsGroupDescribeResponseDescribedGroup {
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
  /** The topology metadata currently initialized for the streams application. Can be null in case of a describe error. (versions 0+, nullable 0+) */
  topology: StreamsGroupDescribeResponseTopology | null;
  /** The members. (versions 0+) */
  members: StreamsGroupDescribeResponseMember[];
  /** 32-bit bitfield to represent authorized operations for this group. (versions 0+) */
  authorizedOperations: number;
}

export function decodeStreamsGroupDescribeResponse(
  reader: ByteReader,
  version: number,
): StreamsGroupDescribeResponse {
  if (!(version >= 0 && version <= 0)) unsupportedDecode('StreamsGroupDescribeResponse', version);
  const throttleTimeMs = reader.readInt32();
  const groups: StreamsGroupDescribeResponseDescribedGroup[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(20)); count > 0; count--) {
    groups.push(decodeStreamsGroupDescribeResponseDescribedGroup(reader, version));
  }
  reader.skipTags();
  return { throttleTimeMs, groups };
}

export function encodeStreamsGroupDescribeResponse(
  writer: ByteWriter,
  value: Encodable<StreamsGroupDescribeResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 0)) unsupportedEncode('StreamsGroupDescribeResponse', version);
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  const groups = value.groups ?? [];
  writer.writeCompactArrayCount(groups.length);
  for (const item of groups) encodeStreamsGroupDescribeResponseDescribedGroup(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeStreamsGroupDescribeResponseEndpoint(
  reader: ByteReader,
  _version: number,
): StreamsGroupDescribeResponseEndpoint {
  const host = reader.readCompactString();
  const port = reader.readUint16();
  reader.skipTags();
  return { host, port };
}

function encodeStreamsGroupDescribeResponseEndpoint(
  writer: ByteWriter,
  value: Encodable<StreamsGroupDescribeResponseEndpoint>,
  _version: number,
): void {
  const host = value.host ?? '';
  writer.writeCompactString(host);
  const port = value.port ?? 0;
  writer.writeUint16(port);
  writer.writeUnsignedVarint(0);
}

function decodeStreamsGroupDescribeResponseTaskOffset(
  reader: ByteReader,
  _version: number,
): StreamsGroupDescribeResponseTaskOffset {
  const subtopologyId = reader.readCompactString();
  const partition = reader.readInt32();
  const offset = reader.readInt64();
  reader.skipTags();
  return { subtopologyId, partition, offset };
}

function encodeStreamsGroupDescribeResponseTaskOffset(
  writer: ByteWriter,
  value: Encodable<StreamsGroupDescribeResponseTaskOffset>,
  _version: number,
): void {
  const subtopologyId = value.subtopologyId ?? '';
  writer.writeCompactString(subtopologyId);
  const partition = value.partition ?? 0;
  writer.writeInt32(partition);
  const offset = value.offset ?? 0n;
  writer.writeInt64(offset);
  writer.writeUnsignedVarint(0);
}

function decodeStreamsGroupDescribeResponseAssignment(
  reader: ByteReader,
  version: number,
): StreamsGroupDescribeResponseAssignment {
  const activeTasks: StreamsGroupDescribeResponseTaskIds[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(3)); count > 0; count--) {
    activeTasks.push(decodeStreamsGroupDescribeResponseTaskIds(reader, version));
  }
  const standbyTasks: StreamsGroupDescribeResponseTaskIds[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(3)); count > 0; count--) {
    standbyTasks.push(decodeStreamsGroupDescribeResponseTaskIds(reader, version));
  }
  const warmupTasks: StreamsGroupDescribeResponseTaskIds[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(3)); count > 0; count--) {
    warmupTasks.push(decodeStreamsGroupDescribeResponseTaskIds(reader, version));
  }
  reader.skipTags();
  return { activeTasks, standbyTasks, warmupTasks };
}

function encodeStreamsGroupDescribeResponseAssignment(
  writer: ByteWriter,
  value: Encodable<StreamsGroupDescribeResponseAssignment>,
  version: number,
): void {
  const activeTasks = value.activeTasks ?? [];
  writer.writeCompactArrayCount(activeTasks.length);
  for (const item of activeTasks) encodeStreamsGroupDescribeResponseTaskIds(writer, item, version);
  const standbyTasks = value.standbyTasks ?? [];
  writer.writeCompactArrayCount(standbyTasks.length);
  for (const item of standbyTasks) encodeStreamsGroupDescribeResponseTaskIds(writer, item, version);
  const warmupTasks = value.warmupTasks ?? [];
  writer.writeCompactArrayCount(warmupTasks.length);
  for (const item of warmupTasks) encodeStreamsGroupDescribeResponseTaskIds(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeStreamsGroupDescribeResponseTaskIds(
  reader: ByteReader,
  _version: number,
): StreamsGroupDescribeResponseTaskIds {
  const subtopologyId = reader.readCompactString();
  const partitions: number[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(4)); count > 0; count--) {
    partitions.push(reader.readInt32());
  }
  reader.skipTags();
  return { subtopologyId, partitions };
}

function encodeStreamsGroupDescribeResponseTaskIds(
  writer: ByteWriter,
  value: Encodable<StreamsGroupDescribeResponseTaskIds>,
  _version: number,
): void {
  const subtopologyId = value.subtopologyId ?? '';
  writer.writeCompactString(subtopologyId);
  const partitions = value.partitions ?? [];
  writer.writeCompactArrayCount(partitions.length);
  for (const item of partitions) writer.writeInt32(item);
  writer.writeUnsignedVarint(0);
}

function decodeStreamsGroupDescribeResponseKeyValue(
  reader: ByteReader,
  _version: number,
): StreamsGroupDescribeResponseKeyValue {
  const key = reader.readCompactString();
  const valueField = reader.readCompactString();
  reader.skipTags();
  return { key, value: valueField };
}

function encodeStreamsGroupDescribeResponseKeyValue(
  writer: ByteWriter,
  value: Encodable<StreamsGroupDescribeResponseKeyValue>,
  _version: number,
): void {
  const key = value.key ?? '';
  writer.writeCompactString(key);
  const valueField = value.value ?? '';
  writer.writeCompactString(valueField);
  writer.writeUnsignedVarint(0);
}

function decodeStreamsGroupDescribeResponseTopicInfo(
  reader: ByteReader,
  version: number,
): StreamsGroupDescribeResponseTopicInfo {
  const name = reader.readCompactString();
  const partitions = reader.readInt32();
  const replicationFactor = reader.readInt16();
  const topicConfigs: StreamsGroupDescribeResponseKeyValue[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(3)); count > 0; count--) {
    topicConfigs.push(decodeStreamsGroupDescribeResponseKeyValue(reader, version));
  }
  reader.skipTags();
  return { name, partitions, replicationFactor, topicConfigs };
}

function encodeStreamsGroupDescribeResponseTopicInfo(
  writer: ByteWriter,
  value: Encodable<StreamsGroupDescribeResponseTopicInfo>,
  version: number,
): void {
  const name = value.name ?? '';
  writer.writeCompactString(name);
  const partitions = value.partitions ?? 0;
  writer.writeInt32(partitions);
  const replicationFactor = value.replicationFactor ?? 0;
  writer.writeInt16(replicationFactor);
  const topicConfigs = value.topicConfigs ?? [];
  writer.writeCompactArrayCount(topicConfigs.length);
  for (const item of topicConfigs) encodeStreamsGroupDescribeResponseKeyValue(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeStreamsGroupDescribeResponseSubtopology(
  reader: ByteReader,
  version: number,
): StreamsGroupDescribeResponseSubtopology {
  const subtopologyId = reader.readCompactString();
  const sourceTopics: string[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(1)); count > 0; count--) {
    sourceTopics.push(reader.readCompactString());
  }
  const repartitionSinkTopics: string[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(1)); count > 0; count--) {
    repartitionSinkTopics.push(reader.readCompactString());
  }
  const stateChangelogTopics: StreamsGroupDescribeResponseTopicInfo[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(9)); count > 0; count--) {
    stateChangelogTopics.push(decodeStreamsGroupDescribeResponseTopicInfo(reader, version));
  }
  const repartitionSourceTopics: StreamsGroupDescribeResponseTopicInfo[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(9)); count > 0; count--) {
    repartitionSourceTopics.push(decodeStreamsGroupDescribeResponseTopicInfo(reader, version));
  }
  reader.skipTags();
  return { subtopologyId, sourceTopics, repartitionSinkTopics, stateChangelogTopics, repartitionSourceTopics };
}

function encodeStreamsGroupDescribeResponseSubtopology(
  writer: ByteWriter,
  value: Encodable<StreamsGroupDescribeResponseSubtopology>,
  version: number,
): void {
  const subtopologyId = value.subtopologyId ?? '';
  writer.writeCompactString(subtopologyId);
  const sourceTopics = value.sourceTopics ?? [];
  writer.writeCompactArrayCount(sourceTopics.length);
  for (const item of sourceTopics) writer.writeCompactString(item);
  const repartitionSinkTopics = value.repartitionSinkTopics ?? [];
  writer.writeCompactArrayCount(repartitionSinkTopics.length);
  for (const item of repartitionSinkTopics) writer.writeCompactString(item);
  const stateChangelogTopics = value.stateChangelogTopics ?? [];
  writer.writeCompactArrayCount(stateChangelogTopics.length);
  for (const item of stateChangelogTopics) encodeStreamsGroupDescribeResponseTopicInfo(writer, item, version);
  const repartitionSourceTopics = value.repartitionSourceTopics ?? [];
  writer.writeCompactArrayCount(repartitionSourceTopics.length);
  for (const item of repartitionSourceTopics) encodeStreamsGroupDescribeResponseTopicInfo(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeStreamsGroupDescribeResponseTopology(
  reader: ByteReader,
  version: number,
): StreamsGroupDescribeResponseTopology {
  const epoch = reader.readInt32();
  let subtopologies: StreamsGroupDescribeResponseSubtopology[] | null;
  const subtopologiesCount = reader.readCompactArrayCount(6);
  if (subtopologiesCount < 0) subtopologies = null;
  else {
    subtopologies = [];
    for (let count = subtopologiesCount; count > 0; count--) subtopologies.push(decodeStreamsGroupDescribeResponseSubtopology(reader, version));
  }
  reader.skipTags();
  return { epoch, subtopologies };
}

function encodeStreamsGroupDescribeResponseTopology(
  writer: ByteWriter,
  value: Encodable<StreamsGroupDescribeResponseTopology>,
  version: number,
): void {
  const epoch = value.epoch ?? 0;
  writer.writeInt32(epoch);
  const subtopologies = value.subtopologies ?? null;
  if (subtopologies === null) {
    writer.writeCompactArrayCount(-1);
  } else {
    writer.writeCompactArrayCount(subtopologies.length);
    for (const item of subtopologies) encodeStreamsGroupDescribeResponseSubtopology(writer, item, version);
  }
  writer.writeUnsignedVarint(0);
}

function decodeStreamsGroupDescribeResponseMember(
  reader: ByteReader,
  version: number,
): StreamsGroupDescribeResponseMember {
  const memberId = reader.readCompactString();
  const memberEpoch = reader.readInt32();
  const instanceId = reader.readCompactNullableString();
  const rackId = reader.readCompactNullableString();
  const clientId = reader.readCompactString();
  const clientHost = reader.readCompactString();
  const topologyEpoch = reader.readInt32();
  const processId = reader.readCompactString();
  const userEndpoint = (reader.readStructPresent() ? decodeStreamsGroupDescribeResponseEndpoint(reader, version) : null);
  const clientTags: StreamsGroupDescribeResponseKeyValue[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(3)); count > 0; count--) {
    clientTags.push(decodeStreamsGroupDescribeResponseKeyValue(reader, version));
  }
  const taskOffsets: StreamsGroupDescribeResponseTaskOffset[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(14)); count > 0; count--) {
    taskOffsets.push(decodeStreamsGroupDescribeResponseTaskOffset(reader, version));
  }
  const taskEndOffsets: StreamsGroupDescribeResponseTaskOffset[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(14)); count > 0; count--) {
    taskEndOffsets.push(decodeStreamsGroupDescribeResponseTaskOffset(reader, version));
  }
  const assignment = decodeStreamsGroupDescribeResponseAssignment(reader, version);
  const targetAssignment = decodeStreamsGroupDescribeResponseAssignment(reader, version);
  const isClassic = reader.readBoolean();
  reader.skipTags();
  return { memberId, memberEpoch, instanceId, rackId, clientId, clientHost, topologyEpoch, processId, userEndpoint, clientTags, taskOffsets, taskEndOffsets, assignment, targetAssignment, isClassic };
}

function encodeStreamsGroupDescribeResponseMember(
  writer: ByteWriter,
  value: Encodable<StreamsGroupDescribeResponseMember>,
  version: number,
): void {
  const memberId = value.memberId ?? '';
  writer.writeCompactString(memberId);
  const memberEpoch = value.memberEpoch ?? 0;
  writer.writeInt32(memberEpoch);
  const instanceId = value.instanceId ?? null;
  writer.writeCompactNullableString(instanceId);
  const rackId = value.rackId ?? null;
  writer.writeCompactNullableString(rackId);
  const clientId = value.clientId ?? '';
  writer.writeCompactString(clientId);
  const clientHost = value.clientHost ?? '';
  writer.writeCompactString(clientHost);
  const topologyEpoch = value.topologyEpoch ?? 0;
  writer.writeInt32(topologyEpoch);
  const processId = value.processId ?? '';
  writer.writeCompactString(processId);
  const userEndpoint = value.userEndpoint ?? null;
  writer.writeInt8(userEndpoint === null ? -1 : 1);
  if (userEndpoint !== null) encodeStreamsGroupDescribeResponseEndpoint(writer, userEndpoint, version);
  const clientTags = value.clientTags ?? [];
  writer.writeCompactArrayCount(clientTags.length);
  for (const item of clientTags) encodeStreamsGroupDescribeResponseKeyValue(writer, item, version);
  const taskOffsets = value.taskOffsets ?? [];
  writer.writeCompactArrayCount(taskOffsets.length);
  for (const item of taskOffsets) encodeStreamsGroupDescribeResponseTaskOffset(writer, item, version);
  const taskEndOffsets = value.taskEndOffsets ?? [];
  writer.writeCompactArrayCount(taskEndOffsets.length);
  for (const item of taskEndOffsets) encodeStreamsGroupDescribeResponseTaskOffset(writer, item, version);
  const assignment = value.assignment === undefined ? {} : value.assignment;
  encodeStreamsGroupDescribeResponseAssignment(writer, assignment, version);
  const targetAssignment = value.targetAssignment === undefined ? {} : value.targetAssignment;
  encodeStreamsGroupDescribeResponseAssignment(writer, targetAssignment, version);
  const isClassic = value.isClassic ?? false;
  writer.writeBoolean(isClassic);
  writer.writeUnsignedVarint(0);
}

function decodeStreamsGroupDescribeResponseDescribedGroup(
  reader: ByteReader,
  version: number,
): StreamsGroupDescribeResponseDescribedGroup {
  const errorCode = reader.readInt16();
  const errorMessage = reader.readCompactNullableString();
  const groupId = reader.readCompactString();
  const groupState = reader.readCompactString();
  const groupEpoch = reader.readInt32();
  const assignmentEpoch = reader.readInt32();
  const topology = (reader.readStructPresent() ? decodeStreamsGroupDescribeResponseTopology(reader, version) : null);
  const members: StreamsGroupDescribeResponseMember[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(28)); count > 0; count--) {
    members.push(decodeStreamsGroupDescribeResponseMember(reader, version));
  }
  const authorizedOperations = reader.readInt32();
  reader.skipTags();
  return { errorCode, errorMessage, groupId, groupState, groupEpoch, assignmentEpoch, topology, members, authorizedOperations };
}

function encodeStreamsGroupDescribeResponseDescribedGroup(
  writer: ByteWriter,
  value: Encodable<StreamsGroupDescribeResponseDescribedGroup>,
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
  const topology = value.topology ?? null;
  writer.writeInt8(topology === null ? -1 : 1);
  if (topology !== null) encodeStreamsGroupDescribeResponseTopology(writer, topology, version);
  const members = value.members ?? [];
  writer.writeCompactArrayCount(members.length);
  for (const item of members) encodeStreamsGroupDescribeResponseMember(writer, item, version);
  const authorizedOperations = value.authorizedOperations ?? -2147483648;
  writer.writeInt32(authorizedOperations);
  writer.writeUnsignedVarint(0);
}

/** StreamsGroupDescribe, ApiKey 89: versions 0, flexible since 0. */
export const streamsGroupDescribeApi: KafkaApi<StreamsGroupDescribeRequest, StreamsGroupDescribeResponse> = {
  key: 89,
  name: 'StreamsGroupDescribe',
  versionMin: 0,
  versionMax: 0,
  flexibleSince: 0,
  latestVersionUnstable: false,
  decodeRequest: decodeStreamsGroupDescribeRequest,
  encodeRequest: encodeStreamsGroupDescribeRequest,
  decodeResponse: decodeStreamsGroupDescribeResponse,
  encodeResponse: encodeStreamsGroupDescribeResponse,
};
