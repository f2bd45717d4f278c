import type { Buffer } from 'node:buffer';
import { AmqpEncodeError } from './amqp-codec.errors.js';
import { AmqpWriter, checkInteger, stringBytes, symbolBytes } from './amqp-writer.js';
import type { AmqpArray, AmqpDescribedArray, AmqpScalar, AmqpValue } from './amqp-value.js';
import { TypeCode, widestCode } from './type-code.js';

const ranges = {
  ubyte: [0, 0xff],
  ushort: [0, 0xffff],
  uint: [0, 0xffff_ffff],
  byte: [-0x80, 0x7f],
  short: [-0x8000, 0x7fff],
  int: [-0x8000_0000, 0x7fff_ffff],
} as const;

const fixedBytes = { decimal32: 4, decimal64: 8, decimal128: 16, uuid: 16 } as const;

export function encodeValue(value: AmqpValue): Buffer {
  const writer = new AmqpWriter();
  writeValue(writer, value);
  return writer.finish();
}

/** With its constructor, in the shortest encoding of its type. */
export function writeValue(writer: AmqpWriter, value: AmqpValue): void {
  switch (value.type) {
    case 'list': {
      if (value.value.length === 0) {
        writer.writeUint8(TypeCode.LIST0);
        return;
      }
      const mark = writer.startCompound();
      for (const element of value.value) writeValue(writer, element);
      writer.endCompound(mark, TypeCode.LIST8, value.value.length);
      return;
    }
    case 'map': {
      const mark = writer.startCompound();
      for (const [key, entry] of value.value) {
        writeValue(writer, key);
        writeValue(writer, entry);
      }
      writer.endCompound(mark, TypeCode.MAP8, 2 * value.value.length);
      return;
    }
    case 'array':
      if (value.of === 'described') {
        writer.writeRaw(value.encoded);
        return;
      }
      writer.writeUint8(TypeCode.ARRAY32);
      writeWideArray(writer, value);
      return;
    case 'described':
      writer.writeUint8(TypeCode.DESCRIBED);
      writeValue(writer, value.descriptor);
      writer.writeRaw(value.encoded);
      return;
    default:
      writeScalar(writer, value);
  }
}

function writeScalar(writer: AmqpWriter, value: AmqpScalar): void {
  switch (value.type) {
    case 'null':
      writer.writeNull();
      return;
    case 'boolean':
      writer.writeBoolean(value.value);
      return;
    case 'uint':
      writer.writeUint(value.value);
      return;
    case 'ulong':
      writeUlong(writer, value.value);
      return;
    case 'binary':
      writer.writeBinary(value.value);
      return;
    case 'string':
      writer.writeString(value.value);
      return;
    case 'symbol':
      writer.writeSymbol(value.value);
      return;
    case 'int':
      if (isSmall(value.value)) {
        writeSmall(writer, TypeCode.SMALLINT, value.value);
        return;
      }
      break;
    case 'long':
      if (isSmall(value.value)) {
        writeSmall(writer, TypeCode.SMALLLONG, Number(value.value));
        return;
      }
  }
  writer.writeUint8(widestCode(value.type));
  writeWide(writer, value);
}

function isSmall(value: number | bigint): boolean {
  return value >= -0x80 && value <= 0x7f && (typeof value === 'bigint' || Number.isInteger(value));
}

function writeSmall(writer: AmqpWriter, code: number, value: number): void {
  writer.writeUint8(code);
  writer.writeUint8(value);
}

export function writeUlong(writer: AmqpWriter, value: bigint): void {
  if (value === 0n) {
    writer.writeUint8(TypeCode.ULONG0);
    return;
  }
  if (value > 0n && value < 0x100n) {
    writeSmall(writer, TypeCode.SMALLULONG, Number(value));
    return;
  }
  writer.writeUint8(TypeCode.ULONG);
  writeInteger64(writer, 'ulong', value);
}

function writeInteger64(writer: AmqpWriter, type: 'ulong' | 'long' | 'timestamp', value: bigint): void {
  const fitting = type === 'ulong' ? BigInt.asUintN(64, value) : BigInt.asIntN(64, value);
  if (fitting !== value) throw new AmqpEncodeError('invalid-value', `${type} that does not fit 64 bits`);
  writer.writeInt64(value);
}

