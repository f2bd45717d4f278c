import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { QuotaPause } from './quota-pause.js';

describe('QuotaPause', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  /** What is owed is what the test says. */
  function bed(throttleMsMax = 10_000) {
    const told: string[] = [];
    const owed = { ms: 0 };
    const pause = new QuotaPause({
      owedMs: () => owed.ms,
      throttleMsMax: () => throttleMsMax,
      onBegin: () => told.push('begin'),
      onEnd: () => told.push('end'),
    });
    return { pause, told, owed };
  }

  it('holds for as long as was said, once', () => {
    const { pause, told } = bed();
    pause.begin(0);
    expect(pause.holds).toBe(false);
    pause.begin(100);
    pause.begin(5_000);
    jest.advanceTimersByTime(99);
    expect([pause.holds, told]).toEqual([true, ['begin']]);
    jest.advanceTimersByTime(1);
    expect([pause.holds, told]).toEqual([false, ['begin', 'end']]);
  });

  it('holds on while others used up more, but not beyond the longest pause', () => {
    const { pause, told, owed } = bed(1_000);
    owed.ms = 300;
    pause.begin(400);
    jest.advanceTimersByTime(400);
    expect(told).toEqual(['begin']);
    jest.advanceTimersByTime(300);
    expect(told).toEqual(['begin']);
    jest.advanceTimersByTime(300);
    expect(told).toEqual(['begin', 'end']);
    pause.begin(10);
    owed.ms = 0;
    jest.advanceTimersByTime(10);
    expect(told).toEqual(['begin', 'end', 'begin', 'end']);
  });

  it('wakes nobody when it is closed', () => {
    const { pause, told } = bed();
    pause.begin(100);
    pause.close();
    jest.advanceTimersByTime(10_000);
    expect([pause.holds, told]).toEqual([false, ['begin']]);
  });
});
