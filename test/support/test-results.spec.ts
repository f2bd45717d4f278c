import { describe, expect, it } from '@jest/globals';
import LongestFirst from './longest-first.js';
import { counted, type RunResults, type SuiteCounts, suitesToRepeat } from './test-results.js';

const suite = (name: string, passed: number, failed = 0): SuiteCounts => ({
  ...{ name: `${name}.ts`, path: `/dist/${name}.js` },
  ...{ passed, failed, skipped: 1 },
});
const run = (...suites: SuiteCounts[]): RunResults => ({ suites, complete: true });
const names = (suites: readonly SuiteCounts[]) => suites.map(({ name }) => name);

describe('suites that failed', () => {
  it('run once more where others ran beside them', () => {
    expect(names(suitesToRepeat(run(suite('a', 3), suite('b', 2, 1), suite('c', 0, 1))))).toEqual([
      'b.ts',
      'c.ts',
    ]);
    expect(suitesToRepeat(run(suite('a', 3)))).toEqual([]);
    expect(suitesToRepeat(run(suite('a', 2, 1)))).toEqual([]);
  });

  it('do not when they are many, or the run did not come to its end', () => {
    const failing = Array.from('abcdefghi', (name) => suite(name, 0, 1));
    expect(names(suitesToRepeat(run(...failing.slice(1))))).toEqual(
      Array.from('bcdefghi', (name) => `${name}.ts`),
    );
    expect(suitesToRepeat(run(...failing))).toEqual([]);
    expect(suitesToRepeat({ ...run(suite('a', 3), suite('b', 2, 1)), complete: false })).toEqual([]);
  });

  it('count with their second run, and fail when that does or has no end', () => {
    const first = run(suite('a', 3), suite('b', 2, 2), suite('c', 0, 1));
    expect(counted(first, undefined)).toEqual({ passed: 5, failed: 3, skipped: 3 });
    expect(counted(first, run(suite('b', 4), suite('c', 7)))).toEqual({ passed: 14, failed: 0, skipped: 3 });
    expect(counted(first, run(suite('b', 3, 1)))).toEqual({ passed: 6, failed: 2, skipped: 3 });
  });
});

describe('the order of suites', () => {
  it('has the longest first, and is the same on every machine', () => {
    const dist = new URL('../../', import.meta.url).pathname;
    const ordered = [
      'test/fault/consume-trouble.spec.js',
      'test/fault/group-churn.check.js',
      'test/fault/gateway-stop.spec.js',
      'test/e2e/kafka/topics.spec.js',
      'libs/auth/src/a.spec.js',
      'libs/auth/src/b.spec.js',
    ];
    const given = ordered.toReversed().map((name) => ({ path: dist + name }));
    expect(new LongestFirst().sort(given).map(({ path }) => path.slice(dist.length))).toEqual(ordered);
  });
});
