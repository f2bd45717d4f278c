import { isUtf8 } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { crc32c } from '#libs/compression';
import {
  encodeMessageSet,
  encodeRecordBatch,
  KafkaErrorCode,
  type RecordBatchOptions,
  type RecordInput,
} from '#libs/kafka-codec';
import {
  base64PropertyPrefix,
  MessageCursor,
  nullPropertyPrefix,
  type OutgoingEntry,
  parseEntry,
  type PulsarMessage,
} from '#libs/pulsar';
import { type KafkaError, kafkaErrorCode } from '../kafka.errors.js';
import { type PartitionBatch, type RecordMappingOptions, toPulsarEntry } from './record.mapping.js';

const options: RecordMappingOptions = {
  produceVersion: 9,
  config: { messageBytesMax: 1_048_588, timestampType: 'create', compacted: false },
  decompressedBytesMax: 4 * 1024 * 1024,
  nowMs: 1_750_000_000_000,
};

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return [...bytes, rest];
}

/** As the broker gives it back: MessageMetadata by its field numbers, then the payload. */
function messagesOf(entry: OutgoingEntry): PulsarMessage[] {
  const { compression = 'none', uncompressedSize = 0, numMessagesInBatch = 0 } = entry.metadata;
  const metadata = Buffer.from([
    ...[0x0a, 1, 0x70, 0x10, 0, 0x18, 0],
    ...[0x40, ['none', 'lz4', 'zlib', 'zstd', 'snappy'].indexOf(compression)],
    ...(compression === 'none' ? [] : [0x48, ...varint(uncompressedSize)]),
    ...[0x58, ...varint(numMessagesInBatch)],
  ]);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(metadata.length);
  const frame = Buffer.concat([size, metadata, entry.buffer.subarray(entry.payloadStart, entry.payloadEnd)]);
  const cursor = new MessageCursor(parseEntry(frame, 0, frame.length, { ledgerId: 1, entryId: 1 }), {
    decompressedBytesMax: 64 * 1024 * 1024,
  });
  const messages: PulsarMessage[] = [];
  while (cursor.next()) messages.push(cursor.message());
  return messages;
}

/** What docs/mapping.md says, backwards: a Kafka record out of a message. */
function toRecord(message: PulsarMessage): RecordInput {
  const headers = message.properties.map(({ key, value }) => {
    if (key.startsWith(nullPropertyPrefix)) return { key: key.slice(nullPropertyPrefix.length), value: null };
    if (key.startsWith(base64PropertyPrefix)) {
      return { key: key.slice(base64PropertyPrefix.length), value: Buffer.from(value, 'base64') };
    }
    return { key, value: Buffer.from(value) };
  });
  const { key, keyIsBase64, value } = message;
  return {
    timestamp: message.eventTime ?? -1,
    key: key === null ? null : Buffer.from(key, keyIsBase64 ? 'base64' : 'utf8'),
    value: value === null ? null : Buffer.from(value),
    headers,
  };
}

function plain({ timestamp, key, value, headers = [] }: RecordInput) {
  const text = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes).toString('hex'));
  return {
    timestamp,
    key: text(key),
    value: text(value),
    headers: headers.map((header) => [header.key, text(header.value)]),
  };
}

function mapped(
  records: readonly RecordInput[],
  batch: RecordBatchOptions = {},
  more: Partial<RecordMappingOptions> = {},
) {
  return toPulsarEntry(encodeRecordBatch(records, batch), { ...options, ...more }) as PartitionBatch;
}

function refusal(run: () => unknown): KafkaError {
  try {
    run();
  } catch (error) {
    return error as KafkaError;
  }
  throw new Error('nothing was refused');
}

const bytes = fc.uint8Array({ maxLength: 40 }).map((each) => Buffer.from(each));
const text = fc.string({ unit: 'grapheme', maxLength: 20 }).map((each) => Buffer.from(each));
const content = fc.oneof(bytes, text, fc.constant(Buffer.alloc(0)), fc.constant(null));
const headerName = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom('', 'a', 'pulsegate.', 'pulsegate.null.a', 'pulsegate.base64.a', 'pulsegat', 'pulsegate.x'),
);
const record = fc.record({
  timestamp: fc.oneof(fc.integer({ min: 0, max: 2 ** 45 }), fc.constant(-1), fc.constant(0)),
  key: content,
  value: fc.oneof(
    content,
    fc.integer({ min: 100, max: 3000 }).map((length) => Buffer.alloc(length, 'v')),
  ),
  headers: fc.array(fc.record({ key: headerName, value: content }), { maxLength: 4 }),
});

