import type { OutgoingMetadata } from '../entry.js';
import { varintBytes, writeVarint } from '../wire/varint.js';

/**
 * MessageMetadata (PulsarApi.proto) as a producer writes it: sized, then written in place, in the order
 * of the field numbers, with no object in between.
 */

const compressionNumbers = { none: 0, lz4: 1, zlib: 2, zstd: 3, snappy: 4 } as const;

/** What the producer adds to an entry's own metadata. */
export interface EntryIdentity {
  /** UTF-8. */
  producerName: Buffer;
  /** The lowest of the entry's messages. */
  sequenceId: number;
  /** Absent when it equals `sequenceId`. */
  highestSequenceId: number | undefined;
  /** Ms since 1970. */
  publishTime: number;
}

/** Bytes that `writeEntryMetadata` writes. */
export function entryMetadataBytes(metadata: OutgoingMetadata, identity: EntryIdentity): number {
  const { compression, properties } = metadata;
  let bytes = 1 + lengthPrefixed(identity.producerName.length);
  bytes += 2 + varintBytes(identity.sequenceId) + varintBytes(identity.publishTime);
  if (properties !== undefined) {
    for (const property of properties) bytes += 1 + lengthPrefixed(propertyBytes(property));
  }
  bytes += textBytes(metadata.replicatedFrom, 1) + textBytes(metadata.partitionKey, 1);
  if (compression !== undefined && compression !== 'none') bytes += 2;
  bytes += numberBytes(metadata.uncompressedSize, 1) + numberBytes(metadata.numMessagesInBatch, 1);
  bytes += numberBytes(metadata.eventTime, 1);
  bytes += blobBytes(metadata.schemaVersion) + blobBytes(metadata.orderingKey);
  if (metadata.partitionKeyB64Encoded) bytes += 3;
  bytes += numberBytes(metadata.deliverAtTime, 2);
  bytes += numberBytes(metadata.txnidLeast, 2) + numberBytes(metadata.txnidMost, 2);
  bytes += numberBytes(identity.highestSequenceId, 2);
  if (metadata.nullValue) bytes += 3;
  bytes += textBytes(metadata.uuid, 2) + numberBytes(metadata.numChunksFromMsg, 2);
  bytes += numberBytes(metadata.totalChunkMsgSize, 2) + numberBytes(metadata.chunkId, 2);
  if (metadata.nullPartitionKey) bytes += 3;
  return bytes;
}

/** Returns the position after it. The target must have the room that `entryMetadataBytes` says. */
export function writeEntryMetadata(
  target: Buffer,
  at: number,
  metadata: OutgoingMetadata,
  identity: EntryIdentity,
): number {
  const { compression, properties } = metadata;
  let position = writeBlob(target, at, 1, identity.producerName);
  position = writeNumber(target, position, 2, identity.sequenceId);
  position = writeNumber(target, position, 3, identity.publishTime);
  if (properties !== undefined) {
    for (const property of properties) position = writeProperty(target, position, property);
  }
  position = writeText(target, position, 5, metadata.replicatedFrom);
  position = writeText(target, position, 6, metadata.partitionKey);
  if (compression !== undefined && compression !== 'none') {
    position = writeNumber(target, position, 8, compressionNumbers[compression]);
  }
  position = writeNumber(target, position, 9, metadata.uncompressedSize);
  position = writeNumber(target, position, 11, metadata.numMessagesInBatch);
  position = writeNumber(target, position, 12, metadata.eventTime);
  position = writeBlob(target, position, 16, metadata.schemaVersion);
  if (metadata.partitionKeyB64Encoded) position = writeNumber(target, position, 17, 1);
  position = writeBlob(target, position, 18, metadata.orderingKey);
  position = writeNumber(target, position, 19, metadata.deliverAtTime);
  position = writeNumber(target, position, 22, metadata.txnidLeast);
  position = writeNumber(target, position, 23, metadata.txnidMost);
  position = writeNumber(target, position, 24, identity.highestSequenceId);
  if (metadata.nullValue) position = writeNumber(target, position, 25, 1);
  position = writeText(target, position, 26, metadata.uuid);
  position = writeNumber(target, position, 27, metadata.numChunksFromMsg);
  position = writeNumber(target, position, 28, metadata.totalChunkMsgSize);
  position = writeNumber(target, position, 29, metadata.chunkId);
  if (metadata.nullPartitionKey) position = writeNumber(target, position, 30, 1);
  return position;
}

function lengthPrefixed(length: number): number {
  return varintBytes(length) + length;
}

function propertyBytes(property: { key: string; value: string }): number {
  return (
    2 + lengthPrefixed(Buffer.byteLength(property.key)) + lengthPrefixed(Buffer.byteLength(property.value))
  );
}

function textBytes(text: string | undefined, tagBytes: number): number {
  return text === undefined ? 0 : tagBytes + lengthPrefixed(Buffer.byteLength(text));
}

/** Both byte fields have numbers past 15, so a tag of two bytes. */
function blobBytes(blob: Buffer | undefined): number {
  return blob === undefined ? 0 : 2 + lengthPrefixed(blob.length);
}

function numberBytes(value: number | undefined, tagBytes: number): number {
  return value === undefined ? 0 : tagBytes + varintBytes(value);
}

function writeTag(target: Buffer, at: number, field: number, wireType: number): number {
  return writeVarint(target, at, (field << 3) | wireType);
}

function writeNumber(target: Buffer, at: number, field: number, value: number | undefined): number {
  if (value === undefined) return at;
  return writeVarint(target, writeTag(target, at, field, 0), value);
}

function writeText(target: Buffer, at: number, field: number, text: string | undefined): number {
  if (text === undefined) return at;
  const bytes = Buffer.byteLength(text);
  const position = writeVarint(target, writeTag(target, at, field, 2), bytes);
  return position + target.write(text, position, bytes === text.length ? 'latin1' : 'utf8');
}

function writeBlob(target: Buffer, at: number, field: number, blob: Buffer | undefined): number {
  if (blob === undefined) return at;
  const position = writeVarint(target, writeTag(target, at, field, 2), blob.length);
  target.set(blob, position);
  return position + blob.length;
}

function writeProperty(target: Buffer, at: number, property: { key: string; value: string }): number {
  const position = writeVarint(target, writeTag(target, at, 4, 2), propertyBytes(property));
  return writeText(target, writeText(target, position, 1, property.key), 2, property.value);
}
