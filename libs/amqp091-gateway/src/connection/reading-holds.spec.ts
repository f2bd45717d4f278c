import { describe, expect, it } from '@jest/globals';
import { ReadingHolds } from './reading-holds.js';

function holdsOf(noticeTicks: number | undefined) {
  const told: string[] = [];
  const clock = { tick: 10 };
  const holds = new ReadingHolds(
    {
      pause: () => void told.push('pause'),
      resume: () => void told.push('resume'),
      tellBlocked: (reason) => void told.push(`blocked: ${reason}`),
      tellUnblocked: () => void told.push('unblocked'),
    },
    clock,
    noticeTicks,
  );
  const pass = (ticks: number) => {
    clock.tick += ticks;
    holds.onTick(clock.tick);
  };
  return { holds, told, pass };
}

describe('who is held', () => {
  it('is not read until nobody holds it any more', () => {
    const { holds, told } = holdsOf(4);
    const [first, second] = [holds.add('a'), holds.add('b')];
    first();
    first();
    expect([holds.isHeld, told]).toEqual([true, ['pause']]);
    second();
    expect([holds.isHeld, told]).toEqual([false, ['pause', 'resume']]);
  });

  it('is told when it lasts, once, and when it is over', () => {
    const { holds, told, pass } = holdsOf(4);
    const first = holds.add('a');
    expect(holds.noticeAtTick).toBe(14);
    pass(3);
    const second = holds.add('b');
    pass(1);
    pass(1);
    expect(told).toEqual(['pause', 'blocked: a']);
    expect(holds.noticeAtTick).toBeUndefined();
    first();
    second();
    expect(told).toEqual(['pause', 'blocked: a', 'unblocked', 'resume']);
    holds.add('c');
    pass(4);
    expect(told.slice(4)).toEqual(['pause', 'blocked: c']);
  });

  it('hears nothing of a short hold, or when it does not want to', () => {
    const short = holdsOf(4);
    const release = short.holds.add('a');
    short.pass(3);
    release();
    short.pass(5);
    expect(short.told).toEqual(['pause', 'resume']);
    const deaf = holdsOf(undefined);
    deaf.holds.add('a');
    deaf.pass(100);
    expect([deaf.told, deaf.holds.noticeAtTick]).toEqual([['pause'], undefined]);
  });
});
