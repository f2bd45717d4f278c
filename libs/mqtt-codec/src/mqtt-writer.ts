import { Buffer } from 'node:buffer';
import { MqttEncodeError } from './mqtt-codec.errors.js';

export const REMAINING_LENGTH_MAX = 268_435_455;
const FIELD_BYTES_MAX = 65_535;
/** Up to here a loop is faster than the call into the runtime. */
const ASCII_LOOP_CHARACTERS_MAX = 48;

export function variableByteIntegerBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  return value < 0x200000 ? 3 : 4;
}

/** With its length field; refuses what no receiver may accept. */
export function stringBytes(value: string): number {
  const length = Buffer.byteLength(value);
  if (length > FIELD_BYTES_MAX) throw new MqttEncodeError('too-large', `string of ${length} bytes`);
  if (value.includes('\0')) throw new MqttEncodeError('invalid-string', 'NUL in a string');
  if (length !== value.length && !value.isWellFormed()) {
    throw new MqttEncodeError('invalid-string', 'lone surrogate in a string');
  }
  return 2 + length;
}

/** With its length field. */
export function binaryBytes(value: Uint8Array): number {
  if (value.length > FIELD_BYTES_MAX) {
    throw new MqttEncodeError('too-large', `binary data of ${value.length} bytes`);
  }
  return 2 + value.length;
}

/** Refuses what is no integer from `min` to `max`. */
export function checkInteger(value: number, min: number, max: number, what: string): number {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new MqttEncodeError('invalid-value', `${what} ${value}, allowed are ${min} to ${max}`);
  }
  return value;
}

/** Fills a buffer of exactly the packet's size: sizes are summed up first, bytes are written once. */
export class MqttWriter {
  readonly buffer: Buffer;
  private offset = 0;

  /**
   * @param firstByte packet type and flags
   * @param remainingLength of the packet
   * @param absentBytes how many of them, at its end, are not written here
   */
  constructor(firstByte: number, remainingLength: number, absentBytes = 0) {
    if (remainingLength > REMAINING_LENGTH_MAX) {
      throw new MqttEncodeError('too-large', `packet of ${remainingLength} bytes`);
    }
    const headerBytes = 1 + variableByteIntegerBytes(remainingLength);
    this.buffer = Buffer.allocUnsafe(headerBytes + remainingLength - absentBytes);
    this.buffer[0] = firstByte;
    this.offset = 1;
    this.writeVariableByteInteger(remainingLength);
  }

  /** The packet; the sums were wrong if it is not full. */
  finish(): Buffer {
    if (this.offset !== this.buffer.length) {
      throw new Error(`wrote ${this.offset} bytes of ${this.buffer.length}`);
    }
    return this.buffer;
  }

  writeByte(value: number): void {
    this.buffer[this.offset++] = value;
  }

  writeUint16(value: number): void {
    this.buffer[this.offset++] = value >> 8;
    this.buffer[this.offset++] = value;
  }

  writeUint32(value: number): void {
    this.writeUint16(value >>> 16);
    this.writeUint16(value & 0xffff);
  }

  writeVariableByteInteger(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.writeByte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.writeByte(rest);
  }

  writeString(value: string): void {
    const at = this.offset + 2;
    const b = this.buffer;
    let length = value.length;
    if (length <= ASCII_LOOP_CHARACTERS_MAX) {
      let i = 0;
      for (let code = 0; i < length && (code = value.charCodeAt(i)) < 0x80; i++) b[at + i] = code;
      if (i < length) length = b.write(value, at);
    } else {
      length = b.write(value, at);
    }
    this.writeUint16(length);
    this.offset = at + length;
  }

  writeBinary(value: Uint8Array): void {
    this.writeUint16(value.length);
    this.writeRaw(value);
  }

  writeRaw(value: Uint8Array): void {
    this.buffer.set(value, this.offset);
    this.offset += value.length;
  }
}
