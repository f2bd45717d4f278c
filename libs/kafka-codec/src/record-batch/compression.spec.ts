import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { snappyCompress } from '#libs/compression';
import { compressRecords, decompressRecords, type RecordCompression } from '../index.js';
import { lz4FrameCompress, lz4FrameDecompress } from './lz4-frame.js';
import { snappyFramedCompress, snappyFramedDecompress } from './snappy-framing.js';
import { xxhash32 } from './xxhash32.js';

const code = (expected: string) => expect.objectContaining({ code: expected });

const text = Buffer.from(
  Array.from({ length: 4000 }, (_, i) => `line ${i % 23} of the text, again and again;`)
    .join('')
    .slice(0, 140_000),
);

// `text`, over three blocks of 64 KB, by the reference implementation (lz4 1.9.4, `-12 -B4`).
const referenceFrames = {
  'linked blocks': [
    'BCJNGERAXpcBAADyDmxpbmUgMCBvZiB0aGUgdGV4dCwgYWdhaW4gYW5kCgAROyQAHzEkABAfMiQAEB8zJAAQHzQkABAfNSQA',
    'EB82JAAQHzckABAfOCQAEB85RAERD2kBEh8xJQARHzIlABEfMyUAER80JQARHzUlABEfNiUAER83JQARHzglABEfOZICER8w',
    'JQARD9wCEg9yARAPSQP/////////////////////////////////////////////////////////////////////////////',
    '////////////////////////////////////////////////////////////////////////////////////////////////',
    '////////////////////////////////////////////////////////////////////////////////////////////////',
    '////////////////////////////////////////////////////////////////////mFAgb2YgdAoBAAAPSQP/////////',
    '////////////////////////////////////////////////////////////////////////////////////////////////',
    '////////////////////////////////////////////////////////////////////////////////////////////////',
    '////////////////////////////////////////////////////////////////////////////////////////////////',
    '////////////////////////////////////////////6FAsIGFnYSwAAAAPSQP/////////////////////////////////',
    '////////////6lBkIGFnYQAAAACfrRGq',
  ].join(''),
  'linked blocks with checksums and content size': [
    'BCJNGFxA4CICAAAAAABPlwEAAPIObGluZSAwIG9mIHRoZSB0ZXh0LCBhZ2FpbiBhbmQKABE7JAAfMSQAEB8yJAAQHzMkABAf',
    'NCQAEB81JAAQHzYkABAfNyQAEB84JAAQHzlEAREPaQESHzElABEfMiUAER8zJQARHzQlABEfNSUAER82JQARHzclABEfOCUA',
    'ER85kgIRHzAlABEP3AISD3IBEA9JA///////////////////////////////////////////////////////////////////',
    '////////////////////////////////////////////////////////////////////////////////////////////////',
    '////////////////////////////////////////////////////////////////////////////////////////////////',
    '//////////////////////////////////////////////////////////////////////////////+YUCBvZiB0stuhBAoB',
    'AAAPSQP/////////////////////////////////////////////////////////////////////////////////////////',
    '////////////////////////////////////////////////////////////////////////////////////////////////',
    '////////////////////////////////////////////////////////////////////////////////////////////////',
    '////////////////////////////////////////////////////////////6FAsIGFnYThyv6ssAAAAD0kD////////////',
    '/////////////////////////////////+pQZCBhZ2FeSx5oAAAAAJ+tEao=',
  ].join(''),
  'independent blocks with checksums and content size': [
    'BCJNGHhA4CICAAAAAAC8lwEAAPIObGluZSAwIG9mIHRoZSB0ZXh0LCBhZ2FpbiBhbmQKABE7JAAfMSQAEB8yJAAQHzMkABAf',
    'NCQAEB81JAAQHzYkABAfNyQAEB84JAAQHzlEAREPaQESHzElABEfMiUAER8zJQARHzQlABEfNSUAER82JQARHzclABEfOCUA',
    'ER85kgIRHzAlABEP3AISD3IBEA9JA///////////////////////////////////////////////////////////////////',
    '////////////////////////////////////////////////////////////////////////////////////////////////',
    '////////////////////////////////////////////////////////////////////////////////////////////////',
    '//////////////////////////////////////////////////////////////////////////////+YUCBvZiB0stuhBJgB',
    'AADyA2hlIHRleHQsIGFnYWluIGFuZAoA3ztsaW5lIDIyIG9mIHQlAAsfMCQAEB8xJAAQD2wAER8zJAAQHzQkABAfNSQAEB82',
    'JAAQHzckABAfOCQAEB85RAERD2kBEh8xJQARHzIlABEfMyUAER80JQARHzUlABEfNiUAER83JQARHzglABEfOZICER8wJQAR',
    'DtwCD0kD////////////////////////////////////////////////////////////////////////////////////////',
    '////////////////////////////////////////////////////////////////////////////////////////////////',
    '////////////////////////////////////////////////////////////////////////////////////////////////',
    '/////////////////////////////////////////////////////////5BQLCBhZ2F1eThOuQAAAPISaW4gYW5kIGFnYWlu',
    'O2xpbmUgMjAgb2YgdGhlIHRleHQsGwANJQAfMSUAER8yJQAQD24AEQ9tABIPJAAQHzMkABAfNCQAEB81JAAQHzYkABAfNyQA',
    'EB84JAAQHzlEAREPaQESHzElABEfMiUAER8zJQARHzQlABEfNSUAER82JQARHzclABEfOCUAEQ5yAQ9JA///////////////',
    '//////////////////////////+eUGQgYWdhIQB1+AAAAAA=',
  ].join(''),
};

