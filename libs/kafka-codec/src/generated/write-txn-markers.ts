// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-2. */
export interface WriteTxnMarkersRequest {
  /** The transaction markers to be written. (versions 0+) */
  markers: WriteTxnMarkersRequestWritableTxnMarker[];
}

export interface WriteTxnMarkersRequestWritableTxnMarkerTopic {
  /** The topic name. (versions 0+) */
  name: string;
  /** The indexes of the partitions to write transaction markers for. (versions 0+) */
  partitionIndexes: number[];
}

export interface WriteTxnMarkersRequestWritableTxnMarker {
  /** The current producer ID. (versions 0+) */
  producerId: bigint;
  /** The current epoch associated with the producer ID. (versions 0+) */
  producerEpoch: number;
  /** The result of the transaction to write to the partitions (false = ABORT, true = COMMIT). (versions 0+) */
  transactionResult: boolean;
  /** Each topic that we want to write transaction marker(s) for. (versions 0+) */
  topics: WriteTxnMarkersRequestWritableTxnMarkerTopic[];
  /** Epoch associated with the transaction state partition hosted by this transaction coordinator. (versions 0+) */
  coordinatorEpoch: number;
  /** Transaction version of the marker. Ex: 0/1 = legacy (TV0/TV1), 2 = TV2 etc. (versions 2+) */
  transactionVersion: number;
}

export function decodeWriteTxnMarkersRequest(
  reader: ByteReader,
  version: number,
): WriteTxnMarkersRequest {
  if (!(version >= 0 && version <= 2)) unsupportedDecode('WriteTxnMarkersRequest', version);
  const flexible = version >= 1;
  const markers: WriteTxnMarkersRequestWritableTxnMarker[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(17) : reader.readArrayCount(17)); count > 0; count--) {
    markers.push(decodeWriteTxnMarkersRequestWritableTxnMarker(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { markers };
}

export function encodeWriteTxnMarkersRequest(
  writer: ByteWriter,
  value: Encodable<WriteTxnMarkersRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 2)) unsupportedEncode('WriteTxnMarkersRequest', version);
  const flexible = version >= 1;
  const markers = value.markers ?? [];
  if (flexible) writer.writeCompactArrayCount(markers.length);
  else writer.writeArrayCount(markers.length);
  for (const item of markers) encodeWriteTxnMarkersRequestWritableTxnMarker(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeWriteTxnMarkersRequestWritableTxnMarkerTopic(
  reader: ByteReader,
  version: number,
): WriteTxnMarkersRequestWritableTxnMarkerTopic {
  const flexible = version >= 1;
  const name = flexible ? reader.readCompactString() : reader.readString();
  const partitionIndexes: number[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(4) : reader.readArrayCount(4)); count > 0; count--) {
    partitionIndexes.push(reader.readInt32());
  }
  if (flexible) {
    reader.skipTags();
  }
  return { name, partitionIndexes };
}

function encodeWriteTxnMarkersRequestWritableTxnMarkerTopic(
  writer: ByteWriter,
  value: Encodable<WriteTxnMarkersRequestWritableTxnMarkerTopic>,
  version: number,
): void {
  const flexible = version >= 1;
  const name = value.name ?? '';
  flexible ? writer.writeCompactString(name) : writer.writeString(name);
  const partitionIndexes = value.partitionIndexes ?? [];
  if (flexible) writer.writeCompactArrayCount(partitionIndexes.length);
  else writer.writeArrayCount(partitionIndexes.length);
  for (const item of partitionIndexes) writer.writeInt32(item);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeWriteTxnMarkersRequestWritableTxnMarker(
  reader: ByteReader,
  version: number,
): WriteTxnMarkersRequestWritableTxnMarker {
  const flexible = version >= 1;
  const producerId = reader.readInt64();
  const producerEpoch = reader.readInt16();
  const transactionResult = reader.readBoolean();
  const topics: WriteTxnMarkersRequestWritableTxnMarkerTopic[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3)); count > 0; count--) {
    topics.push(decodeWriteTxnMarkersRequestWritableTxnMarkerTopic(reader, version));
  }
  const coordinatorEpoch = reader.readInt32();
  let transactionVersion: number = 0;
  if (version >= 2) {
    transactionVersion = reader.readInt8();
  }
  if (flexible) {
    reader.skipTags();
  }
  return { producerId, producerEpoch, transactionResult, topics, coordinatorEpoch, transactionVersion };
}

