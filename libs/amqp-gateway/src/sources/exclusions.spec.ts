import { describe, expect, it } from '@jest/globals';
import { Exclusions } from './exclusions.js';

const position = { ledgerId: 1, entryId: 1 };

describe('Exclusions', () => {
  it('keep an entry longer each time that it comes, up to five seconds', () => {
    const exclusions = new Exclusions();
    const delays = Array.from({ length: 12 }, () => exclusions.delayMs(position));
    expect(delays).toEqual([0, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 5_000, 5_000, 5_000]);
    expect(exclusions.delayMs({ ledgerId: 1, entryId: 2 })).toBe(0);
  });

  it('are bounded', () => {
    const exclusions = new Exclusions();
    exclusions.exclude(position);
    expect(exclusions.isExcluded({ ...position })).toBe(true);
    for (let entryId = 2; entryId < 10_010; entryId++) {
      exclusions.exclude({ ledgerId: 1, entryId });
      exclusions.delayMs({ ledgerId: 1, entryId });
    }
    expect([
      exclusions.isExcluded(position),
      exclusions.isExcluded({ ledgerId: 1, entryId: 10_009 }),
    ]).toEqual([false, true]);
  });
});
