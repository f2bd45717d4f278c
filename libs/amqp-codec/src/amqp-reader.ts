import { Buffer, isUtf8 } from 'node:buffer';
import { AmqpDecodeError, type AmqpDecodeErrorCode, type AmqpFault } from './amqp-codec.errors.js';
import { TypeCode } from './type-code.js';

/** Values in lists, maps and arrays of one frame or one section: one byte, or none in an array, becomes 50 and more. */
export const amqpElementsMax = 16_384;
/** Compounds in compounds, and descriptors in descriptors. */
export const amqpNestingMax = 32;

const EMPTY = Buffer.alloc(0);

/**
 * Reads constructors and encodings (AMQP 1.2, 1.6) from a stretch of bytes.
 *
 * Every length is checked against the bytes at hand, and every count against {@link amqpElementsMax}, before anything is
 * made of it. Binary data are views of the buffer, so they keep it alive. Throws only {@link AmqpDecodeError}.
 */
export class AmqpReader {
  buffer: Buffer = EMPTY;
  offset = 0;
  /** Behind the last byte of the innermost compound that is open. */
  end = 0;
  private elements = 0;
  private depth = 0;

  constructor(private readonly fault: AmqpFault) {}

  /** A new stretch, with new allowances. */
  reset(buffer: Buffer, offset: number, end: number): void {
    this.buffer = buffer;
    this.offset = offset;
    this.end = end;
    this.elements = 0;
    this.depth = 0;
  }

  /** Lets go of the bytes. */
  release(): void {
    this.reset(EMPTY, 0, 0);
  }

  error(code: AmqpDecodeErrorCode, clause: string, text: string): AmqpDecodeError {
    return new AmqpDecodeError(code, this.fault, clause, text);
  }

  decodeError(clause: string, text: string): AmqpDecodeError {
    return this.error('amqp:decode-error', clause, text);
  }

  /** Advances by `length` and returns where it was; every other read goes through this check. */
  take(length: number): number {
    const start = this.offset;
    if (length > this.end - start) {
      throw this.decodeError('AMQP 1.2', `the encoding ends ${length - this.end + start} bytes too early`);
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

  readInt32(): number {
    const at = this.take(4);
    const b = this.buffer;
    return (b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!;
  }

  readUint32(): number {
    return this.readInt32() >>> 0;
  }

  readInt64(): bigint {
    const high = this.readInt32();
    const low = this.readUint32();
    // One bigint instead of three for every value that a double holds exactly.
    if (high >= -0x200000 && high < 0x200000) return BigInt(high * 0x1_0000_0000 + low);
    return (BigInt(high) << 32n) | BigInt(low);
  }

  readUint64(): bigint {
    return BigInt.asUintN(64, this.readInt64());
  }

  readFloat(): number {
    return this.buffer.readFloatBE(this.take(4));
  }

  readDouble(): number {
    return this.buffer.readDoubleBE(this.take(8));
  }

  /** A view. */
  readView(length: number): Buffer {
    const at = this.take(length);
    return this.buffer.subarray(at, at + length);
  }

  readString(length: number): string {
    const at = this.take(length);
    if (this.isAscii(at)) return this.buffer.toString('latin1', at, this.offset);
    // Ill-formed UTF-8 would turn two different names into the same one.
    if (!isUtf8(this.buffer.subarray(at, this.offset)))
      throw this.decodeError('AMQP 1.6.20', 'ill-formed UTF-8');
    return this.buffer.toString('utf8', at, this.offset);
  }

  readSymbol(length: number): string {
    const at = this.take(length);
    if (!this.isAscii(at)) throw this.decodeError('AMQP 1.6.21', 'symbol that is not ASCII');
    return this.buffer.toString('latin1', at, this.offset);
  }

  private isAscii(at: number): boolean {
    const b = this.buffer;
    const end = this.offset;
    for (let i = at; i < end; i++) if (b[i]! >= 0x80) return false;
    return true;
  }

  /**
   * Enters a list, map or array whose constructor was read, and returns its count; {@link end} is the compound's then.
   * The caller keeps the former `end` for {@link closeCompound}.
   */
  openCompound(code: number): number {
    if (++this.depth > amqpNestingMax) throw this.tooDeep();
    if (code === TypeCode.LIST0) {
      this.end = this.offset;
      return 0;
    }
    const isWide = (code & 0x10) !== 0;
    const size = isWide ? this.readUint32() : this.readUint8();
    const at = this.offset;
    if (size > this.end - at) {
      throw this.decodeError('AMQP 1.6.22', `compound of ${size} bytes, ${this.end - at} are there`);
    }
    this.end = at + size;
    const count = isWide ? this.readUint32() : this.readUint8();
    // Only in an array an element can be without bytes of its own.
    if ((code & 0xe0) === 0xc0 && count > this.end - this.offset) {
      throw this.decodeError('AMQP 1.6.22', `${count} elements in ${this.end - this.offset} bytes`);
    }
    this.elements += count;
    if (this.elements > amqpElementsMax) {
      throw this.error(
        'amqp:resource-limit-exceeded',
        'AMQP 1.6.22',
        `more than ${amqpElementsMax} elements`,
      );
    }
    return count;
  }

  closeCompound(outerEnd: number): void {
    if (this.offset !== this.end) {
      throw this.decodeError(
        'AMQP 1.6.22',
        `${this.end - this.offset} bytes behind a compound's last element`,
      );
    }
    this.end = outerEnd;
    this.depth--;
  }

  /** Descends into a described value; {@link leaveDescribed} comes back. */
  enterDescribed(): void {
    if (++this.depth > amqpNestingMax) throw this.tooDeep();
  }

  leaveDescribed(): void {
    this.depth--;
  }

  private tooDeep(): AmqpDecodeError {
    return this.error('amqp:resource-limit-exceeded', 'AMQP 1.2', `nested more than ${amqpNestingMax} deep`);
  }

  /**
   * Passes over one value and returns its constructor. What is inside compounds is not looked at, so the cost does not
   * depend on them.
   */
  skipValue(): number {
    let code = this.readUint8();
    for (let descriptors = 0; code === TypeCode.DESCRIBED; descriptors++) {
      if (descriptors === amqpNestingMax) throw this.tooDeep();
      this.skipDescriptor();
      code = this.readUint8();
    }
    this.skipEncoding(code);
    return code;
  }

  /** A descriptor may be any value by the grammar, but a described one would only nest without end. */
  private skipDescriptor(): void {
    const code = this.readUint8();
    if (code === TypeCode.DESCRIBED) throw this.decodeError('AMQP 1.2', 'descriptor that is described');
    this.skipEncoding(code);
  }

  private skipEncoding(code: number): void {
    // The upper half of a constructor says how wide the encoding is, of codes to come too (AMQP 1.2).
    const category = code >> 4;
    if (category < 4) throw this.decodeError('AMQP 1.2', `unknown constructor 0x${code.toString(16)}`);
    if (category < 10) {
      if (category > 4) this.take(1 << (category - 5));
      return;
    }
    this.take((category & 1) === 0 ? this.readUint8() : this.readUint32());
  }
}
