// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { Buffer } from 'node:buffer';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { isZeroUuid, notInVersion, unsupportedDecode, unsupportedEncode, ZERO_UUID } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-2. */
export interface DescribeQuorumRequest {
  /** The topics to describe. (versions 0+) */
  topics: DescribeQuorumRequestTopicData[];
}

export interface DescribeQuorumRequestPartitionData {
  /** The partition index. (versions 0+) */
  partitionIndex: number;
}

export interface DescribeQuorumRequestTopicData {
  /** The topic name. (versions 0+) */
  topicName: string;
  /** The partitions to describe. (versions 0+) */
  partitions: DescribeQuorumRequestPartitionData[];
}

export function decodeDescribeQuorumRequest(
  reader: ByteReader,
  version: number,
): DescribeQuorumRequest {
  if (!(version >= 0 && version <= 2)) unsupportedDecode('DescribeQuorumRequest', version);
  const topics: DescribeQuorumRequestTopicData[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(3)); count > 0; count--) {
    topics.push(decodeDescribeQuorumRequestTopicData(reader, version));
  }
  reader.skipTags();
  return { topics };
}

export function encodeDescribeQuorumRequest(
  writer: ByteWriter,
  value: Encodable<DescribeQuorumRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 2)) unsupportedEncode('DescribeQuorumRequest', version);
  const topics = value.topics ?? [];
  writer.writeCompactArrayCount(topics.length);
  for (const item of topics) encodeDescribeQuorumRequestTopicData(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeDescribeQuorumRequestPartitionData(
  reader: ByteReader,
  _version: number,
): DescribeQuorumRequestPartitionData {
  const partitionIndex = reader.readInt32();
  reader.skipTags();
  return { partitionIndex };
}

function encodeDescribeQuorumRequestPartitionData(
  writer: ByteWriter,
  value: Encodable<DescribeQuorumRequestPartitionData>,
  _version: number,
): void {
  const partitionIndex = value.partitionIndex ?? 0;
  writer.writeInt32(partitionIndex);
  writer.writeUnsignedVarint(0);
}

function decodeDescribeQuorumRequestTopicData(
  reader: ByteReader,
  version: number,
): DescribeQuorumRequestTopicData {
  const topicName = reader.readCompactString();
  const partitions: DescribeQuorumRequestPartitionData[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(5)); count > 0; count--) {
    partitions.push(decodeDescribeQuorumRequestPartitionData(reader, version));
  }
  reader.skipTags();
  return { topicName, partitions };
}

function encodeDescribeQuorumRequestTopicData(
  writer: ByteWriter,
  value: Encodable<DescribeQuorumRequestTopicData>,
  version: number,
): void {
  const topicName = value.topicName ?? '';
  writer.writeCompactString(topicName);
  const partitions = value.partitions ?? [];
  writer.writeCompactArrayCount(partitions.length);
  for (const item of partitions) encodeDescribeQuorumRequestPartitionData(writer, item, version);
  writer.writeUnsignedVarint(0);
}

/** Versions 0-2. */
export interface DescribeQuorumResponse {
  /** The top level error code. (versions 0+) */
  errorCode: number;
  /** The error message, or null if there was no error. (versions 2+, nullable 2+) */
  errorMessage: string | null;
  /** The response from the describe quorum API. (versions 0+) */
  topics: DescribeQuorumResponseTopicData[];
  /** The nodes in the quorum. (versions 2+) */
  nodes: DescribeQuorumResponseNode[];
}

export interface DescribeQuorumResponseReplicaState {
  /** The ID of the replica. (versions 0+) */
  replicaId: number;
  /** The replica directory ID of the replica. (versions 2+) */
  replicaDirectoryId: Buffer;
  /** The last known log end offset of the follower or -1 if it is unknown. (versions 0+) */
  logEndOffset: bigint;
  /** The last known leader wall clock time time when a follower fetched from the leader. This is reported as -1 both for the current leader or if it is unknown for a voter. (versions 1+) */
  lastFetchTimestamp: bigint;
  /** The leader wall clock append time of the offset for which the follower made the most recent fetch request. This is reported as the current time for the leader and -1 if unknown for a voter. (versions 1+) */
  lastCaughtUpTimestamp: bigint;
}

export interface DescribeQuorumResponsePartitionData {
  /** The partition index. (versions 0+) */
  partitionIndex: number;
  /** The partition error code. (versions 0+) */
  errorCode: number;
  /** The error message, or null if there was no error. (versions 2+, nullable 2+) */
  errorMessage: string | null;
  /** The ID of the current leader or -1 if the leader is unknown. (versions 0+) */
  leaderId: number;
  /** The latest known leader epoch. (versions 0+) */
  leaderEpoch: number;
  /** The high water mark. (versions 0+) */
  highWatermark: bigint;
  /** The current voters of the partition. (versions 0+) */
  currentVoters: DescribeQuorumResponseReplicaState[];
  /** The observers of the partition. (versions 0+) */
  observers: DescribeQuorumResponseReplicaState[];
}

