// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { Buffer } from 'node:buffer';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { isZeroUuid, notInVersion, unsupportedDecode, unsupportedEncode, ZERO_UUID } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-18. */
export interface FetchRequest {
  /** The clusterId if known. This is used to validate metadata fetches prior to broker registration. (versions 12+, nullable 12+, tag 0) */
  clusterId: string | null;
  /** The broker ID of the follower, of -1 if this request is from a consumer. (versions 0-14) */
  replicaId: number;
  /** The state of the replica in the follower. (versions 15+, tag 1) */
  replicaState: FetchRequestReplicaState;
  /** The maximum time in milliseconds to wait for the response. (versions 0+) */
  maxWaitMs: number;
  /** The minimum bytes to accumulate in the response. (versions 0+) */
  minBytes: number;
  /** The maximum bytes to fetch.  See KIP-74 for cases where this limit may not be honored. (versions 3+) */
  maxBytes: number;
  /** This setting controls the visibility of transactional records. Using READ_UNCOMMITTED (isolation_level = 0) makes all records visible. With READ_COMMITTED (isolation_level = 1), non-transactional and COMMITTED transactional records are visible. To be more concrete, READ_COMMITTED returns all data from offsets smaller than the current LSO (last stable offset), and enables the inclusion of the list of aborted transactions in the result, which allows consumers to discard ABORTED transactional records. (versions 4+) */
  isolationLevel: number;
  /** The fetch session ID. (versions 7+) */
  sessionId: number;
  /** The fetch session epoch, which is used for ordering requests in a session. (versions 7+) */
  sessionEpoch: number;
  /** The topics to fetch. (versions 0+) */
  topics: FetchRequestFetchTopic[];
  /** In an incremental fetch request, the partitions to remove. (versions 7+) */
  forgottenTopicsData: FetchRequestForgottenTopic[];
  /** Rack ID of the consumer making this request. (versions 11+) */
  rackId: string;
}

export interface FetchRequestReplicaState {
  /** The replica ID of the follower, or -1 if this request is from a consumer. (versions 15+) */
  replicaId: number;
  /** The epoch of this follower, or -1 if not available. (versions 15+) */
  replicaEpoch: bigint;
}

export interface FetchRequestFetchPartition {
  /** The partition index. (versions 0+) */
  partition: number;
  /** The current leader epoch of the partition. (versions 9+) */
  currentLeaderEpoch: number;
  /** The message offset. (versions 0+) */
  fetchOffset: bigint;
  /** The epoch of the last fetched record or -1 if there is none. (versions 12+) */
  lastFetchedEpoch: number;
  /** The earliest available offset of the follower replica.  The field is only used when the request is sent by the follower. (versions 5+) */
  logStartOffset: bigint;
  /** The maximum bytes to fetch from this partition.  See KIP-74 for cases where this limit may not be honored. (versions 0+) */
  partitionMaxBytes: number;
  /** The directory id of the follower fetching. (versions 17+, tag 0) */
  replicaDirectoryId: Buffer;
  /** The high-watermark known by the replica. -1 if the high-watermark is not known and 9223372036854775807 if the feature is not supported. (versions 18+, tag 1) */
  highWatermark: bigint;
}

export interface FetchRequestFetchTopic {
  /** The name of the topic to fetch. (versions 0-12) */
  topic: string;
  /** The unique topic ID. (versions 13+) */
  topicId: Buffer;
  /** The partitions to fetch. (versions 0+) */
  partitions: FetchRequestFetchPartition[];
}

export interface FetchRequestForgottenTopic {
  /** The topic name. (versions 7-12) */
  topic: string;
  /** The unique topic ID. (versions 13+) */
  topicId: Buffer;
  /** The partitions indexes to forget. (versions 7+) */
  partitions: number[];
}

