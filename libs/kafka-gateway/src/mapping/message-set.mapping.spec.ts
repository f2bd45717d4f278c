import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeRecordBatch, type RecordInput } from '#libs/kafka-codec';
import { consumedMessages, consumedRecords } from '../testing/kafka-records.js';
import { messageSetRecordsMax, toMessageSet, withoutZstd } from './message-set.mapping.js';
import type { StoredBatch } from './stored-batch.js';

type Codec = 0 | 1 | 2 | 3 | 4;

function storedBatch(
  records: readonly RecordInput[],
  baseOffset: number,
  compression: Codec,
  timestampType: 'create' | 'append' = 'create',
): StoredBatch {
  const lastOffset = baseOffset + (records.at(-1)?.offsetDelta ?? records.length - 1);
  const bytes = encodeRecordBatch(records, { baseOffset, compression, timestampType });
  const maxTimestamp = Math.max(...records.map(({ timestamp }) => timestamp));
  return {
    baseOffset,
    lastOffset,
    recordCount: records.length,
    bytes,
    maxTimestamp,
    ledgerId: 1,
    entryId: 1,
  };
}

const content = fc.option(fc.uint8Array({ maxLength: 30 }).map((each) => Buffer.from(each)));
const record = fc.record({
  timestamp: fc.integer({ min: 0, max: 2 ** 45 }),
  key: content,
  value: content,
  headers: fc.array(fc.record({ key: fc.string({ maxLength: 5 }), value: content }), { maxLength: 2 }),
});
const batch = fc.tuple(
  fc.array(record, { minLength: 1, maxLength: 8 }),
  fc.constantFrom<Codec>(0, 1, 2, 3, 4),
  fc.constantFrom('create' as const, 'append' as const),
);

describe('toMessageSet', () => {
  it('keeps offsets, keys, values and what there is of timestamps, with every codec', () => {
    fc.assert(
      fc.property(
        fc.array(batch, { maxLength: 4 }),
        fc.constantFrom(0 as const, 1 as const),
        fc.integer({ min: 0, max: 2 ** 50 }),
        (given, magic, start) => {
          let next = start;
          const batches = given.map(([records, compression, timestampType]) => {
            const stored = storedBatch(records, next, compression, timestampType);
            next += records.length;
            return stored;
          });
          const expected = batches.flatMap(({ bytes }) => consumedRecords(bytes));
          expect(consumedMessages(toMessageSet(batches, magic, start))).toEqual(
            expected.map((each) => ({
              ...each,
              headers: [],
              timestamp: magic === 0 ? -1 : each.timestamp,
            })),
          );
        },
      ),
      { numRuns: 200 },
    );
  });

  it('keeps the gaps that compaction left', () => {
    const records = [0, 3, 4].map((offsetDelta) => ({
      offsetDelta,
      timestamp: 1,
      key: Buffer.from('k'),
      value: null,
    }));
    for (const compression of [0, 1] as const) {
      const set = toMessageSet([storedBatch(records, 10, compression)], 1, 10);
      expect(consumedMessages(set).map(({ offset }) => offset)).toEqual([10, 13, 14]);
    }
  });

  it('leaves out uncompressed messages before the offset that was asked for', () => {
    const records = [1, 2, 3].map((timestamp) => ({ timestamp, key: null, value: null }));
    const offsets = (compression: Codec, from: number) =>
      consumedMessages(toMessageSet([storedBatch(records, 10, compression)], 1, from)).map(
        ({ offset }) => offset,
      );
    expect(offsets(0, 11)).toEqual([11, 12]);
    expect(offsets(4, 12)).toEqual([12]);
    expect(offsets(0, 13)).toEqual([]);
    // A wrapper stays whole: every client expects that.
    expect(offsets(1, 11)).toEqual([10, 11, 12]);
  });

  it('leaves out batches without records', () => {
    const control = encodeRecordBatch([{ timestamp: 1, key: Buffer.alloc(4), value: null }], {
      control: true,
    });
    const empty = {
      ...storedBatch([{ timestamp: 1, key: null, value: null }], 5, 0),
      bytes: control,
      recordCount: 0,
    };
    expect(toMessageSet([empty], 1, 5)).toHaveLength(0);
  });
});

describe('withoutZstd', () => {
  const records = Array.from({ length: 20 }, (_, at) => ({
    timestamp: at,
    key: Buffer.from(`key-${at}`),
    value: Buffer.alloc(100, 'v'),
    headers: [{ key: 'h', value: null }],
  }));

  it('is the same batch, uncompressed', () => {
    const stored = storedBatch(records, 7, 4);
    const plain = withoutZstd(stored);
    expect(plain.equals(encodeRecordBatch(records, { baseOffset: 7 }))).toBe(true);
  });

  it('leaves other codecs as they are, uncopied', () => {
    for (const compression of [0, 1, 2, 3] as const) {
      const stored = storedBatch(records, 7, compression);
      expect(withoutZstd(stored)).toBe(stored.bytes);
    }
  });
});

describe('a batch of very many records', () => {
  it.each([0, 1] as const)('comes in parts, magic %i', (magic) => {
    const count = messageSetRecordsMax + 7;
    const records = Array.from({ length: count }, () => ({ timestamp: 1, key: null, value: null }));
    for (const compression of [0, 1] as const) {
      const stored = storedBatch(records, 500, compression);
      const first = consumedMessages(toMessageSet([stored], magic, 500));
      expect([first.length, Number(first[0]!.offset)]).toEqual([messageSetRecordsMax, 500]);
      const next = Number(first.at(-1)!.offset) + 1;
      const rest = consumedMessages(toMessageSet([stored], magic, next));
      expect([rest.length, Number(rest[0]!.offset)]).toEqual([7, next]);
    }
  });
});
