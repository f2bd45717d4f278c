// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { Buffer } from 'node:buffer';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { notInVersion, notNullable, unsupportedDecode, unsupportedEncode, ZERO_UUID } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-13. */
export interface MetadataRequest {
  /** The topics to fetch metadata for. (versions 0+, nullable 1+) */
  topics: MetadataRequestMetadataRequestTopic[] | null;
  /** If this is true, the broker may auto-create topics that we requested which do not already exist, if it is configured to do so. (versions 4+) */
  allowAutoTopicCreation: boolean;
  /** Whether to include cluster authorized operations. (versions 8-10) */
  includeClusterAuthorizedOperations: boolean;
  /** Whether to include topic authorized operations. (versions 8+) */
  includeTopicAuthorizedOperations: boolean;
}

export interface MetadataRequestMetadataRequestTopic {
  /** The topic id. (versions 10+) */
  topicId: Buffer;
  /** The topic name. (versions 0+, nullable 10+) */
  name: string | null;
}

export function decodeMetadataRequest(
  reader: ByteReader,
  version: number,
): MetadataRequest {
  if (!(version >= 0 && version <= 13)) unsupportedDecode('MetadataRequest', version);
  const flexible = version >= 9;
  let topics: MetadataRequestMetadataRequestTopic[] | null;
  const announced = flexible ? reader.readCompactArrayCount(2) : reader.readArrayCount(2);
  const topicsCount = version >= 1 ? announced : reader.notNull(announced);
  if (topicsCount < 0) topics = null;
  else {
    topics = [];
    for (let count = topicsCount; count > 0; count--) topics.push(decodeMetadataRequestMetadataRequestTopic(reader, version));
  }
  let allowAutoTopicCreation: boolean = true;
  if (version >= 4) {
    allowAutoTopicCreation = reader.readBoolean();
  }
  let includeClusterAuthorizedOperations: boolean = false;
  if (version >= 8 && version <= 10) {
    includeClusterAuthorizedOperations = reader.readBoolean();
  }
  let includeTopicAuthorizedOperations: boolean = false;
  if (version >= 8) {
    includeTopicAuthorizedOperations = reader.readBoolean();
  }
  if (flexible) {
    reader.skipTags();
  }
  return { topics, allowAutoTopicCreation, includeClusterAuthorizedOperations, includeTopicAuthorizedOperations };
}

export function encodeMetadataRequest(
  writer: ByteWriter,
  value: Encodable<MetadataRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 13)) unsupportedEncode('MetadataRequest', version);
  const flexible = version >= 9;
  const topics = value.topics === undefined ? [] : value.topics;
  if (topics === null && !(version >= 1)) notNullable('MetadataRequest.topics', version);
  if (topics === null) {
    if (flexible) writer.writeCompactArrayCount(-1);
    else writer.writeArrayCount(-1);
  } else {
    if (flexible) writer.writeCompactArrayCount(topics.length);
    else writer.writeArrayCount(topics.length);
    for (const item of topics) encodeMetadataRequestMetadataRequestTopic(writer, item, version);
  }
  if (version >= 4) {
    const allowAutoTopicCreation = value.allowAutoTopicCreation ?? true;
    writer.writeBoolean(allowAutoTopicCreation);
  } else if (value.allowAutoTopicCreation !== undefined && value.allowAutoTopicCreation !== true) notInVersion('MetadataRequest.allowAutoTopicCreation', version);
  if (version >= 8 && version <= 10) {
    const includeClusterAuthorizedOperations = value.includeClusterAuthorizedOperations ?? false;
    writer.writeBoolean(includeClusterAuthorizedOperations);
  } else if (value.includeClusterAuthorizedOperations !== undefined && value.includeClusterAuthorizedOperations !== false) notInVersion('MetadataRequest.includeClusterAuthorizedOperations', version);
  if (version >= 8) {
    const includeTopicAuthorizedOperations = value.includeTopicAuthorizedOperations ?? false;
    writer.writeBoolean(includeTopicAuthorizedOperations);
  } else if (value.includeTopicAuthorizedOperations !== undefined && value.includeTopicAuthorizedOperations !== false) notInVersion('MetadataRequest.includeTopicAuthorizedOperations', version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeMetadataRequestMetadataRequestTopic(
  reader: ByteReader,
  version: number,
): MetadataRequestMetadataRequestTopic {
  const flexible = version >= 9;
  let topicId: Buffer = ZERO_UUID;
  if (version >= 10) {
    topicId = reader.readUuid();
  }
  const name = flexible ? (version >= 10 ? reader.readCompactNullableString() : reader.readCompactString()) : (version >= 10 ? reader.readNullableString() : reader.readString());
  if (flexible) {
    reader.skipTags();
  }
  return { topicId, name };
}

function encodeMetadataRequestMetadataRequestTopic(
  writer: ByteWriter,
  value: Encodable<MetadataRequestMetadataRequestTopic>,
  version: number,
): void {
  const flexible = version >= 9;
  if (version >= 10) {
    const topicId = value.topicId ?? ZERO_UUID;
    writer.writeUuid(topicId);
  }
  const name = value.name === undefined ? '' : value.name;
  if (name === null && !(version >= 10)) notNullable('MetadataRequestMetadataRequestTopic.name', version);
  flexible ? writer.writeCompactNullableString(name) : writer.writeNullableString(name);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** Versions 0-13. */
export interface MetadataResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 3+) */
  throttleTimeMs: number;
  /** A list of brokers present in the cluster. (versions 0+) */
  brokers: MetadataResponseMetadataResponseBroker[];
  /** The cluster ID that responding broker belongs to. (versions 2+, nullable 2+) */
  clusterId: string | null;
  /** The ID of the controller broker. (versions 1+) */
  controllerId: number;
  /** Each topic in the response. (versions 0+) */
  topics: MetadataResponseMetadataResponseTopic[];
  /** 32-bit bitfield to represent authorized operations for this cluster. (versions 8-10) */
  clusterAuthorizedOperations: number;
  /** The top-level error code, or 0 if there was no error. (versions 13+) */
  errorCode: number;
}

