import type { Buffer } from 'node:buffer';
import type { AmqpDecodeError } from './amqp-codec.errors.js';
import type { AmqpReader } from './amqp-reader.js';
import { type AmqpScalar, amqpNull } from './amqp-value.js';
import { TypeCode, typeNames } from './type-code.js';

export function unknownConstructor(reader: AmqpReader, code: number): AmqpDecodeError {
  return reader.decodeError('AMQP 1.6', `unknown constructor 0x${code.toString(16)}`);
}

export function wrongType(reader: AmqpReader, code: number, wanted: string): AmqpDecodeError {
  const found = code === TypeCode.DESCRIBED ? 'a described value' : typeNames.get(code);
  return found === undefined
    ? unknownConstructor(reader, code)
    : reader.decodeError('AMQP 1.3', `${found} where ${wanted} is wanted`);
}

/** The encoding behind a constructor that was read; refuses compounds. */
export function readScalar(reader: AmqpReader, code: number): AmqpScalar {
  const type = typeNames.get(code);
  switch (type) {
    case 'null':
      return amqpNull;
    case 'boolean':
      return { type, value: readBoolean(reader, code) };
    case 'ubyte':
    case 'ushort':
    case 'uint':
    case 'byte':
    case 'short':
    case 'int':
      return { type, value: readSmallInteger(reader, code) };
    case 'ulong':
      return { type, value: readUlong(reader, code) };
    case 'long':
      return {
        type,
        value: code === TypeCode.LONG ? reader.readInt64() : BigInt((reader.readUint8() << 24) >> 24),
      };
    case 'timestamp':
      return { type, value: reader.readInt64() };
    case 'float':
      return { type, value: reader.readFloat() };
    case 'double':
      return { type, value: reader.readDouble() };
    case 'char':
      return { type, value: readChar(reader) };
    case 'decimal32':
      return { type, value: reader.readView(4) };
    case 'decimal64':
      return { type, value: reader.readView(8) };
    case 'decimal128':
    case 'uuid':
      return { type, value: reader.readView(16) };
    case 'binary':
      return { type, value: readBinary(reader, code) };
    case 'string':
      return { type, value: readString(reader, code) };
    case 'symbol':
      return { type, value: readSymbol(reader, code) };
    default:
      throw wrongType(reader, code, 'a scalar');
  }
}

export function readBoolean(reader: AmqpReader, code: number): boolean {
  if (code === TypeCode.TRUE) return true;
  if (code === TypeCode.FALSE) return false;
  if (code !== TypeCode.BOOLEAN) throw wrongType(reader, code, 'boolean');
  const byte = reader.readUint8();
  if (byte > 1) throw reader.decodeError('AMQP 1.6.2', `boolean of value ${byte}`);
  return byte === 1;
}

function readSmallInteger(reader: AmqpReader, code: number): number {
  switch (code) {
    case TypeCode.UBYTE:
      return reader.readUint8();
    case TypeCode.USHORT:
      return reader.readUint16();
    case TypeCode.BYTE:
    case TypeCode.SMALLINT:
      return (reader.readUint8() << 24) >> 24;
    case TypeCode.SHORT:
      return (reader.readUint16() << 16) >> 16;
    case TypeCode.INT:
      return reader.readInt32();
    default:
      return readUint(reader, code);
  }
}

export function readUbyte(reader: AmqpReader, code: number): number {
  if (code !== TypeCode.UBYTE) throw wrongType(reader, code, 'ubyte');
  return reader.readUint8();
}

export function readUshort(reader: AmqpReader, code: number): number {
  if (code !== TypeCode.USHORT) throw wrongType(reader, code, 'ushort');
  return reader.readUint16();
}

export function readUint(reader: AmqpReader, code: number): number {
  if (code === TypeCode.SMALLUINT) return reader.readUint8();
  if (code === TypeCode.UINT0) return 0;
  if (code !== TypeCode.UINT) throw wrongType(reader, code, 'uint');
  return reader.readUint32();
}

export function readUlong(reader: AmqpReader, code: number): bigint {
  if (code === TypeCode.SMALLULONG) return BigInt(reader.readUint8());
  if (code === TypeCode.ULONG0) return 0n;
  if (code !== TypeCode.ULONG) throw wrongType(reader, code, 'ulong');
  return reader.readUint64();
}

export function readTimestamp(reader: AmqpReader, code: number): bigint {
  if (code !== TypeCode.TIMESTAMP) throw wrongType(reader, code, 'timestamp');
  return reader.readInt64();
}

/** A view. */
export function readBinary(reader: AmqpReader, code: number): Buffer {
  if (code !== TypeCode.BINARY8 && code !== TypeCode.BINARY32) throw wrongType(reader, code, 'binary');
  return reader.readView(code === TypeCode.BINARY8 ? reader.readUint8() : reader.readUint32());
}

export function readString(reader: AmqpReader, code: number): string {
  if (code !== TypeCode.STRING8 && code !== TypeCode.STRING32) throw wrongType(reader, code, 'string');
  return reader.readString(code === TypeCode.STRING8 ? reader.readUint8() : reader.readUint32());
}

export function readSymbol(reader: AmqpReader, code: number): string {
  if (code !== TypeCode.SYMBOL8 && code !== TypeCode.SYMBOL32) throw wrongType(reader, code, 'symbol');
  return reader.readSymbol(code === TypeCode.SYMBOL8 ? reader.readUint8() : reader.readUint32());
}

function readChar(reader: AmqpReader): number {
  const value = reader.readUint32();
  if (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) {
    throw reader.decodeError('AMQP 1.6.16', 'char that is no Unicode character');
  }
  return value;
}
