// What a `records` field holds: record batches (magic 2), or a message set of old messages (magic 0 and 1).
import type { Buffer } from 'node:buffer';
import { crc32 } from 'node:zlib';
import { crc32c } from '#libs/compression';
import { ByteReader } from '../byte-reader.js';
import { KafkaDecodeError } from '../kafka-codec.errors.js';
import { decompressRecords } from './record-compression.js';

/** Where things are in a batch of magic 2 (Kafka documentation, "Record Batch"). */
export const BatchLayout = {
  LENGTH_AT: 8,
  MAGIC_AT: 16,
  CRC_AT: 17,
  ATTRIBUTES_AT: 21,
  RECORDS_AT: 61,
} as const;

/** Offset and size, in front of every batch and every old message. */
export const LOG_OVERHEAD_BYTES = 12;
/** crc, magic, attributes, key length and value length; magic 1 adds a timestamp. */
export const OLD_MESSAGE_BYTES_MIN = [14, 22] as const;

/** A batch of magic 2; its numbers are what the producer claims, checked only as far as {@link splitRecordSets} says. */
export interface RecordBatch {
  readonly magic: 2;
  readonly baseOffset: bigint;
  /** Bytes behind the length field. */
  readonly batchLength: number;
  readonly partitionLeaderEpoch: number;
  readonly crc: number;
  readonly attributes: number;
  /** Attribute bits 0-2; 5-7 do not exist and are refused when the records are read. */
  readonly compression: number;
  readonly timestampType: 'create' | 'append';
  readonly transactional: boolean;
  readonly control: boolean;
  /** KIP-534: the base timestamp is the time after which a tombstone may go. */
  readonly deleteHorizon: boolean;
  readonly lastOffsetDelta: number;
  /** Milliseconds since 1970; -1 for none. */
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
  /** -1: not idempotent. */
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly recordCount: number;
  /** The whole batch, a view. */
  readonly bytes: Buffer;
}

/** Old messages in a row, each with its offset and size. How many records they hold is known once they are read. */
export interface MessageSet {
  readonly magic: 0 | 1;
  readonly bytes: Buffer;
}

export type RecordSet = RecordBatch | MessageSet;

/**
 * Splits a `records` field at the boundaries of its batches; old messages of the same magic in a row are one set.
 * Checks sizes and magic only.
 *
 * @throws KafkaDecodeError `records-corrupt` for sizes that do not fit, `records-unsupported` for an unknown magic
 */
export function splitRecordSets(records: Buffer): RecordSet[] {
  const sets: RecordSet[] = [];
  let at = 0;
  while (at < records.length) {
    const magic = magicAt(records, at);
    if (magic === 2) {
      const end = setEnd(records, at, BatchLayout.RECORDS_AT);
      sets.push(decodeBatchHeader(records.subarray(at, end)));
      at = end;
      continue;
    }
    const start = at;
    const bytesMin = LOG_OVERHEAD_BYTES + OLD_MESSAGE_BYTES_MIN[magic];
    do at = setEnd(records, at, bytesMin);
    while (at < records.length && magicAt(records, at) === magic);
    sets.push({ magic, bytes: records.subarray(start, at) });
  }
  return sets;
}

function magicAt(records: Buffer, at: number): 0 | 1 | 2 {
  const magic = records[at + BatchLayout.MAGIC_AT];
  if (magic === undefined) throw corrupt(`${records.length - at} bytes are no batch`);
  if (magic > 2) throw new KafkaDecodeError('records-unsupported', `magic ${magic}`);
  return magic as 0 | 1 | 2;
}

/** Where the batch or message at `at` ends. */
function setEnd(records: Buffer, at: number, bytesMin: number): number {
  const size = LOG_OVERHEAD_BYTES + records.readInt32BE(at + BatchLayout.LENGTH_AT);
  if (size < bytesMin) throw corrupt(`batch of ${size} bytes, at least ${bytesMin} are needed`);
  if (size > records.length - at) throw corrupt(`batch of ${size} bytes, ${records.length - at} are here`);
  return at + size;
}

