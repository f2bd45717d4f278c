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
    const looks = new Set<() => void>();
    const watch = (look: () => void) => {
      looks.add(look);
      return () => looks.delete(look);
    };
    const asked = { times: 0 };
    const pause = new QuotaPause({
      owedMs: () => {
        asked.times++;
        return owed.ms;
      },
      limits: () => ({ throttleMsMax, watch }),
      onBegin: () => told.push('begin'),
      onEnd: () => told.push('end'),
    });
    const change = () => {
      for (const look of looks) look();
    };
    return { pause, told, owed, looks, asked, change };
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

  it('is as long as the limits say when they are changed meanwhile, and asks once for many changes', () => {
    const { pause, told, owed, asked, change } = bed();
    owed.ms = 5_000;
    pause.begin(5_000);
    jest.advanceTimersByTime(100);
    expect(asked.times).toBe(0);
    owed.ms = 50;
    for (let times = 0; times < 3; times++) change();
    // Not within the change.
    expect([asked.times, pause.holds]).toEqual([0, true]);
    jest.advanceTimersByTime(2);
    expect([asked.times, told]).toEqual([1, ['begin']]);
    owed.ms = 0;
    jest.advanceTimersByTime(50);
    expect([asked.times, told]).toEqual([2, ['begin', 'end']]);
    pause.begin(5_000);
    change();
    jest.advanceTimersByTime(2);
    expect(told).toEqual(['begin', 'end', 'begin', 'end']);
  });

  it('is longer when a limit is lowered meanwhile, and never beyond the longest pause', () => {
    const { pause, told, owed, change } = bed(1_000);
    pause.begin(100);
    owed.ms = 8_000;
    jest.advanceTimersByTime(50);
    change();
    jest.advanceTimersByTime(949);
    expect(told).toEqual(['begin']);
    jest.advanceTimersByTime(1);
    expect(told).toEqual(['begin', 'end']);
  });

  it('wakes nobody when it is closed, and hears of no change when it does not hold', () => {
    const { pause, told, looks, change } = bed();
    pause.begin(100);
    expect(looks.size).toBe(1);
    jest.advanceTimersByTime(100);
    expect(looks.size).toBe(0);
    pause.begin(100);
    change();
    pause.close();
    expect(looks.size).toBe(0);
    jest.advanceTimersByTime(10_000);
    expect([pause.holds, told]).toEqual([false, ['begin', 'end', 'begin']]);
  });
});
