import { describe, expect, it } from '@jest/globals';
import {
  sparseEntriesMax,
  sparseLedgersMax,
  sparseMessagesMax,
  sparseOffset,
  sparsePlace,
} from './sparse-offset.mapping.js';

describe('a sparse offset', () => {
  const ledgers = [0, 1, 4_711, sparseLedgersMax - 1];
  const entries = [0, 1, 131_072, sparseEntriesMax - 1];

  it('gives back the place that it was made from', () => {
    for (const ledgerId of ledgers) {
      for (const entryId of entries) {
        const first = sparseOffset(ledgerId, entryId)!;
        for (const batchIndex of [0, 1, sparseMessagesMax - 1]) {
          expect(sparsePlace(first + batchIndex)).toEqual({ ledgerId, entryId, batchIndex });
        }
      }
    }
  });

  it('is exact up to the last one', () => {
    const last = sparseOffset(sparseLedgersMax - 1, sparseEntriesMax - 1)! + sparseMessagesMax - 1;
    expect(last).toBe(Number.MAX_SAFE_INTEGER);
  });

  it('rises in the order of places, and runs on from a full entry to the next', () => {
    const offsets = ledgers.flatMap((ledgerId) => entries.map((entryId) => sparseOffset(ledgerId, entryId)!));
    expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
    expect(new Set(offsets).size).toBe(offsets.length);
    expect(sparseOffset(7, 4)).toBe(sparseOffset(7, 3)! + sparseMessagesMax);
  });

  it('is never another one where a number is too large: there is none', () => {
    expect(sparseOffset(sparseLedgersMax, 0)).toBeUndefined();
    expect(sparseOffset(0, sparseEntriesMax)).toBeUndefined();
    expect(sparseOffset(2 ** 40, 5)).toBeUndefined();
    expect(sparseOffset(-1, 0)).toBeUndefined();
    expect(sparseOffset(0, -1)).toBeUndefined();
  });
});
