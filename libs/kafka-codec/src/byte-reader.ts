import { Buffer, isUtf8 } from 'node:buffer';
import { KafkaDecodeError } from './kafka-codec.errors.js';

const EMPTY = Buffer.alloc(0);
/** Array elements in one message, all arrays together: an element of 3 bytes becomes an object of 100 and more. */
const ELEMENTS_MAX = 250_000;

/**
 * Reads Kafka's primitive types (protocol guide, "Protocol Primitive Types") from one buffer.
 *
 * Every length and count is checked against the bytes at hand before anything is allocated; `bytes`, `records` and `uuid`
 * are views into the buffer (zero copy, so they keep it alive). Throws only {@link KafkaDecodeError}.
 */
export class ByteReader {
  private elementsLeft = ELEMENTS_MAX;

  constructor(
    readonly buffer: Buffer,
    public offset = 0,
    readonly end = buffer.length,
  ) {}

  get remaining(): number {
    return this.end - this.offset;
  }

  /** Advances by `length` and returns where it was; every other read goes through this check. */
  private take(length: number): number {
    const start = this.offset;
    if (length > this.end - start) {
      throw new KafkaDecodeError(
        'truncated',
        `${length} bytes wanted at byte ${start}, ${this.remaining} left`,
      );
    }
    this.offset = start + length;
    return start;
  }

  readInt8(): number {
    return (this.buffer[this.take(1)]! << 24) >> 24;
  }

  readBoolean(): boolean {
    return this.buffer[this.take(1)] !== 0;
  }

  readInt16(): number {
    const at = this.take(2);
    return ((this.buffer[at]! << 24) | (this.buffer[at + 1]! << 16)) >> 16;
  }

  readUint16(): number {
    const at = this.take(2);
    return (this.buffer[at]! << 8) | this.buffer[at + 1]!;
  }

