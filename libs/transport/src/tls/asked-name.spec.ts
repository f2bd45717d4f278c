import { describe, expect, it } from '@jest/globals';
import { askedName } from './asked-name.js';

const vector = (width: 1 | 2, content: Buffer) => {
  const length = Buffer.alloc(width);
  length.writeUIntBE(content.length, 0, width);
  return Buffer.concat([length, content]);
};
const extension = (type: number, content: Buffer) => {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(type);
  return Buffer.concat([head, vector(2, content)]);
};
const entry = (name: string, type = 0) =>
  Buffer.concat([Buffer.from([type]), vector(2, Buffer.from(name, 'latin1'))]);
const names = (...entries: Buffer[]) => extension(0, vector(2, Buffer.concat(entries)));
const fixed = Buffer.concat([
  Buffer.alloc(34, 3),
  vector(1, Buffer.alloc(32)),
  vector(2, Buffer.alloc(4)),
  vector(1, Buffer.alloc(1)),
]);
const hello = (...extensions: Buffer[]) => Buffer.concat([fixed, vector(2, Buffer.concat(extensions))]);
const other = extension(43, Buffer.from([2, 3, 4]));

describe('askedName', () => {
  it('is the one host name, wherever its extension stands', () => {
    expect(askedName(hello(names(entry('acme.example'))))).toBe('acme.example');
    expect(askedName(hello(other, names(entry('a\0b\xff')), other))).toBe('a\0b\xff');
  });

  it('is absent where none is asked for', () => {
    expect(askedName(hello(other))).toBeUndefined();
    expect(askedName(hello())).toBeUndefined();
    expect(askedName(fixed)).toBeUndefined();
  });

  it.each([
    ['two names', hello(names(entry('a.example'), entry('b.example')))],
    ['two lists', hello(names(entry('a.example')), names(entry('b.example')))],
    ['another type of name', hello(names(entry('a.example', 1)))],
    ['an empty list', hello(names())],
    [
      'bytes behind the list',
      hello(extension(0, Buffer.concat([vector(2, entry('a.example')), Buffer.alloc(1)]))),
    ],
    ['bytes behind the extensions', Buffer.concat([hello(names(entry('a.example'))), Buffer.alloc(1)])],
    ['an extension that is cut off', hello(names(entry('a.example')).subarray(0, -1))],
    ['an end within its random bytes', fixed.subarray(0, 20)],
  ])('refuses %s', (_, bytes) => expect(() => askedName(bytes)).toThrow());

  it('ends at every byte that it could be cut off at', () => {
    const whole = hello(other, names(entry('acme.example')));
    for (let at = 0; at < whole.length; at++) {
      if (at === fixed.length) continue;
      expect(() => askedName(whole.subarray(0, at))).toThrow();
    }
  });
});
