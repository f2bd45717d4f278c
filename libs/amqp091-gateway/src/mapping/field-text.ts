import { Buffer, isUtf8 } from 'node:buffer';
import type { FieldTable, FieldValue } from '#libs/amqp091-codec';

/** Tags whose values are text that is of one of the hub's types (`HubProperty.types`: the names of AMQP 1.0). */
const hubTypes: { readonly [tag in FieldValue['tag']]?: string } = {
  t: 'boolean',
  b: 'byte',
  B: 'ubyte',
  s: 'short',
  u: 'ushort',
  I: 'int',
  i: 'uint',
  l: 'long',
  L: 'long',
  f: 'float',
  d: 'double',
  T: 'timestamp',
};

/** The hub's type of a header; undefined: its text is all that there is to know. */
export function hubTypeOf({ tag }: FieldValue): string | undefined {
  return hubTypes[tag];
}

type TextualField = Exclude<FieldValue, { readonly tag: 'V' | 'x' }>;

/** A header as text that people and other protocols read; undefined: it is bytes that are no text. */
export function fieldAsText(field: TextualField): string | undefined {
  switch (field.tag) {
    case 'S':
      return isUtf8(field.value) ? bytesOf(field.value).toString() : undefined;
    case 'T':
      return String(field.value * 1_000n);
    case 'D':
      return decimalText(field.value, field.scale);
    case 'F':
    case 'A':
      return JSON.stringify(jsonOf(field));
    default:
      return Object.is(field.value, -0) ? '-0' : String(field.value);
  }
}

/** The header that says this text; a long string where the text cannot be of that type. */
export function fieldFromText(type: string | undefined, text: string): FieldValue {
  return (type !== undefined && parsed(type, text)) || { tag: 'S', value: Buffer.from(text) };
}

export function bytesOf({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}

function decimalText(value: number, scale: number): string {
  if (scale === 0) return String(value);
  const digits = String(value).padStart(scale + 1, '0');
  return `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

function jsonOf(field: FieldValue): unknown {
  switch (field.tag) {
    case 'F':
      return objectOf(field.value);
    case 'A':
      return field.value.map(jsonOf);
    case 'V':
      return null;
    case 'x':
      return bytesOf(field.value).toString('base64');
    case 'S':
      return fieldAsText(field) ?? bytesOf(field.value).toString('base64');
    case 't':
      return field.value;
    case 'T':
    case 'l':
    case 'L':
    case 'D':
      return numberOf(fieldAsText(field) as string);
    default:
      return field.value;
  }
}

/** Of a repeated name the first counts, as for RabbitMQ. */
function objectOf(table: FieldTable): Record<string, unknown> {
  const object: Record<string, unknown> = Object.create(null);
  for (const [name, value] of table) if (!(name in object)) object[name] = jsonOf(value);
  return object;
}

/** As text where a double is not exact. */
function numberOf(text: string): number | string {
  const value = Number(text);
  return String(value) === text ? value : text;
}

type IntegerTag = Extract<FieldValue['tag'], 'b' | 'B' | 's' | 'u' | 'I' | 'i' | 'l' | 'T'>;
const int64Max = (1n << 63n) - 1n;
const integers: Readonly<Record<string, readonly [tag: IntegerTag, min: bigint, max: bigint]>> = {
  byte: ['b', -0x80n, 0x7fn],
  ubyte: ['B', 0n, 0xffn],
  short: ['s', -0x8000n, 0x7fffn],
  ushort: ['u', 0n, 0xffffn],
  int: ['I', -0x8000_0000n, 0x7fff_ffffn],
  uint: ['i', 0n, 0xffff_ffffn],
  long: ['l', -(1n << 63n), int64Max],
  ulong: ['l', 0n, int64Max],
  timestamp: ['T', 0n, int64Max],
};
/** Longer is no number of 64 bits. */
const integerCharsMax = 20;

function parsed(type: string, text: string): FieldValue | undefined {
  switch (type) {
    case 'boolean':
      return text === 'true' || text === 'false' ? { tag: 't', value: text === 'true' } : undefined;
    case 'float':
    case 'double': {
      const value = Number(text);
      if (text.trim() === '' || (Number.isNaN(value) && text !== 'NaN')) return undefined;
      return { tag: type === 'float' ? 'f' : 'd', value };
    }
    default:
      return parsedInteger(type, text);
  }
}

function parsedInteger(type: string, text: string): FieldValue | undefined {
  const known = Object.hasOwn(integers, type) ? integers[type] : undefined;
  if (known === undefined || text.length > integerCharsMax || !/^-?\d+$/.test(text)) return undefined;
  const [tag, min, max] = known;
  const value = BigInt(text);
  if (value < min || value > max) return undefined;
  if (tag === 'T') return { tag, value: value / 1_000n };
  return tag === 'l' ? { tag, value } : { tag, value: Number(value) };
}
