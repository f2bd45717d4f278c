import type { Buffer } from 'node:buffer';
import { Amqp091Error, type MethodReference } from './amqp091-codec.errors.js';
import type { Amqp091Reader } from './amqp091-reader.js';
import { Amqp091Writer, checkInteger } from './amqp091-writer.js';
import { decodeHotMethod, encodeHotMethod } from './hot-methods.js';
import {
  EMPTY_FRAME_BYTES,
  FRAME_END,
  FRAME_HEAD_BYTES,
  FrameType,
  checkFrameBytes,
  writeFrameHead,
} from './frame.js';
import {
  type Amqp091Method,
  type Amqp091MethodName,
  type MethodDefinition,
  type MethodFieldType,
  methodTable,
} from './method-table.js';

/** A row of the table in the form that is walked. */
interface MethodRow extends Required<Omit<MethodDefinition, 'fields' | 'hasContent'>> {
  readonly name: Amqp091MethodName;
  readonly hasContent: boolean;
  readonly fields: readonly (readonly [name: string, type: MethodFieldType])[];
}

const rowsByName = new Map<string, MethodRow>();
const rowsById = new Map<number, MethodRow>();
for (const [key, definition] of Object.entries<MethodDefinition>(methodTable)) {
  const { classId, methodId, from, hasContent = false, fields } = definition;
  const name = key as Amqp091MethodName;
  const row = { name, classId, methodId, from, hasContent, fields: Object.entries(fields) };
  rowsByName.set(name, row);
  rowsById.set((classId << 16) | methodId, row);
}

/** Class and method id, for closes. */
export function methodReference(name: Amqp091MethodName): MethodReference {
  return methodTable[name];
}

/** Whether a content header and bodies follow. */
export function hasContent(name: Amqp091MethodName): boolean {
  return rowsByName.get(name)!.hasContent;
}

/**
 * What a method frame is called, without a look at its fields: all that matters of it once a close was sent. Undefined:
 * too short, or no method that there is.
 */
export function peekMethodName(payload: Buffer): Amqp091MethodName | undefined {
  return payload.length < 4 ? undefined : rowsById.get(payload.readInt32BE(0))?.name;
}

/**
 * Decodes the payload of a method frame.
 *
 * Long strings and tables are views. Which class may be on which channel is judged here (section 4.2.3); the state that
 * a method is allowed in is the receiver's to judge.
 *
 * @param sender who sent it: a method that only the other side may send is refused with 503, as RabbitMQ does
 * @throws Amqp091Error that names the method: 502 where its fields are wrong, 540 where there is no such method
 */
export function decodeMethod(
  reader: Amqp091Reader,
  payload: Buffer,
  channel: number,
  sender: 'client' | 'server',
): Amqp091Method {
  if (payload.length < 4) throw new Amqp091Error('frame-error', `method frame of ${payload.length} bytes`);
  const id = payload.readInt32BE(0);
  const row = rowsById.get(id);
  if (row === undefined) {
    const reference = { classId: id >>> 16, methodId: id & 0xffff };
    const fault = `method ${reference.methodId} of class ${reference.classId}`;
    throw new Amqp091Error('not-implemented', fault, reference).about(reference, channel);
  }
  checkSender(row, channel, sender);
  try {
    return (
      decodeHotMethod(reader.reset(payload, 4), row.name) ?? decodeByTable(reader.reset(payload, 4), row.name)
    );
  } catch (error) {
    if (error instanceof Amqp091Error) error.about(row, channel);
    throw error;
  } finally {
    reader.release();
  }
}

const CONNECTION_CLASS = 10;

function checkSender(row: MethodRow, channel: number, sender: 'client' | 'server'): void {
  const { name, from } = row;
  if (from !== 'both' && from !== sender) {
    throw new Amqp091Error('command-invalid', `${name} from a ${sender}`, row).about(row, channel);
  }
  if ((row.classId === CONNECTION_CLASS) !== (channel === 0)) {
    const fault = `${name} on channel ${channel}`;
    throw new Amqp091Error(channel === 0 ? 'channel-error' : 'command-invalid', fault, row).about(
      row,
      channel,
    );
  }
}

