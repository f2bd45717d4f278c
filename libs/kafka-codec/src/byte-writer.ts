import { Buffer } from 'node:buffer';
import { KafkaEncodeError } from './kafka-codec.errors.js';

/** A message is preceded by an INT32 size; a buffer that grew past it could not be framed. */
const CAPACITY_BYTES_MAX = 0x7fffffff;
/** Strings up to this many characters are tried as ASCII, byte by byte: cheaper than a call into the runtime. */
const ASCII_TRY_CHARACTERS_MAX = 48;

/** Bytes that are part of what was written, at this place of the buffer, without having been copied. */
interface Reference {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/**
 * Writes Kafka's primitive types into one buffer that grows by doubling. Reusable: {@link reset} keeps the buffer,
 * {@link detach} gives it away. Throws only {@link KafkaEncodeError}.
 */
export class ByteWriter {
  private buffer: Buffer;
  private position = 0;
  private references: Reference[] = [];
  private referencedBytes = 0;
  private referenceBytesMin = Number.POSITIVE_INFINITY;

  constructor(capacityBytes = 512) {
    this.buffer = Buffer.allocUnsafeSlow(capacityBytes);
  }

  /** Bytes written into the buffer so far. */
  get length(): number {
    return this.position;
  }

  /** A view of what was written, valid until the next write or reset. */
  written(): Buffer {
    return this.buffer.subarray(0, this.position);
  }

  /** Whether there are records that were not copied: then what was written is {@link parts}. */
  get hasReferences(): boolean {
    return this.references.length > 0;
  }

