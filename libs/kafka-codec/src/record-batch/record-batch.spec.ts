import { Buffer } from 'node:buffer';
import { crc32, gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  encodeMessageSet,
  encodeRecordBatch,
  MessageSetCursor,
  type RecordBatch,
  RecordCursor,
  type RecordFields,
  type RecordInput,
  recordsBytes,
  splitRecordSets,
  toRecordBatch,
  validateProducedBatch,
  verifyBatchCrc,
} from '../index.js';

const code = (expected: string) => expect.objectContaining({ name: 'KafkaDecodeError', code: expected });
const onlyBatch = (bytes: Buffer) => splitRecordSets(bytes)[0] as RecordBatch;

/** Every record of a cursor as plain values. */
function collect(cursor: RecordFields, baseTimestamp = 0): RecordInput[] {
  const records: RecordInput[] = [];
  const slice = (start: number, end: number) =>
    start < 0 ? null : Buffer.from(cursor.buffer.subarray(start, end));
  while (cursor.next()) {
    const headers: { key: Buffer; value: Buffer | null }[] = [];
    const record = {
      timestamp: baseTimestamp + cursor.timestampDelta,
      key: slice(cursor.keyStart, cursor.keyEnd),
      value: slice(cursor.valueStart, cursor.valueEnd),
      headers,
      offsetDelta: cursor.offsetDelta,
    };
    while (cursor.nextHeader()) {
      headers.push({
        key: slice(cursor.headerKeyStart, cursor.headerKeyEnd)!,
        value: slice(cursor.headerValueStart, cursor.headerValueEnd),
      });
    }
    records.push(record);
  }
  return records;
}

function read(bytes: Buffer): RecordInput[] {
  const batch = onlyBatch(bytes);
  return collect(new RecordCursor(recordsBytes(batch, 10_000_000), batch.recordCount), batch.baseTimestamp);
}

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const record = fc.record({
  timestamp: fc.oneof(fc.constant(-1), fc.integer({ min: 0, max: 4_000_000_000_000 })),
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.array(fc.record({ key: bytes, value: fc.option(bytes) }), { maxLength: 3 }),
});
const records = fc.array(record, { minLength: 1, maxLength: 30 });
const numbered = (all: readonly RecordInput[]) => all.map((one, offsetDelta) => ({ ...one, offsetDelta }));

