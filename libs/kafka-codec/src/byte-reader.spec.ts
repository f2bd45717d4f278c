import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ByteReader, ByteWriter, KafkaEncodeError } from './index.js';

const reader = (hex: string) => new ByteReader(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const code = (expected: string) => expect.objectContaining({ name: 'KafkaDecodeError', code: expected });

function written(write: (writer: ByteWriter) => void): string {
  const writer = new ByteWriter(1);
  write(writer);
  return writer.detach().toString('hex');
}

describe('primitives', () => {
  it('have the wire form of the protocol guide', () => {
    expect(written((w) => w.writeInt8(-1))).toBe('ff');
    expect(written((w) => w.writeInt16(-2))).toBe('fffe');
    expect(written((w) => w.writeUint16(65535))).toBe('ffff');
    expect(written((w) => w.writeInt32(-2147483648))).toBe('80000000');
    expect(written((w) => w.writeInt64(-1n))).toBe('ffffffffffffffff');
    expect(written((w) => w.writeInt64(1_700_000_000_000))).toBe('0000018bcfe56800');
    expect(written((w) => w.writeFloat64(1.5))).toBe('3ff8000000000000');
    expect(written((w) => w.writeBoolean(true))).toBe('01');
    expect(written((w) => w.writeString('é'))).toBe('0002c3a9');
    expect(written((w) => w.writeNullableString(null))).toBe('ffff');
    expect(written((w) => w.writeCompactString('a'))).toBe('0261');
    expect(written((w) => w.writeCompactNullableString(null))).toBe('00');
    expect(written((w) => w.writeBytes(Buffer.from('ab')))).toBe('000000026162');
    expect(written((w) => w.writeNullableBytes(null))).toBe('ffffffff');
    expect(written((w) => w.writeCompactBytes(Buffer.from('ab')))).toBe('036162');
    expect(written((w) => w.writeCompactNullableBytes(null))).toBe('00');
    expect(written((w) => w.writeUnsignedVarint(300))).toBe('ac02');
    expect(written((w) => w.writeUnsignedVarint(0xffffffff))).toBe('ffffffff0f');
  });

  it('read what they write', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        fc.maxSafeInteger(),
        fc.integer(),
        fc.integer({ min: 0, max: 0xffffffff }),
        fc.string({ unit: 'binary', maxLength: 200 }),
        (big, safe, int, unsigned, text) => {
          const hex = written((w) => {
            w.writeInt64(big);
            w.writeInt64(safe);
            w.writeInt64(BigInt(safe));
            w.writeInt32(int);
            w.writeUnsignedVarint(unsigned);
            w.writeString(text);
            w.writeCompactString(text);
          });
          const r = reader(hex);
          expect(r.readInt64()).toBe(big);
          expect(r.readInt64()).toBe(BigInt(safe));
          expect(r.readInt64()).toBe(BigInt(safe));
          expect(r.readInt32()).toBe(int);
          expect(r.readUnsignedVarint()).toBe(unsigned);
          expect(r.readString()).toBe(text);
          expect(r.readCompactString()).toBe(text);
          expect(r.remaining).toBe(0);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('are refused when they are cut off', () => {
    for (const read of [
      'readInt8',
      'readInt16',
      'readInt32',
      'readInt64',
      'readFloat64',
      'readUuid',
    ] as const) {
      expect(() => reader('')[read]()).toThrow(code('truncated'));
    }
    expect(() => reader('0005 6162').readString()).toThrow(code('truncated'));
    expect(() => reader('00000005 6162').readBytes()).toThrow(code('truncated'));
    expect(() => new ByteReader(Buffer.alloc(8), 6, 7).readInt16()).toThrow(code('truncated'));
  });

  it('are refused when a length is no length', () => {
    expect(() => reader('ffff').readString()).toThrow(code('invalid-null'));
    expect(() => reader('fffe').readNullableString()).toThrow(code('invalid-length'));
    expect(() => reader('00').readCompactString()).toThrow(code('invalid-null'));
    expect(() => reader('fffffffe').readNullableBytes()).toThrow(code('invalid-length'));
    expect(() => reader('00').readCompactBytes()).toThrow(code('invalid-null'));
    expect(() => reader('fffffffe').readArrayCount(1)).toThrow(code('invalid-count'));
    expect(() => reader('00000002 00').readArrayCount(1)).toThrow(code('invalid-count'));
    expect(() => reader(`818002${'61'.repeat(32768)}`).readCompactString()).toThrow(code('invalid-length'));
  });

  it('are refused when a varint is longer than 32 bits', () => {
    expect(reader('ffffffff0f').readUnsignedVarint()).toBe(0xffffffff);
    expect(reader('8080808000').readUnsignedVarint()).toBe(0);
    expect(() => reader('ffffffff1f').readUnsignedVarint()).toThrow(code('invalid-varint'));
    expect(() => reader('808080808001').readUnsignedVarint()).toThrow(code('invalid-varint'));
    expect(() => reader('8080').readUnsignedVarint()).toThrow(code('truncated'));
  });

  it('are refused when text is not UTF-8, and only then', () => {
    expect(() => reader('0002 c328').readString()).toThrow(code('invalid-string'));
    expect(() => reader('04 eda080').readCompactString()).toThrow(code('invalid-string'));
    expect(reader('0003 efbfbd').readString()).toBe('\uFFFD');
  });

  it('cannot be written when they do not fit', () => {
    expect(() => new ByteWriter().writeString('x'.repeat(32768))).toThrow(KafkaEncodeError);
    expect(() => new ByteWriter().writeCompactString('x'.repeat(32768))).toThrow(KafkaEncodeError);
    expect(() => new ByteWriter().writeUuid(Buffer.alloc(15))).toThrow(KafkaEncodeError);
  });
});

describe('ByteWriter', () => {
  it('keeps its buffer over a reset and gives it away when detached', () => {
    const writer = new ByteWriter(4);
    writer.writeString('hello');
    const view = writer.written();
    writer.reset();
    writer.writeInt8(9);
    expect(view[0]).toBe(9);
    const own = writer.detach();
    expect(writer.length).toBe(0);
    writer.writeInt8(1);
    expect(own).toEqual(Buffer.from([9]));
  });

  it('puts the size in front of a frame', () => {
    const hex = written((w) => {
      w.writeInt8(1);
      const frame = w.beginFrame();
      w.writeString('abc');
      w.endFrame(frame);
    });
    expect(hex).toBe('01' + '00000005' + '0003616263');
  });
});
