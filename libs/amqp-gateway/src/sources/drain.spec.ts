import { describe, expect, it } from '@jest/globals';
import { Drain } from './drain.js';

const never = new Promise<boolean>(() => {});

function drained(
  hasNothing: () => Promise<boolean>,
  waitMs: number,
  during: (drain: Drain) => void = () => {},
) {
  return new Promise<void>((resolve) => {
    during(new Drain({ waitMs, hasNothing, onOver: resolve }));
  });
}

describe('Drain', () => {
  it('is over when it is certain that nothing comes, or when nothing came for a while', async () => {
    await drained(() => Promise.resolve(true), 60_000);
    await drained(() => Promise.resolve(false), 5);
    await drained(() => Promise.reject(new Error('nobody knows')), 5);
  });

  it('waits on while messages come, and ends once', async () => {
    let ends = 0;
    const drain = new Drain({ waitMs: 60_000, hasNothing: () => never, onOver: () => ends++ });
    const before = performance.now();
    for (let at = 0; at < 4; at++) {
      drain.arrived();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(ends).toBe(0);
    while (ends === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(performance.now() - before).toBeGreaterThan(25);
    drain.arrived();
    drain.end();
    expect(ends).toBe(1);
  });
});
