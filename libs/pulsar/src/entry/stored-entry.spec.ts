import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BatchBuilder, type Compression, joinEntries, parseEntry, singleEntry } from '../entry.js';
import type { OutgoingMessage, PulsarMessage } from '../message.js';
import type { OutgoingEntry } from './outgoing-entry.js';
import {
  bytesMax,
  codeOf,
  compressionNumbers,
  messagesOf,
  parse,
  position,
  SingleMessageMetadata,
  stored,
} from './stored-entry.fixture.js';

/** What a topic would hold of an outgoing entry, with the metadata written by the oracle. */
function storedOutgoing(entry: OutgoingEntry, index?: number): Buffer {
  const { compression, ...rest } = entry.metadata;
  const payload = entry.buffer.subarray(entry.payloadStart, entry.payloadEnd);
  const metadata = { ...rest, ...(compression ? { compression: compressionNumbers[compression] } : {}) };
  return stored(metadata, payload, index === undefined ? undefined : { index });
}

/** The slots of a batch payload as protobufjs reads them. */
function slotsOf(payload: Buffer): { metadata: Record<string, unknown>; value: Buffer }[] {
  const slots = [];
  for (let at = 0; at < payload.length; ) {
    const size = payload.readUInt32BE(at);
    const decoded = SingleMessageMetadata.decode(payload.subarray(at + 4, at + 4 + size));
    const metadata = SingleMessageMetadata.toObject(decoded, { longs: Number, bytes: Array });
    const end = at + 4 + size + (metadata.payloadSize as number);
    slots.push({ metadata, value: payload.subarray(at + 4 + size, end) });
    at = end;
  }
  return slots;
}

const bytes = fc.uint8Array({ maxLength: 80 }).map((array) => Buffer.from(array));
const text = fc.string({ unit: 'grapheme', maxLength: 30 });
const message: fc.Arbitrary<OutgoingMessage> = fc.record({
  key: fc.oneof(fc.constant(null), fc.constant(''), text, bytes),
  orderingKey: fc.option(bytes, { nil: undefined }),
  value: fc.oneof(
    fc.constant(null),
    fc.constant(Buffer.alloc(0)),
    bytes,
    fc.constant(Buffer.alloc(3000, 'long')),
  ),
  eventTime: fc.option(fc.nat({ max: 2 ** 45 }), { nil: undefined }),
  properties: fc.array(fc.record({ key: fc.constantFrom('a', 'b', 'ä€', ''), value: text }), {
    maxLength: 4,
  }),
});

/** What must come back of a message. */
function expected(sent: OutgoingMessage): object {
  const keyBytes = sent.key === null || sent.key === undefined ? null : Buffer.from(sent.key as Buffer);
  const isText = keyBytes === null || Buffer.from(keyBytes.toString('utf8')).equals(keyBytes);
  return {
    key: keyBytes === null ? null : keyBytes.toString(isText ? 'utf8' : 'base64'),
    keyIsBase64: !isText,
    orderingKey: sent.orderingKey ?? null,
    value: sent.value,
    eventTime: sent.eventTime,
    properties: sent.properties,
  };
}

const compressions: readonly Compression[] = ['none', 'lz4', 'zlib', 'zstd', 'snappy'];

