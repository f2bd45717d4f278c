import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeRecordBatch, type RecordBatch, type RecordInput, splitRecordSets } from '#libs/kafka-codec';
import type { BrokerEntry, OutgoingEntry } from '#libs/pulsar';
import { consumedRecords } from '../testing/kafka-records.js';
import { nativeBatch, slot, storedEntry, storedOutgoing } from '../testing/stored-entry.js';
import { type PartitionBatch, toPulsarEntry } from './record.mapping.js';
import { EntryUnreadable, RecordBatchMapper } from './record-batch.mapping.js';

const mapper = new RecordBatchMapper({ decompressedBytesMax: 1 << 20 });
const createTime = { timestampType: 'create' } as const;
const appendTime = { timestampType: 'append' } as const;
const brokerTimestamp = 1_800_000_000_123;

const hex = (text: string) => Buffer.from(text).toString('hex');

function onlyBatch(bytes: Buffer): RecordBatch {
  const sets = splitRecordSets(bytes);
  expect(sets).toHaveLength(1);
  return sets[0] as RecordBatch;
}

function consumed(entry: BrokerEntry, config: { timestampType: 'create' | 'append' } = createTime) {
  return consumedRecords(mapper.fromPulsar(entry, config).bytes);
}

/** What Produce makes of a batch; the producer's name is the gateway's. */
function produced(
  records: readonly RecordInput[],
  compression: 0 | 1 | 2 | 3 | 4,
  nowMs?: number,
): OutgoingEntry {
  const { entry } = toPulsarEntry(encodeRecordBatch(records, { compression }), {
    produceVersion: 9,
    config: {
      messageBytesMax: 1 << 20,
      timestampType: nowMs === undefined ? 'create' : 'append',
      compacted: false,
    },
    decompressedBytesMax: 1 << 20,
    nowMs: nowMs ?? 0,
  }) as PartitionBatch;
  return entry;
}

const bytes = fc.uint8Array({ maxLength: 40 }).map((each) => Buffer.from(each));
const text = fc.string({ unit: 'grapheme', maxLength: 20 }).map((each) => Buffer.from(each));
const content = fc.oneof(bytes, text, fc.constant(Buffer.alloc(0)), fc.constant(null));
const headerName = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom('', 'a', 'pulsegate.', 'pulsegate.null.a', 'pulsegate.base64.a', 'pulsegate.base64.'),
);
const record = fc.record({
  timestamp: fc.oneof(fc.integer({ min: 0, max: 2 ** 45 }), fc.constantFrom(0, 2 ** 52 - 1)),
  key: content,
  value: fc.oneof(
    content,
    fc.constantFrom(50, 8170, 8190, 9000).map((length) => Buffer.alloc(length, 'v')),
  ),
  headers: fc.array(fc.record({ key: headerName, value: content }), { maxLength: 4 }),
});

function expected({ timestamp, key, value, headers = [] }: RecordInput, offset: number) {
  const hexOf = (each: Uint8Array | null) => (each === null ? null : Buffer.from(each).toString('hex'));
  return {
    offset,
    timestamp,
    key: hexOf(key),
    value: hexOf(value),
    headers: headers.map((header) => [header.key, hexOf(header.value)]),
  };
}

