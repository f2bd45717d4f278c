import { describe, expect, it } from '@jest/globals';
import { BatchRing, batchOverheadBytes } from './batch-ring.js';

/** What one takes in memory. */
const memory = 100 + batchOverheadBytes;

const batch = (baseOffset: number, count: number, bytes = 100) => ({
  baseOffset,
  lastOffset: baseOffset + count - 1,
  recordCount: count,
  bytes: Buffer.alloc(bytes),
  maxTimestamp: 0,
  ledgerId: 1,
  entryId: baseOffset,
});

const bases = (ring: BatchRing, offset: number, bytesMax: number) =>
  ring.take(offset, bytesMax, true).map(({ baseOffset }) => baseOffset);

describe('the ring', () => {
  it('begins where its first batch does, and ends behind its last', () => {
    const ring = new BatchRing(5);
    expect([ring.start, ring.end]).toEqual([5, 5]);
    ring.push(batch(3, 4));
    ring.push(batch(9, 1));
    expect([ring.start, ring.end, ring.bytes]).toEqual([3, 10, 2 * memory]);
    expect(bases(ring, 5, 1_000)).toEqual([3, 9]);
    expect(bases(ring, 7, 1_000)).toEqual([9]);
    expect(bases(ring, 10, 1_000)).toEqual([]);
  });

  it('knows what nobody was given yet, and keeps it unless told otherwise', () => {
    const ring = new BatchRing(0);
    for (let at = 0; at < 10; at++) ring.push(batch(at, 1));
    expect(ring.aheadBytes).toBe(10 * memory);
    ring.take(2, 300, true);
    expect(ring.aheadBytes).toBe(5 * memory);
    ring.take(0, 100, true);
    expect(ring.aheadBytes).toBe(5 * memory);
    while (ring.dropFirst(true));
    expect([ring.start, ring.bytes, ring.aheadBytes]).toEqual([5, 5 * memory, 5 * memory]);
    expect(ring.dropFirst(false)).toBe(true);
    expect([ring.start, ring.bytes, ring.aheadBytes]).toEqual([6, 4 * memory, 4 * memory]);
    ring.clear();
    expect([ring.start, ring.end, ring.bytes, ring.aheadBytes]).toEqual([10, 10, 0, 0]);
    expect(ring.dropFirst(false)).toBe(false);
  });

  it('finds its way however much went through it', () => {
    const ring = new BatchRing(0);
    for (let at = 0; at < 5_000; at++) {
      ring.push(batch(at * 3, 2));
      if (ring.length > 20) {
        ring.take(ring.start, 100, true);
        ring.dropFirst(true);
      }
      expect(bases(ring, at * 3 + 1, 1)).toEqual([at * 3]);
    }
    expect(ring.length).toBe(20);
    expect(ring.bytes).toBe(20 * memory);
    expect(bases(ring, ring.start, 200)).toHaveLength(2);
  });
});
