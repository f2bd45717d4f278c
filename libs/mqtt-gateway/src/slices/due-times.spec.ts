import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DueTimes } from './due-times.js';

describe('what is due', () => {
  it('is told once, never before its time and within a second of it, in order, unless it was taken out', () => {
    const operation = fc.tuple(fc.constantFrom('set', 'delete', 'wait'), fc.nat(9), fc.nat(20_000));
    fc.assert(
      fc.property(fc.array(operation), (operations) => {
        const items = Array.from({ length: 10 }, (_, name) => ({ name, dueSecond: 0 }));
        const times = new DueTimes<(typeof items)[number]>();
        const expected = new Map<number, number>();
        let now = 1_000_000;
        for (const [kind, name, ms] of operations) {
          if (kind === 'set') {
            times.set(items[name]!, now + ms);
            expected.set(name, now + ms);
          } else if (kind === 'delete') {
            times.delete(items[name]!);
            expected.delete(name);
          } else {
            now += ms;
            const seconds: number[] = [];
            for (const each of times.due(now)) {
              const at = expected.get(each.name)!;
              expect(at).toBeLessThanOrEqual(now);
              seconds.push(Math.ceil(at / 1_000));
              expected.delete(each.name);
            }
            expect(seconds).toEqual([...seconds].sort((a, b) => a - b));
            for (const at of expected.values()) expect(at).toBeGreaterThan(now - 1_000);
          }
        }
      }),
    );
  });
});
