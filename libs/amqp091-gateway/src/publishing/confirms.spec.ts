import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Confirms } from './confirms.js';

describe('confirms', () => {
  it('come in the order of publishing, together where they end alike', () => {
    const confirms = new Confirms();
    expect([1, 2, 3, 4, 5].map(() => confirms.add())).toEqual([1, 2, 3, 4, 5]);
    expect(confirms.settle(2, true)).toBe(false);
    expect(confirms.take()).toEqual([]);
    expect(confirms.settle(1, true)).toBe(true);
    confirms.settle(4, true);
    expect(confirms.take()).toEqual([{ deliveryTag: 2, multiple: true, isStored: true }]);
    expect(confirms.pending).toBe(3);
    expect(confirms.settle(3, false)).toBe(true);
    expect(confirms.take()).toEqual([
      { deliveryTag: 3, multiple: false, isStored: false },
      { deliveryTag: 4, multiple: false, isStored: true },
    ]);
    expect(confirms.add()).toBe(6);
  });

  it('tell of each message once, as it ended, whatever the order is', () => {
    const message = fc.record({ isStored: fc.boolean(), rank: fc.integer(), takes: fc.boolean() });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 60 }), fc.nat(20), (messages, ahead) => {
        const confirms = new Confirms();
        const told: boolean[] = [];
        const take = () => {
          for (const { deliveryTag, multiple, isStored } of confirms.take()) {
            if (!multiple) expect(deliveryTag).toBe(told.length + 1);
            while (told.length < deliveryTag) told.push(isStored);
          }
        };
        const waiting: number[] = [];
        const settle = () => {
          waiting.sort((a, b) => messages[a - 1]!.rank - messages[b - 1]!.rank);
          const number = waiting.shift()!;
          const { isStored, takes } = messages[number - 1]!;
          confirms.settle(number, isStored);
          if (takes) take();
        };
        for (const _ of messages) {
          waiting.push(confirms.add());
          if (waiting.length > ahead) settle();
        }
        while (waiting.length > 0) settle();
        take();
        expect(told).toEqual(messages.map(({ isStored }) => isStored));
        expect(confirms.pending).toBe(0);
      }),
    );
  });

  it('of a million take no more time for each than of a few', () => {
    const confirms = new Confirms();
    let confirmed = 0;
    for (let round = 0; round < 1_000; round++) {
      const numbers = Array.from({ length: 1_000 }, () => confirms.add());
      for (const number of numbers) confirms.settle(number, true);
      confirmed = confirms.take().at(-1)?.deliveryTag ?? confirmed;
    }
    expect(confirmed).toBe(1_000_000);
  });
});
