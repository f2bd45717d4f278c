// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { Buffer } from 'node:buffer';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { notInVersion, unsupportedDecode, unsupportedEncode, ZERO_UUID } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 1-2. */
export interface ShareAcknowledgeRequest {
  /** The group identifier. (versions 0+, nullable 0+) */
  groupId: string | null;
  /** The member ID. (versions 0+, nullable 0+) */
  memberId: string | null;
  /** The current share session epoch: 0 to open a share session; -1 to close it; otherwise increments for consecutive requests. (versions 0+) */
  shareSessionEpoch: number;
  /** Whether Renew type acknowledgements present in AcknowledgementBatches. (versions 2+) */
  isRenewAck: boolean;
  /** The topics containing records to acknowledge. (versions 0+) */
  topics: ShareAcknowledgeRequestAcknowledgeTopic[];
}

export interface ShareAcknowledgeRequestAcknowledgementBatch {
  /** First offset of batch of records to acknowledge. (versions 0+) */
  firstOffset: bigint;
  /** Last offset (inclusive) of batch of records to acknowledge. (versions 0+) */
  lastOffset: bigint;
  /** Array of acknowledge types - 0:Gap,1:Accept,2:Release,3:Reject,4:Renew. (versions 0+) */
  acknowledgeTypes: number[];
}

export interface ShareAcknowledgeRequestAcknowledgePartition {
  /** The partition index. (versions 0+) */
  partitionIndex: number;
  /** Record batches to acknowledge. (versions 0+) */
  acknowledgementBatches: ShareAcknowledgeRequestAcknowledgementBatch[];
}

export interface ShareAcknowledgeRequestAcknowledgeTopic {
  /** The unique topic ID. (versions 0+) */
  topicId: Buffer;
  /** The partitions containing records to acknowledge. (versions 0+) */
  partitions: ShareAcknowledgeRequestAcknowledgePartition[];
}

export function decodeShareAcknowledgeRequest(
  reader: ByteReader,
  version: number,
): ShareAcknowledgeRequest {
  if (!(version >= 1 && version <= 2)) unsupportedDecode('ShareAcknowledgeRequest', version);
  const groupId = reader.readCompactNullableString();
  const memberId = reader.readCompactNullableString();
  const shareSessionEpoch = reader.readInt32();
  let isRenewAck: boolean = false;
  if (version >= 2) {
    isRenewAck = reader.readBoolean();
  }
  const topics: ShareAcknowledgeRequestAcknowledgeTopic[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(18)); count > 0; count--) {
    topics.push(decodeShareAcknowledgeRequestAcknowledgeTopic(reader, version));
  }
  reader.skipTags();
  return { groupId, memberId, shareSessionEpoch, isRenewAck, topics };
}

