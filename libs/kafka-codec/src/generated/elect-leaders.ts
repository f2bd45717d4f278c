// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { notInVersion, unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-2. */
export interface ElectLeadersRequest {
  /** Type of elections to conduct for the partition. A value of '0' elects the preferred replica. A value of '1' elects the first live replica if there are no in-sync replica. (versions 1+) */
  electionType: number;
  /** The topic partitions to elect leaders. (versions 0+, nullable 0+) */
  topicPartitions: ElectLeadersRequestTopicPartitions[] | null;
  /** The time in ms to wait for the election to complete. (versions 0+) */
  timeoutMs: number;
}

export interface ElectLeadersRequestTopicPartitions {
  /** The name of a topic. (versions 0+) */
  topic: string;
  /** The partitions of this topic whose leader should be elected. (versions 0+) */
  partitions: number[];
}

export function decodeElectLeadersRequest(
  reader: ByteReader,
  version: number,
): ElectLeadersRequest {
  if (!(version >= 0 && version <= 2)) unsupportedDecode('ElectLeadersRequest', version);
  const flexible = version >= 2;
  let electionType: number = 0;
  if (version >= 1) {
    electionType = reader.readInt8();
  }
  let topicPartitions: ElectLeadersRequestTopicPartitions[] | null;
  const topicPartitionsCount = flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3);
  if (topicPartitionsCount < 0) topicPartitions = null;
  else {
    topicPartitions = [];
    for (let count = topicPartitionsCount; count > 0; count--) topicPartitions.push(decodeElectLeadersRequestTopicPartitions(reader, version));
  }
  const timeoutMs = reader.readInt32();
  if (flexible) {
    reader.skipTags();
  }
  return { electionType, topicPartitions, timeoutMs };
}

export function encodeElectLeadersRequest(
  writer: ByteWriter,
  value: Encodable<ElectLeadersRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 2)) unsupportedEncode('ElectLeadersRequest', version);
  const flexible = version >= 2;
  if (version >= 1) {
    const electionType = value.electionType ?? 0;
    writer.writeInt8(electionType);
  } else if (value.electionType !== undefined && value.electionType !== 0) notInVersion('ElectLeadersRequest.electionType', version);
  const topicPartitions = value.topicPartitions === undefined ? [] : value.topicPartitions;
  if (topicPartitions === null) {
    if (flexible) writer.writeCompactArrayCount(-1);
    else writer.writeArrayCount(-1);
  } else {
    if (flexible) writer.writeCompactArrayCount(topicPartitions.length);
    else writer.writeArrayCount(topicPartitions.length);
    for (const item of topicPartitions) encodeElectLeadersRequestTopicPartitions(writer, item, version);
  }
  const timeoutMs = value.timeoutMs ?? 60000;
  writer.writeInt32(timeoutMs);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeElectLeadersRequestTopicPartitions(
  reader: ByteReader,
  version: number,
): ElectLeadersRequestTopicPartitions {
  const flexible = version >= 2;
  const topic = flexible ? reader.readCompactString() : reader.readString();
  const partitions: number[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(4) : reader.readArrayCount(4)); count > 0; count--) {
    partitions.push(reader.readInt32());
  }
  if (flexible) {
    reader.skipTags();
  }
  return { topic, partitions };
}

function encodeElectLeadersRequestTopicPartitions(
  writer: ByteWriter,
  value: Encodable<ElectLeadersRequestTopicPartitions>,
  version: number,
): void {
  const flexible = version >= 2;
  const topic = value.topic ?? '';
  flexible ? writer.writeCompactString(topic) : writer.writeString(topic);
  const partitions = value.partitions ?? [];
  if (flexible) writer.writeCompactArrayCount(partitions.length);
  else writer.writeArrayCount(partitions.length);
  for (const item of partitions) writer.writeInt32(item);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** Versions 0-2. */
export interface ElectLeadersResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** The top level response error code. (versions 1+) */
  errorCode: number;
  /** The election results, or an empty array if the requester did not have permission and the request asks for all partitions. (versions 0+) */
  replicaElectionResults: ElectLeadersResponseReplicaElectionResult[];
}

export interface ElectLeadersResponsePartitionResult {
  /** The partition id. (versions 0+) */
  partitionId: number;
  /** The result error, or zero if there was no error. (versions 0+) */
  errorCode: number;
  /** The result message, or null if there was no error. (versions 0+, nullable 0+) */
  errorMessage: string | null;
}

