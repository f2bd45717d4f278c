import { describe, expect, it } from '@jest/globals';
import { KeyedOrder } from './keyed-order.js';

describe('work of one key', () => {
  it('is done at once when nothing has to be looked up', () => {
    const order = new KeyedOrder();
    expect(order.run('a', 1, (known) => known + 1)).toBe(2);
    expect(order.size).toBe(0);
  });

  it('keeps its order, whichever look-up ends first and whichever fails, and holds up no other key', async () => {
    const order = new KeyedOrder();
    const done: string[] = [];
    const lookups = [0, 1, 2].map(() => Promise.withResolvers<string>());
    const work = lookups.map(({ promise }) => order.run('a', promise, (known) => done.push(known)));
    const last = order.run('a', 'known', (known) => done.push(known));
    order.run('b', 'other', (known) => done.push(known));
    expect(done).toEqual(['other']);
    lookups[2]!.resolve('third');
    lookups[1]!.reject(new Error('no'));
    const failure = expect(work[1]).rejects.toThrow('no');
    await new Promise((resolve) => setTimeout(resolve, 1));
    expect(done).toEqual(['other']);
    lookups[0]!.resolve('first');
    await last;
    await failure;
    expect(done).toEqual(['other', 'first', 'third', 'known']);
    await new Promise((resolve) => setTimeout(resolve, 1));
    expect(order.size).toBe(0);
  });
});
