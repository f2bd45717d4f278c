import type { Buffer } from 'node:buffer';
import { crc32 } from 'node:zlib';
import { ByteWriter } from '../byte-writer.js';
import type { RecordInput } from './record-batch-writer.js';
import { compressRecords, RecordCompression } from './record-compression.js';

export interface MessageSetOptions {
  readonly magic: 0 | 1;
  /** One wrapper message holds all when this is not NONE; zstd does not exist here. */
  readonly compression?: Exclude<RecordCompression, typeof RecordCompression.ZSTD>;
  readonly baseOffset?: bigint;
  readonly timestampType?: 'create' | 'append';
}

/** Encodes records as old messages, for consumers from before Kafka 0.11. Headers have no place there. */
export function encodeMessageSet(records: readonly RecordInput[], options: MessageSetOptions): Buffer {
  const { magic } = options;
  const compression = options.compression ?? RecordCompression.NONE;
  const baseOffset = options.baseOffset ?? 0n;
  const isWrapped = compression !== RecordCompression.NONE;
  const writer = new ByteWriter();
  const append = options.timestampType === 'append' ? 8 : 0;
  let lastDelta = -1;
  let maxTimestamp = -1;
  for (const record of records) {
    lastDelta = record.offsetDelta ?? lastDelta + 1;
    if (record.timestamp > maxTimestamp) maxTimestamp = record.timestamp;
    // KIP-31: inside a wrapper of magic 1 offsets are relative.
    const offset = BigInt(lastDelta) + (isWrapped && magic === 1 ? 0n : baseOffset);
    writeMessage(writer, magic, offset, append, record);
  }
  if (!isWrapped) return writer.detach();
  const value = compressRecords(compression, magic, writer.detach());
  const wrapper = { timestamp: maxTimestamp, key: null, value };
  writeMessage(writer, magic, baseOffset + BigInt(lastDelta), append | compression, wrapper);
  return writer.detach();
}

function writeMessage(
  writer: ByteWriter,
  magic: 0 | 1,
  offset: bigint,
  attributes: number,
  record: RecordInput,
): void {
  writer.writeInt64(offset);
  const frame = writer.beginFrame();
  const start = writer.length;
  writer.writeInt32(0);
  writer.writeInt8(magic);
  writer.writeInt8(attributes);
  if (magic === 1) writer.writeInt64(record.timestamp);
  writer.writeNullableBytes(record.key);
  writer.writeNullableBytes(record.value);
  writer.endFrame(frame);
  const written = writer.written();
  written.writeUInt32BE(crc32(written.subarray(start + 4)), start);
}
