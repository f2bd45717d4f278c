import { describe, expect, it } from '@jest/globals';
import { Backoff } from './backoff.js';

describe('Backoff', () => {
  it('doubles up to its maximum and starts again after a success', () => {
    const backoff = new Backoff({ initialMs: 100, maxMs: 500 }, () => 0);
    expect([backoff.next(), backoff.next(), backoff.next(), backoff.next(), backoff.next()]).toEqual([
      100, 200, 400, 500, 500,
    ]);
    backoff.reset();
    expect(backoff.next()).toBe(100);
  });

  it('shortens a delay by at most a quarter', () => {
    const backoff = new Backoff({ initialMs: 100, maxMs: 100 }, () => 0.999999);
    expect(backoff.next()).toBe(75);
  });
});
