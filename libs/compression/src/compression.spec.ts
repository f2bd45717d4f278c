import { constants, deflateSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import * as compression from './index.js';
import { CompressionError, crc32c } from './index.js';

const formats = {
  lz4: [compression.lz4BlockCompress, compression.lz4BlockDecompress],
  snappy: [compression.snappyCompress, compression.snappyDecompress],
  zlib: [compression.zlibCompress, compression.zlibDecompress],
  gzip: [compression.gzipCompress, compression.gzipDecompress],
  zstd: [compression.zstdCompress, compression.zstdDecompress],
} as const;

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.string({ maxLength: 60 }).map((text) => Buffer.from(text.repeat(200))),
  fc.integer({ min: 0, max: 70_000 }).map((length) => Buffer.alloc(length, 'pulsegate ')),
);

/** What a call throws, or undefined. */
function thrown(call: () => unknown): unknown {
  try {
    call();
    return undefined;
  } catch (error) {
    return error;
  }
}

describe.each(Object.entries(formats))('%s', (_name, [compress, decompress]) => {
  it('gives back what went in, with the cap at the exact size and above', () => {
    fc.assert(
      fc.property(bytes, fc.nat(1000), (plain, spare) => {
        const packed = compress(plain);
        expect(decompress(packed, plain.length).equals(plain)).toBe(true);
        expect(decompress(packed, plain.length + spare).equals(plain)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('refuses one byte more than the cap', () => {
    for (const length of [1, 2, 100, 5000, 200_000]) {
      const packed = compress(Buffer.alloc(length, 'a1b2'));
      const error = thrown(() => decompress(packed, length - 1));
      expect(error).toBeInstanceOf(CompressionError);
      expect((error as CompressionError).code).toBe('too-large');
    }
  });

  it('refuses a bomb of 64 MiB without allocating it', () => {
    const bomb = compress(Buffer.alloc(64 << 20));
    const before = process.memoryUsage();
    const error = thrown(() => decompress(bomb, 1 << 20));
    const after = process.memoryUsage();
    expect((error as CompressionError).code).toBe('too-large');
    expect(after.external + after.arrayBuffers - before.external - before.arrayBuffers).toBeLessThan(8 << 20);
  });

  it('throws nothing but CompressionError on truncated, flipped and random bytes, and stays under the cap', () => {
    const packed = [
      compress(Buffer.from('telemetry '.repeat(100))),
      compress(Buffer.alloc(40_000, 'x1y2z3')),
    ];
    const hostile = fc.oneof(
      fc.uint8Array({ maxLength: 2000 }),
      fc.tuple(fc.constantFrom(...packed), fc.nat(), fc.nat(255), fc.nat()).map(([source, at, flip, cut]) => {
        const copy = Buffer.from(source);
        copy[at % copy.length] = copy[at % copy.length]! ^ flip;
        return copy.subarray(0, cut % (copy.length + 1));
      }),
    );
    fc.assert(
      fc.property(hostile, fc.constantFrom(0, 10, 1000, 100_000), (source, bytesMax) => {
        let result: Buffer | undefined;
        const error = thrown(() => (result = decompress(source, bytesMax)));
        if (error === undefined) expect(result!.length).toBeLessThanOrEqual(bytesMax);
        else expect(error).toBeInstanceOf(CompressionError);
      }),
      { numRuns: 400 },
    );
  });
});

describe('zlib', () => {
  it('reads a stream that was flushed and not finished, as the Java client writes', () => {
    const plain = Buffer.from('unfinished '.repeat(500));
    const packed = deflateSync(plain, { finishFlush: constants.Z_SYNC_FLUSH });
    expect(packed.subarray(-4)).toEqual(Buffer.from([0, 0, 0xff, 0xff]));
    expect(compression.zlibDecompress(packed, plain.length).equals(plain)).toBe(true);
  });
});

describe('snappy', () => {
  it('refuses a declared size that the bytes at hand cannot make', () => {
    const error = thrown(() =>
      compression.snappyDecompress(Buffer.from([0xff, 0xff, 0xff, 0x7f, 0, 0]), 1 << 30),
    );
    expect((error as CompressionError).code).toBe('corrupt');
  });
});

describe('lz4', () => {
  it('reads the example of the format: literals, then a match that overlaps itself', () => {
    // token 0x1f: 1 literal, match 4+15+1=20 at offset 1; then the last sequence of 5 literals.
    const block = Buffer.from([0x1f, 0x61, 0x01, 0x00, 0x01, 0x50, 0x62, 0x63, 0x64, 0x65, 0x66]);
    expect(compression.lz4BlockDecompress(block, 100).toString()).toBe(`${'a'.repeat(21)}bcdef`);
  });
});

describe('crc32c', () => {
  it('knows the check value of the polynomial', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
  });

  it('continues over several buffers', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (first, second) => {
        expect(crc32c(second, crc32c(first))).toBe(crc32c(Buffer.concat([first, second])));
      }),
    );
  });
});
