import { Buffer } from 'node:buffer';
import { Amqp091EncodeError, Amqp091Error, syntaxError } from './amqp091-codec.errors.js';
import { Amqp091Reader } from './amqp091-reader.js';
import { Amqp091Writer, checkBigInteger, checkInteger } from './amqp091-writer.js';

/** Tables and arrays inside of each other; RabbitMQ has no limit. */
export const tableDepthMax = 32;
/** Values in one table, all levels together: a value of 3 bytes becomes an object of 100 and more. */
export const tableElementsMax = 16_384;

/**
 * A value with the tag that RabbitMQ gives it, which is not always the specification's (section 4.2.1 and RabbitMQ's
 * "AMQP 0-9-1 Errata", 3): `s` is a short-int, not a short string; `l` and `L` are both signed; `U` is not known; `x` is a
 * byte array. Tags and 64 bits are kept, so that what is decoded is encoded to the same bytes (but a boolean that is
 * neither 0 nor 1 becomes 1).
 */
export type FieldValue =
  | { readonly tag: 't'; readonly value: boolean }
  /** int8, uint8, int16, uint16, int32, uint32, float, double. */
  | { readonly tag: 'b' | 'B' | 's' | 'u' | 'I' | 'i' | 'f' | 'd'; readonly value: number }
  /** int64. */
  | { readonly tag: 'l' | 'L'; readonly value: bigint }
  /** uint64, seconds since 1970. */
  | { readonly tag: 'T'; readonly value: bigint }
  /** `value / 10^scale`; uint32 in RabbitMQ. */
  | { readonly tag: 'D'; readonly scale: number; readonly value: number }
  /** Long string and byte array: a view where it was decoded. A long string need not be text; see {@link fieldText}. */
  | { readonly tag: 'S' | 'x'; readonly value: Uint8Array }
  | { readonly tag: 'F'; readonly value: FieldTable }
  | { readonly tag: 'A'; readonly value: readonly FieldValue[] }
  | { readonly tag: 'V' };

/** In the order of the wire, repeated names too: which of those counts is for the reader to say (RabbitMQ: the first). */
export type FieldTable = readonly (readonly [name: string, value: FieldValue])[];

/**
 * A table as it is on the wire, without its length: what methods and properties carry until somebody looks inside. The
 * response of RabbitMQ's SASL mechanism AMQPLAIN is one too.
 */
export type RawFieldTable = Buffer;

/** The first value of that name. */
export function fieldOf(table: FieldTable, name: string): FieldValue | undefined {
  return table.find(([each]) => each === name)?.[1];
}

/** A long string or byte array as text; ill-formed UTF-8 becomes U+FFFD. */
export function fieldText(value: FieldValue | undefined): string | undefined {
  if (value?.tag !== 'S' && value?.tag !== 'x') return undefined;
  return Buffer.from(value.value.buffer, value.value.byteOffset, value.value.length).toString('utf8');
}

/** A long string of text. */
export function textField(text: string): FieldValue {
  return { tag: 'S', value: Buffer.from(text) };
}

/** @throws Amqp091Error `syntax-error`; `resource-error` over {@link tableDepthMax} or {@link tableElementsMax} */
export function decodeFieldTable(raw: RawFieldTable): FieldTable {
  return new FieldTableDecoder(raw).table(raw.length, 1);
}

class FieldTableDecoder {
  private readonly reader = new Amqp091Reader();
  private elements = 0;

  constructor(raw: RawFieldTable) {
    this.reader.reset(raw);
  }

  table(length: number, depth: number): FieldTable {
    const { reader } = this;
    const end = this.enter(length, depth);
    const table: (readonly [string, FieldValue])[] = [];
    while (reader.offset < end) table.push([reader.readShortString(), this.value(depth)]);
    this.leave(end);
    return table;
  }

  private array(length: number, depth: number): FieldValue[] {
    const end = this.enter(length, depth);
    const array: FieldValue[] = [];
    while (this.reader.offset < end) array.push(this.value(depth));
    this.leave(end);
    return array;
  }

  private enter(length: number, depth: number): number {
    const { reader } = this;
    if (depth > tableDepthMax)
      throw new Amqp091Error('resource-error', `table of over ${tableDepthMax} levels`);
    if (length > reader.remaining) throw syntaxError('a table that is longer than what it is in');
    return reader.offset + length;
  }

  /** A value that reached past its table would let all that follows shift. */
  private leave(end: number): void {
    if (this.reader.offset !== end) throw syntaxError('a value that is longer than its table');
  }

