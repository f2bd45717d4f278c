import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { valueArbitrary } from './testing/amqp-arbitraries.js';
import { bytesOf, refusal } from './testing/amqp-hex.js';
import {
  AmqpEncodeError,
  type AmqpValue,
  amqpElementsMax,
  amqpNestingMax,
  decodeValue,
  encodeValue,
} from './index.js';

const value = (type: string, content?: unknown): AmqpValue =>
  (content === undefined ? { type } : { type, value: content }) as unknown as AmqpValue;

describe('a value', () => {
  // Each in its shortest encoding: decoded, and encoded to the same bytes.
  it.each<[string, AmqpValue]>([
    ['40', value('null')],
    ['41', value('boolean', true)],
    ['42', value('boolean', false)],
    ['50 ff', value('ubyte', 255)],
    ['60 ffff', value('ushort', 65_535)],
    ['43', value('uint', 0)],
    ['52 ff', value('uint', 255)],
    ['70 00000100', value('uint', 256)],
    ['70 ffffffff', value('uint', 4_294_967_295)],
    ['44', value('ulong', 0n)],
    ['53 ff', value('ulong', 255n)],
    ['80 ffffffffffffffff', value('ulong', 18_446_744_073_709_551_615n)],
    ['80 0020000000000001', value('ulong', 9_007_199_254_740_993n)],
    ['51 80', value('byte', -128)],
    ['61 8000', value('short', -32_768)],
    ['54 ff', value('int', -1)],
    ['71 00000080', value('int', 128)],
    ['71 80000000', value('int', -2_147_483_648)],
    ['55 80', value('long', -128n)],
    ['81 8000000000000000', value('long', -9_223_372_036_854_775_808n)],
    ['81 1000000000000001', value('long', 1_152_921_504_606_846_977n)],
    ['72 3fc00000', value('float', 1.5)],
    ['82 3ff8000000000000', value('double', 1.5)],
    ['82 8000000000000000', value('double', -0)],
    ['82 fff0000000000000', value('double', Number.NEGATIVE_INFINITY)],
    ['73 0001f600', value('char', 0x1f600)],
    ['74 01020304', value('decimal32', bytesOf('01020304'))],
    ['84 0102030405060708', value('decimal64', bytesOf('0102030405060708'))],
    ['94 000102030405060708090a0b0c0d0e0f', value('decimal128', bytesOf('000102030405060708090a0b0c0d0e0f'))],
    ['98 000102030405060708090a0b0c0d0e0f', value('uuid', bytesOf('000102030405060708090a0b0c0d0e0f'))],
    ['83 ffffffffffffffff', value('timestamp', -1n)],
    ["a0 03 'abc'", value('binary', Buffer.from('abc'))],
    ["a1 05 'gr' c3bc 'n'", value('string', 'grün')],
    ['a1 03 efbbbf', value('string', '\uFEFF')],
    ["a3 03 'abc'", value('symbol', 'abc')],
    ['45', value('list', [])],
    ['c0 04 02 40 52 07', value('list', [value('null'), value('uint', 7)])],
    ['c1 01 00', value('map', [])],
    ["c1 06 02 a3 01 'k' 54 05", value('map', [[value('symbol', 'k'), value('int', 5)]])],
    [
      "f0 0000000f 00000002 b3 00000001 'a' 00000001 'b'",
      { type: 'array', of: 'symbol', value: [value('symbol', 'a'), value('symbol', 'b')] } as AmqpValue,
    ],
    ['f0 00000005 00000000 71', { type: 'array', of: 'int', value: [] } as AmqpValue],
    [
      "00 a3 03 'x:y' a1 02 'hi'",
      { type: 'described', descriptor: value('symbol', 'x:y'), encoded: bytesOf("a1 02 'hi'") } as AmqpValue,
    ],
  ])('%s', (hex, expected) => {
    const bytes = bytesOf(hex);
    expect(decodeValue(bytes)).toEqual(expected);
    expect(encodeValue(expected).toString('hex')).toBe(bytes.toString('hex'));
  });

  it.each<[string, AmqpValue]>([
    ['56 01', value('boolean', true)],
    ['56 00', value('boolean', false)],
    ['70 00000000', value('uint', 0)],
    ['80 0000000000000007', value('ulong', 7n)],
    ['71 00000001', value('int', 1)],
    ['81 ffffffffffffffff', value('long', -1n)],
    ["b1 00000002 'hi'", value('string', 'hi')],
    ['c0 01 00', value('list', [])],
    ['d0 00000004 00000000', value('list', [])],
    ['d1 00000006 00000002 43 44', value('map', [[value('uint', 0), value('ulong', 0n)]])],
    [
      "e0 06 02 a3 01 'a' 01 'b'",
      { type: 'array', of: 'symbol', value: [value('symbol', 'a'), value('symbol', 'b')] } as AmqpValue,
    ],
    [
      'e0 02 03 41',
      { type: 'array', of: 'boolean', value: Array(3).fill(value('boolean', true)) } as AmqpValue,
    ],
  ])('in a longer encoding: %s', (hex, expected) => {
    expect(decodeValue(bytesOf(hex))).toEqual(expected);
    expect(decodeValue(encodeValue(expected))).toEqual(expected);
  });

  it('survives encode and decode, and comes out in the same bytes again', () => {
    fc.assert(
      fc.property(valueArbitrary, (original) => {
        const bytes = encodeValue(original);
        const decoded = decodeValue(bytes);
        expect(decoded).toEqual(original);
        expect(encodeValue(decoded).equals(bytes)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('of described elements keeps an array as it came, also inside of an array', () => {
    const described = bytesOf("e0 0a 02 00 a3 01 'd' a1 01 'x' 01 'y'");
    const read = decodeValue(described);
    expect(read).toEqual({ type: 'array', of: 'described', encoded: described });
    expect(encodeValue(read).equals(described)).toBe(true);
    const nested = decodeValue(bytesOf("e0 0d 01 e0 0a 02 00 a3 01 'd' a1 01 'x' 01 'y'"));
    expect(nested).toEqual({ type: 'array', of: 'array', value: [read] });
    const wide = decodeValue(encodeValue(nested));
    expect(wide).toEqual({
      type: 'array',
      of: 'array',
      value: [
        {
          type: 'array',
          of: 'described',
          encoded: bytesOf("f0 0000000d 00000002 00 a3 01 'd' a1 01 'x' 01 'y'"),
        },
      ],
    });
    expect(decodeValue(encodeValue(wide))).toEqual(wide);
  });

  it.each([
    ['nothing', '', 'decode-error: AMQP 1.2'],
    ['an unknown constructor', '46', 'decode-error: AMQP 1.6'],
    ['a reserved category', '10', 'decode-error: AMQP 1.6'],
    ['a descriptor only', '00 53 10', 'decode-error: AMQP 1.2'],
    ['bytes behind it', '4040', 'decode-error: AMQP 1.2'],
    ['a boolean of 2', '56 02', 'decode-error: AMQP 1.6.2'],
    ['a char that is a surrogate', '73 0000d800', 'decode-error: AMQP 1.6.16'],
    ['a char above Unicode', '73 00110000', 'decode-error: AMQP 1.6.16'],
    ['ill-formed UTF-8', 'a1 02 c080', 'decode-error: AMQP 1.6.20'],
    ['a surrogate in UTF-8', 'a1 03 eda080', 'decode-error: AMQP 1.6.20'],
    ['a symbol that is not ASCII', 'a3 02 c3bc', 'decode-error: AMQP 1.6.21'],
    ['2 GB of binary', 'b0 7fffffff 00', 'decode-error: AMQP 1.2'],
    ['4 GB of list', 'd0 ffffffff ffffffff', 'decode-error: AMQP 1.6.22'],
    ['more elements than bytes', 'c0 02 05 40', 'decode-error: AMQP 1.6.22'],
    ['fewer elements than bytes', 'c0 03 01 40 40', 'decode-error: AMQP 1.6.22'],
    ['an element beyond its list', 'c0 03 01 a1 05 40', 'decode-error: AMQP 1.2'],
    ['a map of three', 'c1 04 03 40 40 40', 'decode-error: AMQP 1.6.23'],
    ['a map with equal keys', 'c1 07 04 52 01 40 52 01 40', 'decode-error: AMQP 1.6.23'],
    [
      'a map with equal keys in unlike encodings',
      'c1 09 04 43 40 70 00000000 40',
      'decode-error: AMQP 1.6.23',
    ],
    ['4,294,967,295 nulls of no bytes', 'f0 00000005 ffffffff 40', 'resource-limit-exceeded: AMQP 1.6.22'],
    ['an array of an unknown constructor', 'e0 02 00 46', 'decode-error: AMQP 1.6'],
    ['an array without a constructor', 'e0 01 00', 'decode-error: AMQP 1.2'],
  ])('is refused: %s', (_, hex, expected) => {
    expect(refusal(() => decodeValue(bytesOf(hex)))).toBe(`message: amqp:${expected}`);
  });

  it('is nested to a limit', () => {
    const nested = (depth: number): AmqpValue =>
      depth === 0 ? value('null') : value('list', [nested(depth - 1)]);
    expect(refusal(() => decodeValue(encodeValue(nested(amqpNestingMax))))).toBe('read');
    const tooDeep = 'message: amqp:resource-limit-exceeded: AMQP 1.2';
    expect(refusal(() => decodeValue(encodeValue(nested(amqpNestingMax + 1))))).toBe(tooDeep);
    expect(refusal(() => decodeValue(Buffer.alloc(60_000, bytesOf('00 43'))))).toBe(tooDeep);
    expect(refusal(() => decodeValue(Buffer.alloc(60_000, 0)))).toBe(tooDeep);
  });

  it('may have any number of compounds and described values beside each other', () => {
    const described = {
      type: 'described',
      descriptor: value('uint', 1),
      encoded: bytesOf('43'),
    } as AmqpValue;
    const pair = value('list', [value('list', [value('null')]), described]);
    const many = value('list', Array<AmqpValue>(2 * amqpNestingMax).fill(pair));
    expect(decodeValue(encodeValue(many))).toEqual(many);
  });

  it('is narrow where its size fits a byte, and wide above', () => {
    // Of the content: the size counts one byte more, the count.
    for (const length of [250, 253, 254, 255, 256, 257]) {
      const list = value('list', [value('binary', Buffer.alloc(length - 2))]);
      const bytes = encodeValue(list);
      expect(bytes[0]).toBe(length <= 254 ? 0xc0 : 0xd0);
      expect(decodeValue(bytes)).toEqual(list);
    }
  });

  it('has a limited number of elements, in all its compounds', () => {
    const list = (length: number) => value('list', Array<AmqpValue>(length).fill(value('null')));
    expect(refusal(() => decodeValue(encodeValue(list(amqpElementsMax))))).toBe('read');
    const tooMany = 'message: amqp:resource-limit-exceeded: AMQP 1.6.22';
    expect(refusal(() => decodeValue(encodeValue(list(amqpElementsMax + 1))))).toBe(tooMany);
    const half = list(amqpElementsMax / 2);
    expect(refusal(() => decodeValue(encodeValue(value('list', [half, half]))))).toBe(tooMany);
  });

  it.each<[string, AmqpValue]>([
    ['a fraction', value('uint', 1.5)],
    ['below the range', value('uint', -1)],
    ['above the range', value('ubyte', 256)],
    ['above 64 bits', value('ulong', 2n ** 64n)],
    ['below 63 bits', value('long', -(2n ** 63n) - 1n)],
    ['a negative ulong', value('ulong', -1n)],
    ['a surrogate', value('char', 0xd800)],
    ['half a character', value('string', '\ud800')],
    ['a symbol that is not ASCII', value('symbol', 'ü')],
    ['five bytes of decimal32', value('decimal32', Buffer.alloc(5))],
    ['mixed elements', { type: 'array', of: 'int', value: [value('uint', 1)] } as AmqpValue],
  ])('is not written: %s', (_, wrong) => {
    expect(() => encodeValue(wrong)).toThrow(AmqpEncodeError);
  });
});
