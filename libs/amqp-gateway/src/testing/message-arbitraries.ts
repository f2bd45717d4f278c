import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import {
  type AmqpComposite,
  type AmqpScalar,
  type AmqpValue,
  encodeSequence,
  encodeValue,
  encodeValueSection,
} from '#libs/amqp-codec';
import { data, properties, users } from './mapping-bed.js';

// Random messages, of every type that AMQP 1.0 has, for property tests.
export const bytes = (minLength: number, maxLength: number) =>
  fc.uint8Array({ minLength, maxLength }).map((array) => Buffer.from(array));
export const text = fc.string({ unit: 'grapheme', maxLength: 12 });
export const symbol = fc.string({ unit: fc.constantFrom(...'abc-:.09'), maxLength: 12 });
const typed = <T>(type: AmqpScalar['type'], values: fc.Arbitrary<T>) =>
  values.map((value) => ({ type, value }) as unknown as AmqpScalar);
const long = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
/** Of every type that AMQP 1.0 has. */
export const scalar: fc.Arbitrary<AmqpScalar> = fc.oneof(
  fc.constant<AmqpScalar>({ type: 'null' }),
  typed('boolean', fc.boolean()),
  typed('ubyte', fc.integer({ min: 0, max: 0xff })),
  typed('ushort', fc.integer({ min: 0, max: 0xffff })),
  typed('uint', fc.integer({ min: 0, max: 0xffff_ffff })),
  typed('ulong', fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
  typed('byte', fc.integer({ min: -0x80, max: 0x7f })),
  typed('short', fc.integer({ min: -0x8000, max: 0x7fff })),
  typed('int', fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff })),
  typed('long', long),
  typed('timestamp', long),
  typed('float', fc.float()),
  typed('double', fc.double()),
  typed('decimal32', bytes(4, 4)),
  typed('decimal64', bytes(8, 8)),
  typed('decimal128', bytes(16, 16)),
  typed('uuid', bytes(16, 16)),
  typed('char', fc.oneof(fc.integer({ min: 0, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff }))),
  typed('binary', bytes(0, 300)),
  typed('string', text),
  typed('symbol', symbol),
);
export const value: fc.Arbitrary<AmqpValue> = fc.oneof(
  scalar,
  fc.array(scalar, { maxLength: 4 }).map((list) => ({ type: 'list', value: list }) as const),
  fc
    .array(typed('int', fc.integer({ min: 0, max: 9 })), { maxLength: 4 })
    .map((array) => ({ type: 'array', of: 'int', value: array }) as const),
  fc
    .uniqueArray(fc.tuple(typed('string', text), scalar), {
      maxLength: 3,
      selector: ([key]) => String((key as { value: string }).value),
    })
    .map((map) => ({ type: 'map', value: map }) as const),
  scalar.map(
    (inner) =>
      ({
        type: 'described',
        descriptor: { type: 'symbol', value: 'own' },
        encoded: encodeValue(inner),
      }) as const,
  ),
);
export const named = <T>(key: fc.Arbitrary<string>, values: fc.Arbitrary<T>) =>
  fc
    .uniqueArray(fc.tuple(key, values), { maxLength: 5, selector: ([name]) => name })
    .map((all) => new Map(all));
export const names = fc.oneof(
  text,
  fc.constantFrom('pulsegate.amqp.body', 'pulsegate.null.x', '__proto__', 'a'),
);
export const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const messageId = fc.oneof(
  typed('ulong', fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
  typed('uuid', bytes(16, 16)),
  typed('binary', bytes(0, 20)),
  typed('string', text),
) as fc.Arbitrary<NonNullable<AmqpComposite<'properties'>['messageId']>>;
export const propertiesSection = fc
  .record({
    messageId: optional(messageId),
    userId: optional(fc.constantFrom(...users, Buffer.alloc(0))),
    to: optional(text),
    subject: optional(text),
    replyTo: optional(text),
    correlationId: optional(messageId),
    contentType: optional(symbol),
    contentEncoding: optional(symbol),
    absoluteExpiryTime: optional(long),
    creationTime: optional(long),
    groupId: optional(text),
    groupSequence: optional(fc.integer({ min: 0, max: 0xffff_ffff })),
    replyToGroupId: optional(text),
  })
  .map((fields) => properties(fields));
/** Also in encodings that no encoder here makes. */
export const body: fc.Arbitrary<Buffer> = fc.oneof(
  bytes(0, 400).map(data),
  bytes(0, 20).map((payload) => {
    const head = Buffer.from([0, 0x53, 0x75, 0xb0, 0, 0, 0, payload.length]);
    return Buffer.concat([head, payload]);
  }),
  bytes(0, 20).map((payload) =>
    Buffer.concat([Buffer.from([0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x75, 0xa0, payload.length]), payload]),
  ),
  bytes(0, 20).map((payload) =>
    Buffer.concat([
      Buffer.from([0, 0xa3, 16, ...Buffer.from('amqp:data:binary'), 0xa0, payload.length]),
      payload,
    ]),
  ),
  fc.array(bytes(0, 9).map(data), { minLength: 2, maxLength: 4 }).map((all) => Buffer.concat(all)),
  fc
    .array(fc.array(value, { maxLength: 3 }).map(encodeSequence), { minLength: 1, maxLength: 3 })
    .map((all) => Buffer.concat(all)),
  value.map(encodeValueSection),
  fc.constantFrom(encodeValueSection({ type: 'null' }), Buffer.alloc(0)),
);
