import { Buffer, isUtf8 } from 'node:buffer';
import { Amqp091Error, syntaxError } from './amqp091-codec.errors.js';

const EMPTY = Buffer.alloc(0);
/** Up to here a loop is faster than the call into the runtime, and V8 makes one flat string of it, no rope. */
const ASCII_LOOP_BYTES_MAX = 12;

/**
 * Reads the data types of section 4.2.5 from one stretch of bytes.
 *
 * Every length is checked against the bytes at hand before anything is made of it; long strings and tables are views of
 * the buffer, so they keep it alive. Throws only {@link Amqp091Error}.
 */
export class Amqp091Reader {
  buffer: Buffer = EMPTY;
  offset = 0;
  /** Behind the last byte. */
  end = 0;

  /** Starts on other bytes. */
  reset(buffer: Buffer, offset = 0, end = buffer.length): this {
    this.buffer = buffer;
    this.offset = offset;
    this.end = end;
    return this;
  }

  /** Lets go of the bytes. */
  release(): void {
    this.reset(EMPTY);
  }

  get remaining(): number {
    return this.end - this.offset;
  }

  /** Advances by `length` and returns where it was; every other read goes through this check. */
  private take(length: number): number {
    const start = this.offset;
    if (length > this.end - start) {
      throw syntaxError(`the fields end ${length - this.end + start} bytes too early`);
    }
    this.offset = start + length;
    return start;
  }

  readUint8(): number {
    return this.buffer[this.take(1)]!;
  }

  readUint16(): number {
    const at = this.take(2);
    return (this.buffer[at]! << 8) | this.buffer[at + 1]!;
  }

  readUint32(): number {
    const at = this.take(4);
    const b = this.buffer;
    return ((b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!) >>> 0;
  }

  readUint64(): bigint {
    const high = this.readUint32();
    const low = this.readUint32();
    // One BigInt instead of four for every value that a double holds exactly.
    return high < 0x200000 ? BigInt(high * 0x100000000 + low) : (BigInt(high) << 32n) | BigInt(low);
  }

  readInt64(): bigint {
    return BigInt.asIntN(64, this.readUint64());
  }

  readFloat(): number {
    return this.buffer.readFloatBE(this.take(4));
  }

  readDouble(): number {
    return this.buffer.readDoubleBE(this.take(8));
  }

  /**
   * A number that this side counted: whoever sends another than it was given, and none is above 2^53, gets what RabbitMQ
   * says to any it does not know.
   */
  readDeliveryTag(): number {
    const high = this.readUint32();
    const low = this.readUint32();
    if (high >= 0x200000) {
      const tag = (BigInt(high) << 32n) | BigInt(low);
      throw new Amqp091Error('precondition-failed', `unknown delivery tag ${tag}`);
    }
    return high * 0x100000000 + low;
  }

  /** Section 4.2.5.3: UTF-8 without NUL. Ill-formed text would turn two different names into the same one. */
  readShortString(): string {
    const length = this.readUint8();
    if (length === 0) return '';
    const at = this.take(length);
    const b = this.buffer;
    const end = this.offset;
    let mixed = 0;
    for (let i = at; i < end; i++) {
      const byte = b[i]!;
      if (byte === 0) throw syntaxError('NUL in a short string');
      mixed |= byte;
    }
    if (mixed < 0x80) return this.ascii(at, end);
    if (!isUtf8(b.subarray(at, end))) throw syntaxError('ill-formed UTF-8 in a short string');
    return b.toString('utf8', at, end);
  }

  private ascii(at: number, end: number): string {
    if (end - at > ASCII_LOOP_BYTES_MAX) return this.buffer.toString('latin1', at, end);
    let text = '';
    for (let i = at; i < end; i++) text += String.fromCharCode(this.buffer[i]!);
    return text;
  }

  /** Text, or the bytes (a view) where they are no UTF-8: message properties, which applications fill as they like. */
  readShortText(): string | Buffer {
    const length = this.readUint8();
    const at = this.take(length);
    const b = this.buffer;
    let mixed = 0;
    for (let i = at; i < this.offset; i++) mixed |= b[i]!;
    if (mixed < 0x80) return this.ascii(at, this.offset);
    const bytes = b.subarray(at, this.offset);
    return isUtf8(bytes) ? bytes.toString('utf8') : bytes;
  }

  /** A long string or a whole table without its length, a view. */
  readLongBytes(): Buffer {
    const length = this.readUint32();
    const at = this.take(length);
    return this.buffer.subarray(at, at + length);
  }

  expectEnd(): void {
    if (this.offset !== this.end) {
      throw syntaxError(`${this.end - this.offset} bytes behind the last field`);
    }
  }
}
