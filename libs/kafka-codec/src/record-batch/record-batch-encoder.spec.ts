import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeRecordBatch, RecordBatchEncoder, type RecordInput } from '../index.js';

type Codec = 0 | 1 | 2 | 3 | 4;

interface Batch {
  readonly baseOffset: number;
  readonly compression: Codec;
  readonly timestampType: 'create' | 'append';
  readonly control: boolean;
}

function encode(encoder: RecordBatchEncoder, records: readonly RecordInput[], batch: Batch): Buffer {
  encoder.begin();
  records.forEach((record, at) => {
    const headers = record.headers ?? [];
    const sizes = [record.key, record.value, ...headers.flatMap(({ key, value }) => [key as Buffer, value])];
    const contentBytes = sizes.reduce((sum, each) => sum + 5 + (each?.length ?? 0), 0);
    encoder.beginRecord(record.timestamp, record.offsetDelta ?? at, contentBytes);
    appendPair(encoder, record.key, record.value);
    encoder.headers(headers.length);
    for (const { key, value } of headers) appendPair(encoder, key as Buffer, value);
    encoder.endRecord();
  });
  const lastOffsetDelta = records.at(-1)?.offsetDelta ?? records.length - 1;
  return encoder.finish({ ...batch, lastOffsetDelta });
}

function appendPair(encoder: RecordBatchEncoder, key: Uint8Array | null, value: Uint8Array | null): void {
  if (key === null) encoder.nullKey();
  else encoder.key(Buffer.from(key), 0, key.length);
  if (value === null) encoder.nullValue();
  else {
    // In the middle of something larger, as values are.
    const around = Buffer.concat([Buffer.from('<'), value, Buffer.from('>')]);
    encoder.value(around, 1, 1 + value.length);
  }
}

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
/** Around the sizes at which a record's length takes one byte more. */
const value = fc.oneof(
  bytes,
  fc
    .oneof(fc.integer({ min: 40, max: 70 }), fc.integer({ min: 8150, max: 8200 }))
    .map((length) => Buffer.alloc(length, 'x')),
);
const timestamp = fc.oneof(fc.constant(-1), fc.integer({ min: 0, max: 2 ** 52 - 1 }));
const record = fc.record({
  timestamp,
  key: fc.option(bytes),
  value: fc.option(value),
  headers: fc.array(fc.record({ key: bytes, value: fc.option(bytes) }), { maxLength: 3 }),
});
const batch = fc.record({
  baseOffset: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  compression: fc.constantFrom<Codec>(0, 1, 2, 3, 4),
  timestampType: fc.constantFrom('create' as const, 'append' as const),
  control: fc.boolean(),
});

describe('RecordBatchEncoder', () => {
  const encoder = new RecordBatchEncoder();

  it('writes the same bytes as the writer that takes objects', () => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), batch, (records, options) => {
        const expected = encodeRecordBatch(records, { ...options, partitionLeaderEpoch: 0 });
        expect(encode(encoder, records, options).toString('hex')).toBe(expected.toString('hex'));
      }),
      { numRuns: 300 },
    );
  });

  it('leaves offsets out', () => {
    const records = [0, 5, 700, 70_000].map((offsetDelta) => ({
      offsetDelta,
      timestamp: 1,
      key: null,
      value: null,
    }));
    const options = { baseOffset: 1, compression: 0, timestampType: 'create', control: false } as const;
    const expected = encodeRecordBatch(records, { ...options, partitionLeaderEpoch: 0 });
    expect(encode(encoder, records, options).equals(expected)).toBe(true);
  });

  it('grows, and a batch that went out does not change when the next is written', () => {
    const options = { baseOffset: 1, compression: 0, timestampType: 'create', control: false } as const;
    const large = [1, 2, 3].map((at) => ({
      timestamp: at,
      key: null,
      value: Buffer.alloc(at * 1_100_000, at),
    }));
    const first = encode(encoder, large, options);
    const copy = Buffer.from(first);
    encode(encoder, [{ timestamp: 1, key: null, value: Buffer.alloc(5000, 9) }], options);
    expect(first.equals(copy)).toBe(true);
    expect(first.equals(encodeRecordBatch(large, { ...options, partitionLeaderEpoch: 0 }))).toBe(true);
  });

  it('says how many records there are, and the largest timestamp', () => {
    encode(
      encoder,
      [4, 9, 6].map((each) => ({ timestamp: each, key: null, value: null })),
      { baseOffset: 0, compression: 0, timestampType: 'create', control: false },
    );
    expect(encoder).toMatchObject({ recordCount: 3, maxTimestamp: 9 });
  });
});
