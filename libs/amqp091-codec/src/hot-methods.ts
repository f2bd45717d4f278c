import { Buffer } from 'node:buffer';
import type { Amqp091Reader } from './amqp091-reader.js';
import { checkInteger } from './amqp091-writer.js';
import { EMPTY_FRAME_BYTES, FRAME_END, FRAME_HEAD_BYTES, FrameType, writeFrameHead } from './frame.js';
import type { Amqp091Method, Amqp091MethodName, Amqp091MethodOf } from './method-table.js';

const CLASS_BASIC = 60;
const METHOD_DELIVER = 60;
const METHOD_ACK = 80;
const IDS_BYTES = 4;
const TAG_AND_BITS_BYTES = 9;
const SHORT_STRING_BYTES_MAX = 255;

/**
 * The methods that there is one of per message, by hand: the table costs several times as much. What they give is what the
 * table gives (method-codec.spec); undefined: not one of them.
 */
export function decodeHotMethod(reader: Amqp091Reader, name: Amqp091MethodName): Amqp091Method | undefined {
  switch (name) {
    case 'basic.publish':
      return decodePublish(reader);
    case 'basic.ack':
      return decodeAck(reader);
    case 'basic.deliver':
      return decodeDeliver(reader);
    default:
      return undefined;
  }
}

function decodePublish(reader: Amqp091Reader): Amqp091MethodOf<'basic.publish'> {
  reader.readUint16();
  const exchange = reader.readShortString();
  const routingKey = reader.readShortString();
  const bits = reader.readUint8();
  reader.expectEnd();
  return {
    name: 'basic.publish',
    exchange,
    routingKey,
    mandatory: (bits & 1) !== 0,
    immediate: (bits & 2) !== 0,
  };
}

function decodeAck(reader: Amqp091Reader): Amqp091MethodOf<'basic.ack'> {
  const deliveryTag = reader.readDeliveryTag();
  const multiple = (reader.readUint8() & 1) !== 0;
  reader.expectEnd();
  return { name: 'basic.ack', deliveryTag, multiple };
}

function decodeDeliver(reader: Amqp091Reader): Amqp091MethodOf<'basic.deliver'> {
  const consumerTag = reader.readShortString();
  const deliveryTag = reader.readDeliveryTag();
  const redelivered = (reader.readUint8() & 1) !== 0;
  const exchange = reader.readShortString();
  const routingKey = reader.readShortString();
  reader.expectEnd();
  return { name: 'basic.deliver', consumerTag, deliveryTag, redelivered, exchange, routingKey };
}

/** A whole frame; undefined: not a method for this, or a value that the table is to judge. */
export function encodeHotMethod(channel: number, method: Amqp091Method): Buffer | undefined {
  if (method.name === 'basic.deliver') return encodeDeliver(channel, method);
  return method.name === 'basic.ack' ? encodeAck(channel, method) : undefined;
}

function encodeAck(channel: number, { deliveryTag, multiple }: Amqp091MethodOf<'basic.ack'>): Buffer {
  const frame = basicFrame(channel, METHOD_ACK, TAG_AND_BITS_BYTES);
  writeTag(frame, FRAME_HEAD_BYTES + IDS_BYTES, deliveryTag, multiple);
  return frame;
}

function encodeDeliver(channel: number, method: Amqp091MethodOf<'basic.deliver'>): Buffer | undefined {
  const { consumerTag, deliveryTag, redelivered, exchange, routingKey } = method;
  if (!isPlain(consumerTag) || !isPlain(exchange) || !isPlain(routingKey)) return undefined;
  const stringBytes = 3 + consumerTag.length + exchange.length + routingKey.length;
  const frame = basicFrame(channel, METHOD_DELIVER, TAG_AND_BITS_BYTES + stringBytes);
  let at = writePlain(frame, FRAME_HEAD_BYTES + IDS_BYTES, consumerTag);
  writeTag(frame, at, deliveryTag, redelivered);
  at = writePlain(frame, at + TAG_AND_BITS_BYTES, exchange);
  writePlain(frame, at, routingKey);
  return frame;
}

/** Of class basic, with room for so many bytes of fields. */
function basicFrame(channel: number, methodId: number, fieldBytes: number): Buffer {
  checkInteger(channel, 0, 0xffff, 'channel');
  const payloadBytes = IDS_BYTES + fieldBytes;
  const frame = Buffer.allocUnsafe(EMPTY_FRAME_BYTES + payloadBytes);
  writeFrameHead(frame, 0, FrameType.METHOD, channel, payloadBytes);
  frame[FRAME_HEAD_BYTES] = 0;
  frame[FRAME_HEAD_BYTES + 1] = CLASS_BASIC;
  frame[FRAME_HEAD_BYTES + 2] = 0;
  frame[FRAME_HEAD_BYTES + 3] = methodId;
  frame[frame.length - 1] = FRAME_END;
  return frame;
}

function writeTag(frame: Buffer, at: number, deliveryTag: number, bit: boolean): void {
  checkInteger(deliveryTag, 0, Number.MAX_SAFE_INTEGER, 'delivery tag');
  const high = Math.floor(deliveryTag / 0x100000000);
  writeUint32(frame, at, high);
  writeUint32(frame, at + 4, deliveryTag >>> 0);
  frame[at + 8] = bit ? 1 : 0;
}

function writeUint32(frame: Buffer, at: number, value: number): void {
  frame[at] = value >>> 24;
  frame[at + 1] = value >>> 16;
  frame[at + 2] = value >>> 8;
  frame[at + 3] = value;
}

/** ASCII without NUL that fits a short string. */
function isPlain(text: string): boolean {
  if (text.length > SHORT_STRING_BYTES_MAX) return false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0 || code > 0x7f) return false;
  }
  return true;
}

function writePlain(frame: Buffer, at: number, text: string): number {
  frame[at] = text.length;
  for (let i = 0; i < text.length; i++) frame[at + 1 + i] = text.charCodeAt(i);
  return at + 1 + text.length;
}