export interface DescribeQuorumResponseTopicData {
  /** The topic name. (versions 0+) */
  topicName: string;
  /** The partition data. (versions 0+) */
  partitions: DescribeQuorumResponsePartitionData[];
}

export interface DescribeQuorumResponseListener {
  /** The name of the endpoint. (versions 2+) */
  name: string;
  /** The hostname. (versions 2+) */
  host: string;
  /** The port. (versions 2+) */
  port: number;
}

export interface DescribeQuorumResponseNode {
  /** The ID of the associated node. (versions 2+) */
  nodeId: number;
  /** The listeners of this controller. (versions 2+) */
  listeners: DescribeQuorumResponseListener[];
}

export function decodeDescribeQuorumResponse(
  reader: ByteReader,
  version: number,
): DescribeQuorumResponse {
  if (!(version >= 0 && version <= 2)) unsupportedDecode('DescribeQuorumResponse', version);
  const errorCode = reader.readInt16();
  let errorMessage: string | null = '';
  if (version >= 2) {
    errorMessage = reader.readCompactNullableString();
  }
  const topics: DescribeQuorumResponseTopicData[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(3)); count > 0; count--) {
    topics.push(decodeDescribeQuorumResponseTopicData(reader, version));
  }
  const nodes: DescribeQuorumResponseNode[] = [];
  if (version >= 2) {
    for (let count = reader.notNull(reader.readCompactArrayCount(6)); count > 0; count--) {
      nodes.push(decodeDescribeQuorumResponseNode(reader, version));
    }
  }
  reader.skipTags();
  return { errorCode, errorMessage, topics, nodes };
}

export function encodeDescribeQuorumResponse(
  writer: ByteWriter,
  value: Encodable<DescribeQuorumResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 2)) unsupportedEncode('DescribeQuorumResponse', version);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  if (version >= 2) {
    const errorMessage = value.errorMessage === undefined ? '' : value.errorMessage;
    writer.writeCompactNullableString(errorMessage);
  }
  const topics = value.topics ?? [];
  writer.writeCompactArrayCount(topics.length);
  for (const item of topics) encodeDescribeQuorumResponseTopicData(writer, item, version);
  if (version >= 2) {
    const nodes = value.nodes ?? [];
    writer.writeCompactArrayCount(nodes.length);
    for (const item of nodes) encodeDescribeQuorumResponseNode(writer, item, version);
  } else if (value.nodes !== undefined && value.nodes.length !== 0) notInVersion('DescribeQuorumResponse.nodes', version);
  writer.writeUnsignedVarint(0);
}

function decodeDescribeQuorumResponseReplicaState(
  reader: ByteReader,
  version: number,
): DescribeQuorumResponseReplicaState {
  const replicaId = reader.readInt32();
  let replicaDirectoryId: Buffer = ZERO_UUID;
  if (version >= 2) {
    replicaDirectoryId = reader.readUuid();
  }
  const logEndOffset = reader.readInt64();
  let lastFetchTimestamp: bigint = -1n;
  if (version >= 1) {
    lastFetchTimestamp = reader.readInt64();
  }
  let lastCaughtUpTimestamp: bigint = -1n;
  if (version >= 1) {
    lastCaughtUpTimestamp = reader.readInt64();
  }
  reader.skipTags();
  return { replicaId, replicaDirectoryId, logEndOffset, lastFetchTimestamp, lastCaughtUpTimestamp };
}

function encodeDescribeQuorumResponseReplicaState(
  writer: ByteWriter,
  value: Encodable<DescribeQuorumResponseReplicaState>,
  version: number,
): void {
  const replicaId = value.replicaId ?? 0;
  writer.writeInt32(replicaId);
  if (version >= 2) {
    const replicaDirectoryId = value.replicaDirectoryId ?? ZERO_UUID;
    writer.writeUuid(replicaDirectoryId);
  } else if (value.replicaDirectoryId !== undefined && !isZeroUuid(value.replicaDirectoryId)) notInVersion('DescribeQuorumResponseReplicaState.replicaDirectoryId', version);
  const logEndOffset = value.logEndOffset ?? 0n;
  writer.writeInt64(logEndOffset);
  if (version >= 1) {
    const lastFetchTimestamp = value.lastFetchTimestamp ?? -1n;
    writer.writeInt64(lastFetchTimestamp);
  }
  if (version >= 1) {
    const lastCaughtUpTimestamp = value.lastCaughtUpTimestamp ?? -1n;
    writer.writeInt64(lastCaughtUpTimestamp);
  }
  writer.writeUnsignedVarint(0);
}

