import { describe, expect, it } from '@jest/globals';
import { type RecordBatch, splitRecordSets } from '#libs/kafka-codec';
import { BatchBuilder, type BrokerEntry, ChunkAssembler, type Compression, singleEntry } from '#libs/pulsar';
import { consumedRecords } from '../testing/kafka-records.js';
import { type Field, nativeBatch, slot, storedEntry, storedOutgoing } from '../testing/stored-entry.js';
import { RecordBatchMapper } from './record-batch.mapping.js';

const mapper = new RecordBatchMapper({ decompressedBytesMax: 1 << 20 });
const createTime = { timestampType: 'create' } as const;
const brokerTimestamp = 1_800_000_000_123;

const hex = (text: string) => Buffer.from(text).toString('hex');

function onlyBatch(bytes: Buffer): RecordBatch {
  const sets = splitRecordSets(bytes);
  expect(sets).toHaveLength(1);
  return sets[0] as RecordBatch;
}

function consumed(entry: BrokerEntry) {
  return consumedRecords(mapper.fromPulsar(entry, createTime).bytes);
}

describe('what native clients wrote', () => {
  it.each([2 ** 63, 2 ** 60])(
    'has a time that Kafka can say, also where its producer says %d',
    (publishTime) => {
      const entry = storedEntry([], Buffer.from('v'), { index: 3, publishTime });
      for (const timestampType of ['create', 'append'] as const) {
        expect(mapper.fromPulsar(entry, { timestampType }).maxTimestamp).toBe(0);
      }
    },
  );

  it('is one record where it is an entry of one message', () => {
    const key = Buffer.from([0xff, 0]);
    const entry = storedEntry(
      [
        [
          4,
          [
            [1, 'a'],
            [2, '1'],
          ],
        ],
        [
          4,
          [
            [1, 'wért'],
            [2, 'ü'],
          ],
        ],
        [6, key.toString('base64')],
        [12, 1_234],
        [16, Buffer.alloc(8)],
        [17, 1],
        [18, Buffer.from('ordering')],
      ],
      Buffer.from('value'),
      { index: 9, brokerTimestamp },
    );
    expect(consumed(entry)).toEqual([
      {
        offset: 9,
        timestamp: 1_234,
        key: 'ff00',
        value: hex('value'),
        headers: [
          ['a', hex('1')],
          ['wért', hex('ü')],
        ],
      },
    ]);
  });

  it('has no key, an empty key, no value or an empty value, told apart', () => {
    const single = (metadata: readonly Field[]) =>
      consumed(storedEntry(metadata, Buffer.alloc(0), { index: 0, brokerTimestamp }))[0];
    expect(single([])).toMatchObject({ key: null, value: '', timestamp: brokerTimestamp });
    expect(single([[6, '']])).toMatchObject({ key: '', value: '' });
    expect(
      single([
        [6, ''],
        [30, 1],
      ]),
    ).toMatchObject({ key: null });
    expect(
      single([
        [6, 'k'],
        [25, 1],
      ]),
    ).toMatchObject({ key: hex('k'), value: null });
    const batch = nativeBatch([
      slot([]),
      slot([[2, '']]),
      slot([
        [2, ''],
        [10, 1],
      ]),
      slot([
        [2, 'k'],
        [9, 1],
      ]),
    ]);
    expect(consumed(batch)).toMatchObject([
      { offset: 100, key: null, value: '' },
      { offset: 101, key: '', value: '' },
      { offset: 102, key: null, value: '' },
      { offset: 103, key: hex('k'), value: null },
    ]);
  });

  it.each<Compression>(['none', 'lz4', 'zlib', 'zstd', 'snappy'])(
    'is read when it is compressed: %s',
    (codec) => {
      const builder = new BatchBuilder({ capacityBytes: 64, payloadBytesMax: 1 << 20 });
      for (let at = 0; at < 50; at++) builder.append({ key: `key-${at}`, value: Buffer.alloc(100, at) });
      const records = consumed(storedOutgoing(builder.finish(codec), { index: 149, brokerTimestamp }));
      expect(records).toHaveLength(50);
      expect(records[49]).toMatchObject({ offset: 149, key: hex('key-49'), value: '31'.repeat(100) });

      const { buffer, payloadStart, payloadEnd, metadata } = singleEntry(
        { key: 'k', value: Buffer.alloc(1000, 'v') },
        { compression: codec },
      );
      const fields: Field[] =
        codec === 'none'
          ? []
          : [
              [8, ['none', 'lz4', 'zlib', 'zstd', 'snappy'].indexOf(codec)],
              [9, metadata.uncompressedSize as number],
            ];
      const one = storedEntry(fields, buffer.subarray(payloadStart, payloadEnd), {
        index: 3,
        brokerTimestamp,
      });
      expect(consumed(one)).toMatchObject([{ offset: 3, value: '76'.repeat(1000) }]);
    },
  );

  it("has the entry's event time, or the broker's time, where a message has no time of its own", () => {
    const slots = [slot([[5, 9]]), slot([])];
    expect(consumed(nativeBatch(slots)).map(({ timestamp }) => timestamp)).toEqual([9, brokerTimestamp]);
    expect(consumed(nativeBatch(slots, [[12, 8]])).map(({ timestamp }) => timestamp)).toEqual([9, 8]);
  });

  it('has a time that is no date replaced', () => {
    for (const time of [2 ** 52, 2 ** 60]) {
      expect(consumed(nativeBatch([slot([[5, time]])]))[0]?.timestamp).toBe(brokerTimestamp);
    }
  });

  it("has the broker's time as log append time, whatever event times it has", () => {
    const stored = mapper.fromPulsar(nativeBatch([slot([[5, 9]]), slot([[5, 10]])]), {
      timestampType: 'append',
    });
    expect(onlyBatch(stored.bytes)).toMatchObject({ timestampType: 'append', maxTimestamp: brokerTimestamp });
  });

  it('has properties that only look like the gateway encoded them shown as they are', () => {
    const property = (name: string, value: string): Field => [
      1,
      [
        [1, name],
        [2, value],
      ],
    ];
    const names = [
      property('pulsegate.null.a', 'not empty'),
      property('pulsegate.base64.b', 'no base64!'),
      property('pulsegate.base64.c', 'YQ'),
      property('pulsegate.nul', ''),
      property('pulsegate.base64.d', 'YQ=='),
      property('pulsegate.null.e', ''),
    ];
    const [only] = consumed(nativeBatch([slot([...names, [2, 'key after properties']])]));
    expect(only).toMatchObject({ key: hex('key after properties') });
    expect(only?.headers).toEqual([
      ['pulsegate.null.a', hex('not empty')],
      ['pulsegate.base64.b', hex('no base64!')],
      ['pulsegate.base64.c', hex('YQ')],
      ['pulsegate.nul', ''],
      ['d', hex('a')],
      ['e', null],
    ]);
  });

  it('keeps the offsets of what compaction left, and its last offset', () => {
    const entry = nativeBatch([
      slot([
        [2, 'a'],
        [4, 1],
      ]),
      slot([[2, 'b']], 'kept'),
      slot([[2, 'c']], 'kept too'),
      slot([
        [2, 'd'],
        [4, 1],
      ]),
    ]);
    const stored = mapper.fromPulsar(entry, createTime);
    expect(stored).toMatchObject({ baseOffset: 100, lastOffset: 103, recordCount: 2 });
    expect(onlyBatch(stored.bytes)).toMatchObject({ baseOffset: 100n, lastOffsetDelta: 3 });
    expect(consumedRecords(stored.bytes).map(({ offset }) => offset)).toEqual([101, 102]);
  });

  it('is the whole message at the place of its last chunk; the other chunks give no records', () => {
    const assembler = new ChunkAssembler({ messagesMax: 1, bytesMax: 1 << 20, ageMsMax: 1000, now: () => 0 });
    const chunk = (id: number, payload: string, index: number) =>
      storedEntry(
        [
          [6, 'k'],
          [26, 'uuid'],
          [27, 2],
          [28, 10],
          [29, id],
        ],
        Buffer.from(payload),
        { index, brokerTimestamp },
      );
    const first = mapper.fromPulsar(chunk(0, 'hello', 5), createTime);
    expect(first).toMatchObject({ baseOffset: 5, lastOffset: 5, recordCount: 0, maxTimestamp: -1 });
    expect(assembler.add(chunk(0, 'hello', 5)).kind).toBe('pending');
    const outcome = assembler.add(chunk(1, 'world', 7));
    if (outcome.kind !== 'complete') throw new Error(outcome.kind);
    expect(consumed(outcome.entry)).toMatchObject([{ offset: 7, key: hex('k'), value: hex('helloworld') }]);
  });
});

