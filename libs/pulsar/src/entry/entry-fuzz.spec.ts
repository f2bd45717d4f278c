import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BatchBuilder, EntryDecodeError, MessageCursor, parseEntry, singleEntry } from '../entry.js';
import { writeEntryMetadata } from '../producer/entry-metadata.encode.js';
import type { OutgoingEntry } from './outgoing-entry.js';

/** The entry as stored, without a checksum, so that damage reaches the decoders behind it. */
function stored(entry: OutgoingEntry): Buffer {
  const identity = { producerName: Buffer.from('p'), sequenceId: 3, highestSequenceId: 9, publishTime: 1e12 };
  const metadata = Buffer.alloc(2000);
  const size = writeEntryMetadata(metadata, 4, entry.metadata, identity) - 4;
  metadata.writeUInt32BE(size);
  const broker = Buffer.from([0x0e, 0x02, 0, 0, 0, 4, 0x08, 1, 0x10, 99]);
  const payload = entry.buffer.subarray(entry.payloadStart, entry.payloadEnd);
  return Buffer.concat([broker, metadata.subarray(0, size + 4), payload]);
}

function batch(compression: 'none' | 'lz4' | 'zlib' | 'zstd' | 'snappy'): OutgoingEntry {
  const builder = new BatchBuilder({ capacityBytes: 100, payloadBytesMax: 100_000 });
  const properties = [
    { key: 'a', value: 'b' },
    { key: 'a', value: 'c' },
  ];
  builder.append({
    key: 'key',
    orderingKey: Buffer.from('o'),
    value: Buffer.alloc(50, 1),
    eventTime: 5,
    properties,
  });
  builder.append({ key: Buffer.from([255]), value: null });
  builder.append({ value: Buffer.alloc(0) });
  return builder.finish(compression);
}

const entries = [
  ...(['none', 'lz4', 'zlib', 'zstd', 'snappy'] as const).map((compression) => stored(batch(compression))),
  stored(singleEntry({ key: 'k', value: Buffer.from('v'), properties: [{ key: 'x', value: 'y' }] })),
];

/** Reads all there is to read; true when it could be read. */
function read(frame: Buffer): boolean {
  try {
    const entry = parseEntry(frame, 0, frame.length, { ledgerId: 1, entryId: 2 });
    const cursor = new MessageCursor(entry, { decompressedBytesMax: 10_000 });
    while (cursor.next()) {
      cursor.message();
      cursor.keyBytes();
    }
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(EntryDecodeError);
    return false;
  }
}

describe('entries from hostile or damaged bytes', () => {
  it('are readable as they are', () => {
    for (const frame of entries) expect(read(frame)).toBe(true);
  });

  it('throw EntryDecodeError or nothing, cut at every place', () => {
    for (const frame of entries) for (let end = 0; end < frame.length; end++) read(frame.subarray(0, end));
  });

  it('throw EntryDecodeError or nothing, with any bit flipped', () => {
    for (const frame of entries) {
      for (let bit = 0; bit < frame.length * 8; bit++) {
        const copy = Buffer.from(frame);
        copy[bit >> 3]! ^= 1 << (bit & 7);
        read(copy);
      }
    }
  });

  it('throw EntryDecodeError or nothing, of random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(20), (bytes, metadataSize) => {
        const head = Buffer.alloc(4);
        head.writeUInt32BE(metadataSize);
        read(Buffer.from(bytes));
        read(Buffer.concat([head, bytes]));
      }),
      { numRuns: 2000 },
    );
  });
});