export function decodeFetchRequest(
  reader: ByteReader,
  version: number,
): FetchRequest {
  if (!(version >= 0 && version <= 18)) unsupportedDecode('FetchRequest', version);
  const flexible = version >= 12;
  let clusterId: string | null = null;
  let replicaId: number = -1;
  if (version <= 14) {
    replicaId = reader.readInt32();
  }
  let replicaState: FetchRequestReplicaState = defaultFetchRequestReplicaState();
  const maxWaitMs = reader.readInt32();
  const minBytes = reader.readInt32();
  let maxBytes: number = 2147483647;
  if (version >= 3) {
    maxBytes = reader.readInt32();
  }
  let isolationLevel: number = 0;
  if (version >= 4) {
    isolationLevel = reader.readInt8();
  }
  let sessionId: number = 0;
  if (version >= 7) {
    sessionId = reader.readInt32();
  }
  let sessionEpoch: number = -1;
  if (version >= 7) {
    sessionEpoch = reader.readInt32();
  }
  const topics: FetchRequestFetchTopic[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3)); count > 0; count--) {
    topics.push(decodeFetchRequestFetchTopic(reader, version));
  }
  const forgottenTopicsData: FetchRequestForgottenTopic[] = [];
  if (version >= 7) {
    for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3)); count > 0; count--) {
      forgottenTopicsData.push(decodeFetchRequestForgottenTopic(reader, version));
    }
  }
  let rackId: string = '';
  if (version >= 11) {
    rackId = flexible ? reader.readCompactString() : reader.readString();
  }
  if (flexible) {
    for (let tags = reader.readTagCount(); tags > 0; tags--) {
      const tag = reader.readUnsignedVarint();
      const end = reader.readTagEnd();
      if (tag === 0) {
        clusterId = reader.readCompactNullableString();
      } else if (tag === 1 && version >= 15) {
        replicaState = decodeFetchRequestReplicaState(reader, version);
      } else {
        reader.offset = end;
      }
      reader.endTag(end);
    }
  }
  return { clusterId, replicaId, replicaState, maxWaitMs, minBytes, maxBytes, isolationLevel, sessionId, sessionEpoch, topics, forgottenTopicsData, rackId };
}

export function encodeFetchRequest(
  writer: ByteWriter,
  value: Encodable<FetchRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 18)) unsupportedEncode('FetchRequest', version);
  const flexible = version >= 12;
  if (version <= 14) {
    const replicaId = value.replicaId ?? -1;
    writer.writeInt32(replicaId);
  } else if (value.replicaId !== undefined && value.replicaId !== -1) notInVersion('FetchRequest.replicaId', version);
  if (!(version >= 15)) {
    if (value.replicaState !== undefined && !isDefaultFetchRequestReplicaState(value.replicaState)) notInVersion('FetchRequest.replicaState', version);
  }
  const maxWaitMs = value.maxWaitMs ?? 0;
  writer.writeInt32(maxWaitMs);
  const minBytes = value.minBytes ?? 0;
  writer.writeInt32(minBytes);
  if (version >= 3) {
    const maxBytes = value.maxBytes ?? 2147483647;
    writer.writeInt32(maxBytes);
  }
  if (version >= 4) {
    const isolationLevel = value.isolationLevel ?? 0;
    writer.writeInt8(isolationLevel);
  }
  if (version >= 7) {
    const sessionId = value.sessionId ?? 0;
    writer.writeInt32(sessionId);
  }
  if (version >= 7) {
    const sessionEpoch = value.sessionEpoch ?? -1;
    writer.writeInt32(sessionEpoch);
  }
  const topics = value.topics ?? [];
  if (flexible) writer.writeCompactArrayCount(topics.length);
  else writer.writeArrayCount(topics.length);
  for (const item of topics) encodeFetchRequestFetchTopic(writer, item, version);
  if (version >= 7) {
    const forgottenTopicsData = value.forgottenTopicsData ?? [];
    if (flexible) writer.writeCompactArrayCount(forgottenTopicsData.length);
    else writer.writeArrayCount(forgottenTopicsData.length);
    for (const item of forgottenTopicsData) encodeFetchRequestForgottenTopic(writer, item, version);
  } else if (value.forgottenTopicsData !== undefined && value.forgottenTopicsData.length !== 0) notInVersion('FetchRequest.forgottenTopicsData', version);
  if (version >= 11) {
    const rackId = value.rackId ?? '';
    flexible ? writer.writeCompactString(rackId) : writer.writeString(rackId);
  }
  if (flexible) {
    let tags = 0;
    const hasClusterId = (value.clusterId ?? null) !== null;
    if (hasClusterId) tags++;
    const hasReplicaState = version >= 15 && value.replicaState !== undefined && !isDefaultFetchRequestReplicaState(value.replicaState);
    if (hasReplicaState) tags++;
    writer.writeUnsignedVarint(tags);
    if (hasClusterId) {
      const start = writer.beginTag(0);
      const clusterId = value.clusterId ?? null;
      writer.writeCompactNullableString(clusterId);
      writer.endTag(start);
    }
    if (hasReplicaState) {
      const start = writer.beginTag(1);
      const replicaState = value.replicaState === undefined ? {} : value.replicaState;
      encodeFetchRequestReplicaState(writer, replicaState, version);
      writer.endTag(start);
    }
  }
}

