import { Buffer } from 'node:buffer';
import { AmqpEncodeError } from './amqp-codec.errors.js';
import { TypeCode } from './type-code.js';

const INITIAL_BYTES = 256;
const UINT32_MAX = 0xffff_ffff;

/** Refuses what is no integer from `min` to `max`. */
export function checkInteger(value: number, min: number, max: number, what: string): number {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new AmqpEncodeError('invalid-value', `${what} ${value}, allowed are ${min} to ${max}`);
  }
  return value;
}

/** Writes values into a buffer that grows; each in the shortest encoding that its type has. */
export class AmqpWriter {
  private buffer: Buffer;
  private length = 0;

  constructor(initialBytes = INITIAL_BYTES) {
    this.buffer = Buffer.allocUnsafe(initialBytes);
  }

  get byteLength(): number {
    return this.length;
  }

  /** What was written, a view into Node's buffer pool: who keeps it for long copies it. The writer is not used any more. */
  finish(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  /** Makes room for `bytes` and returns where they go. */
  private grow(bytes: number): number {
    const at = this.length;
    this.length = at + bytes;
    if (this.length > this.buffer.length) {
      const bigger = Buffer.allocUnsafe(Math.max(this.length, 2 * this.buffer.length));
      this.buffer.copy(bigger, 0, 0, at);
      this.buffer = bigger;
    }
    return at;
  }

  writeUint8(value: number): void {
    const at = this.grow(1);
    this.buffer[at] = value;
  }

  writeUint16(value: number): void {
    const at = this.grow(2);
    this.buffer[at] = value >> 8;
    this.buffer[at + 1] = value;
  }

  writeUint32(value: number): void {
    const at = this.grow(4);
    this.setUint32(at, value);
  }

  /** Overwrites what was written at `at`. */
  setUint32(at: number, value: number): void {
    const b = this.buffer;
    b[at] = value >>> 24;
    b[at + 1] = value >>> 16;
    b[at + 2] = value >>> 8;
    b[at + 3] = value;
  }

  writeInt64(value: bigint): void {
    const at = this.grow(8);
    this.buffer.writeBigUInt64BE(BigInt.asUintN(64, value), at);
  }

  writeFloat(value: number): void {
    const at = this.grow(4);
    this.buffer.writeFloatBE(value, at);
  }

  writeDouble(value: number): void {
    const at = this.grow(8);
    this.buffer.writeDoubleBE(value, at);
  }

  writeRaw(bytes: Uint8Array): void {
    const at = this.grow(bytes.length);
    this.buffer.set(bytes, at);
  }

  writeNull(): void {
    this.writeUint8(TypeCode.NULL);
  }

  writeBoolean(value: boolean): void {
    this.writeUint8(value ? TypeCode.TRUE : TypeCode.FALSE);
  }

  writeUint(value: number): void {
    if (value === 0) {
      this.writeUint8(TypeCode.UINT0);
      return;
    }
    checkInteger(value, 0, UINT32_MAX, 'uint');
    this.writeUint8(value < 0x100 ? TypeCode.SMALLUINT : TypeCode.UINT);
    if (value < 0x100) this.writeUint8(value);
    else this.writeUint32(value);
  }

  writeBinary(value: Uint8Array): void {
    this.writeLength(value.length, TypeCode.BINARY8, TypeCode.BINARY32);
    this.writeRaw(value);
  }

  writeString(value: string): void {
    const length = stringBytes(value);
    this.writeLength(length, TypeCode.STRING8, TypeCode.STRING32);
    this.writeText(value, length);
  }

  writeSymbol(value: string): void {
    const length = symbolBytes(value);
    this.writeLength(length, TypeCode.SYMBOL8, TypeCode.SYMBOL32);
    this.writeText(value, length);
  }

  /** Without constructor and length. */
  writeText(value: string, bytes: number): void {
    const at = this.grow(bytes);
    this.buffer.write(value, at, bytes);
  }

  private writeLength(length: number, narrowCode: number, wideCode: number): void {
    this.writeUint8(length < 0x100 ? narrowCode : wideCode);
    if (length < 0x100) this.writeUint8(length);
    else this.writeUint32(length);
  }

  /** Starts a list or map; returns the mark that {@link endCompound} needs. */
  startCompound(): number {
    return this.grow(3);
  }

  /**
   * Writes the head of a compound in front of what was written since its mark: the narrow form where it fits.
   *
   * @param narrowCode the constructor; the wide one is 0x10 above it (AMQP 1.6.22)
   */
  endCompound(mark: number, narrowCode: number, count: number): void {
    const bytes = this.length - mark - 3;
    if (count === 0 && narrowCode === TypeCode.LIST8) {
      this.buffer[mark] = TypeCode.LIST0;
      this.length = mark + 1;
      return;
    }
    if (bytes < 0xff && count < 0x100) {
      this.buffer[mark] = narrowCode;
      this.buffer[mark + 1] = bytes + 1;
      this.buffer[mark + 2] = count;
      return;
    }
    this.grow(6);
    this.buffer.copyWithin(mark + 9, mark + 3, mark + 3 + bytes);
    this.buffer[mark] = narrowCode + 0x10;
    this.setUint32(mark + 1, bytes + 4);
    this.setUint32(mark + 5, count);
  }
}

export function stringBytes(value: string): number {
  const length = Buffer.byteLength(value);
  if (length !== value.length && !value.isWellFormed()) {
    throw new AmqpEncodeError('invalid-value', 'lone surrogate in a string');
  }
  return length;
}

export function symbolBytes(value: string): number {
  // A character outside of ASCII takes more bytes than it has code units.
  if (Buffer.byteLength(value) !== value.length) {
    throw new AmqpEncodeError('invalid-value', 'symbol that is not ASCII');
  }
  return value.length;
}
