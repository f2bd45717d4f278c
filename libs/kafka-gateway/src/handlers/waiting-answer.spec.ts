import { describe, expect, it } from '@jest/globals';
import type { RequestContext } from '../handler.js';
import { waitingAnswer } from './waiting-answer.js';

function bed({ closed = false } = {}) {
  const listeners = { draining: new Set<() => void>(), closed: new Set<() => void>() };
  const on = (set: Set<() => void>) => (listener: () => void) => {
    set.add(listener);
    return () => set.delete(listener);
  };
  const recounted: number[] = [];
  const connection = {
    whenDraining: on(listeners.draining),
    whenClosed: (listener: () => void) => {
      if (closed) listener();
      return on(listeners.closed)(listener);
    },
  };
  const context = {
    connection,
    recount: (bytes: number) => recounted.push(bytes),
  } as unknown as RequestContext;
  const waiting = waitingAnswer(context, 'otherwise');
  return { ...waiting, listeners, recounted };
}

describe('an answer that is waited for', () => {
  it('is given at once where it is there, and nothing waits', () => {
    const { answer, answered, listeners, recounted } = bed();
    answer('first');
    answer('second');
    expect(answered((value) => `${value}!`)).toBe('first!');
    expect([listeners.draining.size, listeners.closed.size, recounted]).toEqual([0, 0, []]);
  });

  it('is given when it comes; the request takes little until then, and leaves nothing behind', async () => {
    const { answer, answered, listeners, recounted } = bed();
    const response = answered((value) => `${value}!`);
    expect(recounted).toEqual([1_024]);
    answer('late');
    answer('later');
    expect(await response).toBe('late!');
    expect([listeners.draining.size, listeners.closed.size]).toEqual([0, 0]);
  });

  it.each(['draining', 'closed'] as const)('is not waited for when the connection is %s', async (what) => {
    const { answer, answered, listeners } = bed();
    const response = answered((value) => value);
    for (const listener of listeners[what]) listener();
    answer('too late');
    expect(await response).toBe('otherwise');
  });

  it('is not waited for where the connection was closed before', async () => {
    const { answered } = bed({ closed: true });
    expect(await answered((value) => value)).toBe('otherwise');
  });
});