export interface MetadataResponseMetadataResponseBroker {
  /** The broker ID. (versions 0+) */
  nodeId: number;
  /** The broker hostname. (versions 0+) */
  host: string;
  /** The broker port. (versions 0+) */
  port: number;
  /** The rack of the broker, or null if it has not been assigned to a rack. (versions 1+, nullable 1+) */
  rack: string | null;
}

export interface MetadataResponseMetadataResponsePartition {
  /** The partition error, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** The partition index. (versions 0+) */
  partitionIndex: number;
  /** The ID of the leader broker. (versions 0+) */
  leaderId: number;
  /** The leader epoch of this partition. (versions 7+) */
  leaderEpoch: number;
  /** The set of all nodes that host this partition. (versions 0+) */
  replicaNodes: number[];
  /** The set of nodes that are in sync with the leader for this partition. (versions 0+) */
  isrNodes: number[];
  /** The set of offline replicas of this partition. (versions 5+) */
  offlineReplicas: number[];
}

export interface MetadataResponseMetadataResponseTopic {
  /** The topic error, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** The topic name. Null for non-existing topics queried by ID. This is never null when ErrorCode is zero. One of Name and TopicId is always populated. (versions 0+, nullable 12+) */
  name: string | null;
  /** The topic id. Zero for non-existing topics queried by name. This is never zero when ErrorCode is zero. One of Name and TopicId is always populated. (versions 10+) */
  topicId: Buffer;
  /** True if the topic is internal. (versions 1+) */
  isInternal: boolean;
  /** Each partition in the topic. (versions 0+) */
  partitions: MetadataResponseMetadataResponsePartition[];
  /** 32-bit bitfield to represent authorized operations for this topic. (versions 8+) */
  topicAuthorizedOperations: number;
}

export function decodeMetadataResponse(
  reader: ByteReader,
  version: number,
): MetadataResponse {
  if (!(version >= 0 && version <= 13)) unsupportedDecode('MetadataResponse', version);
  const flexible = version >= 9;
  let throttleTimeMs: number = 0;
  if (version >= 3) {
    throttleTimeMs = reader.readInt32();
  }
  const brokers: MetadataResponseMetadataResponseBroker[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(10) : reader.readArrayCount(10)); count > 0; count--) {
    brokers.push(decodeMetadataResponseMetadataResponseBroker(reader, version));
  }
  let clusterId: string | null = null;
  if (version >= 2) {
    clusterId = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  }
  let controllerId: number = -1;
  if (version >= 1) {
    controllerId = reader.readInt32();
  }
  const topics: MetadataResponseMetadataResponseTopic[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(8) : reader.readArrayCount(8)); count > 0; count--) {
    topics.push(decodeMetadataResponseMetadataResponseTopic(reader, version));
  }
  let clusterAuthorizedOperations: number = -2147483648;
  if (version >= 8 && version <= 10) {
    clusterAuthorizedOperations = reader.readInt32();
  }
  let errorCode: number = 0;
  if (version >= 13) {
    errorCode = reader.readInt16();
  }
  if (flexible) {
    reader.skipTags();
  }
  return { throttleTimeMs, brokers, clusterId, controllerId, topics, clusterAuthorizedOperations, errorCode };
}