describe('record batches', () => {
  it('of every compression hold what was put in', () => {
    fc.assert(
      fc.property(records, fc.constantFrom(0, 1, 2, 3, 4), (all, compression) => {
        const encoded = encodeRecordBatch(all, { compression: compression as 0 });
        expect(verifyBatchCrc(onlyBatch(encoded))).toBe(true);
        validateProducedBatch(onlyBatch(encoded));
        expect(read(encoded)).toEqual(numbered(all));
      }),
    );
  });

  it('are the bytes that the specification says', () => {
    const encoded = encodeRecordBatch(
      [
        {
          timestamp: 1_000,
          key: Buffer.from('k'),
          value: null,
          headers: [{ key: 'h', value: Buffer.from('v') }],
        },
      ],
      {
        baseOffset: 5n,
        producerId: 9,
        producerEpoch: 1,
        baseSequence: 2,
        transactional: true,
        partitionLeaderEpoch: 0,
      },
    );
    const head = '0000000000000005' + '0000003d' + '00000000' + '02';
    const tail =
      '0010' +
      '00000000' +
      '00000000000003e8' +
      '00000000000003e8' +
      '0000000000000009' +
      '0001' +
      '00000002' +
      '00000001';
    // length 11, attributes, deltas, key of 1, null value, one header
    const body = '16' + '00' + '00' + '00' + '026b' + '01' + '02' + '0268' + '0276';
    expect(encoded.subarray(0, 17).toString('hex')).toBe(head);
    expect(encoded.subarray(21).toString('hex')).toBe(tail + body);
  });

  it('show their header', () => {
    const batch = onlyBatch(
      encodeRecordBatch([{ timestamp: 7, key: null, value: null, offsetDelta: 3 }], {
        baseOffset: 2n ** 62n,
        compression: 4,
        timestampType: 'append',
        maxTimestamp: 99,
        control: true,
        lastOffsetDelta: 8,
      }),
    );
    expect(batch).toMatchObject({ magic: 2, baseOffset: 2n ** 62n, compression: 4, timestampType: 'append' });
    expect(batch).toMatchObject({
      control: true,
      transactional: false,
      deleteHorizon: false,
      lastOffsetDelta: 8,
    });
    expect(batch).toMatchObject({ baseTimestamp: 7, maxTimestamp: 99, producerId: -1n, recordCount: 1 });
  });

  it('in a row are split at their boundaries', () => {
    const one = encodeRecordBatch([{ timestamp: 1, key: null, value: Buffer.from('a') }]);
    const old = encodeMessageSet([{ timestamp: 1, key: null, value: Buffer.from('b') }], { magic: 1 });
    const older = encodeMessageSet([{ timestamp: 1, key: null, value: Buffer.from('b') }], { magic: 0 });
    const sets = splitRecordSets(Buffer.concat([one, one, old, old, older, one]));
    expect(sets.map((set) => [set.magic, set.bytes.length])).toEqual([
      [2, one.length],
      [2, one.length],
      [1, 2 * old.length],
      [0, older.length],
      [2, one.length],
    ]);
    expect(splitRecordSets(Buffer.alloc(0))).toEqual([]);
  });

  it('with sizes that do not fit are corrupt', () => {
    const batch = encodeRecordBatch([{ timestamp: 1, key: null, value: null }]);
    for (const size of [-1, 0, 48, batch.length - 11, 0x7fffffff]) {
      const wrong = Buffer.from(batch);
      wrong.writeInt32BE(size, 8);
      expect(() => splitRecordSets(wrong)).toThrow(code('records-corrupt'));
    }
    expect(() => splitRecordSets(batch.subarray(0, 10))).toThrow(code('records-corrupt'));
    const magic = Buffer.from(batch);
    magic[16] = 3;
    expect(() => splitRecordSets(magic)).toThrow(code('records-unsupported'));
  });

  it('that a producer may not send are refused', () => {
    const options = (change: object) =>
      onlyBatch(encodeRecordBatch([{ timestamp: 1, key: null, value: null }], change));
    const refuse = (change: object, expected: string) =>
      expect(() => validateProducedBatch(options(change))).toThrow(code(expected));
    refuse({ control: true }, 'records-invalid');
    refuse({ timestampType: 'append' }, 'records-invalid');
    refuse({ lastOffsetDelta: 1 }, 'records-invalid');
    refuse({ transactional: true }, 'records-invalid');
    refuse({ producerId: 1, producerEpoch: -1, baseSequence: 0 }, 'records-invalid');
    refuse({ producerId: 1, producerEpoch: 0, baseSequence: -1 }, 'records-invalid');
    refuse({ maxTimestamp: 2 ** 60 }, 'records-invalid');
    expect(() => validateProducedBatch({ ...options({}), compression: 5 })).toThrow(
      code('records-unsupported'),
    );
    expect(() => recordsBytes({ ...options({}), compression: 7 }, 100)).toThrow(code('records-unsupported'));
    expect(() => validateProducedBatch({ ...options({}), recordCount: 0 })).toThrow(code('records-invalid'));
    validateProducedBatch(options({ producerId: 1, producerEpoch: 0, baseSequence: 0, transactional: true }));
  });
});

describe('RecordCursor', () => {
  const section = (hex: string, count = 1) =>
    new RecordCursor(Buffer.from(hex.replaceAll(' ', ''), 'hex'), count);
  const refuse = (hex: string, count?: number) =>
    expect(() => collect(section(hex, count))).toThrow(code('records-invalid'));

  it('reads null, empty and filled keys, values and headers', () => {
    expect(collect(section('0c 00 00 00 01 01 00'))).toEqual([
      { timestamp: 0, key: null, value: null, headers: [], offsetDelta: 0 },
    ]);
    expect(collect(section('0c 00 01 02 00 00 00'))).toEqual([
      { timestamp: -1, key: Buffer.alloc(0), value: Buffer.alloc(0), headers: [], offsetDelta: 1 },
    ]);
  });

  it('refuses what does not add up', () => {
    refuse('0c 00 00 00 01 01 00 00'); // a byte behind the last record
    refuse('0e 00 00 00 01 01 00 00'); // a byte behind the last header
    refuse('0a 00 00 00 01 01 00'); // a record that is too short
    refuse('0c 00 00 00 01 03 00'); // a value of length -2
    refuse('0c 00 00 00 01 04 00'); // a value beyond the record
    refuse('0c 00 00 00 01 01 01'); // -1 headers
    refuse('0c 00 00 00 01 01 02'); // a header beyond the record
    refuse('10 00 00 00 01 01 02 01 01'); // a header without a key
    refuse('0c 00 00 00 01 01 00', 2); // more records than fit
    refuse('0c 00 00 00 01 01 00', -1);
    refuse('01 00 00 00 01 01 00'); // length -1
    refuse('ffffffff1f 00 00 00 01 01 00'); // varint above 32 bits
    refuse('808080808001 00 00'); // varint of 6 bytes
    refuse('1e 00 80808080808080808080 01 00 01 01 00'); // varint of 11 bytes
    refuse('1c 00 ffffffffffffffffff01 00 01 01 00'); // a timestamp that no number holds
  });

  it('reads timestamps of 53 bits', () => {
    const far = [0, 2 ** 51, 5].map((timestamp) => ({ timestamp, key: null, value: null }));
    expect(read(encodeRecordBatch(far)).map((one) => one.timestamp)).toEqual([0, 2 ** 51, 5]);
  });

  it('takes less than half a microsecond for a record of 1 KB', () => {
    const many = Array.from({ length: 100 }, (_, i) => ({
      timestamp: 1_700_000_000_000 + i,
      key: Buffer.from(`key-${i}`),
      value: Buffer.alloc(1000, i),
    }));
    const batch = onlyBatch(encodeRecordBatch(many));
    const rounds = 2000;
    const measure = (): number => {
      const start = process.cpuUsage().user;
      for (let round = 0; round < rounds; round++) {
        const cursor = new RecordCursor(recordsBytes(batch, 1_000_000), batch.recordCount);
        while (cursor.next());
      }
      return (process.cpuUsage().user - start) / rounds / 100;
    };
    measure();
    expect(Math.min(measure(), measure())).toBeLessThan(0.5);
  });
});

