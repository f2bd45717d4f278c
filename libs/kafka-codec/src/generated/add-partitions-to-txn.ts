// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { notInVersion, unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-5. */
export interface AddPartitionsToTxnRequest {
  /** List of transactions to add partitions to. (versions 4+) */
  transactions: AddPartitionsToTxnRequestAddPartitionsToTxnTransaction[];
  /** The transactional id corresponding to the transaction. (versions 0-3) */
  v3AndBelowTransactionalId: string;
  /** Current producer id in use by the transactional id. (versions 0-3) */
  v3AndBelowProducerId: bigint;
  /** Current epoch associated with the producer id. (versions 0-3) */
  v3AndBelowProducerEpoch: number;
  /** The partitions to add to the transaction. (versions 0-3) */
  v3AndBelowTopics: AddPartitionsToTxnRequestAddPartitionsToTxnTopic[];
}

export interface AddPartitionsToTxnRequestAddPartitionsToTxnTopic {
  /** The name of the topic. (versions 0+) */
  name: string;
  /** The partition indexes to add to the transaction. (versions 0+) */
  partitions: number[];
}

export interface AddPartitionsToTxnRequestAddPartitionsToTxnTransaction {
  /** The transactional id corresponding to the transaction. (versions 4+) */
  transactionalId: string;
  /** Current producer id in use by the transactional id. (versions 4+) */
  producerId: bigint;
  /** Current epoch associated with the producer id. (versions 4+) */
  producerEpoch: number;
  /** Boolean to signify if we want to check if the partition is in the transaction rather than add it. (versions 4+) */
  verifyOnly: boolean;
  /** The partitions to add to the transaction. (versions 4+) */
  topics: AddPartitionsToTxnRequestAddPartitionsToTxnTopic[];
}

export function decodeAddPartitionsToTxnRequest(
  reader: ByteReader,
  version: number,
): AddPartitionsToTxnRequest {
  if (!(version >= 0 && version <= 5)) unsupportedDecode('AddPartitionsToTxnRequest', version);
  const flexible = version >= 3;
  const transactions: AddPartitionsToTxnRequestAddPartitionsToTxnTransaction[] = [];
  if (version >= 4) {
    for (let count = reader.notNull(reader.readCompactArrayCount(14)); count > 0; count--) {
      transactions.push(decodeAddPartitionsToTxnRequestAddPartitionsToTxnTransaction(reader, version));
    }
  }
  let v3AndBelowTransactionalId: string = '';
  if (version <= 3) {
    v3AndBelowTransactionalId = flexible ? reader.readCompactString() : reader.readString();
  }
  let v3AndBelowProducerId: bigint = 0n;
  if (version <= 3) {
    v3AndBelowProducerId = reader.readInt64();
  }
  let v3AndBelowProducerEpoch: number = 0;
  if (version <= 3) {
    v3AndBelowProducerEpoch = reader.readInt16();
  }
  const v3AndBelowTopics: AddPartitionsToTxnRequestAddPartitionsToTxnTopic[] = [];
  if (version <= 3) {
    for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3)); count > 0; count--) {
      v3AndBelowTopics.push(decodeAddPartitionsToTxnRequestAddPartitionsToTxnTopic(reader, version));
    }
  }
  if (flexible) {
    reader.skipTags();
  }
  return { transactions, v3AndBelowTransactionalId, v3AndBelowProducerId, v3AndBelowProducerEpoch, v3AndBelowTopics };
}

