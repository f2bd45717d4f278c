import { describe, expect, it } from '@jest/globals';
import { refusal } from '../testing/topology-fixture.js';
import { type UnackedMessage, UnackedMessages } from './unacked-messages.js';

function filled(count: number): UnackedMessages {
  const unacked = new UnackedMessages();
  for (let at = 0; at < count; at++) unacked.add(unacked.nextTag(), {} as UnackedMessage);
  return unacked;
}

const tags = (taken: readonly (readonly [number, unknown])[]) => taken.map(([tag]) => tag);

describe('what a channel has unacknowledged', () => {
  it('is taken by its tag, all up to it, or all', () => {
    const unacked = filled(6);
    expect(tags(unacked.take(2, false))).toEqual([2]);
    expect(tags(unacked.take(4, true))).toEqual([1, 3, 4]);
    expect(tags(unacked.take(0, true))).toEqual([5, 6]);
    expect(tags(unacked.take(0, true))).toEqual([]);
    expect(unacked.nextTag()).toBe(7);
  });

  it.each([
    ['was taken', 2, false],
    ['was taken, with all before it', 2, true],
    ['is not there yet', 7, true],
    ['is 0, without multiple', 0, false],
  ])('refuses a tag that %s', async (_, tag, isMultiple) => {
    const unacked = filled(4);
    unacked.take(2, false);
    const taking = (async () => unacked.take(tag, isMultiple))();
    expect(await refusal(taking)).toBe(`406 channel: PRECONDITION_FAILED - unknown delivery tag ${tag}`);
    expect(unacked.size).toBe(3);
  });

  it('is in the order of its tags again when a transaction is rolled back', () => {
    const unacked = filled(5);
    unacked.putBack([...unacked.take(3, false), ...unacked.take(1, false)]);
    expect(tags(unacked.take(4, true))).toEqual([1, 2, 3, 4]);
  });
});