describe('batches', () => {
  it.each(compressions)('come back as they were sent, compressed with %s', (compression) => {
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 12 }), (sent) => {
        const builder = new BatchBuilder({ capacityBytes: 64, payloadBytesMax: bytesMax });
        for (const one of sent) builder.append(one);
        const entry = builder.finish(compression);
        const parsed = parse(storedOutgoing(entry, 100 + sent.length - 1));
        expect(parsed.numMessages).toBe(sent.length);
        expect(parsed.firstIndex).toBe(100);
        const received = messagesOf(parsed);
        expect(received).toHaveLength(sent.length);
        received.forEach((one, at) => {
          expect(one).toMatchObject({ ...expected(sent[at]!), batchIndex: at, index: 100 + at });
        });
      }),
      { numRuns: 25 },
    );
  });

  it('are SingleMessageMetadata and values to protobufjs, and nothing else', () => {
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 8 }), (sent) => {
        const builder = new BatchBuilder({ capacityBytes: 64, payloadBytesMax: bytesMax });
        for (const one of sent) builder.append(one);
        const entry = builder.finish('none');
        const slots = slotsOf(entry.buffer.subarray(entry.payloadStart, entry.payloadEnd));
        expect(slots).toHaveLength(sent.length);
        slots.forEach(({ metadata, value }, at) => {
          const one = expected(sent[at]!) as PulsarMessage;
          expect(value.equals(one.value ?? Buffer.alloc(0))).toBe(true);
          expect(metadata).toEqual({
            payloadSize: value.length,
            ...(one.properties.length > 0 ? { properties: one.properties } : {}),
            ...(one.key === null ? {} : { partitionKey: one.key }),
            ...(one.keyIsBase64 ? { partitionKeyB64Encoded: true } : {}),
            ...(one.eventTime === undefined ? {} : { eventTime: one.eventTime }),
            ...(one.orderingKey === null ? {} : { orderingKey: [...one.orderingKey] }),
            ...(one.value === null ? { nullValue: true } : {}),
          });
        });
      }),
      { numRuns: 50 },
    );
  });

  it('take properties from ranges, plain and as base64, after a prefix', () => {
    const source = Buffer.concat([Buffer.from('name wért'), Buffer.from([0, 0xff, 1]), Buffer.from('v')]);
    const builder = new BatchBuilder({ capacityBytes: 1, payloadBytesMax: 1000 });
    builder.begin();
    builder.propertyFrom('', source, 0, 4, 5, 10);
    builder.propertyFrom('x.base64.', source, 0, 4, 10, 13, true);
    builder.propertyFrom('', source, 0, 0, 0, 0);
    builder.propertyFrom('', source, 0, 4, 5, 10);
    builder.valueFrom(source, 13, 14);
    const [only] = messagesOf(parse(storedOutgoing(builder.finish('none'))));
    expect(only!.properties).toEqual([
      { key: 'name', value: 'wért' },
      { key: 'x.base64.name', value: 'AP8B' },
      { key: '', value: '' },
      { key: 'name', value: 'wért' },
    ]);
    expect(only!.value!.toString()).toBe('v');
  });

  it('forget a message that was begun and not completed', () => {
    const builder = new BatchBuilder({ capacityBytes: 100, payloadBytesMax: 1000 });
    builder.append({ key: 'a', value: Buffer.from('1') });
    builder.begin();
    builder.key('half');
    builder.append({ key: 'b', value: Buffer.from('2') });
    builder.begin();
    builder.key('half');
    const received = messagesOf(parse(storedOutgoing(builder.finish('none'))));
    expect(received.map(({ key, value }) => `${key}=${value}`)).toEqual(['a=1', 'b=2']);
  });

  it('refuse to grow over their bound, and keep what was completed', () => {
    const builder = new BatchBuilder({ capacityBytes: 100, payloadBytesMax: 1000 });
    builder.append({ value: Buffer.alloc(600) });
    expect(codeOf(() => builder.append({ value: Buffer.alloc(600) }))).toBe('EntryTooLarge');
    expect(builder.numMessages).toBe(1);
    expect(messagesOf(parse(storedOutgoing(builder.finish('lz4'))))).toHaveLength(1);
  });

  it('refuse to be used after they were finished', () => {
    const builder = new BatchBuilder({ capacityBytes: 1000, payloadBytesMax: 1000 });
    builder.append({ key: 'first', value: Buffer.from('1') });
    builder.finish('zstd');
    expect(codeOf(() => builder.append({ value: Buffer.from('2') }))).toBe('Closed');
    expect(codeOf(() => builder.finish('none'))).toBe('InvalidConfiguration');
  });

  it('use memory again that was released, and never memory that was not', () => {
    const make = (key: string) => {
      const builder = new BatchBuilder({ capacityBytes: 5000, payloadBytesMax: 1 << 20 });
      builder.append({ key, value: Buffer.alloc(5000, key) });
      return builder.finish('none');
    };
    const [kept, released] = [make('kept'), make('released')];
    released.memory!.release();
    released.memory!.release();
    const [third, fourth] = [make('third'), make('fourth')];
    expect(
      [third.buffer, fourth.buffer].filter(({ buffer }) => buffer === released.buffer.buffer),
    ).toHaveLength(1);
    expect(third.buffer.buffer).not.toBe(fourth.buffer.buffer);
    for (const [entry, key] of [
      [kept, 'kept'],
      [third, 'third'],
      [fourth, 'fourth'],
    ] as const) {
      expect(messagesOf(parse(storedOutgoing(entry)))[0]).toMatchObject({
        key,
        value: Buffer.alloc(5000, key),
      });
    }
  });
});

