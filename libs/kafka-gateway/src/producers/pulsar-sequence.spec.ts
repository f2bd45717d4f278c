import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fromSequenceId, positionMax, positionNear, sequenceOf, toSequenceId } from './pulsar-sequence.js';

const epoch = fc.integer({ min: 0, max: 32_767 });
const position = fc.integer({ min: 0, max: positionMax });

describe('Pulsar sequence ids', () => {
  it('are safe integers that give epoch and position back', () => {
    fc.assert(
      fc.property(epoch, position, (e, p) => {
        const id = toSequenceId(e, p);
        expect(Number.isSafeInteger(id)).toBe(true);
        expect(fromSequenceId(id)).toEqual({ epoch: e, position: p });
      }),
    );
    expect(toSequenceId(32_767, positionMax)).toBe(Number.MAX_SAFE_INTEGER);
  });

  it('grow with position and with epoch', () => {
    fc.assert(
      fc.property(epoch, position, epoch, position, (e1, p1, e2, p2) => {
        const later = e1 < e2 || (e1 === e2 && p1 < p2);
        if (later) expect(toSequenceId(e1, p1)).toBeLessThan(toSequenceId(e2, p2));
      }),
    );
  });

  it('know which round a sequence number belongs to', () => {
    fc.assert(
      fc.property(position, fc.integer({ min: -1_000_000, max: 1_000_000 }), (expected, distance) => {
        const actual = expected + distance;
        if (actual < 0) return;
        expect(positionNear(expected, sequenceOf(actual))).toBe(actual);
      }),
    );
    expect(positionNear(2 ** 31, 2 ** 31 - 1)).toBe(2 ** 31 - 1);
    expect(positionNear(2 ** 31 - 1, 0)).toBe(2 ** 31);
    expect(positionNear(3, 2 ** 31 - 1)).toBe(2 ** 31 - 1);
  });
});
