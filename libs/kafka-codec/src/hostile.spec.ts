import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RandomReader } from '../generator/random-message.js';
import {
  ByteReader,
  ByteWriter,
  decodeMetadataResponse,
  decodeProduceRequest,
  decodeRequestHeader,
  encodeRecordBatch,
  KafkaDecodeError,
  KafkaFrameDecoder,
  kafkaApiByKey,
  kafkaApis,
  MessageSetCursor,
  encodeMessageSet,
  RecordCursor,
  recordsBytes,
  splitRecordSets,
  toRecordBatch,
  validateProducedBatch,
  verifyBatchCrc,
} from './index.js';

/** Runs what may only throw KafkaDecodeError. */
function tolerated(decode: () => void): 'read' | 'refused' {
  try {
    decode();
    return 'read';
  } catch (error) {
    if (!(error instanceof KafkaDecodeError)) throw error;
    return 'refused';
  }
}

/** Heap and buffers that `run` leaves allocated at its peak, roughly: what it holds when it throws is counted. */
function allocatedBytes(run: () => void): number {
  const before = process.memoryUsage();
  run();
  const after = process.memoryUsage();
  return after.heapUsed - before.heapUsed + (after.arrayBuffers - before.arrayBuffers);
}

function damage(bytes: Buffer, seed: number): Buffer {
  const copy = Buffer.from(bytes);
  if (copy.length === 0) return copy;
  const at = (seed >>> 4) % copy.length;
  switch (seed & 3) {
    case 0:
      return copy.subarray(0, at);
    case 1:
      copy[at]! ^= 1 << ((seed >>> 2) & 7);
      return copy;
    case 2:
      return Buffer.concat([copy.subarray(0, at), Buffer.from('7fffffff', 'hex'), copy.subarray(at)]);
    default:
      copy.fill(0xff, at, Math.min(at + 5, copy.length));
      return copy;
  }
}

function varint(value: number): Buffer {
  const writer = new ByteWriter();
  writer.writeUnsignedVarint(value);
  return writer.detach();
}

const versionsOf = (seed: number) =>
  kafkaApis.map(
    (api) => [api, api.versionMin + ((seed >>> 1) % (api.versionMax - api.versionMin + 1))] as const,
  );

describe('hostile messages', () => {
  it('are refused with KafkaDecodeError, whatever is cut, flipped or inserted', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (seed, harm) => {
        for (const [api, version] of versionsOf(seed)) {
          for (const kind of ['Request', 'Response'] as const) {
            const writer = new ByteWriter();
            api[`encode${kind}`](writer, api[`decode${kind}`](new RandomReader(seed), version), version);
            const bytes = damage(writer.written(), harm);
            tolerated(() => api[`decode${kind}`](new ByteReader(bytes), version));
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  it('are refused at every length they can be cut to', () => {
    for (const api of kafkaApis) {
      const version = api.versionMax;
      const writer = new ByteWriter();
      api.encodeRequest(writer, api.decodeRequest(new RandomReader(api.key), version) as never, version);
      const bytes = writer.written();
      for (let length = 0; length < Math.min(bytes.length, 150); length++) {
        const cut = bytes.subarray(0, length);
        expect(tolerated(() => api.decodeRequest(new ByteReader(cut), version))).toBe('refused');
      }
    }
  });

  it('are refused when they are random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(), (random, seed) => {
        const bytes = Buffer.from(random);
        for (const [api, version] of versionsOf(seed)) {
          tolerated(() => api.decodeRequest(new ByteReader(bytes), version));
          tolerated(() => api.decodeResponse(new ByteReader(bytes), version));
        }
        tolerated(() => decodeRequestHeader(new ByteReader(bytes)));
      }),
      { numRuns: 60 },
    );
  });

  it('allocate nothing for counts and lengths that the bytes cannot hold', () => {
    const produce = Buffer.from('ffff' + '00007530' + '7fffffff' + '0001', 'hex');
    const compact = Buffer.from('00' + 'ffff' + '00007530' + 'ffffffff0f' + '0101', 'hex');
    const used = allocatedBytes(() => {
      for (let i = 0; i < 1000; i++) {
        expect(tolerated(() => decodeProduceRequest(new ByteReader(produce), 2))).toBe('refused');
        expect(tolerated(() => decodeProduceRequest(new ByteReader(compact), 9))).toBe('refused');
        expect(tolerated(() => decodeMetadataResponse(new ByteReader(compact), 9))).toBe('refused');
      }
    });
    expect(used).toBeLessThan(64 * 1024 * 1024);
  });

  it('hold no more elements than their bytes allow', () => {
    const metadata = (bytes: Buffer, count: number) => {
      bytes.writeInt32BE(count, 0);
      return kafkaApiByKey(3)!.decodeRequest(new ByteReader(bytes), 1) as { topics: unknown[] };
    };
    const small = Buffer.alloc(4 + 2 * 100_000);
    expect(metadata(small, 100_000).topics).toHaveLength(100_000);
    expect(() => metadata(small, 100_001)).toThrow(expect.objectContaining({ code: 'invalid-count' }));
    // Empty elements are small on the wire and large in memory: there is a most of them, whatever the bytes.
    expect(() => metadata(Buffer.alloc(4 + 2 * 300_000), 300_000)).toThrow('more than 250000 array elements');
    const nested = Buffer.from(`00ffff00007530${'03'}`, 'hex');
    const topic = Buffer.concat([
      Buffer.from('01', 'hex'),
      varint(150_001),
      Buffer.alloc(150_000 * 6),
      Buffer.alloc(1),
    ]);
    const produce = Buffer.concat([nested, topic, topic, Buffer.alloc(1)]);
    expect(() => decodeProduceRequest(new ByteReader(produce), 9)).toThrow('array elements');
  });
});

