import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ReadyLength } from './ready-length.js';

function counted(length: ReadyLength, messages: number, bytes = 0): void {
  length.countingBegins();
  length.counted(messages, bytes);
}

describe('the length of a queue', () => {
  it('is full with the last that has room, stored or on its way', () => {
    const length = new ReadyLength(2);
    counted(length, 0);
    length.storing(10);
    length.stored(10, true);
    expect(length.isFull).toBe(false);
    length.storing(10);
    expect(length.isFull).toBe(true);
    length.stored(10, false);
    expect(length.isFull).toBe(false);
  });

  it('has room again when it is counted, and says how many are too many', () => {
    const length = new ReadyLength(3);
    counted(length, 5);
    expect([length.isFull, length.excess]).toEqual([true, 2]);
    counted(length, 2);
    expect([length.isFull, length.excess]).toEqual([false, 0]);
  });

  it('has bytes, too, of which the oldest go as if all were alike', () => {
    const length = new ReadyLength(undefined, 3_000);
    counted(length, 10, 10_000);
    expect([length.isFull, length.excess]).toEqual([true, 7]);
    counted(length, 0, 0);
    length.storing(3_000);
    expect(length.isFull).toBe(true);
    expect(length.excess).toBe(0);
  });

  it('is what it is as long as nobody takes anything, whatever is stored while it is counted', () => {
    const step = fc.oneof(fc.constantFrom('storing', 'stored', 'begins'), fc.nat(100));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const lengths = Array.from({ length: 62 }, (_, max) => new ReadyLength(max));
        const each = (what: (length: ReadyLength) => void) => lengths.forEach(what);
        let [stored, inFlight, storedAtBegin] = [0, 0, -1];
        for (const what of steps) {
          if (what === 'storing') {
            each((length) => length.storing(1));
            inFlight++;
          } else if (what === 'stored' && inFlight > 0) {
            each((length) => length.stored(1, true));
            inFlight--;
            stored++;
          } else if (what === 'begins') {
            each((length) => length.countingBegins());
            storedAtBegin = stored;
          } else if (typeof what === 'number' && storedAtBegin >= 0) {
            // Whatever Pulsar had when it counted: what is on its way may be there, too.
            const counted = storedAtBegin + (what % (stored + inFlight - storedAtBegin + 1));
            each((length) => length.counted(counted, 0));
            storedAtBegin = -1;
          }
          expect(lengths.findIndex(({ isFull }) => !isFull)).toBe(stored + inFlight + 1);
        }
      }),
    );
  });
});