describe('an entry without records', () => {
  const expectOnlyControl = (entry: BrokerEntry, lastOffsetDelta: number) => {
    const stored = mapper.fromPulsar(entry, createTime);
    expect(stored.recordCount).toBe(0);
    const batch = onlyBatch(stored.bytes);
    expect(batch).toMatchObject({ control: true, transactional: false, lastOffsetDelta, recordCount: 1 });
    expect(stored.lastOffset).toBe(Number(batch.baseOffset) + lastOffsetDelta);
    expect(consumedRecords(stored.bytes)).toEqual([]);
    // Version 0, type 1 (commit): kafkajs and others move on to the record behind this one.
    expect(stored.bytes.toString('hex', 61)).toBe(
      Buffer.concat([
        Buffer.from([32, 0, 0, lastOffsetDelta * 2, 8, 0, 0, 0, 1, 12, 0, 0, 0, 0, 0, 0, 0]),
      ]).toString('hex'),
    );
  };

  it('moves a consumer on to its last offset: all compacted away', () => {
    expectOnlyControl(nativeBatch([slot([[4, 1]]), slot([[4, 1]]), slot([[4, 1]])]), 2);
  });

  it('moves a consumer on: a marker of a transaction', () => {
    expectOnlyControl(
      storedEntry(
        [
          [20, 1],
          [22, 1],
          [23, 1],
        ],
        Buffer.alloc(0),
        { index: 6, brokerTimestamp },
      ),
      0,
    );
  });
});