describe('what Kafka wrote', () => {
  it('comes back equal, with every codec', () => {
    fc.assert(
      fc.property(
        fc.array(record, { minLength: 1, maxLength: 12 }),
        fc.constantFrom(0 as const, 1 as const, 2 as const, 3 as const, 4 as const),
        fc.integer({ min: 0, max: 2 ** 50 }),
        (records, compression, baseOffset) => {
          const lastOffset = baseOffset + records.length - 1;
          const stored = mapper.fromPulsar(
            storedOutgoing(produced(records, compression), { index: lastOffset }),
            createTime,
          );
          expect(stored).toMatchObject({ baseOffset, lastOffset, recordCount: records.length });
          expect(stored).toMatchObject({ ledgerId: 11, entryId: 4 });
          const batch = onlyBatch(stored.bytes);
          expect(batch).toMatchObject({
            baseOffset: BigInt(baseOffset),
            lastOffsetDelta: records.length - 1,
            partitionLeaderEpoch: 0,
            compression,
            timestampType: 'create',
            transactional: false,
            control: false,
            producerId: -1n,
            producerEpoch: -1,
            baseSequence: -1,
            recordCount: records.length,
            maxTimestamp: Math.max(...records.map(({ timestamp }) => timestamp)),
          });
          expect(stored.maxTimestamp).toBe(batch.maxTimestamp);
          expect(consumedRecords(stored.bytes)).toEqual(
            records.map((each, at) => expected(each, baseOffset + at)),
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  it('has the time at which it was stored where it had none', () => {
    const records = [
      { timestamp: -1, key: null, value: null },
      { timestamp: 5, key: null, value: null },
    ];
    const entry = produced(records, 0);
    const times = (stored: BrokerEntry) => consumed(stored).map(({ timestamp }) => timestamp);
    expect(times(storedOutgoing(entry, { index: 1, brokerTimestamp }))).toEqual([brokerTimestamp, 5]);
    expect(times(storedOutgoing(entry, { index: 1, publishTime: 77 }))).toEqual([77, 5]);
  });

  it('has one log append time, the one that Produce answered', () => {
    const nowMs = 1_750_000_000_000;
    const records = [1, 2, 3].map((timestamp) => ({ timestamp, key: null, value: null }));
    const entry = storedOutgoing(produced(records, 4, nowMs), {
      index: 2,
      brokerTimestamp,
      producerName: 'pulsegate.kafka.1',
    });
    const stored = mapper.fromPulsar(entry, appendTime);
    expect(onlyBatch(stored.bytes)).toMatchObject({ timestampType: 'append', maxTimestamp: nowMs });
    expect(stored.maxTimestamp).toBe(nowMs);
  });
});

describe('an entry that cannot be served', () => {
  const refused = (entry: BrokerEntry): string => {
    try {
      mapper.fromPulsar(entry, createTime);
    } catch (error) {
      expect(error).toBeInstanceOf(EntryUnreadable);
      return (error as EntryUnreadable).code;
    }
    throw new Error('nothing was refused');
  };
  const two = [slot([]), slot([])];

  it('says why', () => {
    expect(
      refused(
        nativeBatch(two, [
          [
            13,
            [
              [1, 'key'],
              [2, 'value'],
            ],
          ],
        ]),
      ),
    ).toBe('encrypted');
    expect(refused(storedEntry([[11, 2]], Buffer.concat(two)))).toBe('no-index');
    expect(
      refused(
        nativeBatch(two, [
          [22, 1],
          [23, 1],
        ]),
      ),
    ).toBe('transactional-batch');
    expect(
      refused(
        nativeBatch(two, [
          [8, 3],
          [9, 2_000_000],
        ]),
      ),
    ).toBe('too-large');
    expect(
      refused(
        nativeBatch(two, [
          [8, 3],
          [9, 20],
        ]),
      ),
    ).toBe('malformed');
    expect(refused(nativeBatch(two, [[8, 3]]))).toBe('malformed');
    expect(refused(nativeBatch([slot([]), Buffer.from('junk')]))).toBe('malformed');
    // More messages than there are indexes up to here.
    expect(refused(nativeBatch(two, [], 0))).toBe('malformed');
    expect(refused(storedEntry([[11, 0]], Buffer.alloc(0), { index: 5 }))).toBe('malformed');
  });

  it('is served where a transaction wrote one message', () => {
    const entry = nativeBatch(
      [slot([[2, 'k']], 'v')],
      [
        [22, 1],
        [23, 1],
      ],
      8,
    );
    expect(consumed(entry)).toMatchObject([{ offset: 8, key: hex('k') }]);
  });

  it('leaves the mapper as it was', () => {
    refused(nativeBatch([slot([], 'x'.repeat(200_000)), Buffer.from('junk')]));
    expect(consumed(nativeBatch([slot([], 'fine')]))).toMatchObject([{ value: hex('fine') }]);
  });

  it('throws nothing else, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.integer({ min: 0, max: 5 }), (payload, count) => {
        const entry = storedEntry([[11, count]], Buffer.from(payload), { index: 50 });
        try {
          mapper.fromPulsar(entry, createTime);
        } catch (error) {
          expect(error).toBeInstanceOf(EntryUnreadable);
        }
      }),
    );
  });
});