function decodeDescribeQuorumResponsePartitionData(
  reader: ByteReader,
  version: number,
): DescribeQuorumResponsePartitionData {
  const partitionIndex = reader.readInt32();
  const errorCode = reader.readInt16();
  let errorMessage: string | null = '';
  if (version >= 2) {
    errorMessage = reader.readCompactNullableString();
  }
  const leaderId = reader.readInt32();
  const leaderEpoch = reader.readInt32();
  const highWatermark = reader.readInt64();
  const currentVoters: DescribeQuorumResponseReplicaState[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(13)); count > 0; count--) {
    currentVoters.push(decodeDescribeQuorumResponseReplicaState(reader, version));
  }
  const observers: DescribeQuorumResponseReplicaState[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(13)); count > 0; count--) {
    observers.push(decodeDescribeQuorumResponseReplicaState(reader, version));
  }
  reader.skipTags();
  return { partitionIndex, errorCode, errorMessage, leaderId, leaderEpoch, highWatermark, currentVoters, observers };
}

function encodeDescribeQuorumResponsePartitionData(
  writer: ByteWriter,
  value: Encodable<DescribeQuorumResponsePartitionData>,
  version: number,
): void {
  const partitionIndex = value.partitionIndex ?? 0;
  writer.writeInt32(partitionIndex);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  if (version >= 2) {
    const errorMessage = value.errorMessage === undefined ? '' : value.errorMessage;
    writer.writeCompactNullableString(errorMessage);
  }
  const leaderId = value.leaderId ?? 0;
  writer.writeInt32(leaderId);
  const leaderEpoch = value.leaderEpoch ?? 0;
  writer.writeInt32(leaderEpoch);
  const highWatermark = value.highWatermark ?? 0n;
  writer.writeInt64(highWatermark);
  const currentVoters = value.currentVoters ?? [];
  writer.writeCompactArrayCount(currentVoters.length);
  for (const item of currentVoters) encodeDescribeQuorumResponseReplicaState(writer, item, version);
  const observers = value.observers ?? [];
  writer.writeCompactArrayCount(observers.length);
  for (const item of observers) encodeDescribeQuorumResponseReplicaState(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeDescribeQuorumResponseTopicData(
  reader: ByteReader,
  version: number,
): DescribeQuorumResponseTopicData {
  const topicName = reader.readCompactString();
  const partitions: DescribeQuorumResponsePartitionData[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(25)); count > 0; count--) {
    partitions.push(decodeDescribeQuorumResponsePartitionData(reader, version));
  }
  reader.skipTags();
  return { topicName, partitions };
}

function encodeDescribeQuorumResponseTopicData(
  writer: ByteWriter,
  value: Encodable<DescribeQuorumResponseTopicData>,
  version: number,
): void {
  const topicName = value.topicName ?? '';
  writer.writeCompactString(topicName);
  const partitions = value.partitions ?? [];
  writer.writeCompactArrayCount(partitions.length);
  for (const item of partitions) encodeDescribeQuorumResponsePartitionData(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeDescribeQuorumResponseListener(
  reader: ByteReader,
  _version: number,
): DescribeQuorumResponseListener {
  const name = reader.readCompactString();
  const host = reader.readCompactString();
  const port = reader.readUint16();
  reader.skipTags();
  return { name, host, port };
}

function encodeDescribeQuorumResponseListener(
  writer: ByteWriter,
  value: Encodable<DescribeQuorumResponseListener>,
  _version: number,
): void {
  const name = value.name ?? '';
  writer.writeCompactString(name);
  const host = value.host ?? '';
  writer.writeCompactString(host);
  const port = value.port ?? 0;
  writer.writeUint16(port);
  writer.writeUnsignedVarint(0);
}

function decodeDescribeQuorumResponseNode(
  reader: ByteReader,
  version: number,
): DescribeQuorumResponseNode {
  const nodeId = reader.readInt32();
  const listeners: DescribeQuorumResponseListener[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(5)); count > 0; count--) {
    listeners.push(decodeDescribeQuorumResponseListener(reader, version));
  }
  reader.skipTags();
  return { nodeId, listeners };
}

function encodeDescribeQuorumResponseNode(
  writer: ByteWriter,
  value: Encodable<DescribeQuorumResponseNode>,
  version: number,
): void {
  const nodeId = value.nodeId ?? 0;
  writer.writeInt32(nodeId);
  const listeners = value.listeners ?? [];
  writer.writeCompactArrayCount(listeners.length);
  for (const item of listeners) encodeDescribeQuorumResponseListener(writer, item, version);
  writer.writeUnsignedVarint(0);
}

/** DescribeQuorum, ApiKey 55: versions 0-2, flexible since 0. */
export const describeQuorumApi: KafkaApi<DescribeQuorumRequest, DescribeQuorumResponse> = {
  key: 55,
  name: 'DescribeQuorum',
  versionMin: 0,
  versionMax: 2,
  flexibleSince: 0,
  latestVersionUnstable: false,
  decodeRequest: decodeDescribeQuorumRequest,
  encodeRequest: encodeDescribeQuorumRequest,
  decodeResponse: decodeDescribeQuorumResponse,
  encodeResponse: encodeDescribeQuorumResponse,
};