export function encodeAddPartitionsToTxnRequest(
  writer: ByteWriter,
  value: Encodable<AddPartitionsToTxnRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 5)) unsupportedEncode('AddPartitionsToTxnRequest', version);
  const flexible = version >= 3;
  if (version >= 4) {
    const transactions = value.transactions ?? [];
    writer.writeCompactArrayCount(transactions.length);
    for (const item of transactions) encodeAddPartitionsToTxnRequestAddPartitionsToTxnTransaction(writer, item, version);
  } else if (value.transactions !== undefined && value.transactions.length !== 0) notInVersion('AddPartitionsToTxnRequest.transactions', version);
  if (version <= 3) {
    const v3AndBelowTransactionalId = value.v3AndBelowTransactionalId ?? '';
    flexible ? writer.writeCompactString(v3AndBelowTransactionalId) : writer.writeString(v3AndBelowTransactionalId);
  } else if (value.v3AndBelowTransactionalId !== undefined && value.v3AndBelowTransactionalId !== '') notInVersion('AddPartitionsToTxnRequest.v3AndBelowTransactionalId', version);
  if (version <= 3) {
    const v3AndBelowProducerId = value.v3AndBelowProducerId ?? 0n;
    writer.writeInt64(v3AndBelowProducerId);
  } else if (value.v3AndBelowProducerId !== undefined && BigInt(value.v3AndBelowProducerId) !== 0n) notInVersion('AddPartitionsToTxnRequest.v3AndBelowProducerId', version);
  if (version <= 3) {
    const v3AndBelowProducerEpoch = value.v3AndBelowProducerEpoch ?? 0;
    writer.writeInt16(v3AndBelowProducerEpoch);
  } else if (value.v3AndBelowProducerEpoch !== undefined && value.v3AndBelowProducerEpoch !== 0) notInVersion('AddPartitionsToTxnRequest.v3AndBelowProducerEpoch', version);
  if (version <= 3) {
    const v3AndBelowTopics = value.v3AndBelowTopics ?? [];
    if (flexible) writer.writeCompactArrayCount(v3AndBelowTopics.length);
    else writer.writeArrayCount(v3AndBelowTopics.length);
    for (const item of v3AndBelowTopics) encodeAddPartitionsToTxnRequestAddPartitionsToTxnTopic(writer, item, version);
  } else if (value.v3AndBelowTopics !== undefined && value.v3AndBelowTopics.length !== 0) notInVersion('AddPartitionsToTxnRequest.v3AndBelowTopics', version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeAddPartitionsToTxnRequestAddPartitionsToTxnTopic(
  reader: ByteReader,
  version: number,
): AddPartitionsToTxnRequestAddPartitionsToTxnTopic {
  const flexible = version >= 3;
  const name = flexible ? reader.readCompactString() : reader.readString();
  const partitions: number[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(4) : reader.readArrayCount(4)); count > 0; count--) {
    partitions.push(reader.readInt32());
  }
  if (flexible) {
    reader.skipTags();
  }
  return { name, partitions };
}

function encodeAddPartitionsToTxnRequestAddPartitionsToTxnTopic(
  writer: ByteWriter,
  value: Encodable<AddPartitionsToTxnRequestAddPartitionsToTxnTopic>,
  version: number,
): void {
  const flexible = version >= 3;
  const name = value.name ?? '';
  flexible ? writer.writeCompactString(name) : writer.writeString(name);
  const partitions = value.partitions ?? [];
  if (flexible) writer.writeCompactArrayCount(partitions.length);
  else writer.writeArrayCount(partitions.length);
  for (const item of partitions) writer.writeInt32(item);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeAddPartitionsToTxnRequestAddPartitionsToTxnTransaction(
  reader: ByteReader,
  version: number,
): AddPartitionsToTxnRequestAddPartitionsToTxnTransaction {
  const transactionalId = reader.readCompactString();
  const producerId = reader.readInt64();
  const producerEpoch = reader.readInt16();
  const verifyOnly = reader.readBoolean();
  const topics: AddPartitionsToTxnRequestAddPartitionsToTxnTopic[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(3)); count > 0; count--) {
    topics.push(decodeAddPartitionsToTxnRequestAddPartitionsToTxnTopic(reader, version));
  }
  reader.skipTags();
  return { transactionalId, producerId, producerEpoch, verifyOnly, topics };
}

function encodeAddPartitionsToTxnRequestAddPartitionsToTxnTransaction(
  writer: ByteWriter,
  value: Encodable<AddPartitionsToTxnRequestAddPartitionsToTxnTransaction>,
  version: number,
): void {
  const transactionalId = value.transactionalId ?? '';
  writer.writeCompactString(transactionalId);
  const producerId = value.producerId ?? 0n;
  writer.writeInt64(producerId);
  const producerEpoch = value.producerEpoch ?? 0;
  writer.writeInt16(producerEpoch);
  const verifyOnly = value.verifyOnly ?? false;
  writer.writeBoolean(verifyOnly);
  const topics = value.topics ?? [];
  writer.writeCompactArrayCount(topics.length);
  for (const item of topics) encodeAddPartitionsToTxnRequestAddPartitionsToTxnTopic(writer, item, version);
  writer.writeUnsignedVarint(0);
}

