import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { RateLimits } from '#libs/rate-limit';
import { PublishRate } from './publish-rate.js';
import { ReadingPauses } from './reading-pauses.js';

const kilobyte = 1_000;

describe('PublishRate', () => {
  const clock = { ms: 0 };

  beforeEach(() => {
    jest.useFakeTimers();
    clock.ms = 0;
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  /** 10 kB a second, a second's worth at once, at most 4 s of waiting. */
  function bed(refuses = true) {
    const bytesIn = { perSecond: 10 * kilobyte, burst: 10 * kilobyte };
    const kafka = { autoCreateTopics: true, partitionsDefault: 1, messageBytesMax: 1_000_000 };
    const tenant = {
      name: 'acme',
      pulsarNamespace: 'acme/n',
      limits: { bytesIn, throttleMsMax: 4_000 },
      kafka,
    };
    const limits = new RateLimits([tenant], { now: () => clock.ms });
    const counters = { throttles: 0, throttledMs: 0 };
    const client = () => {
      const pauses = new ReadingPauses({ pause: () => {}, resume: () => {} });
      const quota = limits.open({ tenant, user: 'alice', clientId: '' });
      return { pauses, rate: new PublishRate(quota, pauses, refuses, counters) };
    };
    const pass = (ms: number) => {
      clock.ms += ms;
      jest.advanceTimersByTime(ms);
    };
    return { client, pass };
  }

  it('lets a burst through, then stops reading for as long as was owed', () => {
    const { client, pass } = bed();
    const { rate, pauses } = client();
    expect(rate.admit(10 * kilobyte)).toBeUndefined();
    expect(pauses.paused).toBe(false);
    expect(rate.admit(5 * kilobyte)).toBeUndefined();
    expect(pauses.paused).toBe(true);
    pass(499);
    expect(pauses.paused).toBe(true);
    pass(1);
    expect(pauses.paused).toBe(false);
  });

  it('takes a message larger than the burst: it is only slow', () => {
    const { client, pass } = bed();
    const { rate, pauses } = client();
    expect(rate.admit(1_000 * kilobyte)).toBeUndefined();
    pass(4_000);
    expect(pauses.paused).toBe(false);
    expect(rate.admit(1)).toBeUndefined();
  });

  it('refuses MQTT 5 clients with 0x97 while the clients of the tenant together owe too much', () => {
    const { client, pass } = bed();
    const clients = Array.from({ length: 10 }, client);
    const answers = clients.map(({ rate }) => rate.admit(5 * kilobyte)?.reasonName);
    // 10 kB at once, 20 kB owed, and one more that was admitted at that point.
    expect(answers).toEqual([...Array(7).fill(undefined), ...Array(3).fill('quota-exceeded')]);
    expect(clients.slice(2).every(({ pauses }) => pauses.paused)).toBe(true);
    pass(2_500);
    expect(clients.every(({ pauses }) => !pauses.paused)).toBe(true);
    expect(clients[9]!.rate.admit(5 * kilobyte)).toBeUndefined();
  });

  it('only slows clients that know no reason codes', () => {
    const { client } = bed(false);
    const clients = Array.from({ length: 30 }, client);
    for (const { rate } of clients) expect(rate.admit(5 * kilobyte)).toBeUndefined();
    expect(clients[29]!.pauses.paused).toBe(true);
  });

  it('wakes nobody whose connection is closed', () => {
    const { client, pass } = bed();
    const { rate, pauses } = client();
    rate.admit(20 * kilobyte);
    rate.close();
    pass(10_000);
    expect(pauses.paused).toBe(true);
  });
});
