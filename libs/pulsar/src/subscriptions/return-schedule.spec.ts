import { describe, expect, it } from '@jest/globals';
import { ReturnSchedule } from './return-schedule.js';

describe('ReturnSchedule', () => {
  it('gives back together what is due, the rest later, and nothing after it was cleared', async () => {
    const given: string[][] = [];
    const second = Promise.withResolvers<void>();
    const schedule = new ReturnSchedule<string>((things) => {
      given.push([...things]);
      if (given.length === 2) second.resolve();
    });
    schedule.add('late', 40);
    schedule.add('now', 0);
    schedule.add('too', 0);
    expect([schedule.size, given]).toEqual([3, []]);
    await second.promise;
    expect([given, schedule.size]).toEqual([[['now', 'too'], ['late']], 0]);
    schedule.add('x', 0);
    schedule.add('y', 20);
    schedule.flush();
    expect([given.at(-1), schedule.size]).toEqual([['x'], 1]);
    expect(schedule.takeAll()).toEqual(['y']);
    schedule.add('z', 0);
    schedule.clear();
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect([given.length, schedule.size]).toEqual([3, 0]);
  });
});