export interface ElectLeadersResponseReplicaElectionResult {
  /** The topic name. (versions 0+) */
  topic: string;
  /** The results for each partition. (versions 0+) */
  partitionResult: ElectLeadersResponsePartitionResult[];
}

export function decodeElectLeadersResponse(
  reader: ByteReader,
  version: number,
): ElectLeadersResponse {
  if (!(version >= 0 && version <= 2)) unsupportedDecode('ElectLeadersResponse', version);
  const flexible = version >= 2;
  const throttleTimeMs = reader.readInt32();
  let errorCode: number = 0;
  if (version >= 1) {
    errorCode = reader.readInt16();
  }
  const replicaElectionResults: ElectLeadersResponseReplicaElectionResult[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3)); count > 0; count--) {
    replicaElectionResults.push(decodeElectLeadersResponseReplicaElectionResult(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { throttleTimeMs, errorCode, replicaElectionResults };
}

export function encodeElectLeadersResponse(
  writer: ByteWriter,
  value: Encodable<ElectLeadersResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 2)) unsupportedEncode('ElectLeadersResponse', version);
  const flexible = version >= 2;
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  if (version >= 1) {
    const errorCode = value.errorCode ?? 0;
    writer.writeInt16(errorCode);
  } else if (value.errorCode !== undefined && value.errorCode !== 0) notInVersion('ElectLeadersResponse.errorCode', version);
  const replicaElectionResults = value.replicaElectionResults ?? [];
  if (flexible) writer.writeCompactArrayCount(replicaElectionResults.length);
  else writer.writeArrayCount(replicaElectionResults.length);
  for (const item of replicaElectionResults) encodeElectLeadersResponseReplicaElectionResult(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeElectLeadersResponsePartitionResult(
  reader: ByteReader,
  version: number,
): ElectLeadersResponsePartitionResult {
  const flexible = version >= 2;
  const partitionId = reader.readInt32();
  const errorCode = reader.readInt16();
  const errorMessage = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  if (flexible) {
    reader.skipTags();
  }
  return { partitionId, errorCode, errorMessage };
}

function encodeElectLeadersResponsePartitionResult(
  writer: ByteWriter,
  value: Encodable<ElectLeadersResponsePartitionResult>,
  version: number,
): void {
  const flexible = version >= 2;
  const partitionId = value.partitionId ?? 0;
  writer.writeInt32(partitionId);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const errorMessage = value.errorMessage === undefined ? '' : value.errorMessage;
  flexible ? writer.writeCompactNullableString(errorMessage) : writer.writeNullableString(errorMessage);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeElectLeadersResponseReplicaElectionResult(
  reader: ByteReader,
  version: number,
): ElectLeadersResponseReplicaElectionResult {
  const flexible = version >= 2;
  const topic = flexible ? reader.readCompactString() : reader.readString();
  const partitionResult: ElectLeadersResponsePartitionResult[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(8) : reader.readArrayCount(8)); count > 0; count--) {
    partitionResult.push(decodeElectLeadersResponsePartitionResult(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { topic, partitionResult };
}

function encodeElectLeadersResponseReplicaElectionResult(
  writer: ByteWriter,
  value: Encodable<ElectLeadersResponseReplicaElectionResult>,
  version: number,
): void {
  const flexible = version >= 2;
  const topic = value.topic ?? '';
  flexible ? writer.writeCompactString(topic) : writer.writeString(topic);
  const partitionResult = value.partitionResult ?? [];
  if (flexible) writer.writeCompactArrayCount(partitionResult.length);
  else writer.writeArrayCount(partitionResult.length);
  for (const item of partitionResult) encodeElectLeadersResponsePartitionResult(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** ElectLeaders, ApiKey 43: versions 0-2, flexible since 2. */
export const electLeadersApi: KafkaApi<ElectLeadersRequest, ElectLeadersResponse> = {
  key: 43,
  name: 'ElectLeaders',
  versionMin: 0,
  versionMax: 2,
  flexibleSince: 2,
  latestVersionUnstable: false,
  decodeRequest: decodeElectLeadersRequest,
  encodeRequest: encodeElectLeadersRequest,
  decodeResponse: decodeElectLeadersResponse,
  encodeResponse: encodeElectLeadersResponse,
};
