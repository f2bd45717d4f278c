// Random methods, tables and properties, for tests.
import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import {
  type Amqp091Method,
  type Amqp091MethodName,
  type BasicProperties,
  encodeFieldTable,
  type FieldTable,
  type FieldValue,
  methodTable,
} from '../index.js';

const isShort = (text: string) =>
  Buffer.byteLength(text) <= 255 && !text.includes('\0') && text.isWellFormed();

export const shortStringArbitrary = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }).filter(isShort),
  fc.string({ unit: 'binary-ascii', maxLength: 255 }).filter(isShort),
);

export const bytesArbitrary = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes));

const { tree } = fc.letrec<{ tree: FieldValue }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({ tag: fc.constantFrom('S' as const, 'x' as const), value: bytesArbitrary }),
    fc.record({ tag: fc.constant('t' as const), value: fc.boolean() }),
    ...numberArbitraries(),
    fc.record({
      tag: fc.constantFrom('l' as const, 'L' as const),
      value: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
    }),
    fc.record({ tag: fc.constant('T' as const), value: fc.bigInt(0n, 2n ** 64n - 1n) }),
    fc.record({ tag: fc.constant('D' as const), scale: fc.nat(255), value: fc.nat(0xffffffff) }),
    fc.record({ tag: fc.constant('V' as const) }),
    fc.record({
      tag: fc.constant('F' as const),
      value: fc.array(fc.tuple(shortStringArbitrary, tie('tree')), { maxLength: 5 }),
    }),
    fc.record({ tag: fc.constant('A' as const), value: fc.array(tie('tree'), { maxLength: 5 }) }),
  ),
}));

function numberArbitraries(): fc.Arbitrary<FieldValue>[] {
  const integers = [
    ['b', -0x80, 0x7f],
    ['B', 0, 0xff],
    ['s', -0x8000, 0x7fff],
    ['u', 0, 0xffff],
    ['I', -0x80000000, 0x7fffffff],
    ['i', 0, 0xffffffff],
  ] as const;
  return [
    ...integers.map(([tag, min, max]) =>
      fc.record({ tag: fc.constant(tag), value: fc.integer({ min, max }) }),
    ),
    fc.record({ tag: fc.constant('f' as const), value: fc.float() }),
    fc.record({ tag: fc.constant('d' as const), value: fc.double() }),
  ];
}

export const fieldTableArbitrary: fc.Arbitrary<FieldTable> = fc.array(fc.tuple(shortStringArbitrary, tree), {
  maxLength: 8,
});

const fieldArbitraries: Readonly<Record<string, fc.Arbitrary<unknown> | undefined>> = {
  octet: fc.nat(0xff),
  short: fc.nat(0xffff),
  long: fc.nat(0xffffffff),
  'delivery-tag': fc.nat(Number.MAX_SAFE_INTEGER),
  shortstr: shortStringArbitrary,
  longstr: bytesArbitrary,
  table: fieldTableArbitrary.map(encodeFieldTable),
  bit: fc.boolean(),
};

export const methodNames = Object.keys(methodTable) as Amqp091MethodName[];

/** Any values that the table allows. */
export function methodArbitrary(name: Amqp091MethodName): fc.Arbitrary<Amqp091Method> {
  const values: Record<string, fc.Arbitrary<unknown>> = { name: fc.constant(name) };
  for (const [field, type] of Object.entries(methodTable[name].fields)) {
    const arbitrary = fieldArbitraries[type];
    if (arbitrary) values[field] = arbitrary;
  }
  return fc.record(values) as fc.Arbitrary<unknown> as fc.Arbitrary<Amqp091Method>;
}

const text = fc.string({ unit: 'binary', maxLength: 40 }).filter((each) => each.isWellFormed());

/** Bytes of properties only where they are no UTF-8: others are decoded as text. */
export const propertiesArbitrary: fc.Arbitrary<BasicProperties> = fc.record(
  {
    contentType: text,
    contentEncoding: text,
    headers: fieldTableArbitrary.map(encodeFieldTable),
    deliveryMode: fc.nat(255),
    priority: fc.nat(255),
    correlationId: fc.oneof(
      text,
      fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from([0xff, ...bytes])),
    ),
    replyTo: text,
    expiration: text,
    messageId: text,
    timestamp: fc.bigInt(0n, 2n ** 64n - 1n),
    type: text,
    userId: text,
    appId: text,
    clusterId: text,
  },
  { requiredKeys: [] },
);

/** The side that may send it. */
export function senderOf(name: Amqp091MethodName): 'client' | 'server' {
  const { from } = methodTable[name];
  return from === 'both' ? 'client' : from;
}

/** A channel that it may be sent on. */
export function channelOf(name: Amqp091MethodName): number {
  return name.startsWith('connection.') ? 0 : 3;
}
