import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TokenBucket } from './token-bucket.js';

const forever = Number.POSITIVE_INFINITY;

describe('TokenBucket', () => {
  it('lends, and asks for the time to pay back', () => {
    const bucket = new TokenBucket({ perSecond: 1_000, burst: 500 }, forever, 0);
    expect(bucket.take(500, 0)).toBe(0);
    expect(bucket.take(1, 0)).toBe(1);
    expect(bucket.take(2_000, 0)).toBe(2_001);
    expect(bucket.owedMs(1)).toBe(2_000);
    expect(bucket.tokens(2_001)).toBe(0);
    expect(bucket.isFull(2_001)).toBe(false);
    expect(bucket.tokens(10_000)).toBe(500);
    expect(bucket.isFull(10_000)).toBe(true);
  });

  it('never owes more than it may', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 1 }, 10_000, 0);
    expect(bucket.take(1e9, 0)).toBe(10_000);
    expect(bucket.tokens(10_000)).toBe(0);
  });

  it('is not moved by a clock that goes back', () => {
    const bucket = new TokenBucket({ perSecond: 1_000, burst: 10 }, forever, 1_000);
    bucket.take(10, 1_000);
    expect(bucket.tokens(0)).toBe(0);
    expect(bucket.tokens(1_005)).toBe(5);
  });

  it('gives to who can be refused only what is there', () => {
    const bucket = new TokenBucket({ perSecond: 1, burst: 2 }, forever, 0);
    expect([1, 1, 1].map((n) => bucket.tryTake(n, 0))).toEqual([true, true, false]);
    expect(bucket.tryTake(1, 1_000)).toBe(true);
    const slow = new TokenBucket({ perSecond: 0.1, burst: 0.1 }, forever, 0);
    expect(slow.tryTake(1, 0)).toBe(true);
    expect(slow.tryTake(1, 5_000)).toBe(false);
    expect(slow.tryTake(1, 10_000)).toBe(true);
  });

  it('keeps what was used when its rate changes', () => {
    const bucket = new TokenBucket({ perSecond: 1_000, burst: 1_000 }, 10_000, 0);
    bucket.take(3_000, 0);
    bucket.set({ perSecond: 100, burst: 10 }, 10_000);
    expect(bucket.owedMs(0)).toBe(10_000);
    bucket.set({ perSecond: 10_000, burst: 10 }, 10_000);
    expect(bucket.owedMs(0)).toBe(100);
    expect(bucket.tokens(1_000)).toBe(10);
  });

  it.each([
    [0, 1],
    [-1, 1],
    [Number.NaN, 1],
    [1, -1],
    [1, Number.NaN],
  ])('refuses a rate of %d with a burst of %d', (perSecond, burst) => {
    expect(() => new TokenBucket({ perSecond, burst }, forever, 0)).toThrow(RangeError);
  });

  it('lets through at most the rate and one burst, for takers that wait as told', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.array(fc.integer({ min: 1, max: 5_000 }), { maxLength: 100 }),
        (rate, sizes) => {
          let nowMs = 0;
          let taken = 0;
          const bucket = new TokenBucket({ perSecond: rate, burst: rate }, forever, nowMs);
          for (const size of sizes) {
            taken += size;
            nowMs += bucket.take(size, nowMs);
          }
          // What was taken is paid for by now, to within the millisecond that waits are rounded up to.
          expect(taken).toBeLessThanOrEqual(rate + (nowMs / 1_000) * rate + 1e-6);
        },
      ),
    );
  });
});