function decodeFetchRequestReplicaState(
  reader: ByteReader,
  _version: number,
): FetchRequestReplicaState {
  const replicaId = reader.readInt32();
  const replicaEpoch = reader.readInt64();
  reader.skipTags();
  return { replicaId, replicaEpoch };
}

function encodeFetchRequestReplicaState(
  writer: ByteWriter,
  value: Encodable<FetchRequestReplicaState>,
  _version: number,
): void {
  const replicaId = value.replicaId ?? -1;
  writer.writeInt32(replicaId);
  const replicaEpoch = value.replicaEpoch ?? -1n;
  writer.writeInt64(replicaEpoch);
  writer.writeUnsignedVarint(0);
}

function decodeFetchRequestFetchPartition(
  reader: ByteReader,
  version: number,
): FetchRequestFetchPartition {
  const flexible = version >= 12;
  const partition = reader.readInt32();
  let currentLeaderEpoch: number = -1;
  if (version >= 9) {
    currentLeaderEpoch = reader.readInt32();
  }
  const fetchOffset = reader.readInt64();
  let lastFetchedEpoch: number = -1;
  if (version >= 12) {
    lastFetchedEpoch = reader.readInt32();
  }
  let logStartOffset: bigint = -1n;
  if (version >= 5) {
    logStartOffset = reader.readInt64();
  }
  const partitionMaxBytes = reader.readInt32();
  let replicaDirectoryId: Buffer = ZERO_UUID;
  let highWatermark: bigint = 9223372036854775807n;
  if (flexible) {
    for (let tags = reader.readTagCount(); tags > 0; tags--) {
      const tag = reader.readUnsignedVarint();
      const end = reader.readTagEnd();
      if (tag === 0 && version >= 17) {
        replicaDirectoryId = reader.readUuid();
      } else if (tag === 1 && version >= 18) {
        highWatermark = reader.readInt64();
      } else {
        reader.offset = end;
      }
      reader.endTag(end);
    }
  }
  return { partition, currentLeaderEpoch, fetchOffset, lastFetchedEpoch, logStartOffset, partitionMaxBytes, replicaDirectoryId, highWatermark };
}

function encodeFetchRequestFetchPartition(
  writer: ByteWriter,
  value: Encodable<FetchRequestFetchPartition>,
  version: number,
): void {
  const flexible = version >= 12;
  const partition = value.partition ?? 0;
  writer.writeInt32(partition);
  if (version >= 9) {
    const currentLeaderEpoch = value.currentLeaderEpoch ?? -1;
    writer.writeInt32(currentLeaderEpoch);
  }
  const fetchOffset = value.fetchOffset ?? 0n;
  writer.writeInt64(fetchOffset);
  if (version >= 12) {
    const lastFetchedEpoch = value.lastFetchedEpoch ?? -1;
    writer.writeInt32(lastFetchedEpoch);
  } else if (value.lastFetchedEpoch !== undefined && value.lastFetchedEpoch !== -1) notInVersion('FetchRequestFetchPartition.lastFetchedEpoch', version);
  if (version >= 5) {
    const logStartOffset = value.logStartOffset ?? -1n;
    writer.writeInt64(logStartOffset);
  }
  const partitionMaxBytes = value.partitionMaxBytes ?? 0;
  writer.writeInt32(partitionMaxBytes);
  if (flexible) {
    let tags = 0;
    const hasReplicaDirectoryId = version >= 17 && value.replicaDirectoryId !== undefined && !isZeroUuid(value.replicaDirectoryId);
    if (hasReplicaDirectoryId) tags++;
    const hasHighWatermark = version >= 18 && value.highWatermark !== undefined && BigInt(value.highWatermark) !== 9223372036854775807n;
    if (hasHighWatermark) tags++;
    writer.writeUnsignedVarint(tags);
    if (hasReplicaDirectoryId) {
      const start = writer.beginTag(0);
      const replicaDirectoryId = value.replicaDirectoryId ?? ZERO_UUID;
      writer.writeUuid(replicaDirectoryId);
      writer.endTag(start);
    }
    if (hasHighWatermark) {
      const start = writer.beginTag(1);
      const highWatermark = value.highWatermark ?? 9223372036854775807n;
      writer.writeInt64(highWatermark);
      writer.endTag(start);
    }
  }
}

