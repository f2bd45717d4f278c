import { describe, expect, it } from '@jest/globals';
import type { Member } from './member.js';
import { rendezvous } from './rendezvous.js';

const member = (nodeId: number, state: Member['state'] = 'live'): Member => ({
  nodeId,
  instance: `i${nodeId}`,
  state,
  listeners: [],
  internal: { host: 'h', port: 1 },
});
const keys = Array.from({ length: 6_000 }, (_, n) => `0f3c/${n}`);
const chosen = (members: readonly Member[]) => keys.map((key) => rendezvous(key, members).nodeId);

describe('rendezvous hashing', () => {
  it('gives each member its share', () => {
    const counts = [0, 1, 2].map(
      (id) => chosen([0, 1, 2].map((each) => member(each))).filter((n) => n === id).length,
    );
    for (const count of counts) expect(Math.abs(count - 2_000)).toBeLessThan(200);
  });

  it('does not depend on the order of the members', () => {
    expect(chosen([member(0), member(1), member(2)])).toEqual(chosen([member(2), member(0), member(1)]));
  });

  it('moves only the keys of who comes or goes', () => {
    const before = chosen([member(0), member(1), member(2)]);
    const after = chosen([member(0), member(2)]);
    expect(keys.filter((_, at) => before[at] !== 1 && before[at] !== after[at])).toEqual([]);
  });

  it('passes over draining members while there is another', () => {
    expect(new Set(chosen([member(0), member(1, 'draining')]))).toEqual(new Set([0]));
    expect(chosen([member(0, 'draining'), member(1, 'draining')])).toEqual(chosen([member(0), member(1)]));
  });
});
