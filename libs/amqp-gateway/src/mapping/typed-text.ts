import { Buffer } from 'node:buffer';
import type { AmqpScalar } from '#libs/amqp-codec';

/** A scalar as text that people and other protocols read; binary and null are stored in other ways. */
export function scalarText(value: Exclude<AmqpScalar, { readonly type: 'null' | 'binary' }>): string {
  switch (value.type) {
    case 'string':
    case 'symbol':
      return value.value;
    case 'char':
      return String.fromCodePoint(value.value);
    case 'uuid':
      return uuidText(value.value);
    case 'decimal32':
    case 'decimal64':
    case 'decimal128':
      return value.value.toString('hex');
    default:
      return Object.is(value.value, -0) ? '-0' : String(value.value);
  }
}

/** The scalar that {@link scalarText} made the text of; a string where it is none of that type. */
export function scalarFromText(type: string, text: string): AmqpScalar {
  return parsed(type, text) ?? { type: 'string', value: text };
}

const integerBounds: Readonly<Record<string, readonly [min: bigint, max: bigint]>> = {
  ubyte: [0n, 0xffn],
  ushort: [0n, 0xffffn],
  uint: [0n, 0xffff_ffffn],
  ulong: [0n, 0xffff_ffff_ffff_ffffn],
  byte: [-0x80n, 0x7fn],
  short: [-0x8000n, 0x7fffn],
  int: [-0x8000_0000n, 0x7fff_ffffn],
  long: [-(1n << 63n), (1n << 63n) - 1n],
  timestamp: [-(1n << 63n), (1n << 63n) - 1n],
};
/** Longer is no number of 64 bits. */
const integerCharsMax = 20;
const decimalBytes: Readonly<Record<string, number>> = { decimal32: 4, decimal64: 8, decimal128: 16 };
const uuidPattern = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;

function parsed(type: string, text: string): AmqpScalar | undefined {
  switch (type) {
    case 'boolean':
      return text === 'true' || text === 'false' ? { type, value: text === 'true' } : undefined;
    case 'float':
    case 'double':
      return parsedFloat(type, text);
    case 'symbol':
      return isAscii(text) ? { type, value: text } : undefined;
    case 'char': {
      const value = text.codePointAt(0);
      return value !== undefined && text === String.fromCodePoint(value) && text.isWellFormed()
        ? { type, value }
        : undefined;
    }
    case 'uuid':
      return uuidPattern.test(text)
        ? { type, value: Buffer.from(text.replaceAll('-', ''), 'hex') }
        : undefined;
    case 'decimal32':
    case 'decimal64':
    case 'decimal128': {
      const value = Buffer.from(text, 'hex');
      return value.length === decimalBytes[type] && text.length === value.length * 2
        ? { type, value }
        : undefined;
    }
    default:
      return parsedInteger(type, text);
  }
}

function parsedFloat(type: 'float' | 'double', text: string): AmqpScalar | undefined {
  const value = Number(text);
  if (text.trim() === '' || (Number.isNaN(value) && text !== 'NaN')) return undefined;
  return { type, value };
}

function parsedInteger(type: string, text: string): AmqpScalar | undefined {
  const bounds = Object.hasOwn(integerBounds, type) ? integerBounds[type] : undefined;
  if (bounds === undefined || text.length > integerCharsMax || !/^-?\d+$/.test(text)) return undefined;
  const value = BigInt(text);
  if (value < bounds[0] || value > bounds[1]) return undefined;
  const isLarge = type === 'ulong' || type === 'long' || type === 'timestamp';
  return { type, value: isLarge ? value : Number(value) } as AmqpScalar;
}

export function uuidText(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  const at = (start: number, end: number) => hex.slice(start, end);
  return `${at(0, 8)}-${at(8, 12)}-${at(12, 16)}-${at(16, 20)}-${at(20, 32)}`;
}

function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length;
}