export function encodeShareAcknowledgeRequest(
  writer: ByteWriter,
  value: Encodable<ShareAcknowledgeRequest>,
  version: number,
): void {
  if (!(version >= 1 && version <= 2)) unsupportedEncode('ShareAcknowledgeRequest', version);
  const groupId = value.groupId ?? null;
  writer.writeCompactNullableString(groupId);
  const memberId = value.memberId === undefined ? '' : value.memberId;
  writer.writeCompactNullableString(memberId);
  const shareSessionEpoch = value.shareSessionEpoch ?? 0;
  writer.writeInt32(shareSessionEpoch);
  if (version >= 2) {
    const isRenewAck = value.isRenewAck ?? false;
    writer.writeBoolean(isRenewAck);
  } else if (value.isRenewAck !== undefined && value.isRenewAck !== false) notInVersion('ShareAcknowledgeRequest.isRenewAck', version);
  const topics = value.topics ?? [];
  writer.writeCompactArrayCount(topics.length);
  for (const item of topics) encodeShareAcknowledgeRequestAcknowledgeTopic(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeShareAcknowledgeRequestAcknowledgementBatch(
  reader: ByteReader,
  _version: number,
): ShareAcknowledgeRequestAcknowledgementBatch {
  const firstOffset = reader.readInt64();
  const lastOffset = reader.readInt64();
  const acknowledgeTypes: number[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(1)); count > 0; count--) {
    acknowledgeTypes.push(reader.readInt8());
  }
  reader.skipTags();
  return { firstOffset, lastOffset, acknowledgeTypes };
}

function encodeShareAcknowledgeRequestAcknowledgementBatch(
  writer: ByteWriter,
  value: Encodable<ShareAcknowledgeRequestAcknowledgementBatch>,
  _version: number,
): void {
  const firstOffset = value.firstOffset ?? 0n;
  writer.writeInt64(firstOffset);
  const lastOffset = value.lastOffset ?? 0n;
  writer.writeInt64(lastOffset);
  const acknowledgeTypes = value.acknowledgeTypes ?? [];
  writer.writeCompactArrayCount(acknowledgeTypes.length);
  for (const item of acknowledgeTypes) writer.writeInt8(item);
  writer.writeUnsignedVarint(0);
}

function decodeShareAcknowledgeRequestAcknowledgePartition(
  reader: ByteReader,
  version: number,
): ShareAcknowledgeRequestAcknowledgePartition {
  const partitionIndex = reader.readInt32();
  const acknowledgementBatches: ShareAcknowledgeRequestAcknowledgementBatch[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(18)); count > 0; count--) {
    acknowledgementBatches.push(decodeShareAcknowledgeRequestAcknowledgementBatch(reader, version));
  }
  reader.skipTags();
  return { partitionIndex, acknowledgementBatches };
}

function encodeShareAcknowledgeRequestAcknowledgePartition(
  writer: ByteWriter,
  value: Encodable<ShareAcknowledgeRequestAcknowledgePartition>,
  version: number,
): void {
  const partitionIndex = value.partitionIndex ?? 0;
  writer.writeInt32(partitionIndex);
  const acknowledgementBatches = value.acknowledgementBatches ?? [];
  writer.writeCompactArrayCount(acknowledgementBatches.length);
  for (const item of acknowledgementBatches) encodeShareAcknowledgeRequestAcknowledgementBatch(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeShareAcknowledgeRequestAcknowledgeTopic(
  reader: ByteReader,
  version: number,
): ShareAcknowledgeRequestAcknowledgeTopic {
  const topicId = reader.readUuid();
  const partitions: ShareAcknowledgeRequestAcknowledgePartition[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(6)); count > 0; count--) {
    partitions.push(decodeShareAcknowledgeRequestAcknowledgePartition(reader, version));
  }
  reader.skipTags();
  return { topicId, partitions };
}

function encodeShareAcknowledgeRequestAcknowledgeTopic(
  writer: ByteWriter,
  value: Encodable<ShareAcknowledgeRequestAcknowledgeTopic>,
  version: number,
): void {
  const topicId = value.topicId ?? ZERO_UUID;
  writer.writeUuid(topicId);
  const partitions = value.partitions ?? [];
  writer.writeCompactArrayCount(partitions.length);
  for (const item of partitions) encodeShareAcknowledgeRequestAcknowledgePartition(writer, item, version);
  writer.writeUnsignedVarint(0);
}

/** Versions 1-2. */
export interface ShareAcknowledgeResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** The top level response error code. (versions 0+) */
  errorCode: number;
  /** The top-level error message, or null if there was no error. (versions 0+, nullable 0+) */
  errorMessage: string | null;
  /** The time in milliseconds for which the acquired records are locked. (versions 2+) */
  acquisitionLockTimeoutMs: number;
  /** The response topics. (versions 0+) */
  responses: ShareAcknowledgeResponseShareAcknowledgeTopicResponse[];
  /** Endpoints for all current leaders enumerated in PartitionData with error NOT_LEADER_OR_FOLLOWER. (versions 0+) */
  nodeEndpoints: ShareAcknowledgeResponseNodeEndpoint[];
}

