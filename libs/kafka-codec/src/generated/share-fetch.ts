// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { Buffer } from 'node:buffer';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { notInVersion, notNullable, unsupportedDecode, unsupportedEncode, ZERO_UUID } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 1-2. */
export interface ShareFetchRequest {
  /** The group identifier. (versions 0+, nullable 0+) */
  groupId: string | null;
  /** The member ID. (versions 0+, nullable 0+) */
  memberId: string | null;
  /** The current share session epoch: 0 to open a share session; -1 to close it; otherwise increments for consecutive requests. (versions 0+) */
  shareSessionEpoch: number;
  /** The maximum time in milliseconds to wait for the response. (versions 0+) */
  maxWaitMs: number;
  /** The minimum bytes to accumulate in the response. (versions 0+) */
  minBytes: number;
  /** The maximum bytes to fetch. See KIP-74 for cases where this limit may not be honored. (versions 0+) */
  maxBytes: number;
  /** The maximum number of records to fetch. This limit can be exceeded for alignment of batch boundaries. (versions 1+) */
  maxRecords: number;
  /** The optimal number of records for batches of acquired records and acknowledgements. (versions 1+) */
  batchSize: number;
  /** The acquire mode to control the fetch behavior - 0:batch-optimized,1:record-limit. (versions 2+) */
  shareAcquireMode: number;
  /** Whether Renew type acknowledgements present in AcknowledgementBatches. (versions 2+) */
  isRenewAck: boolean;
  /** The topics to fetch. (versions 0+) */
  topics: ShareFetchRequestFetchTopic[];
  /** The partitions to remove from this share session. (versions 0+) */
  forgottenTopicsData: ShareFetchRequestForgottenTopic[];
}

export interface ShareFetchRequestAcknowledgementBatch {
  /** First offset of batch of records to acknowledge. (versions 0+) */
  firstOffset: bigint;
  /** Last offset (inclusive) of batch of records to acknowledge. (versions 0+) */
  lastOffset: bigint;
  /** Array of acknowledge types - 0:Gap,1:Accept,2:Release,3:Reject,4:Renew. (versions 0+) */
  acknowledgeTypes: number[];
}

export interface ShareFetchRequestFetchPartition {
  /** The partition index. (versions 0+) */
  partitionIndex: number;
  /** The maximum bytes to fetch from this partition. 0 when only acknowledgement with no fetching is required. See KIP-74 for cases where this limit may not be honored. (versions 0) */
  partitionMaxBytes: number;
  /** Record batches to acknowledge. (versions 0+) */
  acknowledgementBatches: ShareFetchRequestAcknowledgementBatch[];
}

export interface ShareFetchRequestFetchTopic {
  /** The unique topic ID. (versions 0+) */
  topicId: Buffer;
  /** The partitions to fetch. (versions 0+) */
  partitions: ShareFetchRequestFetchPartition[];
}

export interface ShareFetchRequestForgottenTopic {
  /** The unique topic ID. (versions 0+) */
  topicId: Buffer;
  /** The partitions indexes to forget. (versions 0+) */
  partitions: number[];
}

export function decodeShareFetchRequest(
  reader: ByteReader,
  version: number,
): ShareFetchRequest {
  if (!(version >= 1 && version <= 2)) unsupportedDecode('ShareFetchRequest', version);
  const groupId = reader.readCompactNullableString();
  const memberId = reader.readCompactNullableString();
  const shareSessionEpoch = reader.readInt32();
  const maxWaitMs = reader.readInt32();
  const minBytes = reader.readInt32();
  const maxBytes = reader.readInt32();
  const maxRecords = reader.readInt32();
  const batchSize = reader.readInt32();
  let shareAcquireMode: number = 0;
  if (version >= 2) {
    shareAcquireMode = reader.readInt8();
  }
  let isRenewAck: boolean = false;
  if (version >= 2) {
    isRenewAck = reader.readBoolean();
  }
  const topics: ShareFetchRequestFetchTopic[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(18)); count > 0; count--) {
    topics.push(decodeShareFetchRequestFetchTopic(reader, version));
  }
  const forgottenTopicsData: ShareFetchRequestForgottenTopic[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(18)); count > 0; count--) {
    forgottenTopicsData.push(decodeShareFetchRequestForgottenTopic(reader, version));
  }
  reader.skipTags();
  return { groupId, memberId, shareSessionEpoch, maxWaitMs, minBytes, maxBytes, maxRecords, batchSize, shareAcquireMode, isRenewAck, topics, forgottenTopicsData };
}

