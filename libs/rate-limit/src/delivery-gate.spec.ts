import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Tenant } from '#libs/tenancy';
import { DeliveryGate } from './delivery-gate.js';
import { RateLimits } from './rate-limits.js';

const kafka = { autoCreateTopics: true, partitionsDefault: 1, messageBytesMax: 1_048_576 };
const tenantOf = (perSecond: number): Tenant => ({
  ...{ name: 'acme', pulsarNamespace: 'a/b', kafka },
  limits: { bytesOut: { perSecond, burst: perSecond } },
});

function bed() {
  const tenant = tenantOf(1_000);
  const limits = new RateLimits([tenant]);
  const quota = limits.open({ tenant, user: 'u', clientId: '' });
  const counters = { consumeMessages: 0, consumeBytes: 0, throttles: 0, throttledMs: 0 };
  let opened = 0;
  const gate = new DeliveryGate(quota, counters, () => opened++);
  return { gate, counters, limits, opened: () => opened };
}

describe('DeliveryGate', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('counts what is given, and is shut for as long as that was too much', () => {
    const { gate, counters, opened } = bed();
    gate.delivered(1_000);
    expect(gate.isOpen).toBe(true);
    gate.delivered(500);
    // What was on its way when it was shut.
    gate.delivered(100);
    expect(gate.isOpen).toBe(false);
    expect(counters).toEqual({ consumeMessages: 3, consumeBytes: 1_600, throttles: 1, throttledMs: 500 });
    jest.advanceTimersByTime(500);
    expect([gate.isOpen, opened()]).toEqual([false, 0]);
    jest.advanceTimersByTime(100);
    expect([gate.isOpen, opened()]).toEqual([true, 1]);
    gate.delivered(2_000);
    gate.close();
    jest.advanceTimersByTime(10_000);
    expect(opened()).toBe(1);
  });

  it('opens when a limit is raised by so much that nothing is owed any more, not after the wait of before', () => {
    const { gate, limits, opened } = bed();
    gate.delivered(6_000);
    jest.advanceTimersByTime(1_000);
    limits.replace([tenantOf(2_000)], {});
    // 4 kB were owed.
    jest.advanceTimersByTime(1_900);
    expect(gate.isOpen).toBe(false);
    jest.advanceTimersByTime(150);
    expect([gate.isOpen, opened()]).toEqual([true, 1]);
    gate.delivered(20_000);
    limits.replace([tenantOf(1e9)], {});
    jest.advanceTimersByTime(5);
    expect([gate.isOpen, opened()]).toEqual([true, 2]);
  });
});
