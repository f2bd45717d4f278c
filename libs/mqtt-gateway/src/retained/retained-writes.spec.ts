import { Buffer } from 'node:buffer';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AgreedStateFault } from '#libs/cluster';
import type { MqttError } from '../mqtt.errors.js';
import { FakeRetainedState } from '../testing/fake-retained-state.js';
import { RetainedWrites, type RetainedWritesOptions } from './retained-writes.js';

describe('changes of retained messages on their way to the log', () => {
  let state: FakeRetainedState;
  let now = 0;
  const made: RetainedWrites[] = [];

  beforeEach(() => {
    state = new FakeRetainedState();
    now = 0;
  });

  afterEach(() => {
    for (const each of made.splice(0)) each.close();
  });

  function writes(options: Partial<RetainedWritesOptions> = {}): RetainedWrites {
    const limits = { inFlightMax: 2, changesMax: 6, bytesMax: 100, timeoutMs: 1_000 };
    const created = new RetainedWrites(state, { ...limits, nowMs: () => now, ...options });
    made.push(created);
    return created;
  }

  /** Resolves with the name of the reason code; `stored` without one. */
  const written = (to: RetainedWrites, key: string, value: string | null) =>
    new Promise<string>((resolve) => {
      to.write(key, value === null ? null : Buffer.from(value), (error?: MqttError) =>
        resolve(error === undefined ? 'stored' : error.reasonName),
      );
    });
  const stored = () => state.puts.map(({ key, value }) => [key, value?.toString()]);

  it('answers when it was stored', async () => {
    const to = writes();
    expect(await written(to, 'a', '1')).toBe('stored');
    expect(await written(to, 'a', null)).toBe('stored');
    expect([state.size, to.pending]).toEqual([0, 0]);
  });

  it('has one change of a topic on its way; the last of those that came meanwhile answers for them', async () => {
    state.holds = true;
    const to = writes();
    const first = written(to, 'a', '1');
    const rest = ['2', '3', null, '4'].map((value) => written(to, 'a', value));
    expect(stored()).toEqual([['a', '1']]);
    state.release();
    expect(await first).toBe('stored');
    expect(stored()).toEqual([['a', '4']]);
    state.release();
    expect(await Promise.all(rest)).toEqual(Array(4).fill('stored'));
    expect([to.pending, to.has('a')]).toEqual([0, false]);
  });

  it('sends as many topics at once as it may, in order', async () => {
    state.holds = true;
    const to = writes();
    const all = ['a', 'b', 'c', 'd'].map((key) => written(to, key, '1'));
    expect(stored().map(([key]) => key)).toEqual(['a', 'b']);
    state.release();
    await Promise.all(all.slice(0, 2));
    expect(stored().map(([key]) => key)).toEqual(['c', 'd']);
    state.release();
    await Promise.all(all);
  });

  it('refuses what is beyond its limits, with 0x97, and takes more when there is room', async () => {
    state.holds = true;
    const to = writes();
    const taken = Array.from({ length: 6 }, (_, at) => written(to, `${at % 3}`, 'x'));
    expect(await written(to, '9', 'x')).toBe('quota-exceeded');
    state.holds = false;
    state.release();
    expect(await Promise.all(taken)).toEqual(Array(6).fill('stored'));
    expect(await written(to, '9', 'x'.repeat(101))).toBe('quota-exceeded');
    expect(await written(to, '9', 'x'.repeat(100))).toBe('stored');
    // What was replaced while it waited is not counted any more.
    state.holds = true;
    for (let round = 0; round < 5; round++) void written(to, 'a', 'x'.repeat(30));
    expect(await written(to, 'b', 'x'.repeat(41))).toBe('quota-exceeded');
    void written(to, 'b', 'x'.repeat(40));
    expect(to.pending).toBe(6);
  });

  it('says when no more should be read, long before it refuses, and when there is room again', async () => {
    state.holds = true;
    const to = writes({ changesMax: 20 });
    const all = Array.from({ length: 5 }, (_, at) => written(to, `${at}`, 'x'));
    expect(to.pressure).toBeUndefined();
    all.push(written(to, '5', 'x'));
    const heard: string[] = [];
    to.pressure!.onRelief(() => heard.push('relief'));
    to.pressure!.onRelief(() => heard.push('cancelled'))();
    expect(heard).toEqual([]);
    state.holds = false;
    state.release();
    await Promise.all(all);
    expect([heard, to.pressure]).toEqual([['relief'], undefined]);
    to.onRelief(() => heard.push('at once'));
    expect(heard).toEqual(['relief', 'at once']);
  });

  it('tries again while the log is away, and gives up in time', async () => {
    state.fault = 'unavailable';
    const to = writes();
    const first = written(to, 'a', '1');
    await delay(20);
    state.fault = undefined;
    expect(await first).toBe('stored');
    state.fault = 'unavailable';
    const second = written(to, 'a', '2');
    now = 1_001;
    expect(await second).toBe('implementation-specific-error');
  });

  it.each([
    ['full', 'quota-exceeded'],
    ['unconfirmed', 'implementation-specific-error'],
    ['invalid', 'implementation-specific-error'],
  ] as [AgreedStateFault, string][])('says of a state that is %s: %s', async (fault, expected) => {
    state.fault = fault;
    const to = writes();
    expect(await written(to, 'a', '1')).toBe(expected);
    state.fault = undefined;
    expect(await written(to, 'a', '1')).toBe('stored');
  });

  it('answers everything when it is closed', async () => {
    state.holds = true;
    const to = writes();
    const all = ['a', 'a', 'b', 'c'].map((key) => written(to, key, '1'));
    to.close();
    await state.close();
    expect(await Promise.all(all)).toEqual(Array(4).fill('implementation-specific-error'));
    expect(await written(to, 'd', '1')).toBe('quota-exceeded');
    expect(to.pending).toBe(0);
  });
});
