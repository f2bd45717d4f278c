import { describe, expect, it } from '@jest/globals';
import { PositionCache } from './position-cache.js';

const entry = (at: number) => ({
  baseOffset: at * 10,
  lastOffset: at * 10 + 9,
  ledgerId: 1 + Math.floor(at / 1_000),
  entryId: at % 1_000,
});

describe('positions', () => {
  it('are known for the furthest entry exactly, and near enough for all that were read', () => {
    const cache = new PositionCache();
    expect(cache.atOrBefore(5)).toBeUndefined();
    for (let at = 10; at < 500; at++) cache.note(entry(at));
    expect(cache.last).toEqual(entry(499));
    expect(cache.atPosition({ ledgerId: 1, entryId: 499 })).toEqual(entry(499));
    expect(cache.atPosition({ ledgerId: 1, entryId: 498 })).toBeUndefined();
    expect(cache.atOrBefore(99)).toBeUndefined();
    for (const offset of [100, 777, 2_345, 4_989]) {
      const found = cache.atOrBefore(offset)!;
      expect(found.baseOffset).toBeLessThanOrEqual(offset);
      expect(offset - found.baseOffset).toBeLessThan(300);
    }
  });

  it('stay few, in any order of reading', () => {
    const cache = new PositionCache();
    const places = Array.from({ length: 40_000 }, (_, at) => (at * 7_919) % 40_000);
    for (const at of places) cache.note(entry(at));
    const held = (cache as unknown as { entries: { baseOffset: number }[] }).entries;
    expect(held.length).toBeLessThanOrEqual(1_024);
    expect(held.length).toBeGreaterThan(100);
    const sorted = [...held].sort((a, b) => a.baseOffset - b.baseOffset);
    expect(held).toEqual(sorted);
    expect(cache.atOrBefore(123_456)!.baseOffset).toBeGreaterThan(110_000);
  });
});
