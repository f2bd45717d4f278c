import { Buffer } from 'node:buffer';
import { crc32c } from '#libs/compression';
import { compressRecords, RecordCompression } from './record-compression.js';
import { BatchLayout, LOG_OVERHEAD_BYTES, type RecordBatch, recordsBytes } from './record-set.js';

/** Workspace to start with, and the most that is kept from one batch to the next. */
const WORKSPACE_BYTES = 64 * 1024;
const WORKSPACE_KEPT_BYTES_MAX = 4 * 1024 * 1024;
/** Length, attributes, timestamp delta, offset delta, key length, value length and header count, at their longest. */
const RECORD_OVERHEAD_BYTES_MAX = 5 + 1 + 10 + 5 + 5 + 5 + 5;
/** Below this the loop is faster than the call that copies. */
const LOOP_COPY_BYTES_MAX = 24;
/** Attribute bits (KIP-98). */
const COMPRESSION = 0x07;
const APPEND_TIME = 0x08;
const CONTROL = 0x20;

export interface EncodedBatchOptions {
  /** A safe integer. */
  readonly baseOffset: number;
  readonly lastOffsetDelta: number;
  readonly compression: RecordCompression;
  readonly timestampType: 'create' | 'append';
  readonly control?: boolean;
}

/**
 * Writes batches of magic 2 without an object per record, where {@link RecordBatchWriter} takes objects. Per batch:
 * {@link begin}, then per record {@link beginRecord}, {@link key} or {@link nullKey}, {@link value} or
 * {@link nullValue}, {@link headers} with the number of headers, as many times {@link key} and then {@link value} or
 * {@link nullValue}, and {@link endRecord}; then {@link finish}. It is used again for the next batch: the workspace
 * stays, and what goes out is a buffer of exactly the batch's size.
 */
export class RecordBatchEncoder {
  recordCount = 0;
  maxTimestamp = -1;
  private buffer = Buffer.allocUnsafeSlow(WORKSPACE_BYTES);
  private at: number = BatchLayout.RECORDS_AT;
  private baseTimestamp = -1;
  private recordStart = 0;
  /** Bytes left free for the length of the record at hand. */
  private lengthBytes = 1;

  begin(): void {
    this.at = BatchLayout.RECORDS_AT;
    this.recordCount = 0;
    this.baseTimestamp = -1;
    this.maxTimestamp = -1;
  }

  /**
   * @param timestamp milliseconds since 1970, a safe integer; -1 for none
   * @param contentBytes key, value and headers with their lengths: at least what they will take
   */
  beginRecord(timestamp: number, offsetDelta: number, contentBytes: number): void {
    this.ensure(RECORD_OVERHEAD_BYTES_MAX + contentBytes);
    if (this.recordCount === 0) this.baseTimestamp = timestamp;
    if (timestamp > this.maxTimestamp) this.maxTimestamp = timestamp;
    this.recordStart = this.at;
    // The length is known at the end; nearly always it takes as many bytes as expected.
    this.lengthBytes = contentBytes < 0x30 ? 1 : contentBytes < 0x1ff0 ? 2 : 3;
    this.at += this.lengthBytes;
    this.buffer[this.at++] = 0;
    this.zigzag(timestamp - this.baseTimestamp);
    this.zigzag(offsetDelta);
  }

  key(source: Buffer, start: number, end: number): void {
    this.bytes(source, start, end);
  }

  nullKey(): void {
    this.buffer[this.at++] = 1;
  }

  value(source: Buffer, start: number, end: number): void {
    this.bytes(source, start, end);
  }

  nullValue(): void {
    this.buffer[this.at++] = 1;
  }

  headers(count: number): void {
    this.zigzag(count);
  }

  endRecord(): void {
    const bodyStart = this.recordStart + this.lengthBytes;
    const length = this.at - bodyStart;
    const lengthBytes = zigzagBytes(length);
    if (lengthBytes !== this.lengthBytes) {
      this.ensure(lengthBytes);
      this.buffer.copyWithin(this.recordStart + lengthBytes, bodyStart, this.at);
    }
    this.at = this.recordStart;
    this.zigzag(length);
    this.at += length;
    this.recordCount++;
  }

