import { describe, expect, it } from '@jest/globals';
import { KeyedTurns } from './keyed-turns.js';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('KeyedTurns', () => {
  function bed() {
    const turns = new KeyedTurns();
    const begun: string[] = [];
    const call = (key: string, name: string) => {
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      const result = turns.run(key, () => {
        begun.push(name);
        return promise;
      });
      return { result, resolve: () => resolve(name), reject };
    };
    return { turns, begun, call };
  }

  it('calls those of one key one after the other, in their order, and of different keys at once', async () => {
    const { begun, call } = bed();
    const [a1, a2, , b1] = [call('a', 'a1'), call('a', 'a2'), call('a', 'a3'), call('b', 'b1')];
    expect(begun).toEqual(['a1', 'b1']);
    b1.resolve();
    a2.resolve();
    expect(await b1.result).toBe('b1');
    expect(begun).toEqual(['a1', 'b1']);
    a1.resolve();
    expect([await a1.result, await a2.result]).toEqual(['a1', 'a2']);
    await turn();
    expect(begun).toEqual(['a1', 'b1', 'a2', 'a3']);
  });

  it('goes on after one that failed, which its caller alone hears', async () => {
    const { begun, call } = bed();
    const [first, second] = [call('a', 'first'), call('a', 'second')];
    first.reject(new Error('no'));
    second.resolve();
    await expect(first.result).rejects.toThrow('no');
    expect(await second.result).toBe('second');
    expect(begun).toEqual(['first', 'second']);
  });

  it('keeps nothing of keys that nobody waits for', async () => {
    const { turns, call } = bed();
    const calls = ['a', 'a', 'b', 'c'].map((key, at) => call(key, `${at}`));
    expect(turns.size).toBe(3);
    calls[0]!.resolve();
    calls[2]!.resolve();
    calls[3]!.reject(new Error('no'));
    await Promise.allSettled([calls[0], calls[2], calls[3]].map((each) => each!.result));
    await turn();
    expect(turns.size).toBe(1);
    calls[1]!.resolve();
    await turn();
    expect(turns.size).toBe(0);
  });
});
