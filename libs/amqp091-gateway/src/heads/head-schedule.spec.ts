import { describe, expect, it } from '@jest/globals';
import { HeadSchedule } from './head-schedule.js';

const ttl = { messageTtlMs: 10_000 };

function scheduleOf(settings: { messageTtlMs?: number }, isExpiring = false) {
  const schedule = new HeadSchedule(
    settings,
    () => isExpiring,
    () => 30_000,
    0,
  );
  // What is in it at first is not known.
  expect(schedule.lookAtMs).toBe(0);
  return schedule;
}

describe('the head of a queue with a TTL', () => {
  it('is looked at when its oldest message ends', () => {
    const schedule = scheduleOf(ttl);
    schedule.looked(100, 7_000, false);
    expect(schedule.lookAtMs).toBe(7_000);
    schedule.stored(200, 10_000);
    expect(schedule.lookAtMs).toBe(7_000);
  });

  it('is looked at when the first ends that is stored in it while it is empty, and now and then', () => {
    const schedule = scheduleOf(ttl);
    schedule.looked(100, undefined, true);
    expect(schedule.lookAtMs).toBe(30_100);
    schedule.stored(1_000, 10_000);
    schedule.stored(2_000, 10_000);
    expect(schedule.lookAtMs).toBe(11_000);
  });

  it('is looked at soon again where consumers have all of it: they may give it back', () => {
    const schedule = scheduleOf(ttl);
    schedule.looked(100, undefined, false);
    expect(schedule.lookAtMs).toBe(2_100);
    schedule.failed(2_200);
    expect(schedule.lookAtMs).toBe(4_200);
  });

  it('is not looked at without a break', () => {
    const schedule = scheduleOf(ttl);
    schedule.looked(1_000, 1_001, false);
    expect(schedule.lookAtMs).toBe(1_050);
  });
});

describe('the head of a queue whose messages end by themselves', () => {
  it('is looked at when one ends that may be at the head, and otherwise every other second', () => {
    const schedule = scheduleOf({}, true);
    schedule.looked(100, undefined, true);
    schedule.stored(1_000, undefined);
    expect(schedule.lookAtMs).toBe(30_100);
    schedule.stored(1_000, 500);
    expect(schedule.lookAtMs).toBe(1_500);
    schedule.looked(1_500, Infinity, false);
    expect(schedule.lookAtMs).toBe(3_500);
    // What is at the head stays there until somebody takes it.
    schedule.stored(1_600, 100);
    expect(schedule.lookAtMs).toBe(3_500);
  });

  it('is not looked at again where there are none', () => {
    const schedule = scheduleOf({});
    schedule.looked(100, Infinity, false);
    expect(schedule.lookAtMs).toBe(Infinity);
  });
});
