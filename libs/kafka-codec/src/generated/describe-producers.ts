// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0. */
export interface DescribeProducersRequest {
  /** The topics to list producers for. (versions 0+) */
  topics: DescribeProducersRequestTopicRequest[];
}

export interface DescribeProducersRequestTopicRequest {
  /** The topic name. (versions 0+) */
  name: string;
  /** The indexes of the partitions to list producers for. (versions 0+) */
  partitionIndexes: number[];
}

export function decodeDescribeProducersRequest(
  reader: ByteReader,
  version: number,
): DescribeProducersRequest {
  if (!(version >= 0 && version <= 0)) unsupportedDecode('DescribeProducersRequest', version);
  const topics: DescribeProducersRequestTopicRequest[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(3)); count > 0; count--) {
    topics.push(decodeDescribeProducersRequestTopicRequest(reader, version));
  }
  reader.skipTags();
  return { topics };
}

export function encodeDescribeProducersRequest(
  writer: ByteWriter,
  value: Encodable<DescribeProducersRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 0)) unsupportedEncode('DescribeProducersRequest', version);
  const topics = value.topics ?? [];
  writer.writeCompactArrayCount(topics.length);
  for (const item of topics) encodeDescribeProducersRequestTopicRequest(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeDescribeProducersRequestTopicRequest(
  reader: ByteReader,
  _version: number,
): DescribeProducersRequestTopicRequest {
  const name = reader.readCompactString();
  const partitionIndexes: number[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(4)); count > 0; count--) {
    partitionIndexes.push(reader.readInt32());
  }
  reader.skipTags();
  return { name, partitionIndexes };
}

function encodeDescribeProducersRequestTopicRequest(
  writer: ByteWriter,
  value: Encodable<DescribeProducersRequestTopicRequest>,
  _version: number,
): void {
  const name = value.name ?? '';
  writer.writeCompactString(name);
  const partitionIndexes = value.partitionIndexes ?? [];
  writer.writeCompactArrayCount(partitionIndexes.length);
  for (const item of partitionIndexes) writer.writeInt32(item);
  writer.writeUnsignedVarint(0);
}

/** Versions 0. */
export interface DescribeProducersResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** Each topic in the response. (versions 0+) */
  topics: DescribeProducersResponseTopicResponse[];
}

export interface DescribeProducersResponseProducerState {
  /** The producer id. (versions 0+) */
  producerId: bigint;
  /** The producer epoch. (versions 0+) */
  producerEpoch: number;
  /** The last sequence number sent by the producer. (versions 0+) */
  lastSequence: number;
  /** The last timestamp sent by the producer. (versions 0+) */
  lastTimestamp: bigint;
  /** The current epoch of the producer group. (versions 0+) */
  coordinatorEpoch: number;
  /** The current transaction start offset of the producer. (versions 0+) */
  currentTxnStartOffset: bigint;
}

export interface DescribeProducersResponsePartitionResponse {
  /** The partition index. (versions 0+) */
  partitionIndex: number;
  /** The partition error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** The partition error message, which may be null if no additional details are available. (versions 0+, nullable 0+) */
  errorMessage: string | null;
  /** The active producers for the partition. (versions 0+) */
  activeProducers: DescribeProducersResponseProducerState[];
}

export interface DescribeProducersResponseTopicResponse {
  /** The topic name. (versions 0+) */
  name: string;
  /** Each partition in the response. (versions 0+) */
  partitions: DescribeProducersResponsePartitionResponse[];
}

export function decodeDescribeProducersResponse(
  reader: ByteReader,
  version: number,
): DescribeProducersResponse {
  if (!(version >= 0 && version <= 0)) unsupportedDecode('DescribeProducersResponse', version);
  const throttleTimeMs = reader.readInt32();
  const topics: DescribeProducersResponseTopicResponse[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(3)); count > 0; count--) {
    topics.push(decodeDescribeProducersResponseTopicResponse(reader, version));
  }
  reader.skipTags();
  return { throttleTimeMs, topics };
}

