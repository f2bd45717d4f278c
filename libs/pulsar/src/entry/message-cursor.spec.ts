import { describe, expect, it } from '@jest/globals';
import { type BrokerEntry, MessageCursor } from '../entry.js';
import { codeOf, messagesOf, parse, SingleMessageMetadata, stored, u32 } from './stored-entry.fixture.js';

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

  it('walks the properties as ranges, of batches and of single messages alike', () => {
    const properties = [
      { key: 'a', value: '1' },
      { key: '', value: '' },
      { key: 'a', value: 'wért' },
    ];
    const metadata = { properties, partitionKey: 'k' };
    const single = parse(stored(metadata, Buffer.from('v')));
    for (const entry of [single, batch([{ metadata, value: 'v' }])]) {
      const cursor = new MessageCursor(entry, { decompressedBytesMax: 100 });
      expect(cursor.next()).toBe(true);
      const seen = [];
      while (cursor.nextProperty()) {
        seen.push({
          key: cursor.fieldBytes.toString('utf8', cursor.propertyNameStart, cursor.propertyNameEnd),
          value: cursor.fieldBytes.toString('utf8', cursor.propertyValueStart, cursor.propertyValueEnd),
        });
      }
      expect(seen).toEqual(properties);
      expect(cursor.propertyCount).toBe(3);
      expect(cursor.properties()).toEqual(properties);
      expect(cursor.fieldBytes.toString('utf8', cursor.keyStart, cursor.keyEnd)).toBe('k');
      expect(cursor.nextProperty()).toBe(false);
    }
  });

  it('begins with the properties anew for every message', () => {
    const cursor = new MessageCursor(
      batch([
        { metadata: { properties: [{ key: 'a', value: '1' }] } },
        { metadata: {} },
        { metadata: { properties: [{ key: 'b', value: '2' }] } },
      ]),
      { decompressedBytesMax: 100 },
    );
    const counts: number[] = [];
    while (cursor.next()) {
      let count = 0;
      while (cursor.nextProperty()) count++;
      expect(count).toBe(cursor.propertyCount);
      counts.push(count);
    }
    expect(counts).toEqual([1, 0, 1]);
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
