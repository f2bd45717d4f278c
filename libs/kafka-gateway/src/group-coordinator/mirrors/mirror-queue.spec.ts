import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '#libs/cluster';
import { MirrorQueue, type MirrorQueueOptions } from './mirror-queue.js';

function bed(options: Partial<MirrorQueueOptions> = {}) {
  const clock = new ManualClock();
  const done: string[] = [];
  const held: (() => void)[] = [];
  const control = { hold: false };
  const queue = new MirrorQueue<string>(
    { entriesMax: 1_000, perSecondMax: 10_000, keyIntervalMs: 1_000, parallelMax: 4, ...options },
    clock,
    (key, item) => {
      done.push(`${key}=${item}`);
      return control.hold ? new Promise((resolve) => held.push(resolve)) : Promise.resolve();
    },
  );
  /** Moves on, with the promises between two ticks. */
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 100) {
      clock.advance(100);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { clock, queue, done, held, control, pass };
}

describe('work that has time', () => {
  it('is done once for a key that asks often, and not again within its interval', async () => {
    const { queue, done, pass, clock } = bed();
    for (let times = 0; times < 5; times++) queue.add('a', 'first');
    queue.add('b', 'first');
    await pass(100);
    expect(done).toEqual(['a=first', 'b=first']);
    queue.add('a', 'second');
    await pass(900);
    expect(done).toHaveLength(2);
    await pass(200);
    expect([done.at(-1), done.length, queue.size, clock.timers]).toEqual(['a=second', 3, 0, 0]);
  });

  it('keeps its rate, however much waits', async () => {
    const { queue, done, pass } = bed({ perSecondMax: 20 });
    for (let key = 0; key < 100; key++) queue.add(`k${key}`, '');
    await pass(2_000);
    expect(done.length).toBeGreaterThanOrEqual(38);
    expect(done.length).toBeLessThanOrEqual(42);
  });

  it('runs so much at a time, and no key beside itself', async () => {
    const { queue, done, held, control, pass } = bed({ parallelMax: 2, keyIntervalMs: 0 });
    control.hold = true;
    queue.add('a', '1');
    queue.add('b', '1');
    queue.add('c', '1');
    await pass(100);
    queue.add('a', '2');
    await pass(500);
    expect(done).toEqual(['a=1', 'b=1']);
    held[1]!();
    await pass(500);
    expect(done).toEqual(['a=1', 'b=1', 'c=1']);
    for (const release of held) release();
    await pass(200);
    expect(done.at(-1)).toBe('a=2');
  });

  it('has a bound, waits where it is told to, and ends when it is closed', async () => {
    const { queue, done, pass, clock } = bed({ entriesMax: 2 });
    expect([queue.add('a', '', 500), queue.add('b', ''), queue.add('c', ''), queue.add('a', '')]).toEqual([
      true,
      true,
      false,
      true,
    ]);
    await pass(400);
    expect(done).toEqual(['b=']);
    queue.close();
    await pass(1_000);
    expect([done, queue.add('d', ''), clock.timers]).toEqual([['b='], false, 0]);
  });
});
