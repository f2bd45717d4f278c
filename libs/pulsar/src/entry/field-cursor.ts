import { EntryDecodeError } from './entry.errors.js';

const wireVarint = 0;
const wireFixed64 = 1;
const wireBytes = 2;
const wireFixed32 = 5;

/**
 * Walks the fields of one protobuf message without objects: `next()`, then exactly one of `varint`, `bytes` or `skip`.
 * Foreign producers write what they like, so 64-bit values past 2^53 are kept inexactly instead of refused;
 * 2^64-1 is -1. Throws only EntryDecodeError('malformed').
 */
export class FieldCursor {
  buffer: Buffer = Buffer.alloc(0);
  position = 0;
  end = 0;
  field = 0;
  /** Of the last `bytes()`. */
  bytesStart = 0;
  bytesEnd = 0;
  #wireType = 0;

  reset(buffer: Buffer, start: number, end: number): this {
    if (start < 0 || start > end || end > buffer.length) throw truncated();
    this.buffer = buffer;
    this.position = start;
    this.end = end;
    return this;
  }

  next(): boolean {
    if (this.position >= this.end) return false;
    const tag = this.#rawVarint();
    this.#wireType = tag & 7;
    this.field = Math.floor(tag / 8);
    return true;
  }

  varint(): number {
    if (this.#wireType !== wireVarint)
      throw new EntryDecodeError('malformed', `field ${this.field} is no number`);
    return this.#rawVarint();
  }

  /** Sets `bytesStart` and `bytesEnd`, checked against what is there. */
  bytes(): void {
    if (this.#wireType !== wireBytes)
      throw new EntryDecodeError('malformed', `field ${this.field} is no text or bytes`);
    const length = this.#rawVarint();
    if (length < 0 || length > this.end - this.position) throw truncated();
    this.bytesStart = this.position;
    this.bytesEnd = this.position += length;
  }

  text(): string {
    this.bytes();
    return this.buffer.toString('utf8', this.bytesStart, this.bytesEnd);
  }

  view(): Buffer {
    this.bytes();
    return this.buffer.subarray(this.bytesStart, this.bytesEnd);
  }

  /** An exact 64-bit value, e.g. half a transaction id. */
  bigVarint(): bigint {
    if (this.#wireType !== wireVarint)
      throw new EntryDecodeError('malformed', `field ${this.field} is no number`);
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (this.position >= this.end) throw truncated();
      const byte = this.buffer[this.position++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new EntryDecodeError('malformed', 'a varint of more than ten bytes');
  }

  skip(): void {
    if (this.#wireType === wireVarint) this.#rawVarint();
    else if (this.#wireType === wireBytes) this.bytes();
    else if (this.#wireType === wireFixed64 || this.#wireType === wireFixed32) {
      this.position += this.#wireType === wireFixed64 ? 8 : 4;
      if (this.position > this.end) throw truncated();
    } else throw new EntryDecodeError('malformed', `an unknown wire type ${this.#wireType}`);
  }

  #rawVarint(): number {
    const { buffer, end } = this;
    let value = 0;
    let unit = 1;
    for (let length = 0; length < 10; length++) {
      if (this.position >= end) throw truncated();
      const byte = buffer[this.position++]!;
      if (byte < 0x80) {
        value += byte * unit;
        // 2^64-1, Pulsar's "none", rounds to 2^64 and is nothing else in use.
        return value >= 2 ** 64 ? -1 : value;
      }
      value += (byte & 0x7f) * unit;
      unit *= 0x80;
    }
    throw new EntryDecodeError('malformed', 'a varint of more than ten bytes');
  }
}

function truncated(): EntryDecodeError {
  return new EntryDecodeError('malformed', 'the bytes end before the fields do');
}
