// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-5. */
export interface DescribeLogDirsRequest {
  /** Each topic that we want to describe log directories for, or null for all topics. (versions 0+, nullable 0+) */
  topics: DescribeLogDirsRequestDescribableLogDirTopic[] | null;
}

export interface DescribeLogDirsRequestDescribableLogDirTopic {
  /** The topic name. (versions 0+) */
  topic: string;
  /** The partition indexes. (versions 0+) */
  partitions: number[];
}

export function decodeDescribeLogDirsRequest(
  reader: ByteReader,
  version: number,
): DescribeLogDirsRequest {
  if (!(version >= 0 && version <= 5)) unsupportedDecode('DescribeLogDirsRequest', version);
  const flexible = version >= 2;
  let topics: DescribeLogDirsRequestDescribableLogDirTopic[] | null;
  const topicsCount = flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3);
  if (topicsCount < 0) topics = null;
  else {
    topics = [];
    for (let count = topicsCount; count > 0; count--) topics.push(decodeDescribeLogDirsRequestDescribableLogDirTopic(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { topics };
}

export function encodeDescribeLogDirsRequest(
  writer: ByteWriter,
  value: Encodable<DescribeLogDirsRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 5)) unsupportedEncode('DescribeLogDirsRequest', version);
  const flexible = version >= 2;
  const topics = value.topics === undefined ? [] : value.topics;
  if (topics === null) {
    if (flexible) writer.writeCompactArrayCount(-1);
    else writer.writeArrayCount(-1);
  } else {
    if (flexible) writer.writeCompactArrayCount(topics.length);
    else writer.writeArrayCount(topics.length);
    for (const item of topics) encodeDescribeLogDirsRequestDescribableLogDirTopic(writer, item, version);
  }
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeDescribeLogDirsRequestDescribableLogDirTopic(
  reader: ByteReader,
  version: number,
): DescribeLogDirsRequestDescribableLogDirTopic {
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

function encodeDescribeLogDirsRequestDescribableLogDirTopic(
  writer: ByteWriter,
  value: Encodable<DescribeLogDirsRequestDescribableLogDirTopic>,
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

/** Versions 0-5. */
export interface DescribeLogDirsResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** The error code, or 0 if there was no error. (versions 3+) */
  errorCode: number;
  /** The log directories. (versions 0+) */
  results: DescribeLogDirsResponseDescribeLogDirsResult[];
}

export interface DescribeLogDirsResponseDescribeLogDirsPartition {
  /** The partition index. (versions 0+) */
  partitionIndex: number;
  /** The size of the log segments in this partition in bytes. (versions 0+) */
  partitionSize: bigint;
  /** The lag of the log's LEO w.r.t. partition's HW (if it is the current log for the partition) or current replica's LEO (if it is the future log for the partition). (versions 0+) */
  offsetLag: bigint;
  /** True if this log is created by AlterReplicaLogDirsRequest and will replace the current log of the replica in the future. (versions 0+) */
  isFutureKey: boolean;
}

export interface DescribeLogDirsResponseDescribeLogDirsTopic {
  /** The topic name. (versions 0+) */
  name: string;
  /** The partitions. (versions 0+) */
  partitions: DescribeLogDirsResponseDescribeLogDirsPartition[];
}

export interface DescribeLogDirsResponseDescribeLogDirsResult {
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** The absolute log directory path. (versions 0+) */
  logDir: string;
  /** The topics. (versions 0+) */
  topics: DescribeLogDirsResponseDescribeLogDirsTopic[];
  /** The total size in bytes of the volume the log directory is in. This value does not include the size of data stored in remote storage. (versions 4+) */
  totalBytes: bigint;
  /** The usable size in bytes of the volume the log directory is in. This value does not include the size of data stored in remote storage. (versions 4+) */
  usableBytes: bigint;
  /** True if this log directory is cordoned. (versions 5+) */
  isCordoned: boolean;
}

export function decodeDescribeLogDirsResponse(
  reader: ByteReader,
  version: number,
): DescribeLogDirsResponse {
  if (!(version >= 0 && version <= 5)) unsupportedDecode('DescribeLogDirsResponse', version);
  const flexible = version >= 2;
  const throttleTimeMs = reader.readInt32();
  let errorCode: number = 0;
  if (version >= 3) {
    errorCode = reader.readInt16();
  }
  const results: DescribeLogDirsResponseDescribeLogDirsResult[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(5) : reader.readArrayCount(5)); count > 0; count--) {
    results.push(decodeDescribeLogDirsResponseDescribeLogDirsResult(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { throttleTimeMs, errorCode, results };
}

export function encodeDescribeLogDirsResponse(
  writer: ByteWriter,
  value: Encodable<DescribeLogDirsResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 5)) unsupportedEncode('DescribeLogDirsResponse', version);
  const flexible = version >= 2;
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  if (version >= 3) {
    const errorCode = value.errorCode ?? 0;
    writer.writeInt16(errorCode);
  }
  const results = value.results ?? [];
  if (flexible) writer.writeCompactArrayCount(results.length);
  else writer.writeArrayCount(results.length);
  for (const item of results) encodeDescribeLogDirsResponseDescribeLogDirsResult(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeDescribeLogDirsResponseDescribeLogDirsPartition(
  reader: ByteReader,
  version: number,
): DescribeLogDirsResponseDescribeLogDirsPartition {
  const flexible = version >= 2;
  const partitionIndex = reader.readInt32();
  const partitionSize = reader.readInt64();
  const offsetLag = reader.readInt64();
  const isFutureKey = reader.readBoolean();
  if (flexible) {
    reader.skipTags();
  }
  return { partitionIndex, partitionSize, offsetLag, isFutureKey };
}

function encodeDescribeLogDirsResponseDescribeLogDirsPartition(
  writer: ByteWriter,
  value: Encodable<DescribeLogDirsResponseDescribeLogDirsPartition>,
  version: number,
): void {
  const flexible = version >= 2;
  const partitionIndex = value.partitionIndex ?? 0;
  writer.writeInt32(partitionIndex);
  const partitionSize = value.partitionSize ?? 0n;
  writer.writeInt64(partitionSize);
  const offsetLag = value.offsetLag ?? 0n;
  writer.writeInt64(offsetLag);
  const isFutureKey = value.isFutureKey ?? false;
  writer.writeBoolean(isFutureKey);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeDescribeLogDirsResponseDescribeLogDirsTopic(
  reader: ByteReader,
  version: number,
): DescribeLogDirsResponseDescribeLogDirsTopic {
  const flexible = version >= 2;
  const name = flexible ? reader.readCompactString() : reader.readString();
  const partitions: DescribeLogDirsResponseDescribeLogDirsPartition[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(21) : reader.readArrayCount(21)); count > 0; count--) {
    partitions.push(decodeDescribeLogDirsResponseDescribeLogDirsPartition(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { name, partitions };
}

function encodeDescribeLogDirsResponseDescribeLogDirsTopic(
  writer: ByteWriter,
  value: Encodable<DescribeLogDirsResponseDescribeLogDirsTopic>,
  version: number,
): void {
  const flexible = version >= 2;
  const name = value.name ?? '';
  flexible ? writer.writeCompactString(name) : writer.writeString(name);
  const partitions = value.partitions ?? [];
  if (flexible) writer.writeCompactArrayCount(partitions.length);
  else writer.writeArrayCount(partitions.length);
  for (const item of partitions) encodeDescribeLogDirsResponseDescribeLogDirsPartition(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeDescribeLogDirsResponseDescribeLogDirsResult(
  reader: ByteReader,
  version: number,
): DescribeLogDirsResponseDescribeLogDirsResult {
  const flexible = version >= 2;
  const errorCode = reader.readInt16();
  const logDir = flexible ? reader.readCompactString() : reader.readString();
  const topics: DescribeLogDirsResponseDescribeLogDirsTopic[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3)); count > 0; count--) {
    topics.push(decodeDescribeLogDirsResponseDescribeLogDirsTopic(reader, version));
  }
  let totalBytes: bigint = -1n;
  if (version >= 4) {
    totalBytes = reader.readInt64();
  }
  let usableBytes: bigint = -1n;
  if (version >= 4) {
    usableBytes = reader.readInt64();
  }
  let isCordoned: boolean = false;
  if (version >= 5) {
    isCordoned = reader.readBoolean();
  }
  if (flexible) {
    reader.skipTags();
  }
  return { errorCode, logDir, topics, totalBytes, usableBytes, isCordoned };
}

function encodeDescribeLogDirsResponseDescribeLogDirsResult(
  writer: ByteWriter,
  value: Encodable<DescribeLogDirsResponseDescribeLogDirsResult>,
  version: number,
): void {
  const flexible = version >= 2;
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const logDir = value.logDir ?? '';
  flexible ? writer.writeCompactString(logDir) : writer.writeString(logDir);
  const topics = value.topics ?? [];
  if (flexible) writer.writeCompactArrayCount(topics.length);
  else writer.writeArrayCount(topics.length);
  for (const item of topics) encodeDescribeLogDirsResponseDescribeLogDirsTopic(writer, item, version);
  if (version >= 4) {
    const totalBytes = value.totalBytes ?? -1n;
    writer.writeInt64(totalBytes);
  }
  if (version >= 4) {
    const usableBytes = value.usableBytes ?? -1n;
    writer.writeInt64(usableBytes);
  }
  if (version >= 5) {
    const isCordoned = value.isCordoned ?? false;
    writer.writeBoolean(isCordoned);
  }
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** DescribeLogDirs, ApiKey 35: versions 0-5, flexible since 2. */
export const describeLogDirsApi: KafkaApi<DescribeLogDirsRequest, DescribeLogDirsResponse> = {
  key: 35,
  name: 'DescribeLogDirs',
  versionMin: 0,
  versionMax: 5,
  flexibleSince: 2,
  latestVersionUnstable: false,
  decodeRequest: decodeDescribeLogDirsRequest,
  encodeRequest: encodeDescribeLogDirsRequest,
  decodeResponse: decodeDescribeLogDirsResponse,
  encodeResponse: encodeDescribeLogDirsResponse,
};