/** Walks the table; the reader is behind the ids. */
export function decodeByTable(reader: Amqp091Reader, name: Amqp091MethodName): Amqp091Method {
  const method: Record<string, unknown> = { name };
  let bits = 0;
  let bitsUsed = 8;
  for (const [field, type] of rowsByName.get(name)!.fields) {
    if (type !== 'bit' && type !== 'reserved-bit') {
      bitsUsed = 8;
      const value = readField(reader, type);
      if (value !== undefined) method[field] = value;
      continue;
    }
    if (bitsUsed === 8) {
      bits = reader.readUint8();
      bitsUsed = 0;
    }
    if (type === 'bit') method[field] = (bits & (1 << bitsUsed)) !== 0;
    bitsUsed++;
  }
  reader.expectEnd();
  return method as unknown as Amqp091Method;
}

function readField(reader: Amqp091Reader, type: MethodFieldType): string | number | Buffer | undefined {
  switch (type) {
    case 'octet':
      return reader.readUint8();
    case 'short':
      return reader.readUint16();
    case 'long':
      return reader.readUint32();
    case 'delivery-tag':
      return reader.readDeliveryTag();
    case 'shortstr':
      return reader.readShortString();
    case 'longstr':
    case 'table':
      return reader.readLongBytes();
    case 'reserved-short':
      reader.readUint16();
      return undefined;
    case 'reserved-shortstr':
      // Old clients put capabilities there; nobody looks, so it need not be text.
      reader.readShortText();
      return undefined;
    default:
      reader.readLongBytes();
      return undefined;
  }
}

/**
 * A whole method frame.
 *
 * @param frameBytesMax the frame-max that the peer agreed to, 0: no limit
 * @throws Amqp091EncodeError
 */
export function encodeMethod(channel: number, method: Amqp091Method, frameBytesMax = 0): Buffer {
  const frame = encodeHotMethod(channel, method) ?? encodeByTable(channel, method);
  checkFrameBytes(frame.length, frameBytesMax);
  return frame;
}

export function encodeByTable(channel: number, method: Amqp091Method): Buffer {
  const row = rowsByName.get(method.name)!;
  const writer = new Amqp091Writer();
  for (let i = 0; i < FRAME_HEAD_BYTES; i++) writer.writeUint8(0);
  writer.writeUint16(row.classId);
  writer.writeUint16(row.methodId);
  const values = method as unknown as Record<string, unknown>;
  let bits = 0;
  let bitsUsed = 0;
  for (const [field, type] of row.fields) {
    if (type === 'bit' || type === 'reserved-bit') {
      if (type === 'bit' && values[field] === true) bits |= 1 << bitsUsed;
      bitsUsed++;
      continue;
    }
    if (bitsUsed > 0) writer.writeUint8(bits);
    bits = bitsUsed = 0;
    writeField(writer, type, values[field], `${field} of ${row.name}`);
  }
  if (bitsUsed > 0) writer.writeUint8(bits);
  writer.writeUint8(FRAME_END);
  const frame = writer.finish();
  checkInteger(channel, 0, 0xffff, 'channel');
  writeFrameHead(frame, 0, FrameType.METHOD, channel, frame.length - EMPTY_FRAME_BYTES);
  return frame;
}

function writeField(writer: Amqp091Writer, type: MethodFieldType, value: unknown, what: string): void {
  switch (type) {
    case 'octet':
      writer.writeUint8(checkInteger(value as number, 0, 0xff, what));
      break;
    case 'short':
      writer.writeUint16(checkInteger(value as number, 0, 0xffff, what));
      break;
    case 'long':
      writer.writeUint32(checkInteger(value as number, 0, 0xffffffff, what));
      break;
    case 'delivery-tag':
      writer.writeUint64(checkInteger(value as number, 0, Number.MAX_SAFE_INTEGER, what));
      break;
    case 'shortstr':
      writer.writeShortString(value as string);
      break;
    case 'longstr':
    case 'table':
      writer.writeLongBytes(value as Buffer);
      break;
    case 'reserved-short':
      writer.writeUint16(0);
      break;
    case 'reserved-shortstr':
      writer.writeUint8(0);
      break;
    default:
      writer.writeUint32(0);
      break;
  }
}
