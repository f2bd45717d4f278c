import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bytesOf, refusalOf } from './testing/frame-hex.js';
import { fieldTableArbitrary } from './testing/method-arbitraries.js';
import {
  decodeFieldTable,
  encodeFieldTable,
  type FieldTable,
  type FieldValue,
  fieldOf,
  fieldText,
  tableDepthMax,
  tableElementsMax,
  textField,
} from './index.js';

/** So many tables or arrays inside of each other, around nothing. */
function nested(levels: number, tag: 'F' | 'A'): Buffer {
  let inside = Buffer.alloc(0);
  for (let level = 1; level < levels; level++) {
    const size = Buffer.alloc(4);
    size.writeUInt32BE(inside.length);
    // A name before all values of a table; of the outermost array too, which is in a table.
    const name = tag === 'F' || level === levels - 1 ? Buffer.from([0]) : Buffer.alloc(0);
    inside = Buffer.concat([name, Buffer.from(tag), size, inside]);
  }
  return inside;
}

describe('a field table', () => {
  it.each<[string, string, FieldValue]>([
    ['a boolean', "'t' 01", { tag: 't', value: true }],
    ['an int8', "'b' ff", { tag: 'b', value: -1 }],
    ['an uint8', "'B' ff", { tag: 'B', value: 255 }],
    ['an int16', "'s' 8000", { tag: 's', value: -32_768 }],
    ['an uint16', "'u' 8000", { tag: 'u', value: 32_768 }],
    ['an int32', "'I' 80000000", { tag: 'I', value: -2_147_483_648 }],
    ['an uint32', "'i' ffffffff", { tag: 'i', value: 4_294_967_295 }],
    ['an int64', "'l' 8000000000000001", { tag: 'l', value: -9_223_372_036_854_775_807n }],
    ['an int64 of tag L', "'L' 1000000000000001", { tag: 'L', value: 1_152_921_504_606_846_977n }],
    ['an int64 of tag L below zero', "'L' ffffffffffffffff", { tag: 'L', value: -1n }],
    ['a float', "'f' 3f000000", { tag: 'f', value: 0.5 }],
    ['a double', "'d' bff8000000000000", { tag: 'd', value: -1.5 }],
    ['a decimal', "'D' 02 ffffffff", { tag: 'D', scale: 2, value: 4_294_967_295 }],
    ['a timestamp', "'T' ffffffffffffffff", { tag: 'T', value: 18_446_744_073_709_551_615n }],
    ['a long string', "'S' 00000002 'hi'", { tag: 'S', value: Buffer.from('hi') }],
    ['a byte array', "'x' 00000002 ff00", { tag: 'x', value: Buffer.from([255, 0]) }],
    ['void', "'V'", { tag: 'V' }],
    ['a table', "'F' 00000004 01 'a' 't' 00", { tag: 'F', value: [['a', { tag: 't', value: false }]] }],
    ['an array', "'A' 00000003 'V' 'b' 02", { tag: 'A', value: [{ tag: 'V' }, { tag: 'b', value: 2 }] }],
    ['an empty array', "'A' 00000000", { tag: 'A', value: [] }],
  ])('has %s', (_, hex, value) => {
    const raw = bytesOf(`01 'k' ${hex}`);
    expect(decodeFieldTable(raw)).toEqual([['k', value]]);
    expect(encodeFieldTable([['k', value]])).toEqual(raw);
  });

  it('is read as amqplib 2.3.1 writes it', () => {
    const hex = [
      '01615300000001780162740101636201016462ff01657300c80166490001117001676c00000100000000000168643ff8000000000000',
      '016956016a41000000116201530000000178460000000401796202016b78000000017a016c540000000000000005016d44020000007b',
      '016e663f000000',
    ].join('');
    const array = [
      { tag: 'b', value: 1 },
      textField('x'),
      { tag: 'F', value: [['y', { tag: 'b', value: 2 }]] },
    ];
    const table = [
      ['a', textField('x')],
      ['b', { tag: 't', value: true }],
      ['c', { tag: 'b', value: 1 }],
      ['d', { tag: 'b', value: -1 }],
      ['e', { tag: 's', value: 200 }],
      ['f', { tag: 'I', value: 70_000 }],
      ['g', { tag: 'l', value: 2n ** 40n }],
      ['h', { tag: 'd', value: 1.5 }],
      ['i', { tag: 'V' }],
      ['j', { tag: 'A', value: array }],
      ['k', { tag: 'x', value: Buffer.from('z') }],
      ['l', { tag: 'T', value: 5n }],
      ['m', { tag: 'D', scale: 2, value: 123 }],
      ['n', { tag: 'f', value: 0.5 }],
    ] as FieldTable;
    expect(decodeFieldTable(bytesOf(hex))).toEqual(table);
    expect(encodeFieldTable(table).toString('hex')).toBe(hex);
  });

  it('reads what it writes, and writes what it read', () => {
    fc.assert(
      fc.property(fieldTableArbitrary, (table) => {
        const raw = encodeFieldTable(table);
        const decoded = decodeFieldTable(raw);
        expect(decoded).toEqual(table);
        expect(encodeFieldTable(decoded)).toEqual(raw);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps order and repeated names; the first counts', () => {
    const raw = bytesOf("01 'k' 'b' 01 01 'j' 'V' 01 'k' 'b' 02");
    const table = decodeFieldTable(raw);
    expect(table.map(([name]) => name)).toEqual(['k', 'j', 'k']);
    expect(fieldOf(table, 'k')).toEqual({ tag: 'b', value: 1 });
    expect(fieldOf(table, 'x')).toBeUndefined();
    expect(encodeFieldTable(table)).toEqual(raw);
  });

  it('has text in long strings, which need not be text', () => {
    expect(fieldText(textField('é'))).toBe('é');
    expect(fieldText({ tag: 'S', value: Buffer.from([0x61, 0xff]) })).toBe('a\uFFFD');
    expect(fieldText({ tag: 'V' })).toBeUndefined();
    expect(fieldText(undefined)).toBeUndefined();
  });

  it.each<[string, string]>([
    ['an unknown tag', "01 'k' 'U' 0001"],
    ['a tag of Object.prototype', "01 'k' 00"],
    ['no value', "01 'k'"],
    ['a name that is longer than the table', "05 'k' 'V'"],
    ['a name with NUL', "01 00 'V'"],
    ['a value that ends too early', "01 'k' 'l' 00"],
    ['a string of 4 GB', "01 'k' 'S' ffffffff 'x'"],
    ['a table that is longer than its parent', "01 'k' 'F' 00000009 01 'a' 't' 00"],
    ['a value that reaches out of its table', "01 'k' 'F' 00000003 01 'a' 'b' 01"],
    ['a value that reaches out of its array', "01 'k' 'A' 00000002 'u' 0001"],
  ])('is refused with %s', (_, hex) => {
    expect(refusalOf(() => decodeFieldTable(bytesOf(hex)))).toBe('502 connection: 0.0');
  });

  it.each(['F', 'A'] as const)('has a limited depth of %s', (tag) => {
    expect(refusalOf(() => decodeFieldTable(nested(tableDepthMax, tag)))).toBe('read');
    expect(refusalOf(() => decodeFieldTable(nested(tableDepthMax + 1, tag)))).toBe('506 connection: 0.0');
    expect(refusalOf(() => decodeFieldTable(nested(10_000, tag)))).toBe('506 connection: 0.0');
    let value: FieldValue = { tag: 'A', value: [] };
    for (let i = 2; i < tableDepthMax; i++) {
      value = tag === 'A' ? { tag, value: [value] } : { tag, value: [['', value]] };
    }
    expect(decodeFieldTable(encodeFieldTable([['', value]]))).toEqual([['', value]]);
    const deeper: FieldTable = [['', { tag: 'F', value: [['', value]] }]];
    expect(() => encodeFieldTable(deeper)).toThrow(expect.objectContaining({ code: 'too-deep' }));
  });

  it('has a limited number of values', () => {
    const array = (count: number) => {
      const size = Buffer.alloc(4);
      size.writeUInt32BE(count);
      return Buffer.concat([bytesOf("01 'k' 'A'"), size, Buffer.alloc(count, 'V')]);
    };
    expect(refusalOf(() => decodeFieldTable(array(tableElementsMax - 1)))).toBe('read');
    expect(refusalOf(() => decodeFieldTable(array(tableElementsMax)))).toBe('506 connection: 0.0');
  });

  it.each<[string, FieldValue]>([
    ['an int8 of 128', { tag: 'b', value: 128 }],
    ['an uint8 of -1', { tag: 'B', value: -1 }],
    ['a fraction', { tag: 'I', value: 0.5 }],
    ['an int64 of 2^63', { tag: 'l', value: 2n ** 63n }],
    ['a timestamp of -1', { tag: 'T', value: -1n }],
    ['a scale of 256', { tag: 'D', scale: 256, value: 0 }],
  ])('is not written with %s', (_, value) => {
    expect(() => encodeFieldTable([['k', value]])).toThrow(
      expect.objectContaining({ code: 'invalid-value' }),
    );
  });
});
