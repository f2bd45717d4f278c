import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { crc32c } from '#libs/compression';
import {
  BatchBuilder,
  type BrokerEntry,
  type Compression,
  MessageCursor,
  parseEntry,
  singleEntry,
} from '../entry.js';
import type { OutgoingMessage, PulsarMessage } from '../message.js';
import type { OutgoingEntry } from './outgoing-entry.js';

/** Apache Pulsar's own definitions (PulsarApi.proto 4.2), read by protobufjs: the oracle for what is written by hand. */
const { root } = protobuf.parse(
  `syntax = "proto2";
  message KeyValue { required string key = 1; required string value = 2; }
  message EncryptionKeys { required string key = 1; required bytes value = 2; repeated KeyValue metadata = 3; }
  enum CompressionType { NONE = 0; LZ4 = 1; ZLIB = 2; ZSTD = 3; SNAPPY = 4; }
  message MessageMetadata {
    required string producer_name = 1; required uint64 sequence_id = 2; required uint64 publish_time = 3;
    repeated KeyValue properties = 4; optional string replicated_from = 5; optional string partition_key = 6;
    repeated string replicate_to = 7; optional CompressionType compression = 8 [default = NONE];
    optional uint32 uncompressed_size = 9 [default = 0]; optional int32 num_messages_in_batch = 11 [default = 1];
    optional uint64 event_time = 12 [default = 0]; repeated EncryptionKeys encryption_keys = 13;
    optional string encryption_algo = 14; optional bytes encryption_param = 15; optional bytes schema_version = 16;
    optional bool partition_key_b64_encoded = 17 [default = false]; optional bytes ordering_key = 18;
    optional int64 deliver_at_time = 19; optional int32 marker_type = 20; optional uint64 txnid_least_bits = 22;
    optional uint64 txnid_most_bits = 23; optional uint64 highest_sequence_id = 24 [default = 0];
    optional bool null_value = 25 [default = false]; optional string uuid = 26; optional int32 num_chunks_from_msg = 27;
    optional int32 total_chunk_msg_size = 28; optional int32 chunk_id = 29;
    optional bool null_partition_key = 30 [default = false]; repeated int32 compacted_batch_indexes = 31;
  }
  message SingleMessageMetadata {
    repeated KeyValue properties = 1; optional string partition_key = 2; required int32 payload_size = 3;
    optional bool compacted_out = 4 [default = false]; optional uint64 event_time = 5 [default = 0];
    optional bool partition_key_b64_encoded = 6 [default = false]; optional bytes ordering_key = 7;
    optional uint64 sequence_id = 8; optional bool null_value = 9 [default = false];
    optional bool null_partition_key = 10 [default = false];
  }
  message BrokerEntryMetadata { optional uint64 broker_timestamp = 1; optional uint64 index = 2; }`,
);
const MessageMetadata = root.lookupType('MessageMetadata');
const SingleMessageMetadata = root.lookupType('SingleMessageMetadata');
const BrokerEntryMetadata = root.lookupType('BrokerEntryMetadata');

const bytesMax = 1 << 24;
const position = { ledgerId: 7, entryId: 3 };

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A stored entry around a payload, as the broker dispatches it. */
function stored(
  metadata: object,
  payload: Buffer,
  broker?: { index?: number; brokerTimestamp?: number },
): Buffer {
  const encoded = MessageMetadata.encode({
    producerName: 'p-1',
    sequenceId: 5,
    publishTime: 1_795_000_000_000,
    ...metadata,
  }).finish();
  const summed = Buffer.concat([u32(encoded.length), encoded, payload]);
  const entry = [Buffer.from([0x0e, 0x01]), u32(crc32c(summed)), summed];
  if (broker !== undefined) {
    const prefix = BrokerEntryMetadata.encode(broker).finish();
    entry.unshift(Buffer.from([0x0e, 0x02]), u32(prefix.length), Buffer.from(prefix));
  }
  return Buffer.concat(entry);
}

const compressionNumbers = { none: 0, lz4: 1, zlib: 2, zstd: 3, snappy: 4 };

/** What a topic would hold of an outgoing entry, with the metadata written by the oracle. */
function storedOutgoing(entry: OutgoingEntry, index?: number): Buffer {
  const { compression, ...rest } = entry.metadata;
  const payload = entry.buffer.subarray(entry.payloadStart, entry.payloadEnd);
  const metadata = { ...rest, ...(compression ? { compression: compressionNumbers[compression] } : {}) };
  return stored(metadata, payload, index === undefined ? undefined : { index });
}

