import { describe, expect, it } from '@jest/globals';
import { BatchAckSet, batchIndexesMax } from './batch-ack-set.js';

describe('BatchAckSet', () => {
  it('writes what is left as the broker reads it: 0 and 2 of 5 acknowledged is 26', () => {
    const set = new BatchAckSet(5);
    expect([set.acknowledge(0), set.acknowledge(2), set.acknowledge(2), set.acknowledge(9)]).toEqual([
      1, 1, 0, 0,
    ]);
    expect([set.words(), set.remaining]).toEqual([[26n], 3]);
  });

  it('starts from what the broker says is left, over several words, and never acknowledges what it was not given', () => {
    const set = new BatchAckSet(130, [0n, 1n << 63n, 0b11n]);
    expect([set.remaining, set.has(0), set.has(127), set.has(128)]).toEqual([3, false, true, true]);
    set.acknowledge(127);
    const all = (1n << 64n) - 1n;
    expect([set.words(), set.isPartial]).toEqual([[all, all >> 1n, 0b11n], true]);
    expect(set.words(true)).toEqual([all, all >> 1n, 0n]);
    set.acknowledgeThrough(128);
    expect([set.words(), set.isPartial]).toEqual([[0n, 0n, 0b10n], false]);
  });

  it('acknowledges up to an index', () => {
    const set = new BatchAckSet(3);
    set.acknowledge(0);
    expect([set.acknowledgeThrough(1), set.words()]).toEqual([1, [4n]]);
  });

  it('refuses a size that a liar declared', () => {
    expect(() => new BatchAckSet(batchIndexesMax + 1)).toThrow(RangeError);
  });
});
