import { describe, expect, it } from '@jest/globals';
import { FailureLimit } from './failure-limit.js';
import { VerificationCache } from './verification-cache.js';
import { WorkQueue, WorkQueueFull } from './work-queue.js';

describe('VerificationCache', () => {
  it('forgets right answers late, wrong ones early, and the oldest when it is full', () => {
    let nowMs = 0;
    const cache = new VerificationCache<boolean>(2, () => nowMs);
    cache.set(cache.key('a', '1'), true, 100);
    cache.set(cache.key('b', '1'), false, 10);
    expect(cache.get(cache.key('a', '1'))).toBe(true);
    expect(cache.get(cache.key('b', '1'))).toBe(false);
    expect(cache.get(cache.key('a', '2'))).toBeUndefined();
    nowMs = 10;
    expect(cache.get(cache.key('b', '1'))).toBeUndefined();
    nowMs = 100;
    expect(cache.get(cache.key('a', '1'))).toBeUndefined();
    for (let each = 0; each < 1_000; each++) cache.set(cache.key(`${each}`, ''), true, 100);
    expect(cache.size).toBe(2);
    expect(cache.get(cache.key('999', ''))).toBe(true);
  });

  it('has a key of its own for each pair of user and password', () => {
    const cache = new VerificationCache<boolean>(2, () => 0);
    expect(cache.key('ab', 'c')).not.toBe(cache.key('a', 'bc'));
    expect(cache.key('a', '1:b')).not.toBe(cache.key('a1:', 'b'));
  });
});

describe('FailureLimit', () => {
  it('remembers no more addresses than it may', () => {
    const limit = new FailureLimit({ burst: 1, perMinute: 1, addressesMax: 100 }, () => 0);
    for (let each = 0; each < 10_000; each++) limit.failed(`10.0.${each}`);
    expect(limit.size).toBe(100);
    expect(limit.exhausted('10.0.9999')).toBe(true);
    expect(limit.exhausted('10.0.0')).toBe(false);
  });

  it('gives allowance back, up to the burst', () => {
    let nowMs = 0;
    const limit = new FailureLimit({ burst: 2, perMinute: 60, addressesMax: 10 }, () => nowMs);
    limit.failed('a');
    expect(limit.exhausted('a')).toBe(false);
    limit.failed('a');
    expect(limit.exhausted('a')).toBe(true);
    nowMs = 1_000;
    expect(limit.exhausted('a')).toBe(false);
    nowMs = 3_600_000;
    limit.failed('a');
    limit.failed('a');
    expect(limit.exhausted('a')).toBe(true);
  });
});

describe('WorkQueue', () => {
  it('runs so many at a time, lets so many wait, and refuses the rest', async () => {
    const queue = new WorkQueue(2, 3);
    let running = 0;
    let runningMost = 0;
    const work = async () => {
      runningMost = Math.max(runningMost, ++running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running--;
    };
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => queue.run(work)));
    expect(runningMost).toBe(2);
    expect(results.map(({ status }) => status)).toEqual([
      ...Array(5).fill('fulfilled'),
      ...Array(3).fill('rejected'),
    ]);
    expect((results[7] as PromiseRejectedResult).reason).toBeInstanceOf(WorkQueueFull);
  });

  it('goes on after work that failed', async () => {
    const queue = new WorkQueue(1, 1);
    const failing = queue.run(() => Promise.reject(new Error('no')));
    const next = queue.run(async () => 'yes');
    await expect(failing).rejects.toThrow('no');
    expect(await next).toBe('yes');
    expect(await queue.run(async () => 'again')).toBe('again');
  });
});