export function encodeDescribeProducersResponse(
  writer: ByteWriter,
  value: Encodable<DescribeProducersResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 0)) unsupportedEncode('DescribeProducersResponse', version);
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  const topics = value.topics ?? [];
  writer.writeCompactArrayCount(topics.length);
  for (const item of topics) encodeDescribeProducersResponseTopicResponse(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeDescribeProducersResponseProducerState(
  reader: ByteReader,
  _version: number,
): DescribeProducersResponseProducerState {
  const producerId = reader.readInt64();
  const producerEpoch = reader.readInt32();
  const lastSequence = reader.readInt32();
  const lastTimestamp = reader.readInt64();
  const coordinatorEpoch = reader.readInt32();
  const currentTxnStartOffset = reader.readInt64();
  reader.skipTags();
  return { producerId, producerEpoch, lastSequence, lastTimestamp, coordinatorEpoch, currentTxnStartOffset };
}

function encodeDescribeProducersResponseProducerState(
  writer: ByteWriter,
  value: Encodable<DescribeProducersResponseProducerState>,
  _version: number,
): void {
  const producerId = value.producerId ?? 0n;
  writer.writeInt64(producerId);
  const producerEpoch = value.producerEpoch ?? 0;
  writer.writeInt32(producerEpoch);
  const lastSequence = value.lastSequence ?? -1;
  writer.writeInt32(lastSequence);
  const lastTimestamp = value.lastTimestamp ?? -1n;
  writer.writeInt64(lastTimestamp);
  const coordinatorEpoch = value.coordinatorEpoch ?? 0;
  writer.writeInt32(coordinatorEpoch);
  const currentTxnStartOffset = value.currentTxnStartOffset ?? -1n;
  writer.writeInt64(currentTxnStartOffset);
  writer.writeUnsignedVarint(0);
}

function decodeDescribeProducersResponsePartitionResponse(
  reader: ByteReader,
  version: number,
): DescribeProducersResponsePartitionResponse {
  const partitionIndex = reader.readInt32();
  const errorCode = reader.readInt16();
  const errorMessage = reader.readCompactNullableString();
  const activeProducers: DescribeProducersResponseProducerState[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(37)); count > 0; count--) {
    activeProducers.push(decodeDescribeProducersResponseProducerState(reader, version));
  }
  reader.skipTags();
  return { partitionIndex, errorCode, errorMessage, activeProducers };
}

function encodeDescribeProducersResponsePartitionResponse(
  writer: ByteWriter,
  value: Encodable<DescribeProducersResponsePartitionResponse>,
  version: number,
): void {
  const partitionIndex = value.partitionIndex ?? 0;
  writer.writeInt32(partitionIndex);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const errorMessage = value.errorMessage ?? null;
  writer.writeCompactNullableString(errorMessage);
  const activeProducers = value.activeProducers ?? [];
  writer.writeCompactArrayCount(activeProducers.length);
  for (const item of activeProducers) encodeDescribeProducersResponseProducerState(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeDescribeProducersResponseTopicResponse(
  reader: ByteReader,
  version: number,
): DescribeProducersResponseTopicResponse {
  const name = reader.readCompactString();
  const partitions: DescribeProducersResponsePartitionResponse[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(9)); count > 0; count--) {
    partitions.push(decodeDescribeProducersResponsePartitionResponse(reader, version));
  }
  reader.skipTags();
  return { name, partitions };
}

function encodeDescribeProducersResponseTopicResponse(
  writer: ByteWriter,
  value: Encodable<DescribeProducersResponseTopicResponse>,
  version: number,
): void {
  const name = value.name ?? '';
  writer.writeCompactString(name);
  const partitions = value.partitions ?? [];
  writer.writeCompactArrayCount(partitions.length);
  for (const item of partitions) encodeDescribeProducersResponsePartitionResponse(writer, item, version);
  writer.writeUnsignedVarint(0);
}

/** DescribeProducers, ApiKey 61: versions 0, flexible since 0. */
export const describeProducersApi: KafkaApi<DescribeProducersRequest, DescribeProducersResponse> = {
  key: 61,
  name: 'DescribeProducers',
  versionMin: 0,
  versionMax: 0,
  flexibleSince: 0,
  latestVersionUnstable: false,
  decodeRequest: decodeDescribeProducersRequest,
  encodeRequest: encodeDescribeProducersRequest,
  decodeResponse: decodeDescribeProducersResponse,
  encodeResponse: encodeDescribeProducersResponse,
};
