import { describe, expect, it } from '@jest/globals';
import { ManualClock } from './manual-clock.js';
import { PausableClock, systemSliceClock } from './slice-clock.js';

describe("a slice's clock", () => {
  it('stops its timers while it is paused, and lets them run what they had left', () => {
    const manual = new ManualClock();
    const clock = new PausableClock(manual);
    const called: string[] = [];
    clock.after(100, () => called.push('a'));
    const cancelled = clock.after(100, () => called.push('never'));
    manual.advance(60);
    clock.pause();
    clock.after(10, () => called.push('b'));
    cancelled.cancel();
    manual.advance(1_000);
    expect([called, manual.timers]).toEqual([[], 0]);
    clock.resume();
    clock.resume();
    manual.advance(39);
    expect(called).toEqual(['b']);
    manual.advance(1);
    expect(called).toEqual(['b', 'a']);
    expect(clock.now()).toBe(manual.now());
  });

  it('calls a timer of the system once, unless it is cancelled', async () => {
    const called: string[] = [];
    await new Promise<void>((resolve) => {
      systemSliceClock.after(0, () => called.push('cancelled')).cancel();
      systemSliceClock.after(-5, () => called.push('past'));
      systemSliceClock.after(20, resolve);
    });
    expect(called).toEqual(['past']);
  });
});
