import { describe, expect, it } from '@jest/globals';
import type { QueueMessage } from './queue-message.js';
import { ReadyMessages } from './ready-messages.js';

const message = (priority: number, text: string) => ({ priority, text }) as unknown as QueueMessage;
const shifted = (ready: ReadyMessages, count: number) =>
  Array.from({ length: count }, () => (ready.shift() as unknown as { text: string } | undefined)?.text);
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('messages that wait for their consumer', () => {
  it('are given in their order at once where there are no priorities', () => {
    const ready = new ReadyMessages(0, () => {
      throw new Error('nobody waits');
    });
    ready.push(message(0, 'a'));
    expect(shifted(ready, 1)).toEqual(['a']);
    ready.push(message(9, 'b'));
    ready.push(message(0, 'c'));
    expect([ready.length, ...shifted(ready, 3)]).toEqual([2, 'b', 'c', undefined]);
  });

  it('are compared with what comes in the same turn, the highest priority first', async () => {
    let readyCount = 0;
    const ready = new ReadyMessages(5, () => readyCount++);
    for (const [priority, text] of [
      [1, 'a'],
      [5, 'b'],
      [9, 'c'],
      [1, 'd'],
    ] as const) {
      ready.push(message(priority, text));
      expect(ready.shift()).toBeUndefined();
    }
    await turn();
    expect(readyCount).toBe(1);
    expect(shifted(ready, 2)).toEqual(['b', 'c']);
    // What others wait for already is not waited with.
    ready.push(message(3, 'e'));
    expect([ready.length, ...shifted(ready, 3)]).toEqual([3, 'e', 'a', 'd']);
    await turn();
    expect(readyCount).toBe(1);
  });

  it('are all given back at once, also before anybody could have them', async () => {
    let readyCount = 0;
    const ready = new ReadyMessages(5, () => readyCount++);
    ready.push(message(2, 'a'));
    expect(ready.takeAll()).toHaveLength(1);
    expect([ready.length, ready.shift()]).toEqual([0, undefined]);
    await turn();
    ready.push(message(2, 'b'));
    await turn();
    expect([readyCount, ...shifted(ready, 1)]).toEqual([2, 'b']);
  });
});