describe('joined batches', () => {
  it('hold the messages of all, in order, under the sequence ids of the first and the last', () => {
    const batches = fc.array(fc.array(message, { minLength: 1, maxLength: 4 }), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(batches, (sent) => {
        let sequenceId = 5;
        const entries = sent.map((messages) => {
          const builder = new BatchBuilder({ capacityBytes: 64, payloadBytesMax: bytesMax });
          for (const each of messages) builder.append(each);
          const highestSequenceId = sequenceId + messages.length - 1;
          const entry = { ...builder.finish('none'), sequenceId, highestSequenceId };
          sequenceId = highestSequenceId + 1;
          return entry;
        });
        const joined = joinEntries(entries);
        const all = sent.flat();
        const received = messagesOf(parse(storedOutgoing(joined)));
        expect(received).toHaveLength(all.length);
        received.forEach((one, at) => {
          expect(one).toMatchObject({ ...expected(all[at]!) });
        });
        const { numMessages, highestSequenceId } = joined;
        expect([numMessages, joined.sequenceId, highestSequenceId]).toEqual([all.length, 5, 4 + all.length]);
      }),
      { numRuns: 25 },
    );
  });
});

describe('single messages', () => {
  it.each(compressions)('come back as they were sent, compressed with %s', (compression) => {
    fc.assert(
      fc.property(message, (sent) => {
        const entry = singleEntry(sent, { compression, deliverAtTime: 1_795_000_000_001 });
        const parsed = parse(storedOutgoing(entry, 41));
        expect(parsed).toMatchObject({ isBatch: false, numMessages: 1, firstIndex: 41 });
        expect(parsed.metadata.deliverAtTime).toBe(1_795_000_000_001);
        const received = messagesOf(parsed);
        expect(received).toHaveLength(1);
        expect(received[0]).toMatchObject({ ...expected(sent), batchIndex: -1, index: 41 });
      }),
      { numRuns: 25 },
    );
  });
});

describe('parseEntry', () => {
  it('reads every field that it keeps as protobufjs wrote it', () => {
    const metadata = {
      producerName: 'prodücer',
      sequenceId: 2 ** 40 + 1,
      publishTime: 1_795_000_000_123,
      properties: [
        { key: 'a', value: '1' },
        { key: 'a', value: '2' },
      ],
      replicatedFrom: 'west',
      partitionKey: 'AP8=',
      partitionKeyB64Encoded: true,
      orderingKey: Buffer.from([0, 1]),
      eventTime: 0,
      schemaVersion: Buffer.from([9]),
      deliverAtTime: 5,
      highestSequenceId: 2 ** 40 + 9,
      nullValue: true,
      uuid: 'u',
      chunkId: 0,
      numChunksFromMsg: 1,
      totalChunkMsgSize: 10,
      replicateTo: ['east'],
      compactedBatchIndexes: [1, 2],
    };
    const entry = parse(stored(metadata, Buffer.from('body'), { index: 12, brokerTimestamp: 34 }));
    expect(entry).toMatchObject({
      ...position,
      index: 12,
      brokerTimestamp: 34,
      sequenceId: 2 ** 40 + 1,
      highestSequenceId: 2 ** 40 + 9,
      publishTime: 1_795_000_000_123,
      isBatch: false,
      isChunk: false,
      isEncrypted: false,
      isTransactional: false,
    });
    const { replicateTo: _, compactedBatchIndexes: __, ...kept } = metadata;
    expect(entry.metadata).toEqual({ ...kept, compression: 'none', encrypted: false });
    expect(entry.producerName).toBe('prodücer');
    expect(entry.payload.toString()).toBe('body');
  });

  it('says nothing sure about the first index of a batch in a transaction', () => {
    const batch = { numMessagesInBatch: 3, txnidLeastBits: 1, txnidMostBits: 0 };
    const entry = parse(stored(batch, Buffer.alloc(0), { index: 9 }));
    expect(entry.isTransactional).toBe(true);
    expect(entry.firstIndex).toBeUndefined();
    expect(entry.metadata).toMatchObject({ txnidLeast: 1n, txnidMost: 0n });
  });

  it('takes an entry without a checksum, and refuses a wrong one', () => {
    const frame = stored({}, Buffer.from('body'));
    expect(parseEntry(frame, 6, frame.length, position).payload.toString()).toBe('body');
    frame[frame.length - 1]! ^= 1;
    expect(codeOf(() => parse(frame))).toBe('checksum');
    const options = { verifyChecksum: false };
    expect(parseEntry(frame, 0, frame.length, position, options).payload.length).toBe(4);
  });
});
