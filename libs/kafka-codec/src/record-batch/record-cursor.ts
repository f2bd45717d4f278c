import type { Buffer } from 'node:buffer';
import { KafkaDecodeError } from '../kafka-codec.errors.js';

/** Length, attributes, both deltas, key length, value length and header count, one byte each. */
const RECORD_BYTES_MIN = 7;

/** What a cursor shows of the record it stands on. Starts and ends are positions in `buffer`; -1 is null. */
export interface RecordFields {
  readonly buffer: Buffer;
  readonly offsetDelta: number;
  /** Milliseconds to add to the batch's base timestamp. */
  readonly timestampDelta: number;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly valueStart: number;
  readonly valueEnd: number;
  readonly headerCount: number;
  /** Moves to the next header of this record; false behind the last. */
  nextHeader(): boolean;
  readonly headerKeyStart: number;
  readonly headerKeyEnd: number;
  readonly headerValueStart: number;
  readonly headerValueEnd: number;
  /** Moves to the next record; false behind the last. */
  next(): boolean;
}

/**
 * Walks the records of a batch of magic 2 without allocating: the record's parts are numbers.
 *
 * {@link next} checks the whole record, headers too, so that {@link nextHeader} cannot fail; when it returns false,
 * all that was announced has been read and nothing is left over.
 */
export class RecordCursor implements RecordFields {
  offsetDelta = 0;
  timestampDelta = 0;
  keyStart = -1;
  keyEnd = -1;
  valueStart = -1;
  valueEnd = -1;
  headerCount = 0;
  headersStart = 0;
  recordEnd = 0;
  headerKeyStart = -1;
  headerKeyEnd = -1;
  headerValueStart = -1;
  headerValueEnd = -1;
  private at = 0;
  private left: number;
  private headersLeft = 0;
  /** Reading stops here: the end of the section, and inside a record the record's end. */
  private limit: number;

  /**
   * @param buffer the records section, decompressed
   * @param count the batch's record count
   * @throws KafkaDecodeError `records-invalid` when so many records cannot be in so few bytes
   */
  constructor(
    readonly buffer: Buffer,
    count: number,
  ) {
    if (count < 0 || count * RECORD_BYTES_MIN > buffer.length) {
      throw invalid(`${count} records in ${buffer.length} bytes`);
    }
    this.left = count;
    this.limit = buffer.length;
  }

  /** @throws KafkaDecodeError `records-invalid` */
  next(): boolean {
    this.at = this.recordEnd;
    this.limit = this.buffer.length;
    if (this.left === 0) {
      if (this.at !== this.limit) throw invalid(`${this.limit - this.at} bytes behind the last record`);
      return false;
    }
    this.left--;
    const length = this.varint();
    const end = this.at + length;
    if (length < RECORD_BYTES_MIN - 1 || end > this.limit) throw invalid(`record of ${length} bytes`);
    this.limit = end;
    this.recordEnd = end;
    this.at++; // attributes: none are defined
    this.timestampDelta = this.varlong();
    this.offsetDelta = this.varint();
    this.keyEnd = this.skipBytes();
    this.keyStart = this.skipped;
    this.valueEnd = this.skipBytes();
    this.valueStart = this.skipped;
    const headers = this.varint();
    this.headerCount = headers;
    this.headersLeft = headers;
    this.headersStart = this.at;
    if (headers !== 0) this.checkHeaders(headers);
    if (this.at !== end) throw invalid(`${end - this.at} bytes behind the last header`);
    this.at = this.headersStart;
    return true;
  }

  nextHeader(): boolean {
    if (this.headersLeft === 0) return false;
    this.headersLeft--;
    this.headerKeyEnd = this.skipBytes();
    this.headerKeyStart = this.skipped;
    this.headerValueEnd = this.skipBytes();
    this.headerValueStart = this.skipped;
    return true;
  }

  private checkHeaders(count: number): void {
    if (count < 0 || count * 2 > this.limit - this.at) throw invalid(`${count} headers`);
    for (let left = count; left > 0; left--) {
      this.skipBytes();
      if (this.skipped < 0) throw invalid('null header key');
      this.skipBytes();
    }
  }

  /** Where the byte array that {@link skipBytes} passed starts; -1 for null. */
  private skipped = -1;

  /** Passes a byte array with its length and returns its end; -1 for null. */
  private skipBytes(): number {
    const length = this.varint();
    if (length < 0) {
      if (length !== -1) throw invalid(`byte array of length ${length}`);
      this.skipped = -1;
      return -1;
    }
    const start = this.at;
    const end = start + length;
    if (end > this.limit) throw invalid(`byte array of ${length} bytes, ${this.limit - start} left`);
    this.skipped = start;
    this.at = end;
    return end;
  }

  /** Zigzag, at most 5 bytes. */
  private varint(): number {
    const b = this.buffer;
    let at = this.at;
    let byte = at < this.limit ? b[at++]! : this.cutOff();
    let value = byte & 0x7f;
    for (let shift = 7; byte >= 0x80; shift += 7) {
      if (shift > 28) throw invalid('varint of more than 5 bytes');
      byte = at < this.limit ? b[at++]! : this.cutOff();
      if (shift === 28 && byte > 0x0f) throw invalid('varint of more than 32 bits');
      value |= (byte & 0x7f) << shift;
    }
    this.at = at;
    return (value >>> 1) ^ -(value & 1);
  }

  /** Zigzag, at most 10 bytes; as a number, so only safe integers pass. */
  private varlong(): number {
    const b = this.buffer;
    let at = this.at;
    let byte = at < this.limit ? b[at++]! : this.cutOff();
    let value = byte & 0x7f;
    let scale = 0x80;
    for (let count = 1; byte >= 0x80; count++) {
      if (count === 10) throw invalid('varint of more than 10 bytes');
      byte = at < this.limit ? b[at++]! : this.cutOff();
      value += (byte & 0x7f) * scale;
      scale *= 0x80;
    }
    this.at = at;
    if (value > Number.MAX_SAFE_INTEGER) throw invalid(`timestamp delta ${value}`);
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  private cutOff(): never {
    throw invalid('record is cut off');
  }
}

function invalid(what: string): KafkaDecodeError {
  return new KafkaDecodeError('records-invalid', what);
}
