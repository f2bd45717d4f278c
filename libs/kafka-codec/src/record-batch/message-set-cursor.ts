import { Buffer } from 'node:buffer';
import { ByteReader } from '../byte-reader.js';
import { KafkaDecodeError } from '../kafka-codec.errors.js';
import { decompressRecords } from './record-compression.js';
import type { RecordFields } from './record-cursor.js';
import {
  isMessageCrcRight,
  LOG_OVERHEAD_BYTES,
  type MessageSet,
  OLD_MESSAGE_BYTES_MIN,
  readTimestamp,
} from './record-set.js';

const APPEND_TIME = 8;
const COMPRESSION = 7;

/**
 * Walks the old messages (magic 0 and 1) of a set, those inside compressed wrappers too, as {@link RecordFields}:
 * `timestampDelta` is the timestamp itself (-1 for magic 0), `offsetDelta` counts from 0, there are no headers.
 * `buffer` is the set, or what the wrapper at hand was decompressed to: read it anew for every record.
 *
 * Checks each message's CRC-32 and sizes on the way.
 */
export class MessageSetCursor implements RecordFields {
  buffer: Buffer;
  offsetDelta = -1;
  timestampDelta = -1;
  keyStart = -1;
  keyEnd = -1;
  valueStart = -1;
  valueEnd = -1;
  readonly headerCount = 0;
  readonly headerKeyStart = -1;
  readonly headerKeyEnd = -1;
  readonly headerValueStart = -1;
  readonly headerValueEnd = -1;
  private readonly magic: 0 | 1;
  private readonly outer: ByteReader;
  /** The messages of the wrapper at hand. */
  private inner: ByteReader | undefined;
  /** KIP-32: a wrapper with log append time gives its timestamp to all inside. */
  private wrapperTimestamp: number | undefined;
  private decompressedBytesLeft: number;
  private compression = 0;
  private timestamp = -1;
  private hasAppendTime = false;

  /** @param decompressedBytesMax for all wrappers of the set together */
  constructor(set: MessageSet, decompressedBytesMax: number) {
    this.magic = set.magic;
    this.buffer = set.bytes;
    this.outer = new ByteReader(set.bytes);
    this.decompressedBytesLeft = decompressedBytesMax;
  }

  nextHeader(): boolean {
    return false;
  }

  /** @throws KafkaDecodeError `records-corrupt`, `records-invalid`, `records-too-large` or `records-unsupported` */
  next(): boolean {
    while (this.inner === undefined || this.inner.remaining === 0) {
      this.inner = undefined;
      if (this.outer.remaining === 0) return false;
      this.readMessage(this.outer);
      if (this.compression === 0) return this.found(undefined);
      this.openWrapper();
    }
    this.readMessage(this.inner);
    if (this.compression !== 0) throw invalid('compressed message inside a compressed message');
    return this.found(this.wrapperTimestamp);
  }

  private found(wrapperTimestamp: number | undefined): true {
    this.timestampDelta = wrapperTimestamp ?? this.timestamp;
    this.offsetDelta++;
    return true;
  }

  private openWrapper(): void {
    if (this.valueStart < 0) throw invalid('compressed message without a value');
    const compressed = this.buffer.subarray(this.valueStart, this.valueEnd);
    const messages = decompressRecords(this.compression, this.magic, compressed, this.decompressedBytesLeft);
    if (messages.length === 0) throw invalid('compressed message without messages inside');
    this.decompressedBytesLeft -= messages.length;
    this.wrapperTimestamp = this.hasAppendTime ? this.timestamp : undefined;
    this.inner = new ByteReader(messages);
  }

  /** Reads one message with its offset and size; key and value become positions in `buffer`. */
  private readMessage(reader: ByteReader): void {
    const { buffer } = reader;
    if (reader.remaining < LOG_OVERHEAD_BYTES) throw corrupt('message set is cut off');
    reader.offset += 8; // the offset: the broker gives its own
    const size = reader.readInt32();
    const start = reader.offset;
    const end = start + size;
    if (size < OLD_MESSAGE_BYTES_MIN[0] || end > reader.end)
      throw corrupt(`message of ${size} bytes, ${reader.remaining} left`);
    if (!isMessageCrcRight(buffer, start, end)) throw corrupt('wrong CRC-32 of a message');
    const message = new ByteReader(buffer, start + 4, end);
    const magic = message.readInt8();
    if (magic !== this.magic) throw invalid(`message of magic ${magic} in a set of magic ${this.magic}`);
    if (size < OLD_MESSAGE_BYTES_MIN[this.magic]) throw corrupt(`message of ${size} bytes`);
    const attributes = message.readInt8();
    this.compression = attributes & COMPRESSION;
    this.hasAppendTime = magic === 1 && (attributes & APPEND_TIME) !== 0;
    this.timestamp = magic === 1 ? readTimestamp(message) : -1;
    if (!Number.isSafeInteger(this.timestamp)) throw invalid(`timestamp ${this.timestamp}`);
    this.buffer = buffer;
    this.keyStart = bytesStart(message);
    this.keyEnd = this.keyStart < 0 ? -1 : message.offset;
    this.valueStart = bytesStart(message);
    this.valueEnd = this.valueStart < 0 ? -1 : message.offset;
    if (message.offset !== end) throw invalid(`${end - message.offset} bytes behind a message's value`);
    reader.offset = end;
  }
}

/** Passes an INT32 length and its bytes, and returns where they start; -1 for null. */
function bytesStart(reader: ByteReader): number {
  const length = reader.readInt32();
  if (length === -1) return -1;
  if (length < 0 || length > reader.remaining) throw invalid(`byte array of length ${length} in a message`);
  const start = reader.offset;
  reader.offset += length;
  return start;
}

function corrupt(what: string): KafkaDecodeError {
  return new KafkaDecodeError('records-corrupt', what);
}

function invalid(what: string): KafkaDecodeError {
  return new KafkaDecodeError('records-invalid', what);
}