function decodeFetchRequestFetchTopic(
  reader: ByteReader,
  version: number,
): FetchRequestFetchTopic {
  const flexible = version >= 12;
  let topic: string = '';
  if (version <= 12) {
    topic = flexible ? reader.readCompactString() : reader.readString();
  }
  let topicId: Buffer = ZERO_UUID;
  if (version >= 13) {
    topicId = reader.readUuid();
  }
  const partitions: FetchRequestFetchPartition[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(16) : reader.readArrayCount(16)); count > 0; count--) {
    partitions.push(decodeFetchRequestFetchPartition(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { topic, topicId, partitions };
}

function encodeFetchRequestFetchTopic(
  writer: ByteWriter,
  value: Encodable<FetchRequestFetchTopic>,
  version: number,
): void {
  const flexible = version >= 12;
  if (version <= 12) {
    const topic = value.topic ?? '';
    flexible ? writer.writeCompactString(topic) : writer.writeString(topic);
  }
  if (version >= 13) {
    const topicId = value.topicId ?? ZERO_UUID;
    writer.writeUuid(topicId);
  }
  const partitions = value.partitions ?? [];
  if (flexible) writer.writeCompactArrayCount(partitions.length);
  else writer.writeArrayCount(partitions.length);
  for (const item of partitions) encodeFetchRequestFetchPartition(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeFetchRequestForgottenTopic(
  reader: ByteReader,
  version: number,
): FetchRequestForgottenTopic {
  const flexible = version >= 12;
  let topic: string = '';
  if (version <= 12) {
    topic = flexible ? reader.readCompactString() : reader.readString();
  }
  let topicId: Buffer = ZERO_UUID;
  if (version >= 13) {
    topicId = reader.readUuid();
  }
  const partitions: number[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(4) : reader.readArrayCount(4)); count > 0; count--) {
    partitions.push(reader.readInt32());
  }
  if (flexible) {
    reader.skipTags();
  }
  return { topic, topicId, partitions };
}

function encodeFetchRequestForgottenTopic(
  writer: ByteWriter,
  value: Encodable<FetchRequestForgottenTopic>,
  version: number,
): void {
  const flexible = version >= 12;
  if (version <= 12) {
    const topic = value.topic ?? '';
    flexible ? writer.writeCompactString(topic) : writer.writeString(topic);
  }
  if (version >= 13) {
    const topicId = value.topicId ?? ZERO_UUID;
    writer.writeUuid(topicId);
  }
  const partitions = value.partitions ?? [];
  if (flexible) writer.writeCompactArrayCount(partitions.length);
  else writer.writeArrayCount(partitions.length);
  for (const item of partitions) writer.writeInt32(item);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function defaultFetchRequestReplicaState(): FetchRequestReplicaState {
  return { replicaId: -1, replicaEpoch: -1n };
}

function isDefaultFetchRequestReplicaState(value: Encodable<FetchRequestReplicaState>): boolean {
  return !(
    (value.replicaId !== undefined && value.replicaId !== -1)
    || (value.replicaEpoch !== undefined && BigInt(value.replicaEpoch) !== -1n)
  );
}

/** Versions 0-18. */
export interface FetchResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 1+) */
  throttleTimeMs: number;
  /** The top level response error code. (versions 7+) */
  errorCode: number;
  /** The fetch session ID, or 0 if this is not part of a fetch session. (versions 7+) */
  sessionId: number;
  /** The response topics. (versions 0+) */
  responses: FetchResponseFetchableTopicResponse[];
  /** Endpoints for all current-leaders enumerated in PartitionData, with errors NOT_LEADER_OR_FOLLOWER & FENCED_LEADER_EPOCH. (versions 16+, tag 0) */
  nodeEndpoints: FetchResponseNodeEndpoint[];
}

export interface FetchResponseEpochEndOffset {
  /** The largest epoch. (versions 12+) */
  epoch: number;
  /** The end offset of the epoch. (versions 12+) */
  endOffset: bigint;
}

export interface FetchResponseLeaderIdAndEpoch {
  /** The ID of the current leader or -1 if the leader is unknown. (versions 12+) */
  leaderId: number;
  /** The latest known leader epoch. (versions 12+) */
  leaderEpoch: number;
}

export interface FetchResponseSnapshotId {
  /** The end offset of the epoch. (versions 0+) */
  endOffset: bigint;
  /** The largest epoch. (versions 0+) */
  epoch: number;
}

export interface FetchResponseAbortedTransaction {
  /** The producer id associated with the aborted transaction. (versions 4+) */
  producerId: bigint;
  /** The first offset in the aborted transaction. (versions 4+) */
  firstOffset: bigint;
}

export interface FetchResponsePartitionData {
  /** The partition index. (versions 0+) */
  partitionIndex: number;
  /** The error code, or 0 if there was no fetch error. (versions 0+) */
  errorCode: number;
  /** The current high water mark. (versions 0+) */
  highWatermark: bigint;
  /** The last stable offset (or LSO) of the partition. This is the last offset such that the state of all transactional records prior to this offset have been decided (ABORTED or COMMITTED). (versions 4+) */
  lastStableOffset: bigint;
  /** The current log start offset. (versions 5+) */
  logStartOffset: bigint;
  /** In case divergence is detected based on the `LastFetchedEpoch` and `FetchOffset` in the request, this field indicates the largest epoch and its end offset such that subsequent records are known to diverge. (versions 12+, tag 0) */
  divergingEpoch: FetchResponseEpochEndOffset;
  /** The current leader of the partition. (versions 12+, tag 1) */
  currentLeader: FetchResponseLeaderIdAndEpoch;
  /** In the case of fetching an offset less than the LogStartOffset, this is the end offset and epoch that should be used in the FetchSnapshot request. (versions 12+, tag 2) */
  snapshotId: FetchResponseSnapshotId;
  /** The aborted transactions. (versions 4+, nullable 4+) */
  abortedTransactions: FetchResponseAbortedTransaction[] | null;
  /** The preferred read replica for the consumer to use on its next fetch request. (versions 11+) */
  preferredReadReplica: number;
  /** The record data. (versions 0+, nullable 0+) */
  records: Buffer | null;
}

export interface FetchResponseFetchableTopicResponse {
  /** The topic name. (versions 0-12) */
  topic: string;
  /** The unique topic ID. (versions 13+) */
  topicId: Buffer;
  /** The topic partitions. (versions 0+) */
  partitions: FetchResponsePartitionData[];
}

export interface FetchResponseNodeEndpoint {
  /** The ID of the associated node. (versions 16+) */
  nodeId: number;
  /** The node's hostname. (versions 16+) */
  host: string;
  /** The node's port. (versions 16+) */
  port: number;
  /** The rack of the node, or null if it has not been assigned to a rack. (versions 16+, nullable 16+) */
  rack: string | null;
}

export function decodeFetchResponse(
  reader: ByteReader,
  version: number,
): FetchResponse {
  if (!(version >= 0 && version <= 18)) unsupportedDecode('FetchResponse', version);
  const flexible = version >= 12;
  let throttleTimeMs: number = 0;
  if (version >= 1) {
    throttleTimeMs = reader.readInt32();
  }
  let errorCode: number = 0;
  if (version >= 7) {
    errorCode = reader.readInt16();
  }
  let sessionId: number = 0;
  if (version >= 7) {
    sessionId = reader.readInt32();
  }
  const responses: FetchResponseFetchableTopicResponse[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3)); count > 0; count--) {
    responses.push(decodeFetchResponseFetchableTopicResponse(reader, version));
  }
  const nodeEndpoints: FetchResponseNodeEndpoint[] = [];
  if (flexible) {
    for (let tags = reader.readTagCount(); tags > 0; tags--) {
      const tag = reader.readUnsignedVarint();
      const end = reader.readTagEnd();
      if (tag === 0 && version >= 16) {
        nodeEndpoints.length = 0;
        for (let count = reader.notNull(reader.readCompactArrayCount(11)); count > 0; count--) {
          nodeEndpoints.push(decodeFetchResponseNodeEndpoint(reader, version));
        }
      } else {
        reader.offset = end;
      }
      reader.endTag(end);
    }
  }
  return { throttleTimeMs, errorCode, sessionId, responses, nodeEndpoints };
}