export function encodeShareFetchRequest(
  writer: ByteWriter,
  value: Encodable<ShareFetchRequest>,
  version: number,
): void {
  if (!(version >= 1 && version <= 2)) unsupportedEncode('ShareFetchRequest', version);
  const groupId = value.groupId ?? null;
  writer.writeCompactNullableString(groupId);
  const memberId = value.memberId === undefined ? '' : value.memberId;
  writer.writeCompactNullableString(memberId);
  const shareSessionEpoch = value.shareSessionEpoch ?? 0;
  writer.writeInt32(shareSessionEpoch);
  const maxWaitMs = value.maxWaitMs ?? 0;
  writer.writeInt32(maxWaitMs);
  const minBytes = value.minBytes ?? 0;
  writer.writeInt32(minBytes);
  const maxBytes = value.maxBytes ?? 2147483647;
  writer.writeInt32(maxBytes);
  const maxRecords = value.maxRecords ?? 0;
  writer.writeInt32(maxRecords);
  const batchSize = value.batchSize ?? 0;
  writer.writeInt32(batchSize);
  if (version >= 2) {
    const shareAcquireMode = value.shareAcquireMode ?? 0;
    writer.writeInt8(shareAcquireMode);
  }
  if (version >= 2) {
    const isRenewAck = value.isRenewAck ?? false;
    writer.writeBoolean(isRenewAck);
  } else if (value.isRenewAck !== undefined && value.isRenewAck !== false) notInVersion('ShareFetchRequest.isRenewAck', version);
  const topics = value.topics ?? [];
  writer.writeCompactArrayCount(topics.length);
  for (const item of topics) encodeShareFetchRequestFetchTopic(writer, item, version);
  const forgottenTopicsData = value.forgottenTopicsData ?? [];
  writer.writeCompactArrayCount(forgottenTopicsData.length);
  for (const item of forgottenTopicsData) encodeShareFetchRequestForgottenTopic(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeShareFetchRequestAcknowledgementBatch(
  reader: ByteReader,
  _version: number,
): ShareFetchRequestAcknowledgementBatch {
  const firstOffset = reader.readInt64();
  const lastOffset = reader.readInt64();
  const acknowledgeTypes: number[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(1)); count > 0; count--) {
    acknowledgeTypes.push(reader.readInt8());
  }
  reader.skipTags();
  return { firstOffset, lastOffset, acknowledgeTypes };
}

function encodeShareFetchRequestAcknowledgementBatch(
  writer: ByteWriter,
  value: Encodable<ShareFetchRequestAcknowledgementBatch>,
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

function decodeShareFetchRequestFetchPartition(
  reader: ByteReader,
  version: number,
): ShareFetchRequestFetchPartition {
  const partitionIndex = reader.readInt32();
  const partitionMaxBytes: number = 0;
  const acknowledgementBatches: ShareFetchRequestAcknowledgementBatch[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(18)); count > 0; count--) {
    acknowledgementBatches.push(decodeShareFetchRequestAcknowledgementBatch(reader, version));
  }
  reader.skipTags();
  return { partitionIndex, partitionMaxBytes, acknowledgementBatches };
}

function encodeShareFetchRequestFetchPartition(
  writer: ByteWriter,
  value: Encodable<ShareFetchRequestFetchPartition>,
  version: number,
): void {
  const partitionIndex = value.partitionIndex ?? 0;
  writer.writeInt32(partitionIndex);
  if (value.partitionMaxBytes !== undefined && value.partitionMaxBytes !== 0) notInVersion('ShareFetchRequestFetchPartition.partitionMaxBytes', version);
  const acknowledgementBatches = value.acknowledgementBatches ?? [];
  writer.writeCompactArrayCount(acknowledgementBatches.length);
  for (const item of acknowledgementBatches) encodeShareFetchRequestAcknowledgementBatch(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeShareFetchRequestFetchTopic(
  reader: ByteReader,
  version: number,
): ShareFetchRequestFetchTopic {
  const topicId = reader.readUuid();
  const partitions: ShareFetchRequestFetchPartition[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(6)); count > 0; count--) {
    partitions.push(decodeShareFetchRequestFetchPartition(reader, version));
  }
  reader.skipTags();
  return { topicId, partitions };
}

function encodeShareFetchRequestFetchTopic(
  writer: ByteWriter,
  value: Encodable<ShareFetchRequestFetchTopic>,
  version: number,
): void {
  const topicId = value.topicId ?? ZERO_UUID;
  writer.writeUuid(topicId);
  const partitions = value.partitions ?? [];
  writer.writeCompactArrayCount(partitions.length);
  for (const item of partitions) encodeShareFetchRequestFetchPartition(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeShareFetchRequestForgottenTopic(
  reader: ByteReader,
  _version: number,
): ShareFetchRequestForgottenTopic {
  const topicId = reader.readUuid();
  const partitions: number[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(4)); count > 0; count--) {
    partitions.push(reader.readInt32());
  }
  reader.skipTags();
  return { topicId, partitions };
}

function encodeShareFetchRequestForgottenTopic(
  writer: ByteWriter,
  value: Encodable<ShareFetchRequestForgottenTopic>,
  _version: number,
): void {
  const topicId = value.topicId ?? ZERO_UUID;
  writer.writeUuid(topicId);
  const partitions = value.partitions ?? [];
  writer.writeCompactArrayCount(partitions.length);
  for (const item of partitions) writer.writeInt32(item);
  writer.writeUnsignedVarint(0);
}

/** Versions 1-2. */
export interface ShareFetchResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** The top-level response error code. (versions 0+) */
  errorCode: number;
  /** The top-level error message, or null if there was no error. (versions 0+, nullable 0+) */
  errorMessage: string | null;
  /** The time in milliseconds for which the acquired records are locked. (versions 1+) */
  acquisitionLockTimeoutMs: number;
  /** The response topics. (versions 0+) */
  responses: ShareFetchResponseShareFetchableTopicResponse[];
  /** Endpoints for all current leaders enumerated in PartitionData with error NOT_LEADER_OR_FOLLOWER. (versions 0+) */
  nodeEndpoints: ShareFetchResponseNodeEndpoint[];
}

export interface ShareFetchResponseLeaderIdAndEpoch {
  /** The ID of the current leader or -1 if the leader is unknown. (versions 0+) */
  leaderId: number;
  /** The latest known leader epoch. (versions 0+) */
  leaderEpoch: number;
}

export interface ShareFetchResponseAcquiredRecords {
  /** The earliest offset in this batch of acquired records. (versions 0+) */
  firstOffset: bigint;
  /** The last offset of this batch of acquired records. (versions 0+) */
  lastOffset: bigint;
  /** The delivery count of this batch of acquired records. (versions 0+) */
  deliveryCount: number;
}

export interface ShareFetchResponsePartitionData {
  /** The partition index. (versions 0+) */
  partitionIndex: number;
  /** The fetch error code, or 0 if there was no fetch error. (versions 0+) */
  errorCode: number;
  /** The fetch error message, or null if there was no fetch error. (versions 0+, nullable 0+) */
  errorMessage: string | null;
  /** The acknowledge error code, or 0 if there was no acknowledge error. (versions 0+) */
  acknowledgeErrorCode: number;
  /** The acknowledge error message, or null if there was no acknowledge error. (versions 0+, nullable 0+) */
  acknowledgeErrorMessage: string | null;
  /** The current leader of the partition. (versions 0+) */
  currentLeader: ShareFetchResponseLeaderIdAndEpoch;
  /** The record data. (versions 0+, nullable 0) */
  records: Buffer | null;
  /** The acquired records. (versions 0+) */
  acquiredRecords: ShareFetchResponseAcquiredRecords[];
}

export interface ShareFetchResponseShareFetchableTopicResponse {
  /** The unique topic ID. (versions 0+) */
  topicId: Buffer;
  /** The topic partitions. (versions 0+) */
  partitions: ShareFetchResponsePartitionData[];
}

export interface ShareFetchResponseNodeEndpoint {
  /** The ID of the associated node. (versions 0+) */
  nodeId: number;
  /** The node's hostname. (versions 0+) */
  host: string;
  /** The node's port. (versions 0+) */
  port: number;
  /** The rack of the node, or null if it has not been assigned to a rack. (versions 0+, nullable 0+) */
  rack: string | null;
}

export function decodeShareFetchResponse(
  reader: ByteReader,
  version: number,
): ShareFetchResponse {
  if (!(version >= 1 && version <= 2)) unsupportedDecode('ShareFetchResponse', version);
  const throttleTimeMs = reader.readInt32();
  const errorCode = reader.readInt16();
  const errorMessage = reader.readCompactNullableString();
  const acquisitionLockTimeoutMs = reader.readInt32();
  const responses: ShareFetchResponseShareFetchableTopicResponse[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(18)); count > 0; count--) {
    responses.push(decodeShareFetchResponseShareFetchableTopicResponse(reader, version));
  }
  const nodeEndpoints: ShareFetchResponseNodeEndpoint[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(11)); count > 0; count--) {
    nodeEndpoints.push(decodeShareFetchResponseNodeEndpoint(reader, version));
  }
  reader.skipTags();
  return { throttleTimeMs, errorCode, errorMessage, acquisitionLockTimeoutMs, responses, nodeEndpoints };
}

