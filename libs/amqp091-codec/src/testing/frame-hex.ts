// Frames as hexadecimal text, for tests.
import { Buffer } from 'node:buffer';
import { Amqp091Error, type Amqp091Frame, FrameType } from '../index.js';

/** Hexadecimal; blanks separate, and text in quotes stands for its UTF-8 bytes. */
export function bytesOf(hex: string): Buffer {
  const text = hex.replaceAll(/'([^']*)'/g, (_, quoted: string) => Buffer.from(quoted).toString('hex'));
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

/** `<reply code> <level>: <class>.<method>` of what `decode` is refused with, or `read`. */
export function refusalOf(decode: () => unknown): string {
  try {
    decode();
    return 'read';
  } catch (error) {
    if (!(error instanceof Amqp091Error)) throw error;
    return `${error.replyCode} ${error.level}: ${error.classId}.${error.methodId}`;
  }
}

export function methodFrame(channel: number, payload: Buffer): Amqp091Frame {
  return { type: FrameType.METHOD, channel, payload };
}

export function bodyFrame(channel: number, payload: Buffer): Amqp091Frame {
  return { type: FrameType.BODY, channel, payload };
}

/** Of class basic unless said otherwise, without properties. */
export function headerFrame(
  channel: number,
  bodySize: number,
  properties = '0000',
  classId = 60,
): Amqp091Frame {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(classId, 0);
  head.writeBigUInt64BE(BigInt(bodySize), 4);
  return { type: FrameType.HEADER, channel, payload: Buffer.concat([head, bytesOf(properties)]) };
}