describe('toPulsarEntry', () => {
  it('loses nothing of any record, with every codec', () => {
    fc.assert(
      fc.property(
        fc.array(record, { minLength: 1, maxLength: 12 }),
        fc.constantFrom(0 as const, 1 as const, 2 as const, 3 as const, 4 as const),
        (records, compression) => {
          const { entry } = mapped(records, { compression });
          expect(entry.numMessages).toBe(records.length);
          expect(entry.metadata.compression ?? 'none').toBe(
            ['none', 'zlib', 'snappy', 'lz4', 'zstd'][compression],
          );
          expect(messagesOf(entry).map(toRecord).map(plain)).toEqual(records.map(plain));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('writes keys as text where they are text, so that native readers and compaction see the same', () => {
    fc.assert(
      fc.property(bytes, (key) => {
        const [message] = messagesOf(mapped([{ timestamp: 1, key, value: null }]).entry);
        expect(message?.keyIsBase64).toBe(!isUtf8(key));
        if (isUtf8(key)) expect(message?.key).toBe(key.toString());
      }),
    );
  });

  it('loses nothing of old messages, wrapped or not', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ timestamp: fc.integer({ min: 0, max: 2 ** 45 }), key: content, value: content }),
          {
            minLength: 1,
            maxLength: 8,
          },
        ),
        fc.constantFrom(0 as const, 1 as const, 2 as const, 3 as const),
        fc.constantFrom(0 as const, 1 as const),
        (records, compression, magic) => {
          const set = encodeMessageSet(records, { magic, compression });
          const batch = toPulsarEntry(set, { ...options, produceVersion: 2 }) as PartitionBatch;
          expect(batch).toMatchObject({ producerId: -1n });
          const expected = records.map((each) =>
            plain({ ...each, timestamp: magic === 0 ? -1 : each.timestamp }),
          );
          expect(messagesOf(batch.entry).map(toRecord).map(plain)).toEqual(expected);
        },
      ),
    );
  });

  it('puts message sets of both kinds into one entry, and nothing into none', () => {
    const one = { timestamp: 5, key: null, value: Buffer.from('1') };
    const two = { timestamp: 6, key: null, value: Buffer.from('2') };
    const sets = Buffer.concat([
      encodeMessageSet([one], { magic: 0 }),
      encodeMessageSet([two], { magic: 1 }),
    ]);
    const batch = toPulsarEntry(sets, { ...options, produceVersion: 1 }) as PartitionBatch;
    expect(messagesOf(batch.entry).map(({ eventTime }) => eventTime)).toEqual([undefined, 6]);
    expect(toPulsarEntry(Buffer.alloc(0), { ...options, produceVersion: 2 })).toBeUndefined();
    expect(toPulsarEntry(null, { ...options, produceVersion: 0 })).toBeUndefined();
  });

  it('passes producer id, epoch and sequence on', () => {
    const numbers = { producerId: 2n ** 62n, producerEpoch: 7, baseSequence: 2 ** 31 - 1 };
    expect(mapped([{ timestamp: 1, key: null, value: null }], numbers)).toMatchObject({
      producerId: 2n ** 62n,
      epoch: 7,
      sequence: 2 ** 31 - 1,
    });
  });

  it('gives all records the time of the gateway where the topic wants it', () => {
    const config = { ...options.config, timestampType: 'append' as const };
    const records = [1, 2, -1].map((timestamp) => ({ timestamp, key: null, value: Buffer.from('x') }));
    const { entry } = mapped(records, {}, { config });
    expect(messagesOf(entry).map(({ eventTime }) => eventTime)).toEqual([
      options.nowMs,
      options.nowMs,
      options.nowMs,
    ]);
  });

  it('names the records that a compacted topic cannot keep', () => {
    const config = { ...options.config, compacted: true };
    const key = Buffer.from('k');
    const value = Buffer.from('v');
    const records = [
      { timestamp: 1, key, value },
      { timestamp: 1, key: null, value },
      { timestamp: 1, key, value: Buffer.alloc(0) },
      { timestamp: 1, key, value: null },
    ];
    const error = refusal(() => mapped(records, {}, { config }));
    expect(error).toMatchObject({
      code: KafkaErrorCode.INVALID_RECORD,
      faults: [{ batchIndex: 1 }, { batchIndex: 2 }],
    });
    expect(mapped([records[0]!, records[3]!], {}, { config }).entry.numMessages).toBe(2);
  });

  it('names a bounded number of them', () => {
    const config = { ...options.config, compacted: true };
    const records = Array.from({ length: 1000 }, () => ({ timestamp: 1, key: null, value: null }));
    const error = refusal(() => mapped(records, {}, { config })) as KafkaError & { faults: unknown[] };
    expect(error.faults).toHaveLength(100);
    expect(error.message).toContain('1000');
  });

  it('refuses a header key that is no text, and a timestamp before 1970', () => {
    const good = encodeRecordBatch([
      { timestamp: 1, key: null, value: null, headers: [{ key: Buffer.from([0xff]), value: null }] },
    ]);
    expect(refusal(() => toPulsarEntry(good, options)).code).toBe(KafkaErrorCode.INVALID_RECORD);
    expect(refusal(() => mapped([{ timestamp: -2, key: null, value: null }])).code).toBe(
      KafkaErrorCode.INVALID_TIMESTAMP,
    );
  });

  it('refuses a timestamp beyond what can be kept exact', () => {
    const latest = Number.MAX_SAFE_INTEGER;
    const good = mapped([{ timestamp: latest, key: null, value: null }]);
    expect(messagesOf(good.entry)[0]!.eventTime).toBe(latest);
    // The second record's delta, and with it its time, is written over: a base that is fine, a sum that is not.
    const records = [latest - 1, latest].map((timestamp) => ({ timestamp, key: null, value: null }));
    const batch = encodeRecordBatch(records);
    const deltaAt = 61 + 7 + 2;
    expect(batch[deltaAt]).toBe(2);
    batch[deltaAt] = 8;
    batch.writeUInt32BE(crc32c(batch.subarray(21)), 17);
    expect(refusal(() => toPulsarEntry(batch, options)).code).toBe(KafkaErrorCode.INVALID_TIMESTAMP);
  });

  it('takes no memory for records that are only announced', () => {
    const batch = encodeRecordBatch([{ timestamp: 1, key: null, value: null }]);
    batch.writeInt32BE(0x7ffffffe, 23);
    batch.writeInt32BE(0x7fffffff, 57);
    batch.writeUInt32BE(crc32c(batch.subarray(21)), 17);
    const before = process.memoryUsage().arrayBuffers;
    expect(refusal(() => toPulsarEntry(batch, options)).code).toBe(KafkaErrorCode.INVALID_RECORD);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
  });

  it('refuses what becomes too large', () => {
    const value = Buffer.alloc(3_000_000);
    const small = { decompressedBytesMax: 1_048_576 };
    const error = refusal(() => mapped([{ timestamp: 1, key: null, value }], { compression: 1 }, small));
    expect(error.code).toBe(KafkaErrorCode.MESSAGE_TOO_LARGE);
    const empty = Array.from({ length: 100_000 }, () => ({
      timestamp: 2 ** 40,
      key: null,
      value: Buffer.alloc(0),
    }));
    const grown = refusal(() => mapped(empty, {}, small));
    expect(kafkaErrorCode(grown)).toBe(KafkaErrorCode.MESSAGE_TOO_LARGE);
  });

  it('throws nothing but errors with a Kafka code, whatever the bytes are', () => {
    const good = encodeRecordBatch([
      { timestamp: 5, key: Buffer.from('k'), value: Buffer.from('v'), headers: [{ key: 'h', value: null }] },
      { timestamp: 6, key: null, value: Buffer.from('w') },
    ]);
    const damaged = fc
      .array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
      .map((changes) => {
        const copy = Buffer.from(good);
        for (const [at, byte] of changes) copy[at] = byte;
        // With a right checksum, so that what is behind it is looked at.
        copy.writeUInt32BE(crc32c(copy.subarray(21)), 17);
        return copy;
      });
    const any = fc.uint8Array({ maxLength: 120 }).map((each) => Buffer.from(each));
    fc.assert(
      fc.property(fc.oneof(damaged, any), fc.nat(13), (records, produceVersion) => {
        try {
          toPulsarEntry(records, { ...options, produceVersion });
        } catch (error) {
          expect(kafkaErrorCode(error)).not.toBe(KafkaErrorCode.UNKNOWN_SERVER_ERROR);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a batch with more records than sparse offsets can tell apart in one entry', () => {
  const records = Array.from({ length: 2_500 }, (_, at) => ({
    timestamp: at,
    key: null,
    value: Buffer.from(`v${at}`),
  }));
  const sparse = { config: { ...options.config, sparse: true as const } };

  it('becomes several entries, full but the last, each with its own sequence', () => {
    const whole = mapped(
      records,
      { producerId: 7n, producerEpoch: 1, baseSequence: 2 ** 31 - 1_024 },
      sparse,
    );
    const parts = [whole, ...whole.rest!];
    expect(parts.map(({ entry }) => entry.numMessages)).toEqual([1_024, 1_024, 452]);
    // Kafka's sequences begin again after 2^31 - 1.
    expect(parts.map(({ sequence }) => sequence)).toEqual([2 ** 31 - 1_024, 0, 1_024]);
    expect(parts.map(({ producerId }) => producerId)).toEqual([7n, 7n, 7n]);
  });

  it('is refused when it would become more entries than may be on their way at once', () => {
    const record = { timestamp: 0, key: null, value: null };
    const many = Array.from({ length: 512 * 1_024 + 1 }, () => record);
    const room = { ...sparse, config: { ...sparse.config, messageBytesMax: 5_000_000 } };
    const code = (of: readonly RecordInput[]) => {
      try {
        return mapped(of, {}, { ...room, decompressedBytesMax: 64 * 1024 * 1024 }).rest?.length;
      } catch (error) {
        return `code ${kafkaErrorCode(error)}`;
      }
    };
    expect(code(many.slice(1))).toBe(511);
    expect(code(many)).toBe(`code ${KafkaErrorCode.MESSAGE_TOO_LARGE}`);
  });

  it('is one entry where it fits, and with dense offsets', () => {
    expect(mapped(records.slice(0, 1_024), {}, sparse).rest).toBeUndefined();
    const dense = mapped(records);
    expect([dense.entry.numMessages, dense.rest]).toEqual([2_500, undefined]);
  });
});