/** Versions 0-5. */
export interface AddPartitionsToTxnResponse {
  /** Duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** The response top level error code. (versions 4+) */
  errorCode: number;
  /** Results categorized by transactional ID. (versions 4+) */
  resultsByTransaction: AddPartitionsToTxnResponseAddPartitionsToTxnResult[];
  /** The results for each topic. (versions 0-3) */
  resultsByTopicV3AndBelow: AddPartitionsToTxnResponseAddPartitionsToTxnTopicResult[];
}

export interface AddPartitionsToTxnResponseAddPartitionsToTxnTopicResult {
  /** The topic name. (versions 0+) */
  name: string;
  /** The results for each partition. (versions 0+) */
  resultsByPartition: AddPartitionsToTxnResponseAddPartitionsToTxnPartitionResult[];
}

export interface AddPartitionsToTxnResponseAddPartitionsToTxnPartitionResult {
  /** The partition indexes. (versions 0+) */
  partitionIndex: number;
  /** The response error code. (versions 0+) */
  partitionErrorCode: number;
}

export interface AddPartitionsToTxnResponseAddPartitionsToTxnResult {
  /** The transactional id corresponding to the transaction. (versions 4+) */
  transactionalId: string;
  /** The results for each topic. (versions 4+) */
  topicResults: AddPartitionsToTxnResponseAddPartitionsToTxnTopicResult[];
}

export function decodeAddPartitionsToTxnResponse(
  reader: ByteReader,
  version: number,
): AddPartitionsToTxnResponse {
  if (!(version >= 0 && version <= 5)) unsupportedDecode('AddPartitionsToTxnResponse', version);
  const flexible = version >= 3;
  const throttleTimeMs = reader.readInt32();
  let errorCode: number = 0;
  if (version >= 4) {
    errorCode = reader.readInt16();
  }
  const resultsByTransaction: AddPartitionsToTxnResponseAddPartitionsToTxnResult[] = [];
  if (version >= 4) {
    for (let count = reader.notNull(reader.readCompactArrayCount(3)); count > 0; count--) {
      resultsByTransaction.push(decodeAddPartitionsToTxnResponseAddPartitionsToTxnResult(reader, version));
    }
  }
  const resultsByTopicV3AndBelow: AddPartitionsToTxnResponseAddPartitionsToTxnTopicResult[] = [];
  if (version <= 3) {
    for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3)); count > 0; count--) {
      resultsByTopicV3AndBelow.push(decodeAddPartitionsToTxnResponseAddPartitionsToTxnTopicResult(reader, version));
    }
  }
  if (flexible) {
    reader.skipTags();
  }
  return { throttleTimeMs, errorCode, resultsByTransaction, resultsByTopicV3AndBelow };
}

