import { Buffer } from 'node:buffer';
import { crc32c } from '#libs/compression';
import { ByteWriter } from '../byte-writer.js';
import { compressRecords, RecordCompression } from './record-compression.js';
import { MessageSetCursor } from './message-set-cursor.js';
import {
  BatchLayout,
  LOG_OVERHEAD_BYTES,
  type MessageSet,
  type RecordBatch,
  splitRecordSets,
} from './record-set.js';

export interface RecordHeader {
  readonly key: string | Uint8Array;
  readonly value: Uint8Array | null;
}

export interface RecordInput {
  /** Milliseconds since 1970; -1 for none. */
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers?: readonly RecordHeader[];
  /** From the batch's base offset; one more than the record before when left out. */
  readonly offsetDelta?: number;
}

export interface RecordBatchOptions {
  readonly baseOffset?: bigint | number;
  readonly partitionLeaderEpoch?: number;
  readonly compression?: RecordCompression;
  readonly timestampType?: 'create' | 'append';
  /** The broker's time, for `append`; else the records' maximum is used. */
  readonly maxTimestamp?: number;
  readonly transactional?: boolean;
  readonly control?: boolean;
  readonly producerId?: bigint | number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  /** The last record's when left out; compaction may have removed what came behind it. */
  readonly lastOffsetDelta?: number;
}

const NO_HEADERS: readonly RecordHeader[] = [];

/** Builds one batch of magic 2, record by record. */
export class RecordBatchWriter {
  private readonly writer: ByteWriter;
  private baseTimestamp = -1;
  private maxTimestamp = -1;
  private lastOffsetDelta = -1;
  private count = 0;

  constructor(capacityBytes = 1024) {
    this.writer = new ByteWriter(capacityBytes);
    for (let i = 0; i < BatchLayout.RECORDS_AT; i++) this.writer.writeInt8(0);
  }

  get recordCount(): number {
    return this.count;
  }

  /** Of the batch so far, before compression. */
  get bytes(): number {
    return this.writer.length;
  }

  append(record: RecordInput): void {
    const { timestamp, key, value } = record;
    const headers = record.headers ?? NO_HEADERS;
    if (this.count === 0) this.baseTimestamp = timestamp;
    if (timestamp > this.maxTimestamp) this.maxTimestamp = timestamp;
    const offsetDelta = record.offsetDelta ?? this.lastOffsetDelta + 1;
    const timestampDelta = timestamp - this.baseTimestamp;
    let size =
      1 + zigzagBytes(timestampDelta) + zigzagBytes(offsetDelta) + bytesBytes(key) + bytesBytes(value);
    size += zigzagBytes(headers.length);
    for (const header of headers) size += headerKeyBytes(header.key) + bytesBytes(header.value);
    writeZigzag(this.writer, size);
    this.writer.writeInt8(0);
    writeZigzag(this.writer, timestampDelta);
    writeZigzag(this.writer, offsetDelta);
    writeBytes(this.writer, key);
    writeBytes(this.writer, value);
    writeZigzag(this.writer, headers.length);
    for (const header of headers) {
      writeBytes(this.writer, typeof header.key === 'string' ? Buffer.from(header.key) : header.key);
      writeBytes(this.writer, header.value);
    }
    this.lastOffsetDelta = offsetDelta;
    this.count++;
  }

  /** The whole batch; the writer is empty afterwards and not to be used again. */
  finish(options: RecordBatchOptions = {}): Buffer {
    const compression = options.compression ?? RecordCompression.NONE;
    let batch = this.writer.detach();
    if (compression !== RecordCompression.NONE) {
      const records = compressRecords(compression, 2, batch.subarray(BatchLayout.RECORDS_AT));
      batch = Buffer.concat([batch.subarray(0, BatchLayout.RECORDS_AT), records]);
    }
    const header = new ByteWriter(BatchLayout.RECORDS_AT);
    header.writeInt64(options.baseOffset ?? 0);
    header.writeInt32(batch.length - LOG_OVERHEAD_BYTES);
    header.writeInt32(options.partitionLeaderEpoch ?? -1);
    header.writeInt8(2);
    header.writeInt32(0);
    header.writeInt16(attributes(compression, options));
    header.writeInt32(options.lastOffsetDelta ?? this.lastOffsetDelta);
    header.writeInt64(this.baseTimestamp);
    header.writeInt64(options.maxTimestamp ?? this.maxTimestamp);
    header.writeInt64(options.producerId ?? -1);
    header.writeInt16(options.producerEpoch ?? -1);
    header.writeInt32(options.baseSequence ?? -1);
    header.writeInt32(this.count);
    header.written().copy(batch);
    batch.writeUInt32BE(crc32c(batch.subarray(BatchLayout.ATTRIBUTES_AT)), BatchLayout.CRC_AT);
    return batch;
  }
}

export function encodeRecordBatch(records: Iterable<RecordInput>, options: RecordBatchOptions = {}): Buffer {
  const writer = new RecordBatchWriter();
  for (const record of records) writer.append(record);
  return writer.finish(options);
}

/**
 * Turns old messages into one uncompressed batch of magic 2, so that what follows needs to know one format only.
 * Timestamps stay (-1 for magic 0), keys and values are copied.
 *
 * @param decompressedBytesMax for all compressed wrappers together
 * @throws KafkaDecodeError as {@link MessageSetCursor.next}
 */
export function toRecordBatch(set: MessageSet, decompressedBytesMax: number): RecordBatch {
  const cursor = new MessageSetCursor(set, decompressedBytesMax);
  const writer = new RecordBatchWriter(set.bytes.length + BatchLayout.RECORDS_AT);
  while (cursor.next()) {
    const { buffer, keyStart, keyEnd, valueStart, valueEnd } = cursor;
    writer.append({
      timestamp: cursor.timestampDelta,
      key: keyStart < 0 ? null : buffer.subarray(keyStart, keyEnd),
      value: valueStart < 0 ? null : buffer.subarray(valueStart, valueEnd),
    });
  }
  return splitRecordSets(writer.finish())[0] as RecordBatch;
}

function attributes(compression: RecordCompression, options: RecordBatchOptions): number {
  return (
    compression |
    (options.timestampType === 'append' ? 8 : 0) |
    (options.transactional ? 16 : 0) |
    (options.control ? 32 : 0)
  );
}

/** The zigzag form of a safe integer, as an unsigned number. */
function zigzag(value: number): number {
  return value >= 0 ? value * 2 : -value * 2 - 1;
}

function zigzagBytes(value: number): number {
  let rest = zigzag(value);
  let count = 1;
  for (; rest >= 0x80; count++) rest = Math.floor(rest / 0x80);
  return count;
}

function writeZigzag(writer: ByteWriter, value: number): void {
  let rest = zigzag(value);
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) writer.writeInt8((rest % 0x80) | 0x80);
  writer.writeInt8(rest);
}

function bytesBytes(bytes: Uint8Array | null): number {
  return bytes === null ? 1 : zigzagBytes(bytes.length) + bytes.length;
}

function headerKeyBytes(key: string | Uint8Array): number {
  const length = typeof key === 'string' ? Buffer.byteLength(key) : key.length;
  return zigzagBytes(length) + length;
}

function writeBytes(writer: ByteWriter, bytes: Uint8Array | null): void {
  writeZigzag(writer, bytes === null ? -1 : bytes.length);
  if (bytes !== null) writer.writeRaw(bytes);
}