export interface ShareAcknowledgeResponseLeaderIdAndEpoch {
  /** The ID of the current leader or -1 if the leader is unknown. (versions 0+) */
  leaderId: number;
  /** The latest known leader epoch. (versions 0+) */
  leaderEpoch: number;
}

export interface ShareAcknowledgeResponsePartitionData {
  /** The partition index. (versions 0+) */
  partitionIndex: number;
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** The error message, or null if there was no error. (versions 0+, nullable 0+) */
  errorMessage: string | null;
  /** The current leader of the partition. (versions 0+) */
  currentLeader: ShareAcknowledgeResponseLeaderIdAndEpoch;
}

export interface ShareAcknowledgeResponseShareAcknowledgeTopicResponse {
  /** The unique topic ID. (versions 0+) */
  topicId: Buffer;
  /** The topic partitions. (versions 0+) */
  partitions: ShareAcknowledgeResponsePartitionData[];
}

export interface ShareAcknowledgeResponseNodeEndpoint {
  /** The ID of the associated node. (versions 0+) */
  nodeId: number;
  /** The node's hostname. (versions 0+) */
  host: string;
  /** The node's port. (versions 0+) */
  port: number;
  /** The rack of the node, or null if it has not been assigned to a rack. (versions 0+, nullable 0+) */
  rack: string | null;
}

export function decodeShareAcknowledgeResponse(
  reader: ByteReader,
  version: number,
): ShareAcknowledgeResponse {
  if (!(version >= 1 && version <= 2)) unsupportedDecode('ShareAcknowledgeResponse', version);
  const throttleTimeMs = reader.readInt32();
  const errorCode = reader.readInt16();
  const errorMessage = reader.readCompactNullableString();
  let acquisitionLockTimeoutMs: number = 0;
  if (version >= 2) {
    acquisitionLockTimeoutMs = reader.readInt32();
  }
  const responses: ShareAcknowledgeResponseShareAcknowledgeTopicResponse[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(18)); count > 0; count--) {
    responses.push(decodeShareAcknowledgeResponseShareAcknowledgeTopicResponse(reader, version));
  }
  const nodeEndpoints: ShareAcknowledgeResponseNodeEndpoint[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(11)); count > 0; count--) {
    nodeEndpoints.push(decodeShareAcknowledgeResponseNodeEndpoint(reader, version));
  }
  reader.skipTags();
  return { throttleTimeMs, errorCode, errorMessage, acquisitionLockTimeoutMs, responses, nodeEndpoints };
}

