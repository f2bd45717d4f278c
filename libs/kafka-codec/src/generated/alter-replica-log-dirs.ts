// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-2. */
export interface AlterReplicaLogDirsRequest {
  /** The alterations to make for each directory. (versions 0+) */
  dirs: AlterReplicaLogDirsRequestAlterReplicaLogDir[];
}

export interface AlterReplicaLogDirsRequestAlterReplicaLogDirTopic {
  /** The topic name. (versions 0+) */
  name: string;
  /** The partition indexes. (versions 0+) */
  partitions: number[];
}

export interface AlterReplicaLogDirsRequestAlterReplicaLogDir {
  /** The absolute directory path. (versions 0+) */
  path: string;
  /** The topics to add to the directory. (versions 0+) */
  topics: AlterReplicaLogDirsRequestAlterReplicaLogDirTopic[];
}

export function decodeAlterReplicaLogDirsRequest(
  reader: ByteReader,
  version: number,
): AlterReplicaLogDirsRequest {
  if (!(version >= 0 && version <= 2)) unsupportedDecode('AlterReplicaLogDirsRequest', version);
  const flexible = version >= 2;
  const dirs: AlterReplicaLogDirsRequestAlterReplicaLogDir[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3)); count > 0; count--) {
    dirs.push(decodeAlterReplicaLogDirsRequestAlterReplicaLogDir(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { dirs };
}

export function encodeAlterReplicaLogDirsRequest(
  writer: ByteWriter,
  value: Encodable<AlterReplicaLogDirsRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 2)) unsupportedEncode('AlterReplicaLogDirsRequest', version);
  const flexible = version >= 2;
  const dirs = value.dirs ?? [];
  if (flexible) writer.writeCompactArrayCount(dirs.length);
  else writer.writeArrayCount(dirs.length);
  for (const item of dirs) encodeAlterReplicaLogDirsRequestAlterReplicaLogDir(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeAlterReplicaLogDirsRequestAlterReplicaLogDirTopic(
  reader: ByteReader,
  version: number,
): AlterReplicaLogDirsRequestAlterReplicaLogDirTopic {
  const flexible = version >= 2;
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

function encodeAlterReplicaLogDirsRequestAlterReplicaLogDirTopic(
  writer: ByteWriter,
  value: Encodable<AlterReplicaLogDirsRequestAlterReplicaLogDirTopic>,
  version: number,
): void {
  const flexible = version >= 2;
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

function decodeAlterReplicaLogDirsRequestAlterReplicaLogDir(
  reader: ByteReader,
  version: number,
): AlterReplicaLogDirsRequestAlterReplicaLogDir {
  const flexible = version >= 2;
  const path = flexible ? reader.readCompactString() : reader.readString();
  const topics: AlterReplicaLogDirsRequestAlterReplicaLogDirTopic[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3)); count > 0; count--) {
    topics.push(decodeAlterReplicaLogDirsRequestAlterReplicaLogDirTopic(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { path, topics };
}

function encodeAlterReplicaLogDirsRequestAlterReplicaLogDir(
  writer: ByteWriter,
  value: Encodable<AlterReplicaLogDirsRequestAlterReplicaLogDir>,
  version: number,
): void {
  const flexible = version >= 2;
  const path = value.path ?? '';
  flexible ? writer.writeCompactString(path) : writer.writeString(path);
  const topics = value.topics ?? [];
  if (flexible) writer.writeCompactArrayCount(topics.length);
  else writer.writeArrayCount(topics.length);
  for (const item of topics) encodeAlterReplicaLogDirsRequestAlterReplicaLogDirTopic(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** Versions 0-2. */
export interface AlterReplicaLogDirsResponse {
  /** Duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** The results for each topic. (versions 0+) */
  results: AlterReplicaLogDirsResponseAlterReplicaLogDirTopicResult[];
}

export interface AlterReplicaLogDirsResponseAlterReplicaLogDirPartitionResult {
  /** The partition index. (versions 0+) */
  partitionIndex: number;
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
}

export interface AlterReplicaLogDirsResponseAlterReplicaLogDirTopicResult {
  /** The name of the topic. (versions 0+) */
  topicName: string;
  /** The results for each partition. (versions 0+) */
  partitions: AlterReplicaLogDirsResponseAlterReplicaLogDirPartitionResult[];
}

export function decodeAlterReplicaLogDirsResponse(
  reader: ByteReader,
  version: number,
): AlterReplicaLogDirsResponse {
  if (!(version >= 0 && version <= 2)) unsupportedDecode('AlterReplicaLogDirsResponse', version);
  const flexible = version >= 2;
  const throttleTimeMs = reader.readInt32();
  const results: AlterReplicaLogDirsResponseAlterReplicaLogDirTopicResult[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3)); count > 0; count--) {
    results.push(decodeAlterReplicaLogDirsResponseAlterReplicaLogDirTopicResult(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { throttleTimeMs, results };
}

export function encodeAlterReplicaLogDirsResponse(
  writer: ByteWriter,
  value: Encodable<AlterReplicaLogDirsResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 2)) unsupportedEncode('AlterReplicaLogDirsResponse', version);
  const flexible = version >= 2;
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  const results = value.results ?? [];
  if (flexible) writer.writeCompactArrayCount(results.length);
  else writer.writeArrayCount(results.length);
  for (const item of results) encodeAlterReplicaLogDirsResponseAlterReplicaLogDirTopicResult(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeAlterReplicaLogDirsResponseAlterReplicaLogDirPartitionResult(
  reader: ByteReader,
  version: number,
): AlterReplicaLogDirsResponseAlterReplicaLogDirPartitionResult {
  const flexible = version >= 2;
  const partitionIndex = reader.readInt32();
  const errorCode = reader.readInt16();
  if (flexible) {
    reader.skipTags();
  }
  return { partitionIndex, errorCode };
}

function encodeAlterReplicaLogDirsResponseAlterReplicaLogDirPartitionResult(
  writer: ByteWriter,
  value: Encodable<AlterReplicaLogDirsResponseAlterReplicaLogDirPartitionResult>,
  version: number,
): void {
  const flexible = version >= 2;
  const partitionIndex = value.partitionIndex ?? 0;
  writer.writeInt32(partitionIndex);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeAlterReplicaLogDirsResponseAlterReplicaLogDirTopicResult(
  reader: ByteReader,
  version: number,
): AlterReplicaLogDirsResponseAlterReplicaLogDirTopicResult {
  const flexible = version >= 2;
  const topicName = flexible ? reader.readCompactString() : reader.readString();
  const partitions: AlterReplicaLogDirsResponseAlterReplicaLogDirPartitionResult[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(6) : reader.readArrayCount(6)); count > 0; count--) {
    partitions.push(decodeAlterReplicaLogDirsResponseAlterReplicaLogDirPartitionResult(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { topicName, partitions };
}

function encodeAlterReplicaLogDirsResponseAlterReplicaLogDirTopicResult(
  writer: ByteWriter,
  value: Encodable<AlterReplicaLogDirsResponseAlterReplicaLogDirTopicResult>,
  version: number,
): void {
  const flexible = version >= 2;
  const topicName = value.topicName ?? '';
  flexible ? writer.writeCompactString(topicName) : writer.writeString(topicName);
  const partitions = value.partitions ?? [];
  if (flexible) writer.writeCompactArrayCount(partitions.length);
  else writer.writeArrayCount(partitions.length);
  for (const item of partitions) encodeAlterReplicaLogDirsResponseAlterReplicaLogDirPartitionResult(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** AlterReplicaLogDirs, ApiKey 34: versions 0-2, flexible since 2. */
export const alterReplicaLogDirsApi: KafkaApi<AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse> = {
  key: 34,
  name: 'AlterReplicaLogDirs',
  versionMin: 0,
  versionMax: 2,
  flexibleSince: 2,
  latestVersionUnstable: false,
  decodeRequest: decodeAlterReplicaLogDirsRequest,
  encodeRequest: encodeAlterReplicaLogDirsRequest,
  decodeResponse: decodeAlterReplicaLogDirsResponse,
  encodeResponse: encodeAlterReplicaLogDirsResponse,
};
