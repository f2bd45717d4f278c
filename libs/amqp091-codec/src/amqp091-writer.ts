import { Buffer } from 'node:buffer';
import { Amqp091EncodeError } from './amqp091-codec.errors.js';

const SHORT_STRING_BYTES_MAX = 255;
/** Up to here a loop is faster than the call into the runtime. */
const ASCII_LOOP_CHARACTERS_MAX = 48;

/** Refuses what is no integer from `min` to `max`. */
export function checkInteger(value: number, min: number, max: number, what: string): number {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new Amqp091EncodeError('invalid-value', `${what} ${value}, allowed are ${min} to ${max}`);
  }
  return value;
}

/** Refuses what does not fit `bits` bits, with or without a sign. */
export function checkBigInteger(value: bigint, bits: number, signed: boolean, what: string): bigint {
  if ((signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value)) !== value) {
    throw new Amqp091EncodeError('invalid-value', `${what} ${value} does not fit ${bits} bits`);
  }
  return value;
}

/**
 * Writes the data types of section 4.2.5 into one buffer that grows by doubling. Throws only {@link Amqp091EncodeError}.
 */
export class Amqp091Writer {
  private buffer: Buffer;
  private position = 0;

  constructor(capacityBytes = 256) {
    this.buffer = Buffer.allocUnsafe(capacityBytes);
  }

  get length(): number {
    return this.position;
  }

  /** What was written; the writer is not used again. */
  finish(): Buffer {
    return this.buffer.subarray(0, this.position);
  }

  private take(length: number): number {
    const start = this.position;
    const end = start + length;
    if (end > this.buffer.length) this.grow(end);
    this.position = end;
    return start;
  }

  private grow(capacityMin: number): void {
    const bigger = Buffer.allocUnsafe(Math.max(capacityMin, 2 * this.buffer.length));
    this.buffer.copy(bigger, 0, 0, this.position);
    this.buffer = bigger;
  }

  writeUint8(value: number): void {
    const at = this.take(1);
    this.buffer[at] = value;
  }

  writeUint16(value: number): void {
    const at = this.take(2);
    this.buffer[at] = value >> 8;
    this.buffer[at + 1] = value;
  }

  writeUint32(value: number): void {
    this.setUint32(this.take(4), value);
  }

  /** Over bytes that were written before. */
  setUint32(at: number, value: number): void {
    const b = this.buffer;
    b[at] = value >>> 24;
    b[at + 1] = value >>> 16;
    b[at + 2] = value >>> 8;
    b[at + 3] = value;
  }

  /** A safe integer, or a bigint that is taken modulo 2^64. */
  writeUint64(value: number | bigint): void {
    if (typeof value === 'number') {
      this.writeUint32(Math.floor(value / 0x100000000));
      this.writeUint32(value >>> 0);
      return;
    }
    this.writeUint32(Number(BigInt.asUintN(32, value >> 32n)));
    this.writeUint32(Number(BigInt.asUintN(32, value)));
  }

  writeFloat(value: number): void {
    const at = this.take(4);
    this.buffer.writeFloatBE(value, at);
  }

  writeDouble(value: number): void {
    const at = this.take(8);
    this.buffer.writeDoubleBE(value, at);
  }

  /** With its length; refuses what no receiver may accept. */
  writeShortString(value: string): void {
    const at = this.take(1 + value.length);
    const b = this.buffer;
    if (value.length <= ASCII_LOOP_CHARACTERS_MAX) {
      let i = 0;
      for (let code = 0; i < value.length && (code = value.charCodeAt(i)) < 0x80 && code !== 0; i++) {
        b[at + 1 + i] = code;
      }
      if (i === value.length) {
        b[at] = value.length;
        return;
      }
    }
    if (value.includes('\0')) throw new Amqp091EncodeError('invalid-string', 'NUL in a short string');
    if (!value.isWellFormed())
      throw new Amqp091EncodeError('invalid-string', 'lone surrogate in a short string');
    this.position = at;
    this.writeShortBytes(Buffer.from(value));
  }

  /** A short string as bytes, with its length; whatever they are. */
  writeShortBytes(value: Uint8Array): void {
    if (value.length > SHORT_STRING_BYTES_MAX) {
      throw new Amqp091EncodeError('too-large', `short string of ${value.length} bytes`);
    }
    this.writeUint8(value.length);
    this.writeRaw(value);
  }

  /** A long string or the inside of a table, with its length. */
  writeLongBytes(value: Uint8Array): void {
    this.writeUint32(value.length);
    this.writeRaw(value);
  }

  writeRaw(value: Uint8Array): void {
    const at = this.take(value.length);
    this.buffer.set(value, at);
  }
}