function readAll(records: Buffer, bytesMax: number): number {
  let count = 0;
  for (const set of splitRecordSets(records)) {
    verifyBatchCrc(set);
    const batch = set.magic === 2 ? set : toRecordBatch(set, bytesMax);
    if (set.magic === 2) tolerated(() => validateProducedBatch(set));
    const cursor = new RecordCursor(recordsBytes(batch, bytesMax), batch.recordCount);
    while (cursor.next()) {
      count++;
      while (cursor.nextHeader()) expect(cursor.headerKeyEnd).toBeLessThanOrEqual(cursor.recordEnd);
    }
  }
  return count;
}

const sampleRecords = Array.from({ length: 20 }, (_, i) => ({
  timestamp: 1_700_000_000_000 + i,
  key: i % 3 === 0 ? null : Buffer.from(`key-${i}`),
  value: i % 5 === 0 ? null : Buffer.from(`value-${'v'.repeat(i)}`),
}));
const withHeaders = sampleRecords.map((record) => ({
  ...record,
  headers: [{ key: 'h', value: Buffer.from('1') }],
}));

describe('hostile records', () => {
  const sets = [
    ...([0, 1, 2, 3, 4] as const).map((compression) => encodeRecordBatch(withHeaders, { compression })),
    ...([0, 1] as const).flatMap((magic) =>
      ([0, 1, 2, 3] as const).map((compression) => encodeMessageSet(sampleRecords, { magic, compression })),
    ),
  ];

  it('are refused with KafkaDecodeError, whatever is cut, flipped or inserted', () => {
    for (const bytes of sets) expect(readAll(bytes, 10_000)).toBe(20);
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (first, second) => {
        for (const bytes of sets) {
          tolerated(() => readAll(damage(bytes, first), 10_000));
          tolerated(() => readAll(damage(damage(bytes, first), second), 10_000));
        }
      }),
      { numRuns: 100 },
    );
  });

  it('are refused at every length they can be cut to, and with every bit flipped', () => {
    for (const bytes of sets) {
      for (let length = 1; length < bytes.length; length++) {
        // Old messages in a row are whole sets at every boundary between them.
        const outcome = tolerated(() => readAll(bytes.subarray(0, length), 10_000));
        if (bytes[16] === 2) expect(outcome).toBe('refused');
      }
      const [set] = splitRecordSets(bytes);
      if (set?.magic !== 2) continue;
      for (let at = 21; at < bytes.length; at++) {
        const flipped = Buffer.from(bytes);
        flipped[at]! ^= 1 << (at & 7);
        expect(verifyBatchCrc(splitRecordSets(flipped)[0]!)).toBe(false);
      }
    }
  });

  it('refuse counts that do not fit', () => {
    const bytes = encodeRecordBatch(withHeaders);
    for (const count of [-1, 0, 19, 21, 0x7fffffff]) {
      bytes.writeInt32BE(count, 57);
      expect(() => readAll(bytes, 10_000)).toThrow(expect.objectContaining({ code: 'records-invalid' }));
    }
  });

  it('stop at the cap on decompressed bytes', () => {
    const bomb = [{ timestamp: 1, key: null, value: Buffer.alloc(8_000_000) }];
    for (const compression of [1, 2, 3, 4] as const) {
      const batch = encodeRecordBatch(bomb, { compression });
      const used = allocatedBytes(() => {
        expect(() => readAll(batch, 1_000_000)).toThrow(
          expect.objectContaining({ code: 'records-too-large' }),
        );
      });
      expect(used).toBeLessThan(6_000_000);
      if (compression === 4) continue;
      const old = encodeMessageSet(bomb, { magic: 1, compression });
      expect(() => new MessageSetCursor({ magic: 1, bytes: old }, 1_000_000).next()).toThrow(
        expect.objectContaining({ code: 'records-too-large' }),
      );
    }
  });

  it('count the cap over all wrappers of a set', () => {
    const wrapper = encodeMessageSet([{ timestamp: 1, key: null, value: Buffer.alloc(600_000) }], {
      magic: 1,
      compression: 1,
    });
    expect(readAll(wrapper, 1_000_000)).toBe(1);
    expect(() => readAll(Buffer.concat([wrapper, wrapper]), 1_000_000)).toThrow(
      expect.objectContaining({ code: 'records-too-large' }),
    );
  });
});

describe('hostile streams', () => {
  it('never make the frame decoder throw anything else', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }), (chunks) => {
        const decoder = new KafkaFrameDecoder(50, 100);
        for (const chunk of chunks) tolerated(() => decoder.push(Buffer.from(chunk)));
        expect(decoder.bufferedBytes).toBeLessThanOrEqual(54);
      }),
    );
  });
});