export function encodeFetchResponse(
  writer: ByteWriter,
  value: Encodable<FetchResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 18)) unsupportedEncode('FetchResponse', version);
  const flexible = version >= 12;
  if (version >= 1) {
    const throttleTimeMs = value.throttleTimeMs ?? 0;
    writer.writeInt32(throttleTimeMs);
  }
  if (version >= 7) {
    const errorCode = value.errorCode ?? 0;
    writer.writeInt16(errorCode);
  }
  if (version >= 7) {
    const sessionId = value.sessionId ?? 0;
    writer.writeInt32(sessionId);
  } else if (value.sessionId !== undefined && value.sessionId !== 0) notInVersion('FetchResponse.sessionId', version);
  const responses = value.responses ?? [];
  if (flexible) writer.writeCompactArrayCount(responses.length);
  else writer.writeArrayCount(responses.length);
  for (const item of responses) encodeFetchResponseFetchableTopicResponse(writer, item, version);
  if (!(version >= 16)) {
    if (value.nodeEndpoints !== undefined && value.nodeEndpoints.length !== 0) notInVersion('FetchResponse.nodeEndpoints', version);
  }
  if (flexible) {
    let tags = 0;
    const hasNodeEndpoints = version >= 16 && value.nodeEndpoints !== undefined && value.nodeEndpoints.length !== 0;
    if (hasNodeEndpoints) tags++;
    writer.writeUnsignedVarint(tags);
    if (hasNodeEndpoints) {
      const start = writer.beginTag(0);
      const nodeEndpoints = value.nodeEndpoints ?? [];
      writer.writeCompactArrayCount(nodeEndpoints.length);
      for (const item of nodeEndpoints) encodeFetchResponseNodeEndpoint(writer, item, version);
      writer.endTag(start);
    }
  }
}