  readInt32(): number {
    const at = this.take(4);
    const b = this.buffer;
    return (b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!;
  }

  readInt64(): bigint {
    const high = this.readInt32();
    const low = this.readInt32() >>> 0;
    // One BigInt instead of four for every value that a double holds exactly.
    if (high >= -0x200000 && high < 0x200000) return BigInt(high * 0x100000000 + low);
    return (BigInt(high) << 32n) | BigInt(low);
  }

  readFloat64(): number {
    return this.buffer.readDoubleBE(this.take(8));
  }

  /** 16 bytes, a view. */
  readUuid(): Buffer {
    const at = this.take(16);
    return this.buffer.subarray(at, at + 16);
  }

  /** At most 5 bytes and 32 bits, as `ByteUtils.readUnsignedVarint` of Kafka. */
  readUnsignedVarint(): number {
    const b = this.buffer;
    let byte = b[this.take(1)]!;
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let shift = 7; shift < 35; shift += 7) {
      byte = b[this.take(1)]!;
      if (shift === 28 && byte > 0x0f) break;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw new KafkaDecodeError('invalid-varint', `varint above 32 bits before byte ${this.offset}`);
  }

  /** INT16 length; null is refused. */
  readString(): string {
    const length = this.readInt16();
    if (length < 0) throw this.unexpectedNull('string', length);
    return this.text(length);
  }

  readNullableString(): string | null {
    const length = this.readInt16();
    if (length >= 0) return this.text(length);
    if (length === -1) return null;
    throw new KafkaDecodeError('invalid-length', `string of length ${length} before byte ${this.offset}`);
  }

  readCompactString(): string {
    const length = this.readUnsignedVarint() - 1;
    if (length < 0) throw this.unexpectedNull('string', length);
    return this.text(length);
  }

  readCompactNullableString(): string | null {
    const length = this.readUnsignedVarint() - 1;
    return length < 0 ? null : this.text(length);
  }

  private text(length: number): string {
    if (length === 0) return '';
    // Kafka's own limit: Type.COMPACT_STRING and STRING are both bounded by INT16.
    if (length > 0x7fff) throw new KafkaDecodeError('invalid-length', `string of ${length} bytes`);
    const at = this.take(length);
    const text = this.buffer.toString('utf8', at, at + length);
    // Ill-formed UTF-8 would turn two different names into the same one.
    if (text.includes('\uFFFD') && !isUtf8(this.buffer.subarray(at, at + length))) {
      throw new KafkaDecodeError('invalid-string', `ill-formed UTF-8 at byte ${at}`);
    }
    return text;
  }

  /** INT32 length; null is refused. A view. */
  readBytes(): Buffer {
    return this.view(this.readInt32());
  }

  readNullableBytes(): Buffer | null {
    const length = this.readInt32();
    return length === -1 ? null : this.view(length);
  }

  readCompactBytes(): Buffer {
    return this.view(this.readUnsignedVarint() - 1);
  }

  readCompactNullableBytes(): Buffer | null {
    const length = this.readUnsignedVarint() - 1;
    return length === -1 ? null : this.view(length);
  }

  private view(length: number): Buffer {
    if (length < 0) throw this.unexpectedNull('byte array', length);
    if (length === 0) return EMPTY;
    const at = this.take(length);
    return this.buffer.subarray(at, at + length);
  }

  /**
   * The element count of an array, -1 for null. `elementBytesMin` is the least that one element takes (1 or more),
   * so the count is bounded by the bytes that are here.
   */
  readArrayCount(elementBytesMin: number): number {
    const count = this.readInt32();
    if (count < -1)
      throw new KafkaDecodeError('invalid-count', `array of ${count} elements before byte ${this.offset}`);
    return this.boundedCount(count, elementBytesMin);
  }

  readCompactArrayCount(elementBytesMin: number): number {
    return this.boundedCount(this.readUnsignedVarint() - 1, elementBytesMin);
  }

  private boundedCount(count: number, elementBytesMin: number): number {
    if (count * elementBytesMin > this.remaining) {
      throw new KafkaDecodeError('invalid-count', `array of ${count} elements, ${this.remaining} bytes left`);
    }
    if (count > 0) this.elementsLeft -= count;
    if (this.elementsLeft < 0) {
      throw new KafkaDecodeError('invalid-count', `more than ${ELEMENTS_MAX} array elements in one message`);
    }
    return count;
  }

  /** 0 or more: what a non-nullable array's count must be. */
  notNull(count: number): number {
    if (count < 0) throw this.unexpectedNull('array', count);
    return count;
  }

  /** The presence byte of a nullable struct: a negative one is null. */
  readStructPresent(): boolean {
    return this.readInt8() >= 0;
  }

  /** KIP-482: the number of tagged fields; each takes at least a tag and a size. */
  readTagCount(): number {
    return this.boundedCount(this.readUnsignedVarint(), 2);
  }

  /** Reads a tagged field's size and returns where the field ends. */
  readTagEnd(): number {
    const size = this.readUnsignedVarint();
    if (size > this.remaining) {
      throw new KafkaDecodeError(
        'invalid-tag',
        `tagged field of ${size} bytes, ${this.remaining} bytes left`,
      );
    }
    return this.offset + size;
  }

  /** Checks that a known tagged field took what it announced: anything else would let fields shift. */
  endTag(end: number): void {
    if (this.offset !== end) {
      throw new KafkaDecodeError(
        'invalid-tag',
        `tagged field ends at byte ${end}, its value at ${this.offset}`,
      );
    }
  }

  /** Skips a whole section of tagged fields, all unknown. */
  skipTags(): void {
    for (let count = this.readTagCount(); count > 0; count--) {
      this.readUnsignedVarint();
      this.offset = this.readTagEnd();
    }
  }

  private unexpectedNull(what: string, length: number): KafkaDecodeError {
    if (length === -1) return new KafkaDecodeError('invalid-null', `null ${what} before byte ${this.offset}`);
    return new KafkaDecodeError('invalid-length', `${what} of length ${length} before byte ${this.offset}`);
  }
}
