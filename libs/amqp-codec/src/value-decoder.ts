import { Buffer } from 'node:buffer';
import { AmqpReader } from './amqp-reader.js';
import type { AmqpArray, AmqpValue } from './amqp-value.js';
import { readScalar, unknownConstructor, wrongType } from './scalar-decoder.js';
import { TypeCode, typeNames } from './type-code.js';

/** One value that fills the bytes, as `AmqpDescribed.encoded` and the body of a message hold it. */
export function decodeValue(encoded: Buffer): AmqpValue {
  const reader = new AmqpReader('message');
  reader.reset(encoded, 0, encoded.length);
  const value = readValue(reader);
  expectEnd(reader);
  return value;
}

export function expectEnd(reader: AmqpReader): void {
  if (reader.offset !== reader.end) {
    throw reader.decodeError('AMQP 1.2', `${reader.end - reader.offset} bytes behind the value`);
  }
}

/** Any value, its constructor included. */
export function readValue(reader: AmqpReader): AmqpValue {
  const code = reader.readUint8();
  return code === TypeCode.DESCRIBED ? readDescribed(reader) : readEncoding(reader, code, false);
}

/** @param isElement of an array, so that the constructor is not right before the encoding */
function readEncoding(reader: AmqpReader, code: number, isElement: boolean): AmqpValue {
  switch (code) {
    case TypeCode.LIST0:
    case TypeCode.LIST8:
    case TypeCode.LIST32:
      return { type: 'list', value: readList(reader, code) };
    case TypeCode.MAP8:
    case TypeCode.MAP32:
      return { type: 'map', value: readMap(reader, code) };
    case TypeCode.ARRAY8:
    case TypeCode.ARRAY32:
      return readArray(reader, code, isElement);
    default:
      return readScalar(reader, code);
  }
}

function readDescribed(reader: AmqpReader): AmqpValue {
  reader.enterDescribed();
  const descriptor = readValue(reader);
  const at = reader.offset;
  reader.skipValue();
  reader.leaveDescribed();
  return { type: 'described', descriptor, encoded: reader.buffer.subarray(at, reader.offset) };
}

function readList(reader: AmqpReader, code: number): AmqpValue[] {
  const outerEnd = reader.end;
  const count = reader.openCompound(code);
  const values: AmqpValue[] = [];
  for (let i = 0; i < count; i++) values.push(readValue(reader));
  reader.closeCompound(outerEnd);
  return values;
}

function readMap(reader: AmqpReader, code: number): [AmqpValue, AmqpValue][] {
  const outerEnd = reader.end;
  const pairs = openMap(reader, code);
  const entries: [AmqpValue, AmqpValue][] = [];
  const keys = new Set<string>();
  for (let i = 0; i < pairs; i++) {
    const at = reader.offset;
    const key = readValue(reader);
    keys.add(identity(key, reader.buffer, at, reader.offset));
    if (keys.size <= i) throw reader.decodeError('AMQP 1.6.23', 'two equal keys in a map');
    entries.push([key, readValue(reader)]);
  }
  reader.closeCompound(outerEnd);
  return entries;
}

/** Equal for keys that are the same value, however they are encoded; compounds are compared by their bytes. */
function identity(key: AmqpValue, buffer: Buffer, at: number, end: number): string {
  const value = 'value' in key ? key.value : undefined;
  if (key.type === 'null') return 'null';
  if (value === undefined || typeof value === 'object') return buffer.toString('latin1', at, end);
  return `${key.type} ${value}`;
}

/** How many pairs follow. */
export function openMap(reader: AmqpReader, code: number): number {
  if (code !== TypeCode.MAP8 && code !== TypeCode.MAP32) throw wrongType(reader, code, 'map');
  const count = reader.openCompound(code);
  if (count % 2 !== 0) throw reader.decodeError('AMQP 1.6.23', 'map with an odd number of elements');
  return count / 2;
}

function readArray(reader: AmqpReader, code: number, isElement: boolean): AmqpValue {
  const at = reader.offset;
  const outerEnd = reader.end;
  const count = reader.openCompound(code);
  const elementCode = reader.readUint8();
  if (elementCode === TypeCode.DESCRIBED) {
    // The elements stay bytes; only that they are where the array says is known of them.
    reader.offset = reader.end;
    reader.closeCompound(outerEnd);
    const { buffer, offset } = reader;
    const encoded = isElement
      ? Buffer.concat([Buffer.from([code]), buffer.subarray(at, offset)])
      : buffer.subarray(at - 1, offset);
    return { type: 'array', of: 'described', encoded };
  }
  const of = typeNames.get(elementCode) as AmqpArray['of'] | undefined;
  if (of === undefined) throw unknownConstructor(reader, elementCode);
  const value: AmqpValue[] = [];
  for (let i = 0; i < count; i++) value.push(readEncoding(reader, elementCode, true));
  reader.closeCompound(outerEnd);
  return { type: 'array', of, value };
}
