import { Buffer } from 'node:buffer';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { MqttMessage } from '../message.js';
import { FakeRetainedState } from '../testing/fake-retained-state.js';
import type { RetainedOptions } from './retained.options.js';
import { retainedDefaults } from './retained.options.js';
import { TenantRetained } from './tenant-retained.js';

describe('the retained messages of a tenant', () => {
  let state: FakeRetainedState;
  let retained: TenantRetained;
  let now: number;

  beforeEach(() => {
    now = 1_000_000;
    begin({});
  });

  afterEach(() => retained.close());

  function begin(options: Partial<RetainedOptions>): void {
    state = new FakeRetainedState();
    retained = new TenantRetained({ state, options: { ...retainedDefaults, ...options }, nowMs: () => now });
  }

  const set = (topic: string, payload: string, more: Partial<MqttMessage> = {}) =>
    new Promise<string>((resolve) => {
      const message = { topic, payload: Buffer.from(payload), qos: 0, retain: true, properties: {} } as const;
      retained.set({ ...message, expiresAtMs: undefined, publisherId: undefined, ...more }, (error) =>
        resolve(error === undefined ? 'stored' : error.reasonName),
      );
    });
  const text = (topic: string) => retained.get(topic)?.payload.toString();

  it('are set, replaced and cleared by an empty payload', async () => {
    expect(await set('a', '1')).toBe('stored');
    expect(await set('a', '2')).toBe('stored');
    expect([text('a'), retained.size]).toEqual(['2', 1]);
    expect(await set('a', '')).toBe('stored');
    expect([text('a'), retained.size, retained.bytes]).toEqual([undefined, 0, 0]);
  });

  it('have topics of any length', async () => {
    const long = `${'x/'.repeat(60)}${'y'.repeat(65_000)}`;
    expect(await set(long, '1')).toBe('stored');
    expect(text(long)).toBe('1');
    expect(await set(long, '')).toBe('stored');
    expect([text(long), retained.bytes]).toEqual([undefined, 0]);
  });

  it('are bounded in bytes, all and each: 0x97, and what is smaller, or clears, is still taken', async () => {
    begin({ retainedMessageBytesMax: 200, retainedBytesMax: 2_000 });
    expect(await set('a', 'x'.repeat(300))).toBe('quota-exceeded');
    let stored = 0;
    while ((await set(`t${stored}`, 'x'.repeat(100))) === 'stored') stored++;
    expect(stored).toBeGreaterThan(3);
    expect(retained.bytes).toBeLessThanOrEqual(2_000);
    expect(await set('t0', 'x'.repeat(150))).toBe('quota-exceeded');
    expect(await set('t0', 'x'.repeat(50))).toBe('stored');
    expect(await set('t1', '')).toBe('stored');
    expect(await set('new', 'x')).toBe('stored');
  });

  it('count what their levels cost in memory', async () => {
    begin({ retainedBytesMax: 2_000 });
    expect(await set('/'.repeat(100), 'x')).toBe('quota-exceeded');
  });

  it('are as the log says, also when it says what nobody here asked for', async () => {
    await set('a', '1');
    state.write('/b', Buffer.from('not a record'));
    state.write('/a', null);
    expect([text('a'), text('b')]).toEqual([undefined, undefined]);
    state.write('/a', Buffer.from([9, 9, 9]));
    expect(text('a')).toBeUndefined();
  });

  it('are removed from the log long after they expired, not before', async () => {
    await set('a', '1', { expiresAtMs: now + 1_000 });
    await set('b', '1', { expiresAtMs: now + 7_200_000 });
    await set('c', '1');
    now += 60_000;
    retained.sweep();
    expect(retained.size).toBe(3);
    now += 3_600_000;
    retained.sweep();
    expect(state.keys()).toEqual(['/b', '/c']);
    await set('b', '2');
    now += 10 * 3_600_000;
    retained.sweep();
    expect(text('b')).toBe('2');
  });

  it('are not removed while a new one is on its way', async () => {
    await set('a', '1', { expiresAtMs: now });
    now += 2 * 3_600_000;
    state.holds = true;
    const stored = set('a', '2');
    retained.sweep();
    state.holds = false;
    state.release();
    await stored;
    expect(text('a')).toBe('2');
  });
});
