// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { Buffer } from 'node:buffer';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { notInVersion, unsupportedDecode, unsupportedEncode, ZERO_UUID } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-13. */
export interface ProduceRequest {
  /** The transactional ID, or null if the producer is not transactional. (versions 3+, nullable 3+) */
  transactionalId: string | null;
  /** The number of acknowledgments the producer requires the leader to have received before considering a request complete. Allowed values: 0 for no acknowledgments, 1 for only the leader and -1 for the full ISR. (versions 0+) */
  acks: number;
  /** The timeout to await a response in milliseconds. (versions 0+) */
  timeoutMs: number;
  /** Each topic to produce to. (versions 0+) */
  topicData: ProduceRequestTopicProduceData[];
}

export interface ProduceRequestPartitionProduceData {
  /** The partition index. (versions 0+) */
  index: number;
  /** The record data to be produced. (versions 0+, nullable 0+) */
  records: Buffer | null;
}

export interface ProduceRequestTopicProduceData {
  /** The topic name. (versions 0-12) */
  name: string;
  /** The unique topic ID (versions 13+) */
  topicId: Buffer;
  /** Each partition to produce to. (versions 0+) */
  partitionData: ProduceRequestPartitionProduceData[];
}

export function decodeProduceRequest(
  reader: ByteReader,
  version: number,
): ProduceRequest {
  if (!(version >= 0 && version <= 13)) unsupportedDecode('ProduceRequest', version);
  const flexible = version >= 9;
  let transactionalId: string | null = null;
  if (version >= 3) {
    transactionalId = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  }
  const acks = reader.readInt16();
  const timeoutMs = reader.readInt32();
  const topicData: ProduceRequestTopicProduceData[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3)); count > 0; count--) {
    topicData.push(decodeProduceRequestTopicProduceData(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { transactionalId, acks, timeoutMs, topicData };
}

export function encodeProduceRequest(
  writer: ByteWriter,
  value: Encodable<ProduceRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 13)) unsupportedEncode('ProduceRequest', version);
  const flexible = version >= 9;
  if (version >= 3) {
    const transactionalId = value.transactionalId ?? null;
    flexible ? writer.writeCompactNullableString(transactionalId) : writer.writeNullableString(transactionalId);
  } else if ((value.transactionalId ?? null) !== null) notInVersion('ProduceRequest.transactionalId', version);
  const acks = value.acks ?? 0;
  writer.writeInt16(acks);
  const timeoutMs = value.timeoutMs ?? 0;
  writer.writeInt32(timeoutMs);
  const topicData = value.topicData ?? [];
  if (flexible) writer.writeCompactArrayCount(topicData.length);
  else writer.writeArrayCount(topicData.length);
  for (const item of topicData) encodeProduceRequestTopicProduceData(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeProduceRequestPartitionProduceData(
  reader: ByteReader,
  version: number,
): ProduceRequestPartitionProduceData {
  const flexible = version >= 9;
  const index = reader.readInt32();
  const records = flexible ? reader.readCompactNullableBytes() : reader.readNullableBytes();
  if (flexible) {
    reader.skipTags();
  }
  return { index, records };
}

function encodeProduceRequestPartitionProduceData(
  writer: ByteWriter,
  value: Encodable<ProduceRequestPartitionProduceData>,
  version: number,
): void {
  const flexible = version >= 9;
  const index = value.index ?? 0;
  writer.writeInt32(index);
  const records = value.records ?? null;
  flexible ? writer.writeCompactNullableRecords(records) : writer.writeNullableRecords(records);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeProduceRequestTopicProduceData(
  reader: ByteReader,
  version: number,
): ProduceRequestTopicProduceData {
  const flexible = version >= 9;
  let name: string = '';
  if (version <= 12) {
    name = flexible ? reader.readCompactString() : reader.readString();
  }
  let topicId: Buffer = ZERO_UUID;
  if (version >= 13) {
    topicId = reader.readUuid();
  }
  const partitionData: ProduceRequestPartitionProduceData[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(6) : reader.readArrayCount(6)); count > 0; count--) {
    partitionData.push(decodeProduceRequestPartitionProduceData(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { name, topicId, partitionData };
}

function encodeProduceRequestTopicProduceData(
  writer: ByteWriter,
  value: Encodable<ProduceRequestTopicProduceData>,
  version: number,
): void {
  const flexible = version >= 9;
  if (version <= 12) {
    const name = value.name ?? '';
    flexible ? writer.writeCompactString(name) : writer.writeString(name);
  }
  if (version >= 13) {
    const topicId = value.topicId ?? ZERO_UUID;
    writer.writeUuid(topicId);
  }
  const partitionData = value.partitionData ?? [];
  if (flexible) writer.writeCompactArrayCount(partitionData.length);
  else writer.writeArrayCount(partitionData.length);
  for (const item of partitionData) encodeProduceRequestPartitionProduceData(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** Versions 0-13. */
export interface ProduceResponse {
  /** Each produce response. (versions 0+) */
  responses: ProduceResponseTopicProduceResponse[];
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 1+) */
  throttleTimeMs: number;
  /** Endpoints for all current-leaders enumerated in PartitionProduceResponses, with errors NOT_LEADER_OR_FOLLOWER. (versions 10+, tag 0) */
  nodeEndpoints: ProduceResponseNodeEndpoint[];
}

export interface ProduceResponseBatchIndexAndErrorMessage {
  /** The batch index of the record that caused the batch to be dropped. (versions 8+) */
  batchIndex: number;
  /** The error message of the record that caused the batch to be dropped. (versions 8+, nullable 8+) */
  batchIndexErrorMessage: string | null;
}

export interface ProduceResponseLeaderIdAndEpoch {
  /** The ID of the current leader or -1 if the leader is unknown. (versions 10+) */
  leaderId: number;
  /** The latest known leader epoch. (versions 10+) */
  leaderEpoch: number;
}

export interface ProduceResponsePartitionProduceResponse {
  /** The partition index. (versions 0+) */
  index: number;
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** The base offset. (versions 0+) */
  baseOffset: bigint;
  /** The timestamp returned by broker after appending the messages. If CreateTime is used for the topic, the timestamp will be -1.  If LogAppendTime is used for the topic, the timestamp will be the broker local time when the messages are appended. (versions 2+) */
  logAppendTimeMs: bigint;
  /** The log start offset. (versions 5+) */
  logStartOffset: bigint;
  /** The batch indices of records that caused the batch to be dropped. (versions 8+) */
  recordErrors: ProduceResponseBatchIndexAndErrorMessage[];
  /** The global error message summarizing the common root cause of the records that caused the batch to be dropped. (versions 8+, nullable 8+) */
  errorMessage: string | null;
  /** The leader broker that the producer should use for future requests. (versions 10+, tag 0) */
  currentLeader: ProduceResponseLeaderIdAndEpoch;
}

export interface ProduceResponseTopicProduceResponse {
  /** The topic name. (versions 0-12) */
  name: string;
  /** The unique topic ID (versions 13+) */
  topicId: Buffer;
  /** Each partition that we produced to within the topic. (versions 0+) */
  partitionResponses: ProduceResponsePartitionProduceResponse[];
}

export interface ProduceResponseNodeEndpoint {
  /** The ID of the associated node. (versions 10+) */
  nodeId: number;
  /** The node's hostname. (versions 10+) */
  host: string;
  /** The node's port. (versions 10+) */
  port: number;
  /** The rack of the node, or null if it has not been assigned to a rack. (versions 10+, nullable 10+) */
  rack: string | null;
}

export function decodeProduceResponse(
  reader: ByteReader,
  version: number,
): ProduceResponse {
  if (!(version >= 0 && version <= 13)) unsupportedDecode('ProduceResponse', version);
  const flexible = version >= 9;
  const responses: ProduceResponseTopicProduceResponse[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3)); count > 0; count--) {
    responses.push(decodeProduceResponseTopicProduceResponse(reader, version));
  }
  let throttleTimeMs: number = 0;
  if (version >= 1) {
    throttleTimeMs = reader.readInt32();
  }
  const nodeEndpoints: ProduceResponseNodeEndpoint[] = [];
  if (flexible) {
    for (let tags = reader.readTagCount(); tags > 0; tags--) {
      const tag = reader.readUnsignedVarint();
      const end = reader.readTagEnd();
      if (tag === 0 && version >= 10) {
        nodeEndpoints.length = 0;
        for (let count = reader.notNull(reader.readCompactArrayCount(11)); count > 0; count--) {
          nodeEndpoints.push(decodeProduceResponseNodeEndpoint(reader, version));
        }
      } else {
        reader.offset = end;
      }
      reader.endTag(end);
    }
  }
  return { responses, throttleTimeMs, nodeEndpoints };
}

export function encodeProduceResponse(
  writer: ByteWriter,
  value: Encodable<ProduceResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 13)) unsupportedEncode('ProduceResponse', version);
  const flexible = version >= 9;
  const responses = value.responses ?? [];
  if (flexible) writer.writeCompactArrayCount(responses.length);
  else writer.writeArrayCount(responses.length);
  for (const item of responses) encodeProduceResponseTopicProduceResponse(writer, item, version);
  if (version >= 1) {
    const throttleTimeMs = value.throttleTimeMs ?? 0;
    writer.writeInt32(throttleTimeMs);
  }
  if (!(version >= 10)) {
    if (value.nodeEndpoints !== undefined && value.nodeEndpoints.length !== 0) notInVersion('ProduceResponse.nodeEndpoints', version);
  }
  if (flexible) {
    let tags = 0;
    const hasNodeEndpoints = version >= 10 && value.nodeEndpoints !== undefined && value.nodeEndpoints.length !== 0;
    if (hasNodeEndpoints) tags++;
    writer.writeUnsignedVarint(tags);
    if (hasNodeEndpoints) {
      const start = writer.beginTag(0);
      const nodeEndpoints = value.nodeEndpoints ?? [];
      writer.writeCompactArrayCount(nodeEndpoints.length);
      for (const item of nodeEndpoints) encodeProduceResponseNodeEndpoint(writer, item, version);
      writer.endTag(start);
    }
  }
}

function decodeProduceResponseBatchIndexAndErrorMessage(
  reader: ByteReader,
  version: number,
): ProduceResponseBatchIndexAndErrorMessage {
  const flexible = version >= 9;
  const batchIndex = reader.readInt32();
  const batchIndexErrorMessage = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  if (flexible) {
    reader.skipTags();
  }
  return { batchIndex, batchIndexErrorMessage };
}

function encodeProduceResponseBatchIndexAndErrorMessage(
  writer: ByteWriter,
  value: Encodable<ProduceResponseBatchIndexAndErrorMessage>,
  version: number,
): void {
  const flexible = version >= 9;
  const batchIndex = value.batchIndex ?? 0;
  writer.writeInt32(batchIndex);
  const batchIndexErrorMessage = value.batchIndexErrorMessage ?? null;
  flexible ? writer.writeCompactNullableString(batchIndexErrorMessage) : writer.writeNullableString(batchIndexErrorMessage);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeProduceResponseLeaderIdAndEpoch(
  reader: ByteReader,
  _version: number,
): ProduceResponseLeaderIdAndEpoch {
  const leaderId = reader.readInt32();
  const leaderEpoch = reader.readInt32();
  reader.skipTags();
  return { leaderId, leaderEpoch };
}

function encodeProduceResponseLeaderIdAndEpoch(
  writer: ByteWriter,
  value: Encodable<ProduceResponseLeaderIdAndEpoch>,
  _version: number,
): void {
  const leaderId = value.leaderId ?? -1;
  writer.writeInt32(leaderId);
  const leaderEpoch = value.leaderEpoch ?? -1;
  writer.writeInt32(leaderEpoch);
  writer.writeUnsignedVarint(0);
}

function decodeProduceResponsePartitionProduceResponse(
  reader: ByteReader,
  version: number,
): ProduceResponsePartitionProduceResponse {
  const flexible = version >= 9;
  const index = reader.readInt32();
  const errorCode = reader.readInt16();
  const baseOffset = reader.readInt64();
  let logAppendTimeMs: bigint = -1n;
  if (version >= 2) {
    logAppendTimeMs = reader.readInt64();
  }
  let logStartOffset: bigint = -1n;
  if (version >= 5) {
    logStartOffset = reader.readInt64();
  }
  const recordErrors: ProduceResponseBatchIndexAndErrorMessage[] = [];
  if (version >= 8) {
    for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(6) : reader.readArrayCount(6)); count > 0; count--) {
      recordErrors.push(decodeProduceResponseBatchIndexAndErrorMessage(reader, version));
    }
  }
  let errorMessage: string | null = null;
  if (version >= 8) {
    errorMessage = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  }
  let currentLeader: ProduceResponseLeaderIdAndEpoch = defaultProduceResponseLeaderIdAndEpoch();
  if (flexible) {
    for (let tags = reader.readTagCount(); tags > 0; tags--) {
      const tag = reader.readUnsignedVarint();
      const end = reader.readTagEnd();
      if (tag === 0 && version >= 10) {
        currentLeader = decodeProduceResponseLeaderIdAndEpoch(reader, version);
      } else {
        reader.offset = end;
      }
      reader.endTag(end);
    }
  }
  return { index, errorCode, baseOffset, logAppendTimeMs, logStartOffset, recordErrors, errorMessage, currentLeader };
}

function encodeProduceResponsePartitionProduceResponse(
  writer: ByteWriter,
  value: Encodable<ProduceResponsePartitionProduceResponse>,
  version: number,
): void {
  const flexible = version >= 9;
  const index = value.index ?? 0;
  writer.writeInt32(index);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const baseOffset = value.baseOffset ?? 0n;
  writer.writeInt64(baseOffset);
  if (version >= 2) {
    const logAppendTimeMs = value.logAppendTimeMs ?? -1n;
    writer.writeInt64(logAppendTimeMs);
  }
  if (version >= 5) {
    const logStartOffset = value.logStartOffset ?? -1n;
    writer.writeInt64(logStartOffset);
  }
  if (version >= 8) {
    const recordErrors = value.recordErrors ?? [];
    if (flexible) writer.writeCompactArrayCount(recordErrors.length);
    else writer.writeArrayCount(recordErrors.length);
    for (const item of recordErrors) encodeProduceResponseBatchIndexAndErrorMessage(writer, item, version);
  }
  if (version >= 8) {
    const errorMessage = value.errorMessage ?? null;
    flexible ? writer.writeCompactNullableString(errorMessage) : writer.writeNullableString(errorMessage);
  }
  if (!(version >= 10)) {
    if (value.currentLeader !== undefined && !isDefaultProduceResponseLeaderIdAndEpoch(value.currentLeader)) notInVersion('ProduceResponsePartitionProduceResponse.currentLeader', version);
  }
  if (flexible) {
    let tags = 0;
    const hasCurrentLeader = version >= 10 && value.currentLeader !== undefined && !isDefaultProduceResponseLeaderIdAndEpoch(value.currentLeader);
    if (hasCurrentLeader) tags++;
    writer.writeUnsignedVarint(tags);
    if (hasCurrentLeader) {
      const start = writer.beginTag(0);
      const currentLeader = value.currentLeader === undefined ? {} : value.currentLeader;
      encodeProduceResponseLeaderIdAndEpoch(writer, currentLeader, version);
      writer.endTag(start);
    }
  }
}

function decodeProduceResponseTopicProduceResponse(
  reader: ByteReader,
  version: number,
): ProduceResponseTopicProduceResponse {
  const flexible = version >= 9;
  let name: string = '';
  if (version <= 12) {
    name = flexible ? reader.readCompactString() : reader.readString();
  }
  let topicId: Buffer = ZERO_UUID;
  if (version >= 13) {
    topicId = reader.readUuid();
  }
  const partitionResponses: ProduceResponsePartitionProduceResponse[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(14) : reader.readArrayCount(14)); count > 0; count--) {
    partitionResponses.push(decodeProduceResponsePartitionProduceResponse(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { name, topicId, partitionResponses };
}

function encodeProduceResponseTopicProduceResponse(
  writer: ByteWriter,
  value: Encodable<ProduceResponseTopicProduceResponse>,
  version: number,
): void {
  const flexible = version >= 9;
  if (version <= 12) {
    const name = value.name ?? '';
    flexible ? writer.writeCompactString(name) : writer.writeString(name);
  }
  if (version >= 13) {
    const topicId = value.topicId ?? ZERO_UUID;
    writer.writeUuid(topicId);
  }
  const partitionResponses = value.partitionResponses ?? [];
  if (flexible) writer.writeCompactArrayCount(partitionResponses.length);
  else writer.writeArrayCount(partitionResponses.length);
  for (const item of partitionResponses) encodeProduceResponsePartitionProduceResponse(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeProduceResponseNodeEndpoint(
  reader: ByteReader,
  _version: number,
): ProduceResponseNodeEndpoint {
  const nodeId = reader.readInt32();
  const host = reader.readCompactString();
  const port = reader.readInt32();
  const rack = reader.readCompactNullableString();
  reader.skipTags();
  return { nodeId, host, port, rack };
}

function encodeProduceResponseNodeEndpoint(
  writer: ByteWriter,
  value: Encodable<ProduceResponseNodeEndpoint>,
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

function defaultProduceResponseLeaderIdAndEpoch(): ProduceResponseLeaderIdAndEpoch {
  return { leaderId: -1, leaderEpoch: -1 };
}

function isDefaultProduceResponseLeaderIdAndEpoch(value: Encodable<ProduceResponseLeaderIdAndEpoch>): boolean {
  return !(
    (value.leaderId !== undefined && value.leaderId !== -1)
    || (value.leaderEpoch !== undefined && value.leaderEpoch !== -1)
  );
}

/** Produce, ApiKey 0: versions 0-13, flexible since 9. */
export const produceApi: KafkaApi<ProduceRequest, ProduceResponse> = {
  key: 0,
  name: 'Produce',
  versionMin: 0,
  versionMax: 13,
  flexibleSince: 9,
  latestVersionUnstable: false,
  decodeRequest: decodeProduceRequest,
  encodeRequest: encodeProduceRequest,
  decodeResponse: decodeProduceResponse,
  encodeResponse: encodeProduceResponse,
};