export function encodeShareAcknowledgeResponse(
  writer: ByteWriter,
  value: Encodable<ShareAcknowledgeResponse>,
  version: number,
): void {
  if (!(version >= 1 && version <= 2)) unsupportedEncode('ShareAcknowledgeResponse', version);
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const errorMessage = value.errorMessage ?? null;
  writer.writeCompactNullableString(errorMessage);
  if (version >= 2) {
    const acquisitionLockTimeoutMs = value.acquisitionLockTimeoutMs ?? 0;
    writer.writeInt32(acquisitionLockTimeoutMs);
  }
  const responses = value.responses ?? [];
  writer.writeCompactArrayCount(responses.length);
  for (const item of responses) encodeShareAcknowledgeResponseShareAcknowledgeTopicResponse(writer, item, version);
  const nodeEndpoints = value.nodeEndpoints ?? [];
  writer.writeCompactArrayCount(nodeEndpoints.length);
  for (const item of nodeEndpoints) encodeShareAcknowledgeResponseNodeEndpoint(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeShareAcknowledgeResponseLeaderIdAndEpoch(
  reader: ByteReader,
  _version: number,
): ShareAcknowledgeResponseLeaderIdAndEpoch {
  const leaderId = reader.readInt32();
  const leaderEpoch = reader.readInt32();
  reader.skipTags();
  return { leaderId, leaderEpoch };
}

function encodeShareAcknowledgeResponseLeaderIdAndEpoch(
  writer: ByteWriter,
  value: Encodable<ShareAcknowledgeResponseLeaderIdAndEpoch>,
  _version: number,
): void {
  const leaderId = value.leaderId ?? 0;
  writer.writeInt32(leaderId);
  const leaderEpoch = value.leaderEpoch ?? 0;
  writer.writeInt32(leaderEpoch);
  writer.writeUnsignedVarint(0);
}

function decodeShareAcknowledgeResponsePartitionData(
  reader: ByteReader,
  version: number,
): ShareAcknowledgeResponsePartitionData {
  const partitionIndex = reader.readInt32();
  const errorCode = reader.readInt16();
  const errorMessage = reader.readCompactNullableString();
  const currentLeader = decodeShareAcknowledgeResponseLeaderIdAndEpoch(reader, version);
  reader.skipTags();
  return { partitionIndex, errorCode, errorMessage, currentLeader };
}

function encodeShareAcknowledgeResponsePartitionData(
  writer: ByteWriter,
  value: Encodable<ShareAcknowledgeResponsePartitionData>,
  version: number,
): void {
  const partitionIndex = value.partitionIndex ?? 0;
  writer.writeInt32(partitionIndex);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const errorMessage = value.errorMessage ?? null;
  writer.writeCompactNullableString(errorMessage);
  const currentLeader = value.currentLeader === undefined ? {} : value.currentLeader;
  encodeShareAcknowledgeResponseLeaderIdAndEpoch(writer, currentLeader, version);
  writer.writeUnsignedVarint(0);
}

function decodeShareAcknowledgeResponseShareAcknowledgeTopicResponse(
  reader: ByteReader,
  version: number,
): ShareAcknowledgeResponseShareAcknowledgeTopicResponse {
  const topicId = reader.readUuid();
  const partitions: ShareAcknowledgeResponsePartitionData[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(17)); count > 0; count--) {
    partitions.push(decodeShareAcknowledgeResponsePartitionData(reader, version));
  }
  reader.skipTags();
  return { topicId, partitions };
}

function encodeShareAcknowledgeResponseShareAcknowledgeTopicResponse(
  writer: ByteWriter,
  value: Encodable<ShareAcknowledgeResponseShareAcknowledgeTopicResponse>,
  version: number,
): void {
  const topicId = value.topicId ?? ZERO_UUID;
  writer.writeUuid(topicId);
  const partitions = value.partitions ?? [];
  writer.writeCompactArrayCount(partitions.length);
  for (const item of partitions) encodeShareAcknowledgeResponsePartitionData(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeShareAcknowledgeResponseNodeEndpoint(
  reader: ByteReader,
  _version: number,
): ShareAcknowledgeResponseNodeEndpoint {
  const nodeId = reader.readInt32();
  const host = reader.readCompactString();
  const port = reader.readInt32();
  const rack = reader.readCompactNullableString();
  reader.skipTags();
  return { nodeId, host, port, rack };
}

function encodeShareAcknowledgeResponseNodeEndpoint(
  writer: ByteWriter,
  value: Encodable<ShareAcknowledgeResponseNodeEndpoint>,
  _version: number,
): void {
  const nodeId = value.nodeId ?? 0;
  writer.writeInt32(nodeId);
  const host = value.host ?? '';
  writer.writeCompactString(host);
  const port = value.port ?? 0;
  writer.writeInt32(port);
  const rack = value.rack ?? null;
  writer.writeCompactNullableString(rack);
  writer.writeUnsignedVarint(0);
}

/** ShareAcknowledge, ApiKey 79: versions 1-2, flexible since 1. */
export const shareAcknowledgeApi: KafkaApi<ShareAcknowledgeRequest, ShareAcknowledgeResponse> = {
  key: 79,
  name: 'ShareAcknowledge',
  versionMin: 1,
  versionMax: 2,
  flexibleSince: 1,
  latestVersionUnstable: false,
  decodeRequest: decodeShareAcknowledgeRequest,
  encodeRequest: encodeShareAcknowledgeRequest,
  decodeResponse: decodeShareAcknowledgeResponse,
  encodeResponse: encodeShareAcknowledgeResponse,
};
