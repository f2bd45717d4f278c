// Random values, composites and messages, for property tests.
import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { compositePlaces } from '../composite-rows.js';
import type { AmqpFieldRule, AmqpFieldType } from '../composite-table.js';
import {
  type AmqpCompositeInput,
  type AmqpCompositeName,
  type AmqpScalar,
  type AmqpValue,
  compositeTable,
  encodeValue,
} from '../index.js';

const bytes = (minLength: number, maxLength: number) =>
  fc.uint8Array({ minLength, maxLength }).map((value) => Buffer.from(value));
/** Around the border between the narrow and the wide form too. */
const binary = fc.oneof({ weight: 9, arbitrary: bytes(0, 20) }, { weight: 1, arbitrary: bytes(250, 260) });
const text = fc.oneof(
  { weight: 9, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', minLength: 80, maxLength: 260 }) },
);
const symbol = fc.string({ unit: fc.constantFrom(...'abcdefghijk-:.019\0\x7f'), maxLength: 24 });
const integer = (min: number, max: number) =>
  fc.oneof(
    fc.integer({ min, max }),
    fc.constantFrom(min, max, 0, 1, Math.min(max, 0x7f), Math.min(max, 255)),
  );
const float = fc.float({ noNaN: false });
const ulong = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 0n, max: 300n }));
const long = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -300n, max: 300n }),
);
const codePoint = fc.oneof(fc.integer({ min: 0, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff }));

const scalarsByType = {
  null: fc.constant<AmqpScalar>({ type: 'null' }),
  boolean: typed('boolean', fc.boolean()),
  ubyte: typed('ubyte', integer(0, 0xff)),
  ushort: typed('ushort', integer(0, 0xffff)),
  uint: typed('uint', integer(0, 0xffff_ffff)),
  ulong: typed('ulong', ulong),
  byte: typed('byte', integer(-0x80, 0x7f)),
  short: typed('short', integer(-0x8000, 0x7fff)),
  int: typed('int', integer(-0x8000_0000, 0x7fff_ffff)),
  long: typed('long', long),
  float: typed('float', float),
  double: typed('double', fc.double()),
  decimal32: typed('decimal32', bytes(4, 4)),
  decimal64: typed('decimal64', bytes(8, 8)),
  decimal128: typed('decimal128', bytes(16, 16)),
  char: typed('char', codePoint),
  timestamp: typed('timestamp', long),
  uuid: typed('uuid', bytes(16, 16)),
  binary: typed('binary', binary),
  string: typed('string', text),
  symbol: typed('symbol', symbol),
} as const;

function typed<T>(type: AmqpScalar['type'], arbitrary: fc.Arbitrary<T>): fc.Arbitrary<AmqpScalar> {
  return arbitrary.map((value) => ({ type, value }) as unknown as AmqpScalar);
}

export const scalarArbitrary: fc.Arbitrary<AmqpScalar> = fc.oneof(...Object.values(scalarsByType));

/** Any value, a few levels deep. */
export const valueArbitrary: fc.Arbitrary<AmqpValue> = fc.letrec<{ value: AmqpValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    scalarArbitrary,
    fc.array(tie('value'), { maxLength: 6 }).map((value) => ({ type: 'list', value }) as const),
    fc
      .uniqueArray(fc.tuple(scalarArbitrary, tie('value')), {
        maxLength: 4,
        selector: ([key]) => ('value' in key ? `${key.type} ${key.value}` : key.type),
      })
      .map((value) => ({ type: 'map', value }) as const),
    arrayArbitrary(tie('value')),
    fc
      .tuple(fc.oneof(scalarsByType.symbol, scalarsByType.ulong), tie('value'))
      .map(
        ([descriptor, value]) => ({ type: 'described', descriptor, encoded: encodeValue(value) }) as const,
      ),
  ),
})).value;

function arrayArbitrary(value: fc.Arbitrary<AmqpValue>): fc.Arbitrary<AmqpValue> {
  const ofScalars = Object.entries(scalarsByType).map(([of, arbitrary]) => ({ of, arbitrary }));
  const ofLists = {
    of: 'list',
    arbitrary: fc.array(value, { maxLength: 3 }).map((list) => ({ type: 'list', value: list }) as const),
  };
  return fc
    .constantFrom(...ofScalars, ofLists)
    .chain(({ of, arbitrary }) =>
      fc
        .array(arbitrary as fc.Arbitrary<AmqpValue>, { maxLength: 4 })
        .map((elements) => ({ type: 'array', of, value: elements }) as AmqpValue),
    );
}

const fields = fc
  .uniqueArray(fc.tuple(symbol, valueArbitrary), { maxLength: 4, selector: ([key]) => key })
  .map((entries) => new Map(entries));

/** Any composite of the names, with any of its optional fields; defaulted ones are there, as they are when decoded. */
export function compositeArbitrary<N extends AmqpCompositeName>(
  ...names: readonly N[]
): fc.Arbitrary<AmqpCompositeInput<N>> {
  return fc.oneof(...names.map((name) => oneComposite(name))) as unknown as fc.Arbitrary<
    AmqpCompositeInput<N>
  >;
}

function oneComposite(name: AmqpCompositeName): fc.Arbitrary<unknown> {
  const rules = Object.entries(compositeTable[name].fields as Record<string, AmqpFieldRule>);
  const record: Record<string, fc.Arbitrary<unknown>> = { type: fc.constant(name) };
  for (const [field, { type, need }] of rules) {
    const value = fieldArbitrary(type);
    record[field] = need === 'optional' ? fc.option(value, { nil: undefined }) : value;
  }
  return fc.record(record);
}

function fieldArbitrary(type: AmqpFieldType): fc.Arbitrary<unknown> {
  switch (type) {
    case 'boolean':
    case 'ubyte':
    case 'ushort':
    case 'uint':
    case 'ulong':
    case 'timestamp':
    case 'binary':
    case 'string':
    case 'symbol':
      return scalarsByType[type].map((scalar) => ('value' in scalar ? scalar.value : undefined));
    case 'symbols':
      return fc.array(symbol, { maxLength: 4 });
    case 'fields':
      return fields;
    case 'any':
      return valueArbitrary.filter((value) => value.type !== 'null');
    case 'message-id':
      return fc.oneof(scalarsByType.ulong, scalarsByType.uuid, scalarsByType.binary, scalarsByType.string);
    case 'unsettled':
      return fc.uniqueArray(
        fc.tuple(bytes(1, 32), fc.option(fieldArbitrary('delivery-state'), { nil: undefined })),
        { maxLength: 4, selector: ([tag]) => tag.toString('hex') },
      );
    default:
      return compositeArbitrary(...compositePlaces[type]);
  }
}

export const performativeArbitrary = compositeArbitrary(
  ...(['open', 'begin', 'attach', 'flow', 'transfer', 'disposition', 'detach', 'end', 'close'] as const),
);

export const saslArbitrary = compositeArbitrary(
  ...(['sasl-mechanisms', 'sasl-init', 'sasl-challenge', 'sasl-response', 'sasl-outcome'] as const),
);
