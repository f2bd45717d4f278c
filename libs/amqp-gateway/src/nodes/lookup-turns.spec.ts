import { describe, expect, it } from '@jest/globals';
import type { AmqpIdentity } from '../connection/amqp-identity.js';
import { LookupTurns } from './lookup-turns.js';

const identity = () => ({}) as AmqpIdentity;
const settled = () => new Promise(setImmediate);

describe('look-ups of a connection', () => {
  it('run 16 at a time, in their order, whether they fail or not, and hold no other connection up', async () => {
    const turns = new LookupTurns();
    const one = identity();
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const task = (number: number) => () =>
      new Promise<number>((resolve, reject) => {
        begun.push(number);
        ends.push(() => (number % 2 === 0 ? resolve(number) : reject(new Error('odd'))));
      });
    const given = Array.from({ length: 40 }, (_, number) => turns.run(one, task(number)).catch(() => -1));
    await settled();
    expect(begun).toHaveLength(16);
    expect(await turns.run(identity(), async () => 'other')).toBe('other');
    ends[3]?.();
    ends[4]?.();
    await settled();
    expect(begun.slice(16)).toEqual([16, 17]);
    while (begun.length < 40) {
      for (const end of ends.splice(0)) end();
      await settled();
    }
    for (const end of ends) end();
    const numbers = await Promise.all(given);
    expect(numbers).toEqual(numbers.map((_, number) => (number % 2 === 0 ? number : -1)));
    expect(begun).toEqual(numbers.map((_, number) => number));
    // All places are free again.
    for (let place = 0; place < 16; place++) void turns.run(one, () => new Promise<void>(() => {}));
    let ran = false;
    void turns.run(one, async () => {
      ran = true;
    });
    await settled();
    expect(ran).toBe(false);
  });
});