function encodeWriteTxnMarkersRequestWritableTxnMarker(
  writer: ByteWriter,
  value: Encodable<WriteTxnMarkersRequestWritableTxnMarker>,
  version: number,
): void {
  const flexible = version >= 1;
  const producerId = value.producerId ?? 0n;
  writer.writeInt64(producerId);
  const producerEpoch = value.producerEpoch ?? 0;
  writer.writeInt16(producerEpoch);
  const transactionResult = value.transactionResult ?? false;
  writer.writeBoolean(transactionResult);
  const topics = value.topics ?? [];
  if (flexible) writer.writeCompactArrayCount(topics.length);
  else writer.writeArrayCount(topics.length);
  for (const item of topics) encodeWriteTxnMarkersRequestWritableTxnMarkerTopic(writer, item, version);
  const coordinatorEpoch = value.coordinatorEpoch ?? 0;
  writer.writeInt32(coordinatorEpoch);
  if (version >= 2) {
    const transactionVersion = value.transactionVersion ?? 0;
    writer.writeInt8(transactionVersion);
  }
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** Versions 0-2. */
export interface WriteTxnMarkersResponse {
  /** The results for writing makers. (versions 0+) */
  markers: WriteTxnMarkersResponseWritableTxnMarkerResult[];
}

export interface WriteTxnMarkersResponseWritableTxnMarkerPartitionResult {
  /** The partition index. (versions 0+) */
  partitionIndex: number;
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
}

export interface WriteTxnMarkersResponseWritableTxnMarkerTopicResult {
  /** The topic name. (versions 0+) */
  name: string;
  /** The results by partition. (versions 0+) */
  partitions: WriteTxnMarkersResponseWritableTxnMarkerPartitionResult[];
}

export interface WriteTxnMarkersResponseWritableTxnMarkerResult {
  /** The current producer ID in use by the transactional ID. (versions 0+) */
  producerId: bigint;
  /** The results by topic. (versions 0+) */
  topics: WriteTxnMarkersResponseWritableTxnMarkerTopicResult[];
}

export function decodeWriteTxnMarkersResponse(
  reader: ByteReader,
  version: number,
): WriteTxnMarkersResponse {
  if (!(version >= 0 && version <= 2)) unsupportedDecode('WriteTxnMarkersResponse', version);
  const flexible = version >= 1;
  const markers: WriteTxnMarkersResponseWritableTxnMarkerResult[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(10) : reader.readArrayCount(10)); count > 0; count--) {
    markers.push(decodeWriteTxnMarkersResponseWritableTxnMarkerResult(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { markers };
}

export function encodeWriteTxnMarkersResponse(
  writer: ByteWriter,
  value: Encodable<WriteTxnMarkersResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 2)) unsupportedEncode('WriteTxnMarkersResponse', version);
  const flexible = version >= 1;
  const markers = value.markers ?? [];
  if (flexible) writer.writeCompactArrayCount(markers.length);
  else writer.writeArrayCount(markers.length);
  for (const item of markers) encodeWriteTxnMarkersResponseWritableTxnMarkerResult(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeWriteTxnMarkersResponseWritableTxnMarkerPartitionResult(
  reader: ByteReader,
  version: number,
): WriteTxnMarkersResponseWritableTxnMarkerPartitionResult {
  const flexible = version >= 1;
  const partitionIndex = reader.readInt32();
  const errorCode = reader.readInt16();
  if (flexible) {
    reader.skipTags();
  }
  return { partitionIndex, errorCode };
}

function encodeWriteTxnMarkersResponseWritableTxnMarkerPartitionResult(
  writer: ByteWriter,
  value: Encodable<WriteTxnMarkersResponseWritableTxnMarkerPartitionResult>,
  version: number,
): void {
  const flexible = version >= 1;
  const partitionIndex = value.partitionIndex ?? 0;
  writer.writeInt32(partitionIndex);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeWriteTxnMarkersResponseWritableTxnMarkerTopicResult(
  reader: ByteReader,
  version: number,
): WriteTxnMarkersResponseWritableTxnMarkerTopicResult {
  const flexible = version >= 1;
  const name = flexible ? reader.readCompactString() : reader.readString();
  const partitions: WriteTxnMarkersResponseWritableTxnMarkerPartitionResult[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(6) : reader.readArrayCount(6)); count > 0; count--) {
    partitions.push(decodeWriteTxnMarkersResponseWritableTxnMarkerPartitionResult(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { name, partitions };
}

function encodeWriteTxnMarkersResponseWritableTxnMarkerTopicResult(
  writer: ByteWriter,
  value: Encodable<WriteTxnMarkersResponseWritableTxnMarkerTopicResult>,
  version: number,
): void {
  const flexible = version >= 1;
  const name = value.name ?? '';
  flexible ? writer.writeCompactString(name) : writer.writeString(name);
  const partitions = value.partitions ?? [];
  if (flexible) writer.writeCompactArrayCount(partitions.length);
  else writer.writeArrayCount(partitions.length);
  for (const item of partitions) encodeWriteTxnMarkersResponseWritableTxnMarkerPartitionResult(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeWriteTxnMarkersResponseWritableTxnMarkerResult(
  reader: ByteReader,
  version: number,
): WriteTxnMarkersResponseWritableTxnMarkerResult {
  const flexible = version >= 1;
  const producerId = reader.readInt64();
  const topics: WriteTxnMarkersResponseWritableTxnMarkerTopicResult[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3)); count > 0; count--) {
    topics.push(decodeWriteTxnMarkersResponseWritableTxnMarkerTopicResult(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { producerId, topics };
}

function encodeWriteTxnMarkersResponseWritableTxnMarkerResult(
  writer: ByteWriter,
  value: Encodable<WriteTxnMarkersResponseWritableTxnMarkerResult>,
  version: number,
): void {
  const flexible = version >= 1;
  const producerId = value.producerId ?? 0n;
  writer.writeInt64(producerId);
  const topics = value.topics ?? [];
  if (flexible) writer.writeCompactArrayCount(topics.length);
  else writer.writeArrayCount(topics.length);
  for (const item of topics) encodeWriteTxnMarkersResponseWritableTxnMarkerTopicResult(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** WriteTxnMarkers, ApiKey 27: versions 0-2, flexible since 1. */
export const writeTxnMarkersApi: KafkaApi<WriteTxnMarkersRequest, WriteTxnMarkersResponse> = {
  key: 27,
  name: 'WriteTxnMarkers',
  versionMin: 0,
  versionMax: 2,
  flexibleSince: 1,
  latestVersionUnstable: false,
  decodeRequest: decodeWriteTxnMarkersRequest,
  encodeRequest: encodeWriteTxnMarkersRequest,
  decodeResponse: decodeWriteTxnMarkersResponse,
  encodeResponse: encodeWriteTxnMarkersResponse,
};