export function encodeMetadataResponse(
  writer: ByteWriter,
  value: Encodable<MetadataResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 13)) unsupportedEncode('MetadataResponse', version);
  const flexible = version >= 9;
  if (version >= 3) {
    const throttleTimeMs = value.throttleTimeMs ?? 0;
    writer.writeInt32(throttleTimeMs);
  }
  const brokers = value.brokers ?? [];
  if (flexible) writer.writeCompactArrayCount(brokers.length);
  else writer.writeArrayCount(brokers.length);
  for (const item of brokers) encodeMetadataResponseMetadataResponseBroker(writer, item, version);
  if (version >= 2) {
    const clusterId = value.clusterId ?? null;
    flexible ? writer.writeCompactNullableString(clusterId) : writer.writeNullableString(clusterId);
  }
  if (version >= 1) {
    const controllerId = value.controllerId ?? -1;
    writer.writeInt32(controllerId);
  }
  const topics = value.topics ?? [];
  if (flexible) writer.writeCompactArrayCount(topics.length);
  else writer.writeArrayCount(topics.length);
  for (const item of topics) encodeMetadataResponseMetadataResponseTopic(writer, item, version);
  if (version >= 8 && version <= 10) {
    const clusterAuthorizedOperations = value.clusterAuthorizedOperations ?? -2147483648;
    writer.writeInt32(clusterAuthorizedOperations);
  } else if (value.clusterAuthorizedOperations !== undefined && value.clusterAuthorizedOperations !== -2147483648) notInVersion('MetadataResponse.clusterAuthorizedOperations', version);
  if (version >= 13) {
    const errorCode = value.errorCode ?? 0;
    writer.writeInt16(errorCode);
  }
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeMetadataResponseMetadataResponseBroker(
  reader: ByteReader,
  version: number,
): MetadataResponseMetadataResponseBroker {
  const flexible = version >= 9;
  const nodeId = reader.readInt32();
  const host = flexible ? reader.readCompactString() : reader.readString();
  const port = reader.readInt32();
  let rack: string | null = null;
  if (version >= 1) {
    rack = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  }
  if (flexible) {
    reader.skipTags();
  }
  return { nodeId, host, port, rack };
}

function encodeMetadataResponseMetadataResponseBroker(
  writer: ByteWriter,
  value: Encodable<MetadataResponseMetadataResponseBroker>,
  version: number,
): void {
  const flexible = version >= 9;
  const nodeId = value.nodeId ?? 0;
  writer.writeInt32(nodeId);
  const host = value.host ?? '';
  flexible ? writer.writeCompactString(host) : writer.writeString(host);
  const port = value.port ?? 0;
  writer.writeInt32(port);
  if (version >= 1) {
    const rack = value.rack ?? null;
    flexible ? writer.writeCompactNullableString(rack) : writer.writeNullableString(rack);
  }
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeMetadataResponseMetadataResponsePartition(
  reader: ByteReader,
  version: number,
): MetadataResponseMetadataResponsePartition {
  const flexible = version >= 9;
  const errorCode = reader.readInt16();
  const partitionIndex = reader.readInt32();
  const leaderId = reader.readInt32();
  let leaderEpoch: number = -1;
  if (version >= 7) {
    leaderEpoch = reader.readInt32();
  }
  const replicaNodes: number[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(4) : reader.readArrayCount(4)); count > 0; count--) {
    replicaNodes.push(reader.readInt32());
  }
  const isrNodes: number[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(4) : reader.readArrayCount(4)); count > 0; count--) {
    isrNodes.push(reader.readInt32());
  }
  const offlineReplicas: number[] = [];
  if (version >= 5) {
    for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(4) : reader.readArrayCount(4)); count > 0; count--) {
      offlineReplicas.push(reader.readInt32());
    }
  }
  if (flexible) {
    reader.skipTags();
  }
  return { errorCode, partitionIndex, leaderId, leaderEpoch, replicaNodes, isrNodes, offlineReplicas };
}

