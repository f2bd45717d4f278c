import { beforeEach, describe, expect, it } from '@jest/globals';
import { zstdCompress } from '#libs/compression';
import { type BrokerEntry, ChunkAssembler, MessageCursor, parseEntry } from '../entry.js';
import { writeEntryMetadata } from '../producer/entry-metadata.encode.js';
import type { OutgoingMetadata } from './outgoing-entry.js';

let entryId = 0;
let nowMs = 0;
let assembler: ChunkAssembler;

beforeEach(() => {
  entryId = 0;
  nowMs = 1000;
  assembler = new ChunkAssembler({ messagesMax: 3, bytesMax: 10_000, ageMsMax: 60_000, now: () => nowMs });
});

function chunk(
  uuid: string | undefined,
  chunkId: number,
  payloads: Buffer[],
  more: OutgoingMetadata = {},
): BrokerEntry {
  const metadata: OutgoingMetadata = {
    uuid,
    chunkId,
    numChunksFromMsg: payloads.length,
    totalChunkMsgSize: payloads.reduce((sum, payload) => sum + payload.length, 0),
    ...more,
  };
  const identity = { producerName: Buffer.from('p'), sequenceId: 3, highestSequenceId: 3, publishTime: 1 };
  const frame = Buffer.alloc(1000);
  const end = writeEntryMetadata(frame, 4, metadata, identity);
  frame.writeUInt32BE(end - 4);
  const bytes = Buffer.concat([frame.subarray(0, end), payloads[chunkId] ?? Buffer.alloc(0)]);
  return parseEntry(bytes, 0, bytes.length, { ledgerId: 1, entryId: entryId++ });
}

const parts = (text: string): Buffer[] => text.split(' ').map((word) => Buffer.from(word));

function add(uuid: string, chunkId: number, payloads: Buffer[]): string {
  const outcome = assembler.add(chunk(uuid, chunkId, payloads));
  return outcome.kind === 'complete' ? outcome.entry.payload.toString() : outcome.kind;
}

describe('ChunkAssembler', () => {
  it('puts interleaved messages together, at the position of the last chunk', () => {
    const [one, two] = [parts('a b c'), parts('x y')];
    expect(add('1', 0, one)).toBe('pending');
    expect(add('2', 0, two)).toBe('pending');
    expect(add('1', 1, one)).toBe('pending');
    expect(add('2', 1, two)).toBe('xy');
    const outcome = assembler.add(chunk('1', 2, one));
    if (outcome.kind !== 'complete') throw new Error(outcome.kind);
    expect(outcome.entry).toMatchObject({ entryId: 4, isChunk: false });
    expect(outcome.firstChunk.entryId).toBe(0);
    expect(assembler).toMatchObject({ messages: 0, heldBytes: 0, droppedMessages: 0 });
  });

  it('gives an entry that the cursor decompresses as a whole', () => {
    const plain = Buffer.from('telemetry '.repeat(100));
    const packed = zstdCompress(plain);
    const payloads = [packed.subarray(0, 9), packed.subarray(9)];
    const compressed: OutgoingMetadata = {
      compression: 'zstd',
      uncompressedSize: plain.length,
      partitionKey: 'k',
    };
    assembler.add(chunk('1', 0, payloads, compressed));
    const outcome = assembler.add(chunk('1', 1, payloads, compressed));
    if (outcome.kind !== 'complete') throw new Error(outcome.kind);
    const cursor = new MessageCursor(outcome.entry, { decompressedBytesMax: 2000 });
    expect(cursor.next()).toBe(true);
    expect(cursor.message()).toMatchObject({ key: 'k', value: plain });
  });

  it('takes chunks that the producer sent again', () => {
    const one = parts('a b c');
    expect(['0', '1', '1', '0', '1', '2'].map((id) => add('1', Number(id), one))).toEqual([
      'pending',
      'pending',
      'ignored',
      'pending',
      'pending',
      'abc',
    ]);
    expect(assembler.droppedMessages).toBe(0);
  });

  it('drops a message with a missing chunk, once, and ignores the rest of it', () => {
    const one = parts('a b c d');
    expect(add('1', 0, one)).toBe('pending');
    expect(assembler.add(chunk('1', 2, one))).toEqual({ kind: 'dropped', reason: 'missing-chunk' });
    expect(add('1', 3, one)).toBe('ignored');
    expect(assembler).toMatchObject({ messages: 0, heldBytes: 0, droppedMessages: 1 });
  });

  it('is bounded in messages, bytes and age', () => {
    for (const uuid of ['1', '2', '3', '4']) add(uuid, 0, parts('a b'));
    expect(assembler).toMatchObject({ messages: 3, droppedMessages: 1 });
    expect(add('1', 1, parts('a b'))).toBe('ignored');
    nowMs += 60_000;
    expect(add('5', 0, parts('a b'))).toBe('pending');
    expect(assembler).toMatchObject({ messages: 1, droppedMessages: 4 });
    const large = [Buffer.alloc(4500), Buffer.alloc(4500)];
    add('6', 0, large);
    add('7', 0, large);
    expect(assembler.heldBytes).toBeLessThanOrEqual(10_000);
    expect(add('6', 1, large)).toBe('ignored');
  });

  it('counts many empty chunks as memory', () => {
    const empty = new Array(1000).fill(Buffer.alloc(0)) as Buffer[];
    for (let id = 0; id < 999; id++) add('1', id, empty);
    expect(assembler.heldBytes).toBeLessThanOrEqual(10_000);
  });

  it.each<[string, string | undefined, number, OutgoingMetadata]>([
    ['without a uuid', undefined, 0, {}],
    ['over the largest message', '1', 0, { totalChunkMsgSize: 10_001 }],
    ['with a number past the end', '1', 2, {}],
    ['with more chunks than there can be', '1', 0, { numChunksFromMsg: 2 ** 31 - 1 }],
    ['longer than it says', '1', 0, { totalChunkMsgSize: 0 }],
  ])('refuses a chunk %s', (_case, uuid, chunkId, more) => {
    expect(assembler.add(chunk(uuid, chunkId, parts('a b'), more)).kind).toBe('dropped');
    expect(assembler).toMatchObject({ messages: 0, heldBytes: 0, droppedMessages: 1 });
  });

  it('refuses chunks that end short of the declared size', () => {
    assembler.add(chunk('1', 0, parts('a b'), { totalChunkMsgSize: 3 }));
    expect(assembler.add(chunk('1', 1, parts('a b'), { totalChunkMsgSize: 3 }))).toMatchObject({
      kind: 'dropped',
    });
  });
});
