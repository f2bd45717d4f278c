// Bytes as hexadecimal text, for tests.
import { Buffer } from 'node:buffer';
import { AmqpDecodeError, AmqpFrameDecoder, encodeProtocolHeader } from '../index.js';

/** Hexadecimal; blanks separate, and text in quotes stands for its UTF-8 bytes. */
export function bytesOf(hex: string): Buffer {
  const text = hex.replaceAll(/'([^']*)'/g, (_, quoted: string) => Buffer.from(quoted).toString('hex'));
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

/** A frame around a body. */
export function frameOf(body: Buffer, type = 0, channel = 0): Buffer {
  const head = Buffer.from([0, 0, 0, 0, 2, type, channel >> 8, channel & 0xff]);
  head.writeUInt32BE(8 + body.length);
  return Buffer.concat([head, body]);
}

/** A decoder that is past the protocol header. */
export function decoderIn(layer: 'amqp' | 'sasl', frameBytesMax = 1_000_000): AmqpFrameDecoder {
  const decoder = new AmqpFrameDecoder(frameBytesMax);
  decoder.push(encodeProtocolHeader(layer));
  return decoder;
}

/** The error that the call is refused with. */
export function failureOf(run: () => unknown): AmqpDecodeError {
  try {
    run();
  } catch (error) {
    if (error instanceof AmqpDecodeError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

/** `<fault>: <condition>: <clause>` of what the call is refused with, or `read`. */
export function refusal(run: () => unknown): string {
  try {
    run();
    return 'read';
  } catch (error) {
    if (!(error instanceof AmqpDecodeError)) throw error;
    return `${error.fault}: ${error.code}: ${error.clause}`;
  }
}

/** A list8 of values, each as hexadecimal. */
export function listOf(...values: string[]): string {
  return compoundOf('c0', values);
}

/** A map8 of keys and values in turn. */
export function mapOf(...values: string[]): string {
  return compoundOf('c1', values);
}

function compoundOf(code: string, values: readonly string[]): string {
  const content = values.join(' ');
  const head = Buffer.from([1 + bytesOf(content).length, values.length]);
  return `${code} ${head.toString('hex')} ${content}`;
}
