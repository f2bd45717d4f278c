import { Buffer } from 'node:buffer';
import { Amqp091Error, frameError } from './amqp091-codec.errors.js';
import type { RawBasicProperties } from './basic-properties.js';

/** Class, weight and body size before the properties (section 4.2.6.1). */
export const CONTENT_HEADER_HEAD_BYTES = 12;
/** Two bytes of flags, all zero. */
const PROPERTIES_BYTES_MIN = 2;

/** The payload of a header frame. */
export interface ContentHeader {
  readonly classId: number;
  /** A safe integer: what is above is refused, nobody could send it. */
  readonly bodySize: number;
  /** A view. */
  readonly properties: RawBasicProperties;
}

/** @throws Amqp091Error `frame-error` */
export function decodeContentHeader(payload: Buffer): ContentHeader {
  if (payload.length < CONTENT_HEADER_HEAD_BYTES + PROPERTIES_BYTES_MIN) {
    throw frameError(`content header of ${payload.length} bytes`);
  }
  // Section 4.2.6.1: "weight is unused and must be zero".
  if (payload.readUInt16BE(2) !== 0) throw frameError('content header with a weight');
  const high = payload.readUInt32BE(4);
  if (high >= 0x200000) throw new Amqp091Error('content-too-large', 'body of more than 2^53 bytes');
  return {
    classId: payload.readUInt16BE(0),
    bodySize: high * 0x100000000 + payload.readUInt32BE(8),
    properties: payload.subarray(CONTENT_HEADER_HEAD_BYTES),
  };
}

/** Fills in what is before the properties. */
export function writeContentHeaderHead(buffer: Buffer, at: number, classId: number, bodySize: number): void {
  buffer.writeUInt16BE(classId, at);
  buffer.writeUInt16BE(0, at + 2);
  buffer.writeUInt32BE(Math.floor(bodySize / 0x100000000), at + 4);
  buffer.writeUInt32BE(bodySize >>> 0, at + 8);
}