export function encodeAddPartitionsToTxnResponse(
  writer: ByteWriter,
  value: Encodable<AddPartitionsToTxnResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 5)) unsupportedEncode('AddPartitionsToTxnResponse', version);
  const flexible = version >= 3;
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  if (version >= 4) {
    const errorCode = value.errorCode ?? 0;
    writer.writeInt16(errorCode);
  }
  if (version >= 4) {
    const resultsByTransaction = value.resultsByTransaction ?? [];
    writer.writeCompactArrayCount(resultsByTransaction.length);
    for (const item of resultsByTransaction) encodeAddPartitionsToTxnResponseAddPartitionsToTxnResult(writer, item, version);
  } else if (value.resultsByTransaction !== undefined && value.resultsByTransaction.length !== 0) notInVersion('AddPartitionsToTxnResponse.resultsByTransaction', version);
  if (version <= 3) {
    const resultsByTopicV3AndBelow = value.resultsByTopicV3AndBelow ?? [];
    if (flexible) writer.writeCompactArrayCount(resultsByTopicV3AndBelow.length);
    else writer.writeArrayCount(resultsByTopicV3AndBelow.length);
    for (const item of resultsByTopicV3AndBelow) encodeAddPartitionsToTxnResponseAddPartitionsToTxnTopicResult(writer, item, version);
  } else if (value.resultsByTopicV3AndBelow !== undefined && value.resultsByTopicV3AndBelow.length !== 0) notInVersion('AddPartitionsToTxnResponse.resultsByTopicV3AndBelow', version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeAddPartitionsToTxnResponseAddPartitionsToTxnTopicResult(
  reader: ByteReader,
  version: number,
): AddPartitionsToTxnResponseAddPartitionsToTxnTopicResult {
  const flexible = version >= 3;
  const name = flexible ? reader.readCompactString() : reader.readString();
  const resultsByPartition: AddPartitionsToTxnResponseAddPartitionsToTxnPartitionResult[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(6) : reader.readArrayCount(6)); count > 0; count--) {
    resultsByPartition.push(decodeAddPartitionsToTxnResponseAddPartitionsToTxnPartitionResult(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { name, resultsByPartition };
}

function encodeAddPartitionsToTxnResponseAddPartitionsToTxnTopicResult(
  writer: ByteWriter,
  value: Encodable<AddPartitionsToTxnResponseAddPartitionsToTxnTopicResult>,
  version: number,
): void {
  const flexible = version >= 3;
  const name = value.name ?? '';
  flexible ? writer.writeCompactString(name) : writer.writeString(name);
  const resultsByPartition = value.resultsByPartition ?? [];
  if (flexible) writer.writeCompactArrayCount(resultsByPartition.length);
  else writer.writeArrayCount(resultsByPartition.length);
  for (const item of resultsByPartition) encodeAddPartitionsToTxnResponseAddPartitionsToTxnPartitionResult(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeAddPartitionsToTxnResponseAddPartitionsToTxnPartitionResult(
  reader: ByteReader,
  version: number,
): AddPartitionsToTxnResponseAddPartitionsToTxnPartitionResult {
  const flexible = version >= 3;
  const partitionIndex = reader.readInt32();
  const partitionErrorCode = reader.readInt16();
  if (flexible) {
    reader.skipTags();
  }
  return { partitionIndex, partitionErrorCode };
}

function encodeAddPartitionsToTxnResponseAddPartitionsToTxnPartitionResult(
  writer: ByteWriter,
  value: Encodable<AddPartitionsToTxnResponseAddPartitionsToTxnPartitionResult>,
  version: number,
): void {
  const flexible = version >= 3;
  const partitionIndex = value.partitionIndex ?? 0;
  writer.writeInt32(partitionIndex);
  const partitionErrorCode = value.partitionErrorCode ?? 0;
  writer.writeInt16(partitionErrorCode);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeAddPartitionsToTxnResponseAddPartitionsToTxnResult(
  reader: ByteReader,
  version: number,
): AddPartitionsToTxnResponseAddPartitionsToTxnResult {
  const transactionalId = reader.readCompactString();
  const topicResults: AddPartitionsToTxnResponseAddPartitionsToTxnTopicResult[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(3)); count > 0; count--) {
    topicResults.push(decodeAddPartitionsToTxnResponseAddPartitionsToTxnTopicResult(reader, version));
  }
  reader.skipTags();
  return { transactionalId, topicResults };
}

function encodeAddPartitionsToTxnResponseAddPartitionsToTxnResult(
  writer: ByteWriter,
  value: Encodable<AddPartitionsToTxnResponseAddPartitionsToTxnResult>,
  version: number,
): void {
  const transactionalId = value.transactionalId ?? '';
  writer.writeCompactString(transactionalId);
  const topicResults = value.topicResults ?? [];
  writer.writeCompactArrayCount(topicResults.length);
  for (const item of topicResults) encodeAddPartitionsToTxnResponseAddPartitionsToTxnTopicResult(writer, item, version);
  writer.writeUnsignedVarint(0);
}

/** AddPartitionsToTxn, ApiKey 24: versions 0-5, flexible since 3. */
export const addPartitionsToTxnApi: KafkaApi<AddPartitionsToTxnRequest, AddPartitionsToTxnResponse> = {
  key: 24,
  name: 'AddPartitionsToTxn',
  versionMin: 0,
  versionMax: 5,
  flexibleSince: 3,
  latestVersionUnstable: false,
  decodeRequest: decodeAddPartitionsToTxnRequest,
  encodeRequest: encodeAddPartitionsToTxnRequest,
  decodeResponse: decodeAddPartitionsToTxnResponse,
  encodeResponse: encodeAddPartitionsToTxnResponse,
};
