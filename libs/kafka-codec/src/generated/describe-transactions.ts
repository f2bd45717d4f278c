// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0. */
export interface DescribeTransactionsRequest {
  /** Array of transactionalIds to include in describe results. If empty, then no results will be returned. (versions 0+) */
  transactionalIds: string[];
}

export function decodeDescribeTransactionsRequest(
  reader: ByteReader,
  version: number,
): DescribeTransactionsRequest {
  if (!(version >= 0 && version <= 0)) unsupportedDecode('DescribeTransactionsRequest', version);
  const transactionalIds: string[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(1)); count > 0; count--) {
    transactionalIds.push(reader.readCompactString());
  }
  reader.skipTags();
  return { transactionalIds };
}

export function encodeDescribeTransactionsRequest(
  writer: ByteWriter,
  value: Encodable<DescribeTransactionsRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 0)) unsupportedEncode('DescribeTransactionsRequest', version);
  const transactionalIds = value.transactionalIds ?? [];
  writer.writeCompactArrayCount(transactionalIds.length);
  for (const item of transactionalIds) writer.writeCompactString(item);
  writer.writeUnsignedVarint(0);
}

/** Versions 0. */
export interface DescribeTransactionsResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** The current state of the transaction. (versions 0+) */
  transactionStates: DescribeTransactionsResponseTransactionState[];
}

export interface DescribeTransactionsResponseTopicData {
  /** The topic name. (versions 0+) */
  topic: string;
  /** The partition ids included in the current transaction. (versions 0+) */
  partitions: number[];
}

export interface DescribeTransactionsResponseTransactionState {
  /** The error code. (versions 0+) */
  errorCode: number;
  /** The transactional id. (versions 0+) */
  transactionalId: string;
  /** The current transaction state of the producer. (versions 0+) */
  transactionState: string;
  /** The timeout in milliseconds for the transaction. (versions 0+) */
  transactionTimeoutMs: number;
  /** The start time of the transaction in milliseconds. (versions 0+) */
  transactionStartTimeMs: bigint;
  /** The current producer id associated with the transaction. (versions 0+) */
  producerId: bigint;
  /** The current epoch associated with the producer id. (versions 0+) */
  producerEpoch: number;
  /** The set of partitions included in the current transaction (if active). When a transaction is preparing to commit or abort, this will include only partitions which do not have markers. (versions 0+) */
  topics: DescribeTransactionsResponseTopicData[];
}

export function decodeDescribeTransactionsResponse(
  reader: ByteReader,
  version: number,
): DescribeTransactionsResponse {
  if (!(version >= 0 && version <= 0)) unsupportedDecode('DescribeTransactionsResponse', version);
  const throttleTimeMs = reader.readInt32();
  const transactionStates: DescribeTransactionsResponseTransactionState[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(28)); count > 0; count--) {
    transactionStates.push(decodeDescribeTransactionsResponseTransactionState(reader, version));
  }
  reader.skipTags();
  return { throttleTimeMs, transactionStates };
}

export function encodeDescribeTransactionsResponse(
  writer: ByteWriter,
  value: Encodable<DescribeTransactionsResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 0)) unsupportedEncode('DescribeTransactionsResponse', version);
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  const transactionStates = value.transactionStates ?? [];
  writer.writeCompactArrayCount(transactionStates.length);
  for (const item of transactionStates) encodeDescribeTransactionsResponseTransactionState(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeDescribeTransactionsResponseTopicData(
  reader: ByteReader,
  _version: number,
): DescribeTransactionsResponseTopicData {
  const topic = reader.readCompactString();
  const partitions: number[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(4)); count > 0; count--) {
    partitions.push(reader.readInt32());
  }
  reader.skipTags();
  return { topic, partitions };
}

function encodeDescribeTransactionsResponseTopicData(
  writer: ByteWriter,
  value: Encodable<DescribeTransactionsResponseTopicData>,
  _version: number,
): void {
  const topic = value.topic ?? '';
  writer.writeCompactString(topic);
  const partitions = value.partitions ?? [];
  writer.writeCompactArrayCount(partitions.length);
  for (const item of partitions) writer.writeInt32(item);
  writer.writeUnsignedVarint(0);
}

function decodeDescribeTransactionsResponseTransactionState(
  reader: ByteReader,
  version: number,
): DescribeTransactionsResponseTransactionState {
  const errorCode = reader.readInt16();
  const transactionalId = reader.readCompactString();
  const transactionState = reader.readCompactString();
  const transactionTimeoutMs = reader.readInt32();
  const transactionStartTimeMs = reader.readInt64();
  const producerId = reader.readInt64();
  const producerEpoch = reader.readInt16();
  const topics: DescribeTransactionsResponseTopicData[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(3)); count > 0; count--) {
    topics.push(decodeDescribeTransactionsResponseTopicData(reader, version));
  }
  reader.skipTags();
  return { errorCode, transactionalId, transactionState, transactionTimeoutMs, transactionStartTimeMs, producerId, producerEpoch, topics };
}

function encodeDescribeTransactionsResponseTransactionState(
  writer: ByteWriter,
  value: Encodable<DescribeTransactionsResponseTransactionState>,
  version: number,
): void {
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const transactionalId = value.transactionalId ?? '';
  writer.writeCompactString(transactionalId);
  const transactionState = value.transactionState ?? '';
  writer.writeCompactString(transactionState);
  const transactionTimeoutMs = value.transactionTimeoutMs ?? 0;
  writer.writeInt32(transactionTimeoutMs);
  const transactionStartTimeMs = value.transactionStartTimeMs ?? 0n;
  writer.writeInt64(transactionStartTimeMs);
  const producerId = value.producerId ?? 0n;
  writer.writeInt64(producerId);
  const producerEpoch = value.producerEpoch ?? 0;
  writer.writeInt16(producerEpoch);
  const topics = value.topics ?? [];
  writer.writeCompactArrayCount(topics.length);
  for (const item of topics) encodeDescribeTransactionsResponseTopicData(writer, item, version);
  writer.writeUnsignedVarint(0);
}

/** DescribeTransactions, ApiKey 65: versions 0, flexible since 0. */
export const describeTransactionsApi: KafkaApi<DescribeTransactionsRequest, DescribeTransactionsResponse> = {
  key: 65,
  name: 'DescribeTransactions',
  versionMin: 0,
  versionMax: 0,
  flexibleSince: 0,
  latestVersionUnstable: false,
  decodeRequest: decodeDescribeTransactionsRequest,
  encodeRequest: encodeDescribeTransactionsRequest,
  decodeResponse: decodeDescribeTransactionsResponse,
  encodeResponse: encodeDescribeTransactionsResponse,
};