function decodeBatchHeader(bytes: Buffer): RecordBatch {
  const reader = new ByteReader(bytes);
  const baseOffset = reader.readInt64();
  const batchLength = reader.readInt32();
  const partitionLeaderEpoch = reader.readInt32();
  reader.offset = BatchLayout.CRC_AT;
  const crc = reader.readInt32() >>> 0;
  const attributes = reader.readInt16();
  return {
    magic: 2,
    baseOffset,
    batchLength,
    partitionLeaderEpoch,
    crc,
    attributes,
    compression: attributes & 7,
    timestampType: attributes & 8 ? 'append' : 'create',
    transactional: (attributes & 16) !== 0,
    control: (attributes & 32) !== 0,
    deleteHorizon: (attributes & 64) !== 0,
    lastOffsetDelta: reader.readInt32(),
    baseTimestamp: readTimestamp(reader),
    maxTimestamp: readTimestamp(reader),
    producerId: reader.readInt64(),
    producerEpoch: reader.readInt16(),
    baseSequence: reader.readInt32(),
    recordCount: reader.readInt32(),
    bytes,
  };
}

/** INT64 milliseconds as a number; not exact for what is no date. */
export function readTimestamp(reader: ByteReader): number {
  return reader.readInt32() * 0x100000000 + (reader.readInt32() >>> 0);
}

/** The checksum that the producer computed is right: CRC-32C of a batch, CRC-32 of each message of a set. */
export function verifyBatchCrc(set: RecordSet): boolean {
  const { bytes } = set;
  if (set.magic === 2) return crc32c(bytes.subarray(BatchLayout.ATTRIBUTES_AT)) === set.crc;
  for (let at = 0; at < bytes.length; ) {
    const end = at + LOG_OVERHEAD_BYTES + bytes.readInt32BE(at + BatchLayout.LENGTH_AT);
    if (!isMessageCrcRight(bytes, at + LOG_OVERHEAD_BYTES, end)) return false;
    at = end;
  }
  return true;
}

/** `start` is where the message's own checksum is, behind offset and size. */
export function isMessageCrcRight(bytes: Buffer, start: number, end: number): boolean {
  return crc32(bytes.subarray(start + 4, end)) === bytes.readUInt32BE(start);
}

/**
 * The records section of a batch, decompressed; a view where nothing was compressed.
 *
 * @throws KafkaDecodeError `records-corrupt`, `records-too-large` or `records-unsupported`
 */
export function recordsBytes(batch: RecordBatch, decompressedBytesMax: number): Buffer {
  const section = batch.bytes.subarray(BatchLayout.RECORDS_AT);
  return decompressRecords(batch.compression, 2, section, decompressedBytesMax);
}

/**
 * Checks what a broker checks of a batch from a producer before it reads the records (Kafka's
 * `LogValidator.validateBatch`): counts and offsets that agree, timestamps that are dates, no control batch, no
 * transaction without a producer id.
 *
 * @throws KafkaDecodeError `records-invalid` (INVALID_RECORD), or `records-unsupported` for the compression
 */
export function validateProducedBatch(batch: RecordBatch): void {
  if (batch.recordCount < 1) throw invalid(`${batch.recordCount} records`);
  if (batch.lastOffsetDelta !== batch.recordCount - 1) {
    throw invalid(`last offset delta ${batch.lastOffsetDelta} with ${batch.recordCount} records`);
  }
  for (const timestamp of [batch.baseTimestamp, batch.maxTimestamp]) {
    if (!Number.isSafeInteger(timestamp)) throw invalid(`timestamp ${timestamp}`);
  }
  if (batch.control) throw invalid('a client may not write control records');
  if (batch.timestampType === 'append') throw invalid('a client may not claim log append time');
  if (batch.compression > 4) {
    throw new KafkaDecodeError('records-unsupported', `compression ${batch.compression}`);
  }
  if (batch.producerId >= 0n) {
    if (batch.producerEpoch < 0) throw invalid(`producer epoch ${batch.producerEpoch}`);
    if (batch.baseSequence < 0) throw invalid(`base sequence ${batch.baseSequence}`);
  } else if (batch.transactional) throw invalid('a transactional batch without a producer id');
}

function corrupt(what: string): KafkaDecodeError {
  return new KafkaDecodeError('records-corrupt', what);
}

function invalid(what: string): KafkaDecodeError {
  return new KafkaDecodeError('records-invalid', what);
}
