import { describe, expect, it } from '@jest/globals';
import { browserStart } from './browser-start.js';

function statsOf(cursors: unknown) {
  return { internalStats: () => Promise.resolve({ cursors } as never) };
}

describe('where a browser begins', () => {
  it('is behind what is acknowledged without a gap, and passes over what is behind that', async () => {
    const cursor = {
      markDeletePosition: '5:3',
      individuallyDeletedMessages: '[(5:4..5:6],(5:9..6:2],(7:-1..7:0]]',
    };
    const start = await browserStart(statsOf({ s: cursor }), 't', 's');
    expect(start.after).toEqual({ ledgerId: 5, entryId: 3 });
    const acknowledged = (ledgerId: number, from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, at) => from + at).filter((entryId) =>
        start.isAcknowledged({ ledgerId, entryId }),
      );
    expect([acknowledged(5, 4, 12), acknowledged(6, 0, 5), acknowledged(7, 0, 3)]).toEqual([
      [5, 6, 10, 11, 12],
      [0, 1, 2],
      [0],
    ]);
  });

  it('is the beginning where there is no subscription, and before anything was acknowledged', async () => {
    const none = await browserStart(statsOf({}), 't', 's');
    expect([none.after, none.isAcknowledged({ ledgerId: 1, entryId: 0 })]).toEqual([
      { ledgerId: -1, entryId: -1 },
      false,
    ]);
    const fresh = { markDeletePosition: '5:-1', individuallyDeletedMessages: '[]' };
    const start = await browserStart(statsOf({ s: fresh }), 't', 's');
    expect([start.after, start.isAcknowledged({ ledgerId: 5, entryId: 0 })]).toEqual([
      { ledgerId: 5, entryId: -1 },
      false,
    ]);
  });
});