function encodeMetadataResponseMetadataResponsePartition(
  writer: ByteWriter,
  value: Encodable<MetadataResponseMetadataResponsePartition>,
  version: number,
): void {
  const flexible = version >= 9;
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const partitionIndex = value.partitionIndex ?? 0;
  writer.writeInt32(partitionIndex);
  const leaderId = value.leaderId ?? 0;
  writer.writeInt32(leaderId);
  if (version >= 7) {
    const leaderEpoch = value.leaderEpoch ?? -1;
    writer.writeInt32(leaderEpoch);
  }
  const replicaNodes = value.replicaNodes ?? [];
  if (flexible) writer.writeCompactArrayCount(replicaNodes.length);
  else writer.writeArrayCount(replicaNodes.length);
  for (const item of replicaNodes) writer.writeInt32(item);
  const isrNodes = value.isrNodes ?? [];
  if (flexible) writer.writeCompactArrayCount(isrNodes.length);
  else writer.writeArrayCount(isrNodes.length);
  for (const item of isrNodes) writer.writeInt32(item);
  if (version >= 5) {
    const offlineReplicas = value.offlineReplicas ?? [];
    if (flexible) writer.writeCompactArrayCount(offlineReplicas.length);
    else writer.writeArrayCount(offlineReplicas.length);
    for (const item of offlineReplicas) writer.writeInt32(item);
  }
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeMetadataResponseMetadataResponseTopic(
  reader: ByteReader,
  version: number,
): MetadataResponseMetadataResponseTopic {
  const flexible = version >= 9;
  const errorCode = reader.readInt16();
  const name = flexible ? (version >= 12 ? reader.readCompactNullableString() : reader.readCompactString()) : (version >= 12 ? reader.readNullableString() : reader.readString());
  let topicId: Buffer = ZERO_UUID;
  if (version >= 10) {
    topicId = reader.readUuid();
  }
  let isInternal: boolean = false;
  if (version >= 1) {
    isInternal = reader.readBoolean();
  }
  const partitions: MetadataResponseMetadataResponsePartition[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(18) : reader.readArrayCount(18)); count > 0; count--) {
    partitions.push(decodeMetadataResponseMetadataResponsePartition(reader, version));
  }
  let topicAuthorizedOperations: number = -2147483648;
  if (version >= 8) {
    topicAuthorizedOperations = reader.readInt32();
  }
  if (flexible) {
    reader.skipTags();
  }
  return { errorCode, name, topicId, isInternal, partitions, topicAuthorizedOperations };
}

function encodeMetadataResponseMetadataResponseTopic(
  writer: ByteWriter,
  value: Encodable<MetadataResponseMetadataResponseTopic>,
  version: number,
): void {
  const flexible = version >= 9;
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const name = value.name === undefined ? '' : value.name;
  if (name === null && !(version >= 12)) notNullable('MetadataResponseMetadataResponseTopic.name', version);
  flexible ? writer.writeCompactNullableString(name) : writer.writeNullableString(name);
  if (version >= 10) {
    const topicId = value.topicId ?? ZERO_UUID;
    writer.writeUuid(topicId);
  }
  if (version >= 1) {
    const isInternal = value.isInternal ?? false;
    writer.writeBoolean(isInternal);
  }
  const partitions = value.partitions ?? [];
  if (flexible) writer.writeCompactArrayCount(partitions.length);
  else writer.writeArrayCount(partitions.length);
  for (const item of partitions) encodeMetadataResponseMetadataResponsePartition(writer, item, version);
  if (version >= 8) {
    const topicAuthorizedOperations = value.topicAuthorizedOperations ?? -2147483648;
    writer.writeInt32(topicAuthorizedOperations);
  } else if (value.topicAuthorizedOperations !== undefined && value.topicAuthorizedOperations !== -2147483648) notInVersion('MetadataResponseMetadataResponseTopic.topicAuthorizedOperations', version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** Metadata, ApiKey 3: versions 0-13, flexible since 9. */
export const metadataApi: KafkaApi<MetadataRequest, MetadataResponse> = {
  key: 3,
  name: 'Metadata',
  versionMin: 0,
  versionMax: 13,
  flexibleSince: 9,
  latestVersionUnstable: false,
  decodeRequest: decodeMetadataRequest,
  encodeRequest: encodeMetadataRequest,
  decodeResponse: decodeMetadataResponse,
  encodeResponse: encodeMetadataResponse,
};
