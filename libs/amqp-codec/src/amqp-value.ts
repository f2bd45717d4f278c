import type { Buffer } from 'node:buffer';

/** Integers that a double holds exactly. */
export type AmqpSmallIntegerType = 'ubyte' | 'ushort' | 'uint' | 'byte' | 'short' | 'int';
/** `timestamp` is in milliseconds since 1970. */
export type AmqpLargeIntegerType = 'ulong' | 'long' | 'timestamp';
/** IEEE 754 decimals in their bytes, and UUIDs. */
export type AmqpFixedBytesType = 'decimal32' | 'decimal64' | 'decimal128' | 'uuid';

/** A value of the type system that is neither a compound nor described (AMQP 1.6.1 to 1.6.21). */
export type AmqpScalar =
  | { readonly type: 'null' }
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: AmqpSmallIntegerType; readonly value: number }
  | { readonly type: AmqpLargeIntegerType; readonly value: bigint }
  | { readonly type: 'float' | 'double'; readonly value: number }
  /** A Unicode code point. */
  | { readonly type: 'char'; readonly value: number }
  | { readonly type: AmqpFixedBytesType; readonly value: Buffer }
  | { readonly type: 'binary'; readonly value: Buffer }
  | { readonly type: 'string' | 'symbol'; readonly value: string };

/** What a value's descriptor says is not known here, so the value behind it stays as it was encoded (AMQP 1.2). */
export interface AmqpDescribed {
  readonly type: 'described';
  readonly descriptor: AmqpValue;
  /** The described value with its constructor: `decodeValue` reads it. */
  readonly encoded: Buffer;
}

export interface AmqpList {
  readonly type: 'list';
  readonly value: readonly AmqpValue[];
}

export interface AmqpMap {
  readonly type: 'map';
  /** In the order of the bytes, which is significant (AMQP 1.6.23). */
  readonly value: readonly (readonly [key: AmqpValue, value: AmqpValue])[];
}

/** Elements of one type (AMQP 1.6.24). */
export interface AmqpArray {
  readonly type: 'array';
  readonly of: Exclude<AmqpValue['type'], 'described'>;
  readonly value: readonly AmqpValue[];
}

/** An array whose elements share a descriptor: as it was encoded, with its constructor. */
export interface AmqpDescribedArray {
  readonly type: 'array';
  readonly of: 'described';
  readonly encoded: Buffer;
}

/**
 * Any value, with its type, so that nothing is lost between decode and encode: 64-bit integers are bigint, decimals and
 * values of unknown descriptors stay bytes. What may differ is only which of a type's encodings was used (AMQP 1.6), and
 * the payload of a NaN. Bytes are views of what was decoded.
 */
export type AmqpValue = AmqpScalar | AmqpList | AmqpMap | AmqpArray | AmqpDescribedArray | AmqpDescribed;

/** `message-id` and `correlation-id` (AMQP 3.2.11 to 3.2.14). */
export type AmqpMessageId = AmqpScalar & { readonly type: 'ulong' | 'uuid' | 'binary' | 'string' };

/** `fields` and `filter-set`: keys are symbols (AMQP 2.8.13, 3.5.8). */
export type AmqpFields = ReadonlyMap<string, AmqpValue>;

/** `annotations`: keys are symbols, or ulongs, which are reserved (AMQP 3.2.10). */
export type AmqpAnnotations = ReadonlyMap<string | bigint, AmqpValue>;

export function amqpString(value: string): AmqpScalar {
  return { type: 'string', value };
}

export function amqpSymbol(value: string): AmqpScalar {
  return { type: 'symbol', value };
}

export function amqpBinary(value: Buffer): AmqpScalar {
  return { type: 'binary', value };
}

export function amqpUint(value: number): AmqpScalar {
  return { type: 'uint', value };
}

export function amqpLong(value: bigint): AmqpScalar {
  return { type: 'long', value };
}

export function amqpBoolean(value: boolean): AmqpScalar {
  return { type: 'boolean', value };
}

export const amqpNull: AmqpScalar = { type: 'null' };