  /** The whole batch. The encoder is ready for the next {@link begin}. */
  finish(options: EncodedBatchOptions): Buffer {
    const compressed = this.recordCount > 0 && options.compression !== RecordCompression.NONE;
    const plain = this.buffer.subarray(0, this.at);
    const records = compressed
      ? compressRecords(options.compression, 2, plain.subarray(BatchLayout.RECORDS_AT))
      : undefined;
    const length = records === undefined ? plain.length : BatchLayout.RECORDS_AT + records.length;
    this.writeHeader(length, compressed ? options.compression : RecordCompression.NONE, options);
    const batch = Buffer.allocUnsafe(length);
    if (records === undefined) plain.copy(batch);
    else {
      plain.copy(batch, 0, 0, BatchLayout.RECORDS_AT);
      records.copy(batch, BatchLayout.RECORDS_AT);
    }
    batch.writeUInt32BE(crc32c(batch.subarray(BatchLayout.ATTRIBUTES_AT)), BatchLayout.CRC_AT);
    if (this.buffer.length > WORKSPACE_KEPT_BYTES_MAX) this.buffer = Buffer.allocUnsafeSlow(WORKSPACE_BYTES);
    return batch;
  }

  private writeHeader(
    batchBytes: number,
    compression: RecordCompression,
    { baseOffset, lastOffsetDelta, timestampType, control }: EncodedBatchOptions,
  ): void {
    const { buffer } = this;
    writeInt64(buffer, 0, baseOffset);
    buffer.writeInt32BE(batchBytes - LOG_OVERHEAD_BYTES, BatchLayout.LENGTH_AT);
    // The leader epoch is always 0: offsets are never truncated.
    buffer.writeInt32BE(0, BatchLayout.LENGTH_AT + 4);
    buffer[BatchLayout.MAGIC_AT] = 2;
    const timeBits = timestampType === 'append' ? APPEND_TIME : 0;
    buffer.writeInt16BE(compression | timeBits | (control ? CONTROL : 0), BatchLayout.ATTRIBUTES_AT);
    buffer.writeInt32BE(lastOffsetDelta, 23);
    writeInt64(buffer, 27, this.baseTimestamp);
    writeInt64(buffer, 35, this.maxTimestamp);
    // No producer id, epoch and sequence.
    buffer.fill(0xff, 43, 57);
    buffer.writeInt32BE(this.recordCount, 57);
  }

  private bytes(source: Buffer, start: number, end: number): void {
    const length = end - start;
    this.zigzag(length);
    if (length <= LOOP_COPY_BYTES_MAX) {
      const { buffer } = this;
      let at = this.at;
      for (let from = start; from < end; from++) buffer[at++] = source[from]!;
      this.at = at;
    } else this.at += source.copy(this.buffer, this.at, start, end);
  }

  private zigzag(value: number): void {
    const { buffer } = this;
    let at = this.at;
    let rest = value >= 0 ? value * 2 : -value * 2 - 1;
    for (; rest > 0x7fffffff; rest = Math.floor(rest / 0x80)) buffer[at++] = (rest % 0x80) | 0x80;
    for (; rest >= 0x80; rest >>>= 7) buffer[at++] = (rest & 0x7f) | 0x80;
    buffer[at++] = rest;
    this.at = at;
  }

  private ensure(bytes: number): void {
    const needed = this.at + bytes;
    if (needed <= this.buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(larger, 0, 0, this.at);
    this.buffer = larger;
  }
}

/**
 * The same batch with its records as they are before compression, for who cannot read its codec; a copy.
 *
 * @throws KafkaDecodeError as {@link recordsBytes}
 */
export function withoutCompression(batch: RecordBatch, decompressedBytesMax: number): Buffer {
  const header = batch.bytes.subarray(0, BatchLayout.RECORDS_AT);
  const plain = Buffer.concat([header, recordsBytes(batch, decompressedBytesMax)]);
  plain.writeInt32BE(plain.length - LOG_OVERHEAD_BYTES, BatchLayout.LENGTH_AT);
  plain.writeInt16BE(batch.attributes & ~COMPRESSION, BatchLayout.ATTRIBUTES_AT);
  plain.writeUInt32BE(crc32c(plain.subarray(BatchLayout.ATTRIBUTES_AT)), BatchLayout.CRC_AT);
  return plain;
}

/** Of a length, which is not negative. */
function zigzagBytes(length: number): number {
  if (length < 0x40) return 1;
  if (length < 0x2000) return 2;
  if (length < 0x100000) return 3;
  return length < 0x8000000 ? 4 : 5;
}

function writeInt64(buffer: Buffer, at: number, value: number): void {
  buffer.writeInt32BE(Math.floor(value / 0x100000000), at);
  buffer.writeInt32BE(value | 0, at + 4);
}
