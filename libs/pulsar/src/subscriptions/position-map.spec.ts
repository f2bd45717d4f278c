import { describe, expect, it } from '@jest/globals';
import { PositionMap } from './position-map.js';

describe('PositionMap', () => {
  it('keeps one value for each entry', () => {
    const map = new PositionMap<string>();
    const [a, b] = [
      { ledgerId: 1, entryId: 2 },
      { ledgerId: 2, entryId: 2 },
    ];
    map.set(a, 'a');
    map.set(b, 'b');
    map.set({ ...b }, 'c');
    expect([map.size, map.get(a), map.get(b), map.get({ ledgerId: 3, entryId: 2 })]).toEqual([
      2,
      'a',
      'c',
      undefined,
    ]);
    map.delete(a);
    map.delete(a);
    map.delete({ ledgerId: 9, entryId: 9 });
    expect([map.size, ...map.values()]).toEqual([1, 'c']);
    map.clear();
    expect([map.size, map.get(b)]).toEqual([0, undefined]);
  });
});
