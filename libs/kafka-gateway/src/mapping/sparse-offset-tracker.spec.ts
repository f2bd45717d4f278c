import { describe, expect, it } from '@jest/globals';
import { sparseEntriesMax, sparseLedgersMax, sparseOffset } from './sparse-offset.mapping.js';
import { SparseOffsetTracker } from './sparse-offset-tracker.js';

describe('the receipts of a broker without index', () => {
  function set() {
    let turns = 0;
    const tracker = new SparseOffsetTracker(() => turns++);
    const stored = (ledgerId: number, entryId: number) => {
      let told: unknown;
      tracker.stored(ledgerId, entryId, 3, (offset, fault) => (told = fault ?? offset));
      return told;
    };
    return { tracker, stored, turns: () => turns };
  }

  it('say the offset at once, in any order', () => {
    const { tracker, stored } = set();
    expect(tracker.lastKnown).toBeUndefined();
    expect(stored(5, 2)).toBe(sparseOffset(5, 2));
    expect(stored(5, 1)).toBe(sparseOffset(5, 1));
    expect(tracker.lastKnown).toEqual({ ledgerId: 5, entryId: 2 });
    expect(stored(9, 0)).toBe(sparseOffset(9, 0));
    expect(stored(5, 3)).toBe(sparseOffset(5, 3));
    expect(tracker.lastKnown).toEqual({ ledgerId: 9, entryId: 0 });
  });

  it('have none beyond the layout', () => {
    const { stored } = set();
    expect(stored(sparseLedgersMax, 0)).toBe('beyond-layout');
    expect(stored(1, sparseEntriesMax)).toBe('beyond-layout');
  });

  it('of a ledger that becomes long ask for another one, once for a while', () => {
    const { stored, turns } = set();
    const at = sparseEntriesMax * 0.75;
    stored(1, at - 1);
    expect(turns()).toBe(0);
    stored(1, at);
    stored(1, at + 1);
    expect(turns()).toBe(1);
    stored(1, at + sparseEntriesMax / 16);
    expect(turns()).toBe(2);
    stored(2, 0);
    stored(2, at);
    expect(turns()).toBe(3);
  });
});
