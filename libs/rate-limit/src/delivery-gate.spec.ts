import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Tenant } from '#libs/tenancy';
import { DeliveryGate } from './delivery-gate.js';
import { RateLimits } from './rate-limits.js';

describe('DeliveryGate', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('counts what is given, and is shut for as long as that was too much', () => {
    const kafka = { autoCreateTopics: true, partitionsDefault: 1, messageBytesMax: 1_048_576 };
    const limits = { bytesOut: { perSecond: 1_000, burst: 1_000 } };
    const tenant: Tenant = { name: 'acme', pulsarNamespace: 'a/b', limits, kafka };
    const quota = new RateLimits([tenant]).open({ tenant, user: 'u', clientId: '' });
    const counters = { consumeMessages: 0, consumeBytes: 0, throttles: 0, throttledMs: 0 };
    let opened = 0;
    const gate = new DeliveryGate(quota, counters, () => opened++);
    gate.delivered(1_000);
    expect(gate.isOpen).toBe(true);
    gate.delivered(500);
    // What was on its way when it was shut.
    gate.delivered(100);
    expect(gate.isOpen).toBe(false);
    expect(counters).toEqual({ consumeMessages: 3, consumeBytes: 1_600, throttles: 1, throttledMs: 500 });
    jest.advanceTimersByTime(500);
    expect([gate.isOpen, opened]).toEqual([false, 0]);
    jest.advanceTimersByTime(100);
    expect([gate.isOpen, opened]).toEqual([true, 1]);
    gate.delivered(2_000);
    gate.close();
    jest.advanceTimersByTime(10_000);
    expect(opened).toBe(1);
  });
});
