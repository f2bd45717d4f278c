import type { KeyValue } from '../wire/commands.js';
import { EntryDecodeError } from './entry.errors.js';
import { FieldCursor } from './field-cursor.js';
import { type Compression, compressions } from './payload-compression.js';

/**
 * MessageMetadata (PulsarApi.proto) of a stored entry; a field that is `undefined` was absent. Sequence ids past 2^53
 * are inexact, 2^64-1 is -1. Times are milliseconds since 1970.
 */
export interface EntryMetadata {
  producerName: string;
  sequenceId: number;
  publishTime: number;
  properties: KeyValue[];
  replicatedFrom?: string;
  partitionKey?: string;
  partitionKeyB64Encoded?: boolean;
  orderingKey?: Buffer;
  compression: Compression;
  uncompressedSize?: number;
  numMessagesInBatch?: number;
  eventTime?: number;
  /** Encryption keys are there: nobody but their owners can read the payload. */
  encrypted: boolean;
  schemaVersion?: Buffer;
  deliverAtTime?: number;
  markerType?: number;
  txnidLeast?: bigint;
  txnidMost?: bigint;
  highestSequenceId?: number;
  nullValue?: boolean;
  nullPartitionKey?: boolean;
  uuid?: string;
  numChunksFromMsg?: number;
  totalChunkMsgSize?: number;
  chunkId?: number;
}

/** Field numbers of MessageMetadata that reading needs by name. */
export const EntryField = {
  producerName: 1,
  sequenceId: 2,
  publishTime: 3,
  properties: 4,
  partitionKey: 6,
  compression: 8,
  uncompressedSize: 9,
  numMessagesInBatch: 11,
  eventTime: 12,
  encryptionKeys: 13,
  partitionKeyB64Encoded: 17,
  orderingKey: 18,
  deliverAtTime: 19,
  markerType: 20,
  txnidLeastBits: 22,
  highestSequenceId: 24,
  nullValue: 25,
  numChunksFromMsg: 27,
  chunkId: 29,
  nullPartitionKey: 30,
} as const;

type FieldReader = (metadata: EntryMetadata, cursor: FieldCursor) => void;

/** By field number. Fields that are not here (routing, encryption parameters, compaction's indexes) are skipped. */
const readers: Readonly<Record<number, FieldReader>> = {
  1: (metadata, cursor) => (metadata.producerName = cursor.text()),
  2: (metadata, cursor) => (metadata.sequenceId = cursor.varint()),
  3: (metadata, cursor) => (metadata.publishTime = cursor.varint()),
  4: (metadata, cursor) => metadata.properties.push(readProperty(cursor)),
  5: (metadata, cursor) => (metadata.replicatedFrom = cursor.text()),
  6: (metadata, cursor) => (metadata.partitionKey = cursor.text()),
  8: (metadata, cursor) => (metadata.compression = compressionOf(cursor.varint())),
  9: (metadata, cursor) => (metadata.uncompressedSize = cursor.varint()),
  11: (metadata, cursor) => (metadata.numMessagesInBatch = cursor.varint()),
  12: (metadata, cursor) => (metadata.eventTime = cursor.varint()),
  13: (metadata, cursor) => {
    cursor.skip();
    metadata.encrypted = true;
  },
  16: (metadata, cursor) => (metadata.schemaVersion = cursor.view()),
  17: (metadata, cursor) => (metadata.partitionKeyB64Encoded = cursor.varint() !== 0),
  18: (metadata, cursor) => (metadata.orderingKey = cursor.view()),
  19: (metadata, cursor) => (metadata.deliverAtTime = cursor.varint()),
  20: (metadata, cursor) => (metadata.markerType = cursor.varint()),
  22: (metadata, cursor) => (metadata.txnidLeast = cursor.bigVarint()),
  23: (metadata, cursor) => (metadata.txnidMost = cursor.bigVarint()),
  24: (metadata, cursor) => (metadata.highestSequenceId = cursor.varint()),
  25: (metadata, cursor) => (metadata.nullValue = cursor.varint() !== 0),
  26: (metadata, cursor) => (metadata.uuid = cursor.text()),
  27: (metadata, cursor) => (metadata.numChunksFromMsg = cursor.varint()),
  28: (metadata, cursor) => (metadata.totalChunkMsgSize = cursor.varint()),
  29: (metadata, cursor) => (metadata.chunkId = cursor.varint()),
  30: (metadata, cursor) => (metadata.nullPartitionKey = cursor.varint() !== 0),
};

/** Decodes the MessageMetadata in `[start, end)`. Byte fields are views. Throws EntryDecodeError 'malformed'. */
export function decodeEntryMetadata(buffer: Buffer, start: number, end: number): EntryMetadata {
  const metadata: EntryMetadata = {
    producerName: '',
    sequenceId: 0,
    publishTime: 0,
    properties: [],
    compression: 'none',
    encrypted: false,
  };
  const cursor = new FieldCursor().reset(buffer, start, end);
  while (cursor.next()) {
    const read = readers[cursor.field];
    if (read === undefined) cursor.skip();
    else read(metadata, cursor);
  }
  return metadata;
}

export function compressionOf(number: number): Compression {
  const compression = compressions[number];
  if (compression === undefined)
    throw new EntryDecodeError('malformed', `an unknown compression type ${number}`);
  return compression;
}

const inner = new FieldCursor();

/** The KeyValue that the cursor is at. */
export function readProperty(cursor: FieldCursor): KeyValue {
  cursor.bytes();
  inner.reset(cursor.buffer, cursor.bytesStart, cursor.bytesEnd);
  const property = { key: '', value: '' };
  while (inner.next()) {
    if (inner.field === 1) property.key = inner.text();
    else if (inner.field === 2) property.value = inner.text();
    else inner.skip();
  }
  return property;
}
