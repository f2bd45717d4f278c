import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { entryHeadroomBytes, type OutgoingMetadata, parseEntry } from '../entry.js';
import {
  encodeSendFrame,
  entryBytes,
  frameIsIntact,
  metadataBytesOf,
  type SendNumbers,
} from './send-frame.js';

const id = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const bytes = fc.uint8Array({ maxLength: 40 }).map((each) => Buffer.from(each));

const metadata: fc.Arbitrary<OutgoingMetadata> = fc.record({
  properties: fc.array(fc.record({ key: fc.string({ unit: 'binary' }), value: fc.string() }), {
    maxLength: 5,
  }),
  replicatedFrom: optional(fc.string()),
  partitionKey: optional(fc.string({ unit: 'grapheme' })),
  partitionKeyB64Encoded: optional(fc.constant(true)),
  orderingKey: optional(bytes),
  compression: fc.constantFrom('none', 'lz4', 'zlib', 'zstd', 'snappy'),
  uncompressedSize: optional(fc.nat()),
  numMessagesInBatch: optional(fc.integer({ min: 1, max: 10_000 })),
  eventTime: optional(id),
  deliverAtTime: optional(id),
  schemaVersion: optional(bytes),
  nullValue: optional(fc.constant(true)),
  nullPartitionKey: optional(fc.constant(true)),
  uuid: optional(fc.string()),
  numChunksFromMsg: optional(fc.nat()),
  totalChunkMsgSize: optional(fc.nat()),
  chunkId: optional(fc.nat()),
});

describe('SEND frame', () => {
  it('reads back as what was given, in the headroom or copied', () => {
    const numbers = fc.record({ sequenceId: id, publishTime: id, producerId: id, name: fc.string() });
    fc.assert(
      fc.property(metadata, numbers, bytes, fc.boolean(), (given, { name, ...ids }, payload, hasRoom) => {
        const payloadStart = hasRoom ? 4 * entryHeadroomBytes : 3;
        const buffer = Buffer.alloc(payloadStart + payload.length);
        payload.copy(buffer, payloadStart);
        const entry = { buffer, payloadStart, payloadEnd: buffer.length, numMessages: 1, metadata: given };
        const send: SendNumbers = {
          ...ids,
          producerName: Buffer.from(name),
          highestSequenceId: ids.sequenceId + 1 > Number.MAX_SAFE_INTEGER ? undefined : ids.sequenceId + 1,
          numMessages: given.numMessagesInBatch ?? 1,
        };
        const size = metadataBytesOf(entry, send);
        const frame = encodeSendFrame(entry, send, size);
        const entryStart = 8 + frame.readUInt32BE(4);
        expect(frame.readUInt32BE(0)).toBe(frame.length - 4);
        expect(frame.length - entryStart).toBe(entryBytes(entry, size));
        expect(frame.buffer === buffer.buffer).toBe(hasRoom);
        const read = parseEntry(frame, entryStart, frame.length, { ledgerId: 0, entryId: 0 });
        expect(read.payload).toEqual(payload);
        const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
        expect(read.metadata).toMatchObject({
          ...present,
          producerName: name,
          sequenceId: ids.sequenceId,
          publishTime: ids.publishTime,
        });
        expect(read.highestSequenceId).toBe(send.highestSequenceId ?? ids.sequenceId);
        expect(frameIsIntact(frame)).toBe(true);
        frame.writeUInt8(frame.readUInt8(frame.length - 1) ^ 1, frame.length - 1);
        expect(frameIsIntact(frame)).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});