function decodeFetchResponseEpochEndOffset(
  reader: ByteReader,
  _version: number,
): FetchResponseEpochEndOffset {
  const epoch = reader.readInt32();
  const endOffset = reader.readInt64();
  reader.skipTags();
  return { epoch, endOffset };
}

function encodeFetchResponseEpochEndOffset(
  writer: ByteWriter,
  value: Encodable<FetchResponseEpochEndOffset>,
  _version: number,
): void {
  const epoch = value.epoch ?? -1;
  writer.writeInt32(epoch);
  const endOffset = value.endOffset ?? -1n;
  writer.writeInt64(endOffset);
  writer.writeUnsignedVarint(0);
}

function decodeFetchResponseLeaderIdAndEpoch(
  reader: ByteReader,
  _version: number,
): FetchResponseLeaderIdAndEpoch {
  const leaderId = reader.readInt32();
  const leaderEpoch = reader.readInt32();
  reader.skipTags();
  return { leaderId, leaderEpoch };
}

function encodeFetchResponseLeaderIdAndEpoch(
  writer: ByteWriter,
  value: Encodable<FetchResponseLeaderIdAndEpoch>,
  _version: number,
): void {
  const leaderId = value.leaderId ?? -1;
  writer.writeInt32(leaderId);
  const leaderEpoch = value.leaderEpoch ?? -1;
  writer.writeInt32(leaderEpoch);
  writer.writeUnsignedVarint(0);
}

function decodeFetchResponseSnapshotId(
  reader: ByteReader,
  _version: number,
): FetchResponseSnapshotId {
  const endOffset = reader.readInt64();
  const epoch = reader.readInt32();
  reader.skipTags();
  return { endOffset, epoch };
}

function encodeFetchResponseSnapshotId(
  writer: ByteWriter,
  value: Encodable<FetchResponseSnapshotId>,
  _version: number,
): void {
  const endOffset = value.endOffset ?? -1n;
  writer.writeInt64(endOffset);
  const epoch = value.epoch ?? -1;
  writer.writeInt32(epoch);
  writer.writeUnsignedVarint(0);
}

function decodeFetchResponseAbortedTransaction(
  reader: ByteReader,
  version: number,
): FetchResponseAbortedTransaction {
  const flexible = version >= 12;
  const producerId = reader.readInt64();
  const firstOffset = reader.readInt64();
  if (flexible) {
    reader.skipTags();
  }
  return { producerId, firstOffset };
}

