import { describe, expect, it } from '@jest/globals';
import { loopTurn } from './loop-turn.js';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const work = (ms: number) => {
  for (const end = performance.now() + ms; performance.now() < end; );
};

describe('LoopTurn', () => {
  it('is over after some work, and not in the next turn', async () => {
    await turn();
    expect(loopTurn.isOver).toBe(false);
    work(60);
    expect(loopTurn.isOver).toBe(true);
    await loopTurn.next();
    expect(loopTurn.isOver).toBe(false);
  });

  it('lets one of those that wait go on in each turn, in their order', async () => {
    const went: number[] = [];
    const seen: number[] = [];
    const all = [1, 2, 3].map((each) => loopTurn.next().then(() => went.push(each)));
    while (went.length < 3) {
      await turn();
      if (seen.at(-1) !== went.length) seen.push(went.length);
    }
    await Promise.all(all);
    expect(went).toEqual([1, 2, 3]);
    expect(seen.filter((count) => count > 0)).toEqual([1, 2, 3]);
  });
});