export function encodeShareFetchResponse(
  writer: ByteWriter,
  value: Encodable<ShareFetchResponse>,
  version: number,
): void {
  if (!(version >= 1 && version <= 2)) unsupportedEncode('ShareFetchResponse', version);
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const errorMessage = value.errorMessage ?? null;
  writer.writeCompactNullableString(errorMessage);
  const acquisitionLockTimeoutMs = value.acquisitionLockTimeoutMs ?? 0;
  writer.writeInt32(acquisitionLockTimeoutMs);
  const responses = value.responses ?? [];
  writer.writeCompactArrayCount(responses.length);
  for (const item of responses) encodeShareFetchResponseShareFetchableTopicResponse(writer, item, version);
  const nodeEndpoints = value.nodeEndpoints ?? [];
  writer.writeCompactArrayCount(nodeEndpoints.length);
  for (const item of nodeEndpoints) encodeShareFetchResponseNodeEndpoint(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeShareFetchResponseLeaderIdAndEpoch(
  reader: ByteReader,
  _version: number,
): ShareFetchResponseLeaderIdAndEpoch {
  const leaderId = reader.readInt32();
  const leaderEpoch = reader.readInt32();
  reader.skipTags();
  return { leaderId, leaderEpoch };
}

function encodeShareFetchResponseLeaderIdAndEpoch(
  writer: ByteWriter,
  value: Encodable<ShareFetchResponseLeaderIdAndEpoch>,
  _version: number,
): void {
  const leaderId = value.leaderId ?? 0;
  writer.writeInt32(leaderId);
  const leaderEpoch = value.leaderEpoch ?? 0;
  writer.writeInt32(leaderEpoch);
  writer.writeUnsignedVarint(0);
}

function decodeShareFetchResponseAcquiredRecords(
  reader: ByteReader,
  _version: number,
): ShareFetchResponseAcquiredRecords {
  const firstOffset = reader.readInt64();
  const lastOffset = reader.readInt64();
  const deliveryCount = reader.readInt16();
  reader.skipTags();
  return { firstOffset, lastOffset, deliveryCount };
}

function encodeShareFetchResponseAcquiredRecords(
  writer: ByteWriter,
  value: Encodable<ShareFetchResponseAcquiredRecords>,
  _version: number,
): void {
  const firstOffset = value.firstOffset ?? 0n;
  writer.writeInt64(firstOffset);
  const lastOffset = value.lastOffset ?? 0n;
  writer.writeInt64(lastOffset);
  const deliveryCount = value.deliveryCount ?? 0;
  writer.writeInt16(deliveryCount);
  writer.writeUnsignedVarint(0);
}

function decodeShareFetchResponsePartitionData(
  reader: ByteReader,
  version: number,
): ShareFetchResponsePartitionData {
  const partitionIndex = reader.readInt32();
  const errorCode = reader.readInt16();
  const errorMessage = reader.readCompactNullableString();
  const acknowledgeErrorCode = reader.readInt16();
  const acknowledgeErrorMessage = reader.readCompactNullableString();
  const currentLeader = decodeShareFetchResponseLeaderIdAndEpoch(reader, version);
  const records = reader.readCompactBytes();
  const acquiredRecords: ShareFetchResponseAcquiredRecords[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(19)); count > 0; count--) {
    acquiredRecords.push(decodeShareFetchResponseAcquiredRecords(reader, version));
  }
  reader.skipTags();
  return { partitionIndex, errorCode, errorMessage, acknowledgeErrorCode, acknowledgeErrorMessage, currentLeader, records, acquiredRecords };
}

function encodeShareFetchResponsePartitionData(
  writer: ByteWriter,
  value: Encodable<ShareFetchResponsePartitionData>,
  version: number,
): void {
  const partitionIndex = value.partitionIndex ?? 0;
  writer.writeInt32(partitionIndex);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const errorMessage = value.errorMessage ?? null;
  writer.writeCompactNullableString(errorMessage);
  const acknowledgeErrorCode = value.acknowledgeErrorCode ?? 0;
  writer.writeInt16(acknowledgeErrorCode);
  const acknowledgeErrorMessage = value.acknowledgeErrorMessage ?? null;
  writer.writeCompactNullableString(acknowledgeErrorMessage);
  const currentLeader = value.currentLeader === undefined ? {} : value.currentLeader;
  encodeShareFetchResponseLeaderIdAndEpoch(writer, currentLeader, version);
  const records = value.records ?? null;
  if (records === null) notNullable('ShareFetchResponsePartitionData.records', version);
  writer.writeCompactNullableRecords(records);
  const acquiredRecords = value.acquiredRecords ?? [];
  writer.writeCompactArrayCount(acquiredRecords.length);
  for (const item of acquiredRecords) encodeShareFetchResponseAcquiredRecords(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeShareFetchResponseShareFetchableTopicResponse(
  reader: ByteReader,
  version: number,
): ShareFetchResponseShareFetchableTopicResponse {
  const topicId = reader.readUuid();
  const partitions: ShareFetchResponsePartitionData[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(22)); count > 0; count--) {
    partitions.push(decodeShareFetchResponsePartitionData(reader, version));
  }
  reader.skipTags();
  return { topicId, partitions };
}

function encodeShareFetchResponseShareFetchableTopicResponse(
  writer: ByteWriter,
  value: Encodable<ShareFetchResponseShareFetchableTopicResponse>,
  version: number,
): void {
  const topicId = value.topicId ?? ZERO_UUID;
  writer.writeUuid(topicId);
  const partitions = value.partitions ?? [];
  writer.writeCompactArrayCount(partitions.length);
  for (const item of partitions) encodeShareFetchResponsePartitionData(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeShareFetchResponseNodeEndpoint(
  reader: ByteReader,
  _version: number,
): ShareFetchResponseNodeEndpoint {
  const nodeId = reader.readInt32();
  const host = reader.readCompactString();
  const port = reader.readInt32();
  const rack = reader.readCompactNullableString();
  reader.skipTags();
  return { nodeId, host, port, rack };
}

function encodeShareFetchResponseNodeEndpoint(
  writer: ByteWriter,
  value: Encodable<ShareFetchResponseNodeEndpoint>,
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

/** ShareFetch, ApiKey 78: versions 1-2, flexible since 1. */
export const shareFetchApi: KafkaApi<ShareFetchRequest, ShareFetchResponse> = {
  key: 78,
  name: 'ShareFetch',
  versionMin: 1,
  versionMax: 2,
  flexibleSince: 1,
  latestVersionUnstable: false,
  decodeRequest: decodeShareFetchRequest,
  encodeRequest: encodeShareFetchRequest,
  decodeResponse: decodeShareFetchResponse,
  encodeResponse: encodeShareFetchResponse,
};