  private value(depth: number): FieldValue {
    if (++this.elements > tableElementsMax) {
      throw new Amqp091Error('resource-error', `table of over ${tableElementsMax} values`);
    }
    const { reader } = this;
    const code = reader.readUint8();
    const tag = String.fromCharCode(code) as FieldValue['tag'];
    switch (tag) {
      case 'S':
      case 'x':
        return { tag, value: reader.readLongBytes() };
      case 't':
        return { tag, value: reader.readUint8() !== 0 };
      case 'l':
      case 'L':
        return { tag, value: reader.readInt64() };
      case 'T':
        return { tag, value: reader.readUint64() };
      case 'D':
        return { tag, scale: reader.readUint8(), value: reader.readUint32() };
      case 'F':
        return { tag, value: this.table(reader.readUint32(), depth + 1) };
      case 'A':
        return { tag, value: this.array(reader.readUint32(), depth + 1) };
      case 'V':
        return { tag };
      default:
        if (!isNumberTag(tag)) throw syntaxError(`unknown field value tag ${code}`);
        return { tag, value: numberCodecs[tag].read(reader) };
    }
  }
}

type NumberTag = 'b' | 'B' | 's' | 'u' | 'I' | 'i' | 'f' | 'd';

interface NumberCodec {
  read(reader: Amqp091Reader): number;
  write(writer: Amqp091Writer, value: number): void;
}

const numberCodecs: Readonly<Record<NumberTag, NumberCodec>> = {
  b: {
    read: (reader) => (reader.readUint8() << 24) >> 24,
    write: (writer, value) => writer.writeUint8(checkInteger(value, -0x80, 0x7f, 'int8')),
  },
  B: {
    read: (reader) => reader.readUint8(),
    write: (writer, value) => writer.writeUint8(checkInteger(value, 0, 0xff, 'uint8')),
  },
  s: {
    read: (reader) => (reader.readUint16() << 16) >> 16,
    write: (writer, value) => writer.writeUint16(checkInteger(value, -0x8000, 0x7fff, 'int16')),
  },
  u: {
    read: (reader) => reader.readUint16(),
    write: (writer, value) => writer.writeUint16(checkInteger(value, 0, 0xffff, 'uint16')),
  },
  I: {
    read: (reader) => reader.readUint32() | 0,
    write: (writer, value) => writer.writeUint32(checkInteger(value, -0x80000000, 0x7fffffff, 'int32')),
  },
  i: {
    read: (reader) => reader.readUint32(),
    write: (writer, value) => writer.writeUint32(checkInteger(value, 0, 0xffffffff, 'uint32')),
  },
  f: {
    read: (reader) => reader.readFloat(),
    write: (writer, value) => writer.writeFloat(value),
  },
  d: {
    read: (reader) => reader.readDouble(),
    write: (writer, value) => writer.writeDouble(value),
  },
};

function isNumberTag(tag: string): tag is NumberTag {
  return Object.hasOwn(numberCodecs, tag);
}

/** The inside of the table, as methods and properties take it. Never shared: a link may have it. */
export function encodeFieldTable(table: FieldTable): RawFieldTable {
  const writer = new Amqp091Writer();
  writeTable(writer, table, 1);
  return writer.finish();
}

function writeTable(writer: Amqp091Writer, table: FieldTable, depth: number): void {
  if (depth > tableDepthMax)
    throw new Amqp091EncodeError('too-deep', `table of over ${tableDepthMax} levels`);
  for (const [name, value] of table) {
    writer.writeShortString(name);
    writeValue(writer, value, depth);
  }
}

function writeValue(writer: Amqp091Writer, field: FieldValue, depth: number): void {
  writer.writeUint8(field.tag.charCodeAt(0));
  switch (field.tag) {
    case 'S':
    case 'x':
      writer.writeLongBytes(field.value);
      break;
    case 't':
      writer.writeUint8(field.value ? 1 : 0);
      break;
    case 'l':
    case 'L':
      writer.writeUint64(checkBigInteger(field.value, 64, true, 'integer'));
      break;
    case 'T':
      writer.writeUint64(checkBigInteger(field.value, 64, false, 'timestamp'));
      break;
    case 'D':
      writer.writeUint8(checkInteger(field.scale, 0, 0xff, 'scale'));
      writer.writeUint32(checkInteger(field.value, 0, 0xffffffff, 'decimal'));
      break;
    case 'F':
      writeSized(writer, () => writeTable(writer, field.value, depth + 1));
      break;
    case 'A':
      writeSized(writer, () => writeArray(writer, field.value, depth + 1));
      break;
    case 'V':
      break;
    default:
      numberCodecs[field.tag].write(writer, field.value);
  }
}

function writeArray(writer: Amqp091Writer, array: readonly FieldValue[], depth: number): void {
  if (depth > tableDepthMax)
    throw new Amqp091EncodeError('too-deep', `array of over ${tableDepthMax} levels`);
  for (const value of array) writeValue(writer, value, depth);
}

/** What is written inside, after its length. */
function writeSized(writer: Amqp091Writer, writeInside: () => void): void {
  const at = writer.length;
  writer.writeUint32(0);
  writeInside();
  writer.setUint32(at, writer.length - at - 4);
}
