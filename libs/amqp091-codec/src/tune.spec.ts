import { describe, expect, it } from '@jest/globals';
import { refusalOf } from './testing/frame-hex.js';
import { negotiateTune } from './index.js';

const offered = { channelMax: 2_047, frameMax: 131_072, heartbeat: 60 };
const unlimited = { channelMax: 0, frameMax: 0, heartbeat: 0 };

describe('tune', () => {
  it.each([
    [{ channelMax: 2_047, frameMax: 131_072, heartbeat: 60 }],
    [{ channelMax: 1, frameMax: 4_096, heartbeat: 0 }],
    [{ channelMax: 100, frameMax: 8_192, heartbeat: 600 }],
  ])('takes what is not above the offer: %j', (answered) => {
    expect(negotiateTune(offered, answered)).toEqual(answered);
  });

  it('takes no limit where none was offered', () => {
    expect(negotiateTune(unlimited, unlimited)).toEqual({ channelMax: 65_535, frameMax: 0, heartbeat: 0 });
    const limited = { channelMax: 5, frameMax: 5_000, heartbeat: 5 };
    expect(negotiateTune(unlimited, limited)).toEqual(limited);
  });

  it.each([
    [{ ...offered, channelMax: 2_048 }],
    [{ ...offered, channelMax: 0 }],
    [{ ...offered, frameMax: 131_073 }],
    [{ ...offered, frameMax: 0 }],
    [{ ...offered, frameMax: 4_095 }],
  ])('refuses %j', (answered) => {
    expect(refusalOf(() => negotiateTune(offered, answered))).toBe('530 connection: 10.31');
  });
});
