import { Buffer } from 'node:buffer';
import { Amqp091EncodeError, syntaxError } from './amqp091-codec.errors.js';
import { Amqp091Reader } from './amqp091-reader.js';
import { Amqp091Writer, checkBigInteger, checkInteger } from './amqp091-writer.js';
import type { RawFieldTable } from './field-table.js';

interface PropertyTypes {
  /** Text; bytes where they are not UTF-8, as of clients that put a binary UUID into correlation-id. */
  shortstr: string | Buffer;
  octet: number;
  /** Seconds since 1970, uint64. */
  timestamp: bigint;
  /** A view where it was decoded, see `decodeFieldTable`. */
  table: RawFieldTable;
}

/** Class basic (section 1.8.1): the properties in the order of their flags, from bit 15 down. */
const propertyTable = {
  contentType: 'shortstr',
  contentEncoding: 'shortstr',
  headers: 'table',
  /** 1 transient, 2 persistent. */
  deliveryMode: 'octet',
  priority: 'octet',
  correlationId: 'shortstr',
  replyTo: 'shortstr',
  /** Milliseconds as decimal text. */
  expiration: 'shortstr',
  messageId: 'shortstr',
  timestamp: 'timestamp',
  type: 'shortstr',
  userId: 'shortstr',
  appId: 'shortstr',
  /** Deprecated; was intra-cluster routing. */
  clusterId: 'shortstr',
} as const satisfies Record<string, keyof PropertyTypes>;

type PropertyTable = typeof propertyTable;

export type BasicProperties = { readonly [K in keyof PropertyTable]?: PropertyTypes[PropertyTable[K]] };

/** Flags and properties as they are in a content header: what passes through is not decoded. */
export type RawBasicProperties = Buffer;

const properties = Object.entries(propertyTable) as [keyof PropertyTable, keyof PropertyTypes][];
/** Bit 0: another word of flags follows (section 4.2.6.1). */
const CONTINUATION = 1;
/** The bits of class basic; bit 1 would be a fifteenth property. */
const KNOWN_FLAGS = 0xfffc;
/** Words of flags; more could only announce properties that there are none of. */
const FLAG_WORDS_MAX = 4;

const reader = new Amqp091Reader();

/** @throws Amqp091Error `syntax-error`, connection level; class and method are the caller's to add */
export function decodeBasicProperties(raw: RawBasicProperties): BasicProperties {
  reader.reset(raw);
  try {
    const flags = readFlags();
    const decoded: Record<string, unknown> = {};
    if (flags !== 0) {
      for (let i = 0; i < properties.length; i++) {
        if ((flags & (0x8000 >> i)) !== 0) decoded[properties[i]![0]] = readProperty(properties[i]![1]);
      }
    }
    reader.expectEnd();
    return decoded;
  } finally {
    reader.release();
  }
}

function readFlags(): number {
  const flags = reader.readUint16();
  if ((flags & 2) !== 0) throw syntaxError('a property that class basic does not have');
  if ((flags & CONTINUATION) === 0) return flags;
  for (let words = 1; words < FLAG_WORDS_MAX; words++) {
    const more = reader.readUint16();
    if (more === 0) return flags & KNOWN_FLAGS;
    if (more !== CONTINUATION) throw syntaxError('a property that class basic does not have');
  }
  throw syntaxError(`more than ${FLAG_WORDS_MAX} words of property flags`);
}

function readProperty(type: keyof PropertyTypes): string | number | bigint | Buffer {
  switch (type) {
    case 'shortstr':
      return reader.readShortText();
    case 'octet':
      return reader.readUint8();
    case 'timestamp':
      return reader.readUint64();
    case 'table':
      return reader.readLongBytes();
  }
}

/** @throws Amqp091EncodeError */
export function encodeBasicProperties(values: BasicProperties): RawBasicProperties {
  const writer = new Amqp091Writer(64);
  writer.writeUint16(flagsOf(values));
  for (const [name, type] of properties) {
    const value = values[name];
    if (value !== undefined) writeProperty(writer, type, value, name);
  }
  return writer.finish();
}

function flagsOf(values: BasicProperties): number {
  let flags = 0;
  for (let i = 0; i < properties.length; i++)
    if (values[properties[i]![0]] !== undefined) flags |= 0x8000 >> i;
  return flags;
}

function writeProperty(
  writer: Amqp091Writer,
  type: keyof PropertyTypes,
  value: string | number | bigint | Buffer,
  name: string,
): void {
  switch (type) {
    case 'shortstr': {
      if (typeof value === 'string' && !value.isWellFormed()) {
        throw new Amqp091EncodeError('invalid-string', `lone surrogate in ${name}`);
      }
      // NUL is allowed to applications here, as it is by RabbitMQ.
      writer.writeShortBytes(typeof value === 'string' ? Buffer.from(value) : (value as Buffer));
      break;
    }
    case 'octet':
      writer.writeUint8(checkInteger(value as number, 0, 0xff, name));
      break;
    case 'timestamp':
      writer.writeUint64(checkBigInteger(value as bigint, 64, false, name));
      break;
    case 'table':
      writer.writeLongBytes(value as Buffer);
      break;
  }
}
