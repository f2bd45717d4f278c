import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { IdleWheel, type WheelRider } from './idle-wheel.js';

const wheel = new IdleWheel();

class Rider implements WheelRider {
  dueAtTick = 0;
  readonly asked: number[] = [];

  constructor(private readonly next: (tick: number) => number) {}

  onTick(tick: number): number {
    this.asked.push(tick);
    return this.next(tick);
  }
}

afterEach(() => wheel.close());

describe('the wheel', () => {
  it('asks each rider when it is due, and no other', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 })), (plans) => {
        const wheel = new IdleWheel();
        const start = wheel.tick;
        const riders = plans.map((plan) => {
          const left = plan.slice(1);
          const rider = new Rider(() => left.shift() ?? 0);
          wheel.add(rider, plan[0]!);
          return rider;
        });
        expect(wheel.size).toBe(plans.length);
        for (let tick = 0; tick < 100; tick++) wheel.turn();
        wheel.close();
        for (const [at, plan] of plans.entries()) {
          let due = start;
          expect(riders[at]!.asked).toEqual(plan.map((ticks) => (due += ticks)));
        }
        expect(wheel.size).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  it('forgets, also who is due in this turn and who leaves while it is asked', () => {
    const second = new Rider(() => 1);
    const first = new Rider(() => {
      wheel.forget(second);
      wheel.forget(first);
      return 1;
    });
    wheel.add(first, 1);
    wheel.add(second, 1);
    wheel.turn();
    wheel.turn();
    expect([first.asked.length, second.asked.length, wheel.size]).toEqual([1, 0, 0]);
  });

  it('forgets who does not ride', () => {
    const rider = new Rider(() => 1);
    wheel.add(rider, 1);
    wheel.forget(rider);
    wheel.forget(rider);
    expect(wheel.size).toBe(0);
  });
});