  /** What was written, in order: a copy of the buffer, in slices, and between them the records that were not copied. */
  parts(): Buffer[] {
    const own = Buffer.from(this.written());
    const parts: Buffer[] = [];
    let from = 0;
    for (const { at, bytes } of this.references) {
      if (at > from) parts.push(own.subarray(from, at));
      parts.push(Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
      from = at;
    }
    if (from < own.length) parts.push(own.subarray(from));
    return parts;
  }

  /** What was written, as a buffer of its own; the writer starts again with nothing. */
  detach(): Buffer {
    const bytes = this.written();
    this.buffer = Buffer.alloc(0);
    this.position = 0;
    return bytes;
  }

  /** @param referenceBytesMin records of so many bytes and more are not copied: see {@link parts} */
  reset(referenceBytesMin = Number.POSITIVE_INFINITY): void {
    this.position = 0;
    if (this.references.length > 0) this.references = [];
    this.referencedBytes = 0;
    this.referenceBytesMin = referenceBytesMin;
  }

  /** Makes room for `length` bytes and returns where they start. */
  private take(length: number): number {
    const start = this.position;
    const end = start + length;
    if (end > this.buffer.length) this.grow(end);
    this.position = end;
    return start;
  }

  private grow(capacityMin: number): void {
    if (capacityMin > CAPACITY_BYTES_MAX) {
      throw new KafkaEncodeError('too-large', `message of more than ${CAPACITY_BYTES_MAX} bytes`);
    }
    const capacity = Math.min(CAPACITY_BYTES_MAX, Math.max(capacityMin, this.buffer.length * 2, 256));
    const bigger = Buffer.allocUnsafeSlow(capacity);
    this.buffer.copy(bigger, 0, 0, this.position);
    this.buffer = bigger;
  }

  writeInt8(value: number): void {
    const at = this.take(1);
    this.buffer[at] = value;
  }

  writeBoolean(value: boolean): void {
    this.writeInt8(value ? 1 : 0);
  }

  writeInt16(value: number): void {
    const at = this.take(2);
    this.buffer[at] = value >> 8;
    this.buffer[at + 1] = value;
  }

  writeUint16(value: number): void {
    this.writeInt16(value);
  }

  writeInt32(value: number): void {
    this.setInt32(this.take(4), value);
  }

  private setInt32(at: number, value: number): void {
    const b = this.buffer;
    b[at] = value >> 24;
    b[at + 1] = value >> 16;
    b[at + 2] = value >> 8;
    b[at + 3] = value;
  }

  /** A number must be a safe integer; a bigint is taken modulo 2^64. */
  writeInt64(value: bigint | number): void {
    const at = this.take(8);
    if (typeof value === 'number') {
      this.setInt32(at, Math.floor(value / 0x100000000));
      this.setInt32(at + 4, value | 0);
      return;
    }
    this.setInt32(at, Number(BigInt.asIntN(32, value >> 32n)));
    this.setInt32(at + 4, Number(BigInt.asIntN(32, value)));
  }

  writeFloat64(value: number): void {
    const at = this.take(8);
    this.buffer.writeDoubleBE(value, at);
  }

  /** 16 bytes. */
  writeUuid(value: Uint8Array): void {
    if (value.length !== 16) throw new KafkaEncodeError('too-large', `uuid of ${value.length} bytes`);
    this.writeRaw(value);
  }

  writeUnsignedVarint(value: number): void {
    let rest = value >>> 0;
    while (rest > 0x7f) {
      this.writeInt8((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.writeInt8(rest);
  }

  writeRaw(bytes: Uint8Array): void {
    const at = this.take(bytes.length);
    this.buffer.set(bytes, at);
  }

  writeString(value: string): void {
    const at = this.take(2);
    const length = this.appendText(value);
    this.buffer[at] = length >> 8;
    this.buffer[at + 1] = length;
  }

  writeNullableString(value: string | null): void {
    if (value === null) this.writeInt16(-1);
    else this.writeString(value);
  }

  writeCompactString(value: string): void {
    if (value.length <= ASCII_TRY_CHARACTERS_MAX) {
      const at = this.take(1);
      if (this.appendAscii(value)) {
        this.buffer[at] = value.length + 1;
        return;
      }
      this.position = at;
    }
    const length = Buffer.byteLength(value);
    this.checkTextLength(length);
    this.writeUnsignedVarint(length + 1);
    const at = this.take(length);
    this.buffer.write(value, at, length, 'utf8');
  }

  writeCompactNullableString(value: string | null): void {
    if (value === null) this.writeInt8(0);
    else this.writeCompactString(value);
  }

  private appendAscii(value: string): boolean {
    const start = this.take(value.length);
    const b = this.buffer;
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) {
        this.position = start;
        return false;
      }
      b[start + i] = code;
    }
    return true;
  }

  private appendText(value: string): number {
    if (value.length <= ASCII_TRY_CHARACTERS_MAX && this.appendAscii(value)) return value.length;
    const length = Buffer.byteLength(value);
    this.checkTextLength(length);
    const at = this.take(length);
    this.buffer.write(value, at, length, 'utf8');
    return length;
  }

  private checkTextLength(length: number): void {
    if (length > 0x7fff) throw new KafkaEncodeError('too-large', `string of ${length} bytes`);
  }

  writeBytes(value: Uint8Array): void {
    this.writeInt32(value.length);
    this.writeRaw(value);
  }

  writeNullableBytes(value: Uint8Array | null): void {
    if (value === null) this.writeInt32(-1);
    else this.writeBytes(value);
  }

  writeCompactBytes(value: Uint8Array): void {
    this.writeUnsignedVarint(value.length + 1);
    this.writeRaw(value);
  }

  writeCompactNullableBytes(value: Uint8Array | null): void {
    if (value === null) this.writeInt8(0);
    else this.writeCompactBytes(value);
  }

  /** One piece, or several that follow each other. */
  writeRecords(value: Uint8Array | readonly Uint8Array[]): void {
    this.writeInt32(recordsLength(value));
    this.appendRecords(value);
  }

  writeNullableRecords(value: Uint8Array | readonly Uint8Array[] | null): void {
    if (value === null) this.writeInt32(-1);
    else this.writeRecords(value);
  }

  writeCompactRecords(value: Uint8Array | readonly Uint8Array[]): void {
    this.writeUnsignedVarint(recordsLength(value) + 1);
    this.appendRecords(value);
  }

  writeCompactNullableRecords(value: Uint8Array | readonly Uint8Array[] | null): void {
    if (value === null) this.writeInt8(0);
    else this.writeCompactRecords(value);
  }

  private appendRecords(value: Uint8Array | readonly Uint8Array[]): void {
    if (value instanceof Uint8Array) this.appendPiece(value);
    else for (const piece of value) this.appendPiece(piece);
  }

  private appendPiece(bytes: Uint8Array): void {
    if (bytes.length < this.referenceBytesMin) {
      this.writeRaw(bytes);
      return;
    }
    this.references.push({ at: this.position, bytes });
    this.referencedBytes += bytes.length;
  }

  /** -1 writes null. */
  writeArrayCount(count: number): void {
    this.writeInt32(count);
  }

  writeCompactArrayCount(count: number): void {
    this.writeUnsignedVarint(count + 1);
  }

  /** Starts a tagged field (KIP-482): the value follows, then {@link endTag} with what this returns. */
  beginTag(tag: number): number {
    this.writeUnsignedVarint(tag);
    this.writeInt8(0);
    return this.position;
  }

  endTag(start: number): void {
    const size = this.position - start;
    if (size < 0x80) {
      this.buffer[start - 1] = size;
      return;
    }
    // The one byte kept for the size is too small: move the value up by the missing ones.
    const extra = size < 0x4000 ? 1 : size < 0x200000 ? 2 : size < 0x10000000 ? 3 : 4;
    this.take(extra);
    this.buffer.copyWithin(start + extra, start, start + size);
    const end = this.position;
    this.position = start - 1;
    this.writeUnsignedVarint(size);
    this.position = end;
  }

  /** Starts a frame: reserves the INT32 size and returns the mark for {@link endFrame}. */
  beginFrame(): number {
    return this.take(4);
  }

  endFrame(mark: number): void {
    const bytes = this.position - mark - 4 + this.referencedBytes;
    if (bytes > CAPACITY_BYTES_MAX) {
      throw new KafkaEncodeError('too-large', `message of more than ${CAPACITY_BYTES_MAX} bytes`);
    }
    this.setInt32(mark, bytes);
  }
}

function recordsLength(value: Uint8Array | readonly Uint8Array[]): number {
  if (value instanceof Uint8Array) return value.length;
  let length = 0;
  for (const piece of value) length += piece.length;
  return length;
}
