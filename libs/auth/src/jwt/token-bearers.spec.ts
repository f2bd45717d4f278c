import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import type { Principal } from '../principal.js';
import { acme } from '../testing/tenants.js';
import { TokenBearers } from './token-bearers.js';

const bearer = (user: string): Principal => ({
  tenant: acme,
  user,
  groups: [],
  anonymous: false,
  source: 'token',
});

describe('TokenBearers', () => {
  it('gives those of a key, once', () => {
    const bearers = new TokenBearers();
    const [ann, bob, cid] = [bearer('ann'), bearer('bob'), bearer('cid')];
    bearers.add('a', ann);
    bearers.add('a', bob);
    bearers.add('b', cid);
    expect(bearers.take('a')).toEqual([ann, bob]);
    expect(bearers.take('a')).toEqual([]);
    expect(bearers.take('c')).toEqual([]);
    expect(bearers.size).toBe(1);
    expect(bearers.take('b')).toEqual([cid]);
    expect(bearers.size).toBe(0);
  });

  it('keeps who is there, and nobody else in memory', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const bearers = new TokenBearers();
    const stays = bearer('stays');
    bearers.add('a', stays);
    for (let round = 0; round < 20; round++) {
      for (let each = 0; each < 1_000; each++) bearers.add(`key ${each % 10}`, bearer('goes'));
      // A WeakRef lives to the end of the turn that made it.
      await delay(1);
      collect();
    }
    expect(bearers.size).toBeLessThan(4_096);
    expect(bearers.take('a')).toEqual([stays]);
  });
});