function parse(frame: Buffer): BrokerEntry {
  return parseEntry(frame, 0, frame.length, position);
}

function messagesOf(entry: BrokerEntry): PulsarMessage[] {
  const cursor = new MessageCursor(entry, { decompressedBytesMax: bytesMax });
  const messages: PulsarMessage[] = [];
  while (cursor.next()) messages.push(cursor.message());
  return messages;
}

/** The code of the error that a call throws. */
function codeOf(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return undefined;
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

  it('use their memory again after a compressed entry', () => {
    const builder = new BatchBuilder({ capacityBytes: 1000, payloadBytesMax: 1000 });
    builder.append({ key: 'first', value: Buffer.from('1') });
    const first = builder.finish('zstd');
    builder.reset();
    builder.append({ key: 'other', value: Buffer.from('2') });
    const second = builder.finish('zstd');
    expect(messagesOf(parse(storedOutgoing(first)))[0]!.key).toBe('first');
    expect(messagesOf(parse(storedOutgoing(second)))[0]!.key).toBe('other');
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

describe('MessageCursor', () => {
  function batch(slots: { metadata: object; value?: string }[], metadata: object = {}): BrokerEntry {
    const payload = slots.flatMap(({ metadata: one, value = '' }) => {
      const encoded = SingleMessageMetadata.encode({
        payloadSize: Buffer.byteLength(value),
        ...one,
      }).finish();
      return [u32(encoded.length), encoded, Buffer.from(value)];
    });
    return parse(
      stored({ numMessagesInBatch: slots.length, ...metadata }, Buffer.concat(payload), { index: 9 }),
    );
  }

  it('visits the slots that compaction emptied, so that indexes stay true', () => {
    const cursor = new MessageCursor(
      batch([
        { metadata: { compactedOut: true } },
        { metadata: { partitionKey: 'k' }, value: 'v' },
        { metadata: { compactedOut: true } },
      ]),
      { decompressedBytesMax: 100 },
    );
    const seen = [];
    while (cursor.next())
      seen.push([cursor.index, cursor.compactedOut, cursor.key, cursor.value?.toString()]);
    expect(seen).toEqual([
      [7, true, null, undefined],
      [8, false, 'k', 'v'],
      [9, true, null, undefined],
    ]);
  });

  it('reads as Java does: own event time and sequence id before the entry’s, keys only its own, declared nulls', () => {
    const entry = batch(
      [
        { metadata: { eventTime: 3, sequenceId: 8, partitionKey: '' }, value: 'v' },
        { metadata: { nullPartitionKey: true, partitionKey: 'ignored', nullValue: true } },
        { metadata: {} },
      ],
      { eventTime: 1, partitionKey: 'of the batch', orderingKey: Buffer.from('o') },
    );
    expect(messagesOf(entry)).toMatchObject([
      { key: '', eventTime: 3, sequenceId: 8, orderingKey: null },
      { key: null, eventTime: 1, sequenceId: 5, value: null },
      { key: null, eventTime: 1, value: Buffer.alloc(0) },
    ]);
  });

  it('gives the bytes of a binary key', () => {
    const cursor = new MessageCursor(
      batch([{ metadata: { partitionKey: 'AP8B', partitionKeyB64Encoded: true } }]),
      {
        decompressedBytesMax: 100,
      },
    );
    cursor.next();
    expect(cursor.keyBytes()).toEqual(Buffer.from([0, 0xff, 1]));
    expect(cursor.key).toBe('AP8B');
  });

  it.each([
    ['encrypted', { encryptionKeys: [{ key: 'k', value: Buffer.alloc(2) }] }],
    ['incomplete', { numChunksFromMsg: 2, chunkId: 0, totalChunkMsgSize: 10, uuid: 'u' }],
    ['too-large', { compression: 3, uncompressedSize: 101 }],
    ['malformed', { compression: 3 }],
    ['malformed', { compression: 1, uncompressedSize: 50 }],
  ])('refuses with "%s" an entry of %j', (code, metadata) => {
    const entry = parse(stored(metadata, Buffer.from('payload')));
    expect(codeOf(() => new MessageCursor(entry, { decompressedBytesMax: 100 }))).toBe(code);
  });

  it('refuses a batch that declares more messages than it has', () => {
    const entry = batch([{ metadata: {}, value: 'v' }], { numMessagesInBatch: 2 ** 30 });
    expect(codeOf(() => messagesOf(entry))).toBe('malformed');
  });
});