/** Behind the constructor that `widestCode` names, as elements of arrays are written. */
function writeWide(writer: AmqpWriter, value: AmqpValue): void {
  switch (value.type) {
    case 'null':
      return;
    case 'boolean':
      writer.writeUint8(value.value ? 1 : 0);
      return;
    case 'ubyte':
    case 'ushort':
    case 'uint':
    case 'byte':
    case 'short':
    case 'int':
      writeSmallInteger(writer, value.type, value.value);
      return;
    case 'ulong':
    case 'long':
    case 'timestamp':
      writeInteger64(writer, value.type, value.value);
      return;
    case 'float':
      writer.writeFloat(value.value);
      return;
    case 'double':
      writer.writeDouble(value.value);
      return;
    case 'char':
      writeChar(writer, value.value);
      return;
    case 'decimal32':
    case 'decimal64':
    case 'decimal128':
    case 'uuid':
      checkInteger(
        value.value.length,
        fixedBytes[value.type],
        fixedBytes[value.type],
        `bytes of ${value.type}`,
      );
      writer.writeRaw(value.value);
      return;
    case 'binary':
      writer.writeUint32(value.value.length);
      writer.writeRaw(value.value);
      return;
    case 'string':
      writeWideText(writer, value.value, stringBytes(value.value));
      return;
    case 'symbol':
      writeWideText(writer, value.value, symbolBytes(value.value));
      return;
    case 'list':
      writeWideCompound(writer, value.value, value.value.length);
      return;
    case 'map':
      writeWideCompound(writer, value.value.flat() as AmqpValue[], 2 * value.value.length);
      return;
    case 'array':
      if (value.of === 'described') writeWideDescribedArray(writer, value);
      else writeWideArray(writer, value);
      return;
    case 'described':
      throw new AmqpEncodeError('invalid-value', 'described values in an array that is not of them');
  }
}

function writeSmallInteger(writer: AmqpWriter, type: keyof typeof ranges, value: number): void {
  const [min, max] = ranges[type];
  checkInteger(value, min, max, type);
  if (type.endsWith('byte')) writer.writeUint8(value);
  else if (type.endsWith('short')) writer.writeUint16(value);
  else writer.writeUint32(value);
}

function writeChar(writer: AmqpWriter, value: number): void {
  if (checkInteger(value, 0, 0x10ffff, 'char') >= 0xd800 && value <= 0xdfff) {
    throw new AmqpEncodeError('invalid-value', 'char that is a surrogate');
  }
  writer.writeUint32(value);
}

function writeWideText(writer: AmqpWriter, value: string, bytes: number): void {
  writer.writeUint32(bytes);
  writer.writeText(value, bytes);
}

function writeWideCompound(writer: AmqpWriter, values: readonly AmqpValue[], count: number): void {
  const at = writer.byteLength;
  writer.writeUint32(0);
  writer.writeUint32(count);
  for (const value of values) writeValue(writer, value);
  writer.setUint32(at, writer.byteLength - at - 4);
}

/** Behind its constructor: the elements share the widest one of their type, since it must fit them all (AMQP 1.6.24). */
function writeWideArray(writer: AmqpWriter, { of, value }: AmqpArray): void {
  const at = writer.byteLength;
  writer.writeUint32(0);
  writer.writeUint32(value.length);
  writer.writeUint8(widestCode(of));
  for (const element of value) {
    if (element.type !== of)
      throw new AmqpEncodeError('invalid-value', `${element.type} in an array of ${of}`);
    writeWide(writer, element);
  }
  writer.setUint32(at, writer.byteLength - at - 4);
}

function writeWideDescribedArray(writer: AmqpWriter, { encoded }: AmqpDescribedArray): void {
  if (encoded[0] === TypeCode.ARRAY32) {
    writer.writeRaw(encoded.subarray(1));
    return;
  }
  // Size and count of one byte each become four each.
  writer.writeUint32(encoded[1]! + 3);
  writer.writeUint32(encoded[2]!);
  writer.writeRaw(encoded.subarray(3));
}
