import { Buffer } from 'node:buffer';
import { AmqpEncodeError } from './amqp-codec.errors.js';
import { AmqpWriter, checkInteger } from './amqp-writer.js';
import { writeComposite } from './composite-encoder.js';
import type {
  AmqpCompositeInput,
  AmqpCompositeName,
  AmqpPerformativeName,
  AmqpSaslPerformativeName,
} from './composite-table.js';

/** Data offset of a frame without an extended header, in words of 4 bytes. */
const DATA_OFFSET = 2;

/** An empty frame, which keeps the connection from its idle time-out (AMQP 2.4.5). Not to be changed. */
export const heartbeatFrame: Buffer = Buffer.from([0, 0, 0, 8, DATA_OFFSET, 0, 0, 0]);

/** A frame without a payload. */
export function encodeFrame(channel: number, performative: AmqpCompositeInput<AmqpPerformativeName>): Buffer {
  return encodeHead(0, channel, performative, 0);
}

export function encodeSaslFrame(performative: AmqpCompositeInput<AmqpSaslPerformativeName>): Buffer {
  return encodeHead(1, 0, performative, 0);
}

/** A transfer frame up to its payload, for who sends that without copying it. */
export function encodeTransferHead(
  channel: number,
  transfer: AmqpCompositeInput<'transfer'>,
  payloadBytes: number,
): Buffer {
  return encodeHead(0, channel, transfer, payloadBytes);
}

function encodeHead(
  frameType: number,
  channel: number,
  performative: AmqpCompositeInput<AmqpCompositeName>,
  payloadBytes: number,
): Buffer {
  const writer = new AmqpWriter();
  writer.writeUint32(0);
  writer.writeUint8(DATA_OFFSET);
  writer.writeUint8(frameType);
  writer.writeUint16(checkInteger(channel, 0, 0xffff, 'channel'));
  writeComposite(writer, performative);
  const size = writer.byteLength + payloadBytes;
  if (size > 0xffff_ffff) throw new AmqpEncodeError('too-large', `frame of ${size} bytes`);
  writer.setUint32(0, size);
  return writer.finish();
}

/**
 * One delivery as frames of at most `frameBytesMax` bytes: heads and views of the message in turn, to be written in this
 * order. All but the last have `more`; those behind the first name only the link (AMQP 2.7.5).
 */
export function encodeTransfers(
  channel: number,
  transfer: AmqpCompositeInput<'transfer'>,
  message: Buffer,
  frameBytesMax: number,
): Buffer[] {
  const whole = encodeTransferHead(channel, transfer, message.length);
  if (whole.length + message.length <= frameBytesMax)
    return message.length === 0 ? [whole] : [whole, message];
  const parts: Buffer[] = [];
  let next: AmqpCompositeInput<'transfer'> = { ...transfer, more: true };
  for (let at = 0; at < message.length; ) {
    // `more` takes what the other frames' heads take at most, so the last one fits as well.
    const room = frameBytesMax - encodeTransferHead(channel, next, 0).length;
    if (room <= 0) throw new AmqpEncodeError('too-large', `transfer in frames of ${frameBytesMax} bytes`);
    const bytes = Math.min(room, message.length - at);
    if (at + bytes === message.length) next = { ...next, more: transfer.more };
    parts.push(encodeTransferHead(channel, next, bytes), message.subarray(at, at + bytes));
    at += bytes;
    next = { type: 'transfer', handle: transfer.handle, more: true };
  }
  return parts;
}
