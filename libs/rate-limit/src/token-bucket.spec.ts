import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TokenBucket } from './token-bucket.js';

describe('TokenBucket', () => {
  it('lends, and asks for the time to pay back', () => {
    let nowMs = 0;
    const bucket = new TokenBucket({ ratePerSecond: 1_000, burst: 500 }, () => nowMs);
    expect(bucket.take(500)).toBe(0);
    expect(bucket.take(1)).toBe(1);
    expect(bucket.take(2_000)).toBe(2_001);
    nowMs = 2_001;
    expect(bucket.tokens).toBe(0);
    nowMs = 10_000;
    expect(bucket.tokens).toBe(500);
  });

  it('never owes more than debtMax', () => {
    let nowMs = 0;
    const bucket = new TokenBucket({ ratePerSecond: 10, burst: 0, debtMax: 100 }, () => nowMs);
    expect(bucket.take(1e9)).toBe(10_000);
    nowMs = 10_000;
    expect(bucket.tokens).toBe(0);
  });

  it('is not moved by a clock that goes back', () => {
    let nowMs = 1_000;
    const bucket = new TokenBucket({ ratePerSecond: 1_000, burst: 10 }, () => nowMs);
    bucket.take(10);
    nowMs = 0;
    expect(bucket.tokens).toBe(0);
    nowMs = 1_005;
    expect(bucket.tokens).toBe(5);
  });

  it.each([
    [0, 1],
    [-1, 1],
    [Number.NaN, 1],
    [1, -1],
    [1, Number.NaN],
  ])('refuses a rate of %d with a burst of %d', (ratePerSecond, burst) => {
    expect(() => new TokenBucket({ ratePerSecond, burst })).toThrow(RangeError);
  });

  it('lets through at most the rate and one burst, for takers that wait as told', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.array(fc.integer({ min: 1, max: 5_000 }), { maxLength: 100 }),
        (rate, sizes) => {
          let nowMs = 0;
          let taken = 0;
          const bucket = new TokenBucket({ ratePerSecond: rate, burst: rate }, () => nowMs);
          for (const size of sizes) {
            taken += size;
            nowMs += bucket.take(size);
          }
          // What was taken is paid for by now, to within the millisecond that waits are rounded up to.
          expect(taken).toBeLessThanOrEqual(rate + (nowMs / 1_000) * rate + 1e-6);
        },
      ),
    );
  });
});
