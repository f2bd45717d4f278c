import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Allowance } from './allowance.js';
import { QuotaBucket } from './quota-bucket.js';
import { LimitCounts } from './quota-counts.js';
import { Period } from './period.js';

class CountedBucket extends QuotaBucket {
  asked = 0;

  override take(n: number, nowMs: number): number {
    this.asked++;
    return super.take(n, nowMs);
  }
}

/** A clock that stands still, and connections that share buckets of so much at once, and so much in a second. */
function bed(...rates: number[]) {
  const clock = { ms: 0 };
  const period = new Period(() => clock.ms);
  const counts = new LimitCounts('acme').of('bytesIn');
  const buckets = rates.map(
    (perSecond) =>
      new CountedBucket(
        { perSecond, burst: perSecond },
        { throttleMsMax: 10_000, dryRun: false },
        counts,
        clock.ms,
      ),
  );
  return { clock, counts, buckets, period, open: () => new Allowance(buckets, period) };
}

describe('Allowance', () => {
  it('asks what limits it a few times in some milliseconds, and charges all that was taken', async () => {
    const { buckets, clock, open } = bed(1e6, 2e6);
    const allowance = open();
    for (let taken = 0; taken < 1_000; taken++) expect(allowance.take(100)).toBe(0);
    expect(buckets[0]!.asked).toBeLessThan(10);
    await delay(20);
    expect(buckets.map((bucket) => [bucket.tokens(clock.ms), bucket.lent])).toEqual([
      [900_000, 0],
      [1_900_000, 0],
    ]);
  });

  it('is no reason for others to wait while there is enough for all', () => {
    const { open, counts, buckets, clock, period } = bed(1_000);
    const many = Array.from({ length: 100 }, open);
    for (let round = 0; round < 10; round++) for (const allowance of many) expect(allowance.take(1)).toBe(0);
    expect(many[0]!.take(1)).toBe(1);
    expect(counts.slowed).toBe(1);
    period.recall();
    expect(buckets[0]!.tokens(clock.ms)).toBeCloseTo(-1);
  });

  it('makes each wait from the moment that a single bucket would, whoever takes what', () => {
    const taking = fc.record({
      who: fc.nat(4),
      n: fc.nat(60),
      afterMs: fc.constantFrom(0, 0, 0, 0, 5),
      ends: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(taking, { maxLength: 200 }), (all) => {
        const { open, clock, period } = bed(1_000, 1_500);
        const exact = bed(1_000, 1_500);
        const handles = Array.from({ length: 5 }, open);
        for (const { who, n, afterMs, ends } of all) {
          if (afterMs > 0 || ends) period.recall();
          clock.ms += afterMs;
          const waits = exact.buckets.map((bucket) => bucket.take(n, clock.ms));
          expect(Math.abs(handles[who]!.take(n) - Math.max(...waits))).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('of no limit costs nothing and never ends', () => {
    const allowance = bed().open();
    expect([allowance.take(1e15), allowance.owedMs(), allowance.isLimited]).toEqual([0, 0, false]);
    expect(allowance.perSecond).toBe(Number.POSITIVE_INFINITY);
  });
});