describe('old message sets', () => {
  const old = fc.array(
    fc.record({
      timestamp: fc.integer({ min: -1, max: 2_000_000_000 }),
      key: fc.option(bytes),
      value: fc.option(bytes),
    }),
    { minLength: 1, maxLength: 20 },
  );

  it('of every magic and compression become the same records', () => {
    fc.assert(
      fc.property(old, fc.constantFrom(0, 1), fc.constantFrom(0, 1, 2, 3), (all, magic, compression) => {
        const encoded = encodeMessageSet(all, {
          magic: magic as 0,
          compression: compression as 0,
          baseOffset: 7n,
        });
        const [set] = splitRecordSets(encoded);
        if (set!.magic === 2) throw new Error('not old');
        expect(verifyBatchCrc(set!)).toBe(true);
        const expected = all.map((one, offsetDelta) => ({
          ...one,
          timestamp: magic === 0 ? -1 : one.timestamp,
          headers: [],
          offsetDelta,
        }));
        expect(collect(new MessageSetCursor(set!, 1_000_000))).toEqual(expected);
        const batch = toRecordBatch(set!, 1_000_000);
        expect(verifyBatchCrc(batch)).toBe(true);
        expect(
          collect(new RecordCursor(recordsBytes(batch, 0), batch.recordCount), batch.baseTimestamp),
        ).toEqual(expected);
      }),
    );
  });

  const set = (encoded: Buffer) => splitRecordSets(encoded)[0] as { magic: 0 | 1; bytes: Buffer };
  const one = [{ timestamp: 5, key: null, value: Buffer.from('v') }];
  const readOld = (encoded: Buffer) => collect(new MessageSetCursor(set(encoded), 1_000_000));

  it('mix plain messages and wrappers', () => {
    const plain = encodeMessageSet(one, { magic: 1 });
    const wrapped = encodeMessageSet([...one, ...one], { magic: 1, compression: 2 });
    expect(readOld(Buffer.concat([plain, wrapped, plain])).map((entry) => entry.offsetDelta)).toEqual([
      0, 1, 2, 3,
    ]);
  });

  it('take the time of a wrapper with log append time', () => {
    const encoded = encodeMessageSet([{ ...one[0]!, timestamp: 9 }, ...one], {
      magic: 1,
      compression: 1,
      timestampType: 'append',
    });
    expect(readOld(encoded).map((entry) => entry.timestamp)).toEqual([9, 9]);
  });

  it('are refused when something is wrong inside', () => {
    const wrapper = (value: Buffer | null, magic: 0 | 1 = 1) => {
      const outer = encodeMessageSet([{ timestamp: 1, key: null, value }], { magic });
      outer[17] = 1; // gzip, and the checksum made right again below
      return withCrc(outer);
    };
    expect(() => readOld(wrapper(null))).toThrow(code('records-invalid'));
    expect(() => readOld(wrapper(gzipSync(Buffer.alloc(0))))).toThrow(code('records-invalid'));
    expect(() => readOld(wrapper(gzipSync(encodeMessageSet(one, { magic: 0 }))))).toThrow(
      code('records-invalid'),
    );
    expect(() => readOld(wrapper(gzipSync(encodeMessageSet(one, { magic: 1, compression: 2 }))))).toThrow(
      code('records-invalid'),
    );
    expect(() => readOld(wrapper(gzipSync(encodeMessageSet(one, { magic: 1 }).subarray(0, 20))))).toThrow(
      code('records-corrupt'),
    );
    const flipped = encodeMessageSet(one, { magic: 1 });
    flipped[flipped.length - 1]! ^= 1;
    expect(verifyBatchCrc(set(flipped))).toBe(false);
    expect(() => readOld(flipped)).toThrow(code('records-corrupt'));
    const zstd = encodeMessageSet(one, { magic: 1 });
    zstd[17] = 4;
    expect(() => readOld(withCrc(zstd))).toThrow(code('records-unsupported'));
  });
});

function withCrc(message: Buffer): Buffer {
  message.writeUInt32BE(crc32(message.subarray(16)), 12);
  return message;
}
