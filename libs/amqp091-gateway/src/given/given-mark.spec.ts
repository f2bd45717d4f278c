import { describe, expect, it } from '@jest/globals';
import { dispatchedBefore } from './dispatched-before.js';
import { GivenMark } from './given-mark.js';
import { encodeNotes, GivenNotesDecoder } from './given-notes.js';

const at = (ledgerId: number, entryId: number) => ({ ledgerId, entryId });
const late = Number.MAX_SAFE_INTEGER;

describe('what may have been given before', () => {
  it('is nothing of what another gateway has given, as long as that one is there', () => {
    const mark = new GivenMark();
    mark.heard('other', 3, 7);
    expect(mark.mayHaveBeenGiven(at(3, 7), late)).toBe(false);
    mark.lost('other');
    mark.lost('other');
    const places = [at(2, 99), at(3, 7), at(3, 8), at(4, 0)];
    expect(places.map((each) => mark.mayHaveBeenGiven(each, late))).toEqual([true, true, false, false]);
  });

  it('is all that anybody has given, when the broker was lost', () => {
    const mark = new GivenMark();
    mark.given(at(3, 2));
    mark.given(at(3, 1));
    mark.heard('one', 3, 5);
    mark.heard('other', 3, 4);
    expect(mark.reached).toEqual(at(3, 5));
    mark.brokerLost();
    expect([at(3, 5), at(3, 6)].map((each) => mark.mayHaveBeenGiven(each, late))).toEqual([true, false]);
  });

  it('is what others say a moment after the broker was lost', () => {
    let nowMs = 0;
    const mark = new GivenMark(() => nowMs);
    mark.brokerLost();
    nowMs = 900;
    mark.heard('late', 3, 5);
    nowMs = 1_100;
    mark.heard('late', 3, 6);
    expect([at(3, 5), at(3, 6)].map((each) => mark.mayHaveBeenGiven(each, late))).toEqual([true, false]);
  });

  it('is what was published before anybody who is there knows of', () => {
    const mark = new GivenMark();
    mark.unknownBeforeMs = 5_000;
    expect([4_999, 5_000].map((ms) => mark.mayHaveBeenGiven(at(9, 9), ms))).toEqual([true, false]);
  });
});

describe('what a broker has dispatched', () => {
  const lastLedgerSwitchTimestamp = '2026-11-22T18:12:48.655Z';
  const loadedAtMs = Date.parse(lastLedgerSwitchTimestamp);
  const cursor = { markDeletePosition: '7:1', readPosition: '7:5', lastLedgerSwitchTimestamp };

  it('is what is before its reading position, and nobody knows of before it loaded the topic', () => {
    expect(dispatchedBefore({ ...cursor, state: 'NoLedger', messagesConsumedCounter: 0 })).toEqual({
      ...at(7, 4),
      unknownBeforeMs: loadedAtMs,
    });
    expect(dispatchedBefore({ ...cursor, state: 'Open', messagesConsumedCounter: 3 })).toMatchObject({
      unknownBeforeMs: loadedAtMs,
    });
  });

  it('is all that there is to know of a subscription that was never used', () => {
    const fresh = { ...cursor, readPosition: '7:-1', state: 'Open', messagesConsumedCounter: 0 };
    expect(dispatchedBefore(fresh)).toEqual({ ...at(7, -2), unknownBeforeMs: 0 });
    expect(dispatchedBefore(undefined)).toEqual({ ...at(-1, -1), unknownBeforeMs: 0 });
  });
});

describe('notes', () => {
  it('are the same however their bytes are cut', () => {
    const all = [[['a', 1, 2] as const], [['b', 3, 4] as const, ['c', 5, 6] as const]];
    const bytes = Buffer.concat(all.map(encodeNotes));
    for (let cut = 0; cut <= bytes.length; cut++) {
      const decoder = new GivenNotesDecoder();
      expect([...decoder.push(bytes.subarray(0, cut)), ...decoder.push(bytes.subarray(cut))]).toEqual(all);
    }
  });

  it.each(['{}\n', '[1]\n', '[["a",1]]\n', '[["a",1.5,2]]\n', 'x\n', 'x'.repeat(300_000)])(
    'are refused when they are none: %p',
    (text) => {
      expect(() => new GivenNotesDecoder().push(Buffer.from(text))).toThrow(
        expect.objectContaining({ name: 'MalformedFrame' }),
      );
    },
  );
});
