import type { Buffer } from 'node:buffer';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';

/** The protocol type under which consumers join a group. */
export const CONSUMER_PROTOCOL_TYPE = 'consumer';

/** The newest version of both messages; a newer one only adds fields, and is read as this one. */
const VERSION_MAX = 3;

export interface ConsumerProtocolPartitions {
  readonly topic: string;
  readonly partitions: readonly number[];
}

/** What a consumer tells its group's assignor (`ConsumerProtocolSubscription.json`, versions 0-3). */
export interface ConsumerProtocolSubscription {
  readonly version: number;
  readonly topics: readonly string[];
  readonly userData: Buffer | null;
  /** Since version 1; else empty. */
  readonly ownedPartitions: readonly ConsumerProtocolPartitions[];
  /** Since version 2; else -1. */
  readonly generationId: number;
  /** Since version 3; else null. */
  readonly rackId: string | null;
}

/** What an assignor gave to a consumer (`ConsumerProtocolAssignment.json`, versions 0-3). */
export interface ConsumerProtocolAssignment {
  readonly version: number;
  readonly assignedPartitions: readonly ConsumerProtocolPartitions[];
  readonly userData: Buffer | null;
}

/** @throws KafkaDecodeError */
export function decodeConsumerProtocolSubscription(bytes: Buffer): ConsumerProtocolSubscription {
  const reader = new ByteReader(bytes);
  const version = readVersion(reader);
  const topics: string[] = [];
  for (let count = reader.notNull(reader.readArrayCount(2)); count > 0; count--)
    topics.push(reader.readString());
  const userData = reader.readNullableBytes();
  return {
    version,
    topics,
    userData,
    ownedPartitions: version >= 1 ? readPartitions(reader) : [],
    generationId: version >= 2 ? reader.readInt32() : -1,
    rackId: version >= 3 ? reader.readNullableString() : null,
  };
}

export function encodeConsumerProtocolSubscription(value: ConsumerProtocolSubscription): Buffer {
  const writer = new ByteWriter();
  writer.writeInt16(value.version);
  writer.writeArrayCount(value.topics.length);
  for (const topic of value.topics) writer.writeString(topic);
  writer.writeNullableBytes(value.userData);
  if (value.version >= 1) writePartitions(writer, value.ownedPartitions);
  if (value.version >= 2) writer.writeInt32(value.generationId);
  if (value.version >= 3) writer.writeNullableString(value.rackId);
  return writer.detach();
}

/** @throws KafkaDecodeError */
export function decodeConsumerProtocolAssignment(bytes: Buffer): ConsumerProtocolAssignment {
  const reader = new ByteReader(bytes);
  const version = readVersion(reader);
  const assignedPartitions = readPartitions(reader);
  return { version, assignedPartitions, userData: reader.readNullableBytes() };
}

export function encodeConsumerProtocolAssignment(value: ConsumerProtocolAssignment): Buffer {
  const writer = new ByteWriter();
  writer.writeInt16(value.version);
  writePartitions(writer, value.assignedPartitions);
  writer.writeNullableBytes(value.userData);
  return writer.detach();
}

function readVersion(reader: ByteReader): number {
  return Math.max(0, Math.min(VERSION_MAX, reader.readInt16()));
}

function readPartitions(reader: ByteReader): ConsumerProtocolPartitions[] {
  const all: ConsumerProtocolPartitions[] = [];
  for (let count = reader.notNull(reader.readArrayCount(6)); count > 0; count--) {
    const topic = reader.readString();
    const partitions: number[] = [];
    for (let left = reader.notNull(reader.readArrayCount(4)); left > 0; left--)
      partitions.push(reader.readInt32());
    all.push({ topic, partitions });
  }
  return all;
}

function writePartitions(writer: ByteWriter, all: readonly ConsumerProtocolPartitions[]): void {
  writer.writeArrayCount(all.length);
  for (const { topic, partitions } of all) {
    writer.writeString(topic);
    writer.writeArrayCount(partitions.length);
    for (const partition of partitions) writer.writeInt32(partition);
  }
}