function encodeFetchResponseAbortedTransaction(
  writer: ByteWriter,
  value: Encodable<FetchResponseAbortedTransaction>,
  version: number,
): void {
  const flexible = version >= 12;
  const producerId = value.producerId ?? 0n;
  writer.writeInt64(producerId);
  const firstOffset = value.firstOffset ?? 0n;
  writer.writeInt64(firstOffset);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeFetchResponsePartitionData(
  reader: ByteReader,
  version: number,
): FetchResponsePartitionData {
  const flexible = version >= 12;
  const partitionIndex = reader.readInt32();
  const errorCode = reader.readInt16();
  const highWatermark = reader.readInt64();
  let lastStableOffset: bigint = -1n;
  if (version >= 4) {
    lastStableOffset = reader.readInt64();
  }
  let logStartOffset: bigint = -1n;
  if (version >= 5) {
    logStartOffset = reader.readInt64();
  }
  let divergingEpoch: FetchResponseEpochEndOffset = defaultFetchResponseEpochEndOffset();
  let currentLeader: FetchResponseLeaderIdAndEpoch = defaultFetchResponseLeaderIdAndEpoch();
  let snapshotId: FetchResponseSnapshotId = defaultFetchResponseSnapshotId();
  let abortedTransactions: FetchResponseAbortedTransaction[] | null = [];
  if (version >= 4) {
    const abortedTransactionsCount = flexible ? reader.readCompactArrayCount(16) : reader.readArrayCount(16);
    if (abortedTransactionsCount < 0) abortedTransactions = null;
    else {
      abortedTransactions = [];
      for (let count = abortedTransactionsCount; count > 0; count--) abortedTransactions.push(decodeFetchResponseAbortedTransaction(reader, version));
    }
  }
  let preferredReadReplica: number = -1;
  if (version >= 11) {
    preferredReadReplica = reader.readInt32();
  }
  const records = flexible ? reader.readCompactNullableBytes() : reader.readNullableBytes();
  if (flexible) {
    for (let tags = reader.readTagCount(); tags > 0; tags--) {
      const tag = reader.readUnsignedVarint();
      const end = reader.readTagEnd();
      if (tag === 0) {
        divergingEpoch = decodeFetchResponseEpochEndOffset(reader, version);
      } else if (tag === 1) {
        currentLeader = decodeFetchResponseLeaderIdAndEpoch(reader, version);
      } else if (tag === 2) {
        snapshotId = decodeFetchResponseSnapshotId(reader, version);
      } else {
        reader.offset = end;
      }
      reader.endTag(end);
    }
  }
  return { partitionIndex, errorCode, highWatermark, lastStableOffset, logStartOffset, divergingEpoch, currentLeader, snapshotId, abortedTransactions, preferredReadReplica, records };
}

function encodeFetchResponsePartitionData(
  writer: ByteWriter,
  value: Encodable<FetchResponsePartitionData>,
  version: number,
): void {
  const flexible = version >= 12;
  const partitionIndex = value.partitionIndex ?? 0;
  writer.writeInt32(partitionIndex);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const highWatermark = value.highWatermark ?? 0n;
  writer.writeInt64(highWatermark);
  if (version >= 4) {
    const lastStableOffset = value.lastStableOffset ?? -1n;
    writer.writeInt64(lastStableOffset);
  }
  if (version >= 5) {
    const logStartOffset = value.logStartOffset ?? -1n;
    writer.writeInt64(logStartOffset);
  }
  if (!(version >= 12)) {
    if (value.divergingEpoch !== undefined && !isDefaultFetchResponseEpochEndOffset(value.divergingEpoch)) notInVersion('FetchResponsePartitionData.divergingEpoch', version);
  }
  if (!(version >= 12)) {
    if (value.currentLeader !== undefined && !isDefaultFetchResponseLeaderIdAndEpoch(value.currentLeader)) notInVersion('FetchResponsePartitionData.currentLeader', version);
  }
  if (!(version >= 12)) {
    if (value.snapshotId !== undefined && !isDefaultFetchResponseSnapshotId(value.snapshotId)) notInVersion('FetchResponsePartitionData.snapshotId', version);
  }
  if (version >= 4) {
    const abortedTransactions = value.abortedTransactions === undefined ? [] : value.abortedTransactions;
    if (abortedTransactions === null) {
      if (flexible) writer.writeCompactArrayCount(-1);
      else writer.writeArrayCount(-1);
    } else {
      if (flexible) writer.writeCompactArrayCount(abortedTransactions.length);
      else writer.writeArrayCount(abortedTransactions.length);
      for (const item of abortedTransactions) encodeFetchResponseAbortedTransaction(writer, item, version);
    }
  }
  if (version >= 11) {
    const preferredReadReplica = value.preferredReadReplica ?? -1;
    writer.writeInt32(preferredReadReplica);
  } else if (value.preferredReadReplica !== undefined && value.preferredReadReplica !== -1) notInVersion('FetchResponsePartitionData.preferredReadReplica', version);
  const records = value.records ?? null;
  flexible ? writer.writeCompactNullableRecords(records) : writer.writeNullableRecords(records);
  if (flexible) {
    let tags = 0;
    const hasDivergingEpoch = value.divergingEpoch !== undefined && !isDefaultFetchResponseEpochEndOffset(value.divergingEpoch);
    if (hasDivergingEpoch) tags++;
    const hasCurrentLeader = value.currentLeader !== undefined && !isDefaultFetchResponseLeaderIdAndEpoch(value.currentLeader);
    if (hasCurrentLeader) tags++;
    const hasSnapshotId = value.snapshotId !== undefined && !isDefaultFetchResponseSnapshotId(value.snapshotId);
    if (hasSnapshotId) tags++;
    writer.writeUnsignedVarint(tags);
    if (hasDivergingEpoch) {
      const start = writer.beginTag(0);
      const divergingEpoch = value.divergingEpoch === undefined ? {} : value.divergingEpoch;
      encodeFetchResponseEpochEndOffset(writer, divergingEpoch, version);
      writer.endTag(start);
    }
    if (hasCurrentLeader) {
      const start = writer.beginTag(1);
      const currentLeader = value.currentLeader === undefined ? {} : value.currentLeader;
      encodeFetchResponseLeaderIdAndEpoch(writer, currentLeader, version);
      writer.endTag(start);
    }
    if (hasSnapshotId) {
      const start = writer.beginTag(2);
      const snapshotId = value.snapshotId === undefined ? {} : value.snapshotId;
      encodeFetchResponseSnapshotId(writer, snapshotId, version);
      writer.endTag(start);
    }
  }
}

function decodeFetchResponseFetchableTopicResponse(
  reader: ByteReader,
  version: number,
): FetchResponseFetchableTopicResponse {
  const flexible = version >= 12;
  let topic: string = '';
  if (version <= 12) {
    topic = flexible ? reader.readCompactString() : reader.readString();
  }
  let topicId: Buffer = ZERO_UUID;
  if (version >= 13) {
    topicId = reader.readUuid();
  }
  const partitions: FetchResponsePartitionData[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(18) : reader.readArrayCount(18)); count > 0; count--) {
    partitions.push(decodeFetchResponsePartitionData(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { topic, topicId, partitions };
}

function encodeFetchResponseFetchableTopicResponse(
  writer: ByteWriter,
  value: Encodable<FetchResponseFetchableTopicResponse>,
  version: number,
): void {
  const flexible = version >= 12;
  if (version <= 12) {
    const topic = value.topic ?? '';
    flexible ? writer.writeCompactString(topic) : writer.writeString(topic);
  }
  if (version >= 13) {
    const topicId = value.topicId ?? ZERO_UUID;
    writer.writeUuid(topicId);
  }
  const partitions = value.partitions ?? [];
  if (flexible) writer.writeCompactArrayCount(partitions.length);
  else writer.writeArrayCount(partitions.length);
  for (const item of partitions) encodeFetchResponsePartitionData(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeFetchResponseNodeEndpoint(
  reader: ByteReader,
  _version: number,
): FetchResponseNodeEndpoint {
  const nodeId = reader.readInt32();
  const host = reader.readCompactString();
  const port = reader.readInt32();
  const rack = reader.readCompactNullableString();
  reader.skipTags();
  return { nodeId, host, port, rack };
}

function encodeFetchResponseNodeEndpoint(
  writer: ByteWriter,
  value: Encodable<FetchResponseNodeEndpoint>,
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

function defaultFetchResponseEpochEndOffset(): FetchResponseEpochEndOffset {
  return { epoch: -1, endOffset: -1n };
}

function isDefaultFetchResponseEpochEndOffset(value: Encodable<FetchResponseEpochEndOffset>): boolean {
  return !(
    (value.epoch !== undefined && value.epoch !== -1)
    || (value.endOffset !== undefined && BigInt(value.endOffset) !== -1n)
  );
}

function defaultFetchResponseLeaderIdAndEpoch(): FetchResponseLeaderIdAndEpoch {
  return { leaderId: -1, leaderEpoch: -1 };
}

function isDefaultFetchResponseLeaderIdAndEpoch(value: Encodable<FetchResponseLeaderIdAndEpoch>): boolean {
  return !(
    (value.leaderId !== undefined && value.leaderId !== -1)
    || (value.leaderEpoch !== undefined && value.leaderEpoch !== -1)
  );
}

function defaultFetchResponseSnapshotId(): FetchResponseSnapshotId {
  return { endOffset: -1n, epoch: -1 };
}

function isDefaultFetchResponseSnapshotId(value: Encodable<FetchResponseSnapshotId>): boolean {
  return !(
    (value.endOffset !== undefined && BigInt(value.endOffset) !== -1n)
    || (value.epoch !== undefined && value.epoch !== -1)
  );
}

/** Fetch, ApiKey 1: versions 0-18, flexible since 12. */
export const fetchApi: KafkaApi<FetchRequest, FetchResponse> = {
  key: 1,
  name: 'Fetch',
  versionMin: 0,
  versionMax: 18,
  flexibleSince: 12,
  latestVersionUnstable: false,
  decodeRequest: decodeFetchRequest,
  encodeRequest: encodeFetchRequest,
  decodeResponse: decodeFetchResponse,
  encodeResponse: encodeFetchResponse,
};