describe('compression of records', () => {
  const inputs = [Buffer.alloc(0), Buffer.from('a'), text, randomBytes(100_000), Buffer.alloc(300_000, 7)];

  it('gives back what it was given', () => {
    for (const compression of [0, 1, 2, 3, 4] as RecordCompression[]) {
      for (const magic of compression === 4 ? [2] : [0, 1, 2]) {
        for (const input of inputs) {
          const compressed = compressRecords(compression, magic, input);
          expect(decompressRecords(compression, magic, compressed, input.length).equals(input)).toBe(true);
          if (compression === 0 || input.length < 2) continue;
          expect(() => decompressRecords(compression, magic, compressed, input.length - 1)).toThrow(
            code('records-too-large'),
          );
        }
      }
    }
  });

  it('knows no zstd before magic 2 and no sixth codec', () => {
    expect(() => decompressRecords(4, 1, compressRecords(4, 2, text), 1_000_000)).toThrow(
      code('records-unsupported'),
    );
    expect(() => decompressRecords(5, 2, text, 1_000_000)).toThrow(code('records-unsupported'));
  });
});

describe('snappy', () => {
  it('is read raw and in the framing of xerial, also of several streams in a row', () => {
    const framed = snappyFramedCompress(text);
    expect(framed.subarray(0, 16).toString('hex')).toBe('82534e415050590000000001' + '00000001');
    expect(snappyFramedDecompress(framed, 140_000).equals(text)).toBe(true);
    expect(snappyFramedDecompress(snappyCompress(text), 140_000).equals(text)).toBe(true);
    const twice = snappyFramedDecompress(Buffer.concat([framed, framed]), 280_000);
    expect(twice.equals(Buffer.concat([text, text]))).toBe(true);
  });

  it('with sizes that do not fit is corrupt', () => {
    const framed = snappyFramedCompress(text);
    for (const size of [0, -1, framed.length, 0x7fffffff]) {
      const wrong = Buffer.from(framed);
      wrong.writeInt32BE(size, 16);
      expect(() => snappyFramedDecompress(wrong, 1_000_000)).toThrow(code('records-corrupt'));
    }
    expect(() => snappyFramedDecompress(Buffer.concat([framed, Buffer.alloc(3)]), 1_000_000)).toThrow(
      code('records-corrupt'),
    );
  });
});

describe('LZ4 frames', () => {
  it.each(Object.entries(referenceFrames))('of the reference implementation are read: %s', (_, base64) => {
    const frame = Buffer.from(base64, 'base64');
    expect(lz4FrameDecompress(frame, text.length).equals(text)).toBe(true);
    expect(() => lz4FrameDecompress(frame, text.length - 1)).toThrow(code('records-too-large'));
  });

  it.each(Object.entries(referenceFrames))(
    'with bits wrong are refused or read the same: %s',
    (name, base64) => {
      const frame = Buffer.from(base64, 'base64');
      const hasContentChecksum = !name.startsWith('independent');
      for (let at = 0; at < frame.length; at += at < 30 ? 1 : 7) {
        const wrong = Buffer.from(frame);
        wrong[at]! ^= 1 << (at & 7);
        let output: Buffer | undefined;
        try {
          output = lz4FrameDecompress(wrong, 1_000_000);
        } catch (error) {
          expect(['KafkaDecodeError', 'CompressionError']).toContain((error as Error).name);
        }
        if (output && hasContentChecksum) expect(output.equals(text)).toBe(true);
      }
      for (let length = 0; length < frame.length - 4; length += 5) {
        expect(() => lz4FrameDecompress(frame.subarray(0, length), 1_000_000)).toThrow();
      }
    },
  );

  it('of Kafka before 0.10 have another header checksum', () => {
    const right = lz4FrameCompress(text);
    const broken = lz4FrameCompress(text, { headerChecksum: 'broken' });
    expect(broken[6]).toBe((xxhash32(broken.subarray(0, 6)) >>> 8) & 0xff);
    expect(right[6]).not.toBe(broken[6]);
    expect(() => lz4FrameDecompress(broken, 1_000_000)).toThrow('wrong header checksum');
    expect(lz4FrameDecompress(broken, 1_000_000, { headerChecksum: 'broken' }).equals(text)).toBe(true);
    expect(lz4FrameDecompress(right, 1_000_000, { headerChecksum: 'broken' }).equals(text)).toBe(true);
  });

  it('store blocks that would not shrink', () => {
    const random = randomBytes(70_000);
    const frame = lz4FrameCompress(random);
    expect(frame.readUInt32LE(7)).toBe(0x80000000 + 65_536);
    expect(lz4FrameDecompress(frame, 70_000).equals(random)).toBe(true);
  });

  it('with a header that is not allowed are refused', () => {
    const frame = lz4FrameCompress(Buffer.from('abc'));
    const change = (at: number, value: number) => {
      const wrong = Buffer.from(frame);
      wrong[at] = value;
      wrong[6] = (xxhash32(wrong.subarray(4, 6)) >>> 8) & 0xff;
      return () => lz4FrameDecompress(wrong, 1000);
    };
    expect(change(0, 0)).toThrow('no frame');
    expect(change(4, 0xa0)).toThrow('flags');
    expect(change(4, 0x62)).toThrow('flags');
    expect(change(4, 0x61)).toThrow('dictionary');
    expect(change(5, 0x30)).toThrow('block descriptor');
    expect(change(5, 0x41)).toThrow('block descriptor');
    expect(change(8, 1)).toThrow(code('records-corrupt'));
  });
});

describe('xxhash32', () => {
  it('has the values of the reference implementation', () => {
    const hash = (input: string) => xxhash32(Buffer.from(input)).toString(16);
    expect(hash('')).toBe('2cc5d05');
    expect(hash('a')).toBe('550d7456');
    expect(hash('abc')).toBe('32d153ff');
    expect(hash('Nobody inspects the spammish repetition')).toBe('e2293b2f');
  });
});
