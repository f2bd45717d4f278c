import { describe, expect, it } from '@jest/globals';
import type { Tenant } from '#libs/tenancy';
import { fairPart } from './fair-parts.js';
import type { QuotaHandle } from './quota-handle.js';
import { RateLimits } from './rate-limits.js';

const kafka = { autoCreateTopics: true, partitionsDefault: 1, messageBytesMax: 1_048_576 };
const perSecond = 1_000_000;

describe('fairPart', () => {
  it.each([
    [[Infinity], 100],
    [[Infinity, Infinity, Infinity, Infinity], 25],
    [[10, Infinity, Infinity], 45],
    [[0, 30, 40, Infinity], 35],
    [[0, 0, 10], 100],
    [[], 100],
  ])('of %p is %p of 100', (wants, part) => {
    expect(fairPart(wants, 100)).toBe(part);
  });
});

/** What one tenant has: connections that send messages of a size, each as soon as it may, or at a rate. */
class Sender {
  bytes = 0;
  longestMs = 0;
  #readyAtMs: number[];

  constructor(
    private readonly handles: readonly QuotaHandle[],
    private readonly messageBytes: number,
    private readonly everyMs: number,
  ) {
    this.#readyAtMs = handles.map(() => 0);
  }

  send(nowMs: number): void {
    for (const [at, handle] of this.handles.entries()) {
      if (this.#readyAtMs[at]! > nowMs) continue;
      this.bytes += this.messageBytes;
      const waitMs = handle.admitIn(this.messageBytes, 1);
      this.longestMs = Math.max(this.longestMs, waitMs);
      this.#readyAtMs[at] = nowMs + Math.max(this.everyMs, waitMs);
    }
  }
}

/** The gateway has one limit for all tenants; by their names what they send, for 20 seconds after the first two. */
function run(
  all: Readonly<Record<string, { connections: number; bytes: number; everyMs?: number; fromMs?: number }>>,
) {
  const clock = { ms: 0 };
  const tenants: Tenant[] = Object.keys(all).map((name) => ({
    ...{ name, pulsarNamespace: `a/${name}`, limits: {}, kafka },
  }));
  const gateway = { bytesIn: { perSecond, burst: perSecond / 10 } };
  const limits = new RateLimits(tenants, { gateway, now: () => clock.ms });
  const senders = Object.entries(all).map(([name, { connections, bytes, everyMs = 1, fromMs = 0 }]) => {
    const open = () => limits.open({ tenant: { name }, user: 'u', clientId: 'c' });
    return { fromMs, sender: new Sender(Array.from({ length: connections }, open), bytes, everyMs) };
  });
  for (; clock.ms < 22_000; clock.ms++) {
    if (clock.ms === 2_000) for (const { sender } of senders) sender.bytes = 0;
    for (const { sender, fromMs } of senders) if (clock.ms >= fromMs) sender.send(clock.ms);
    limits.period.recall();
  }
  const parts = senders.map(({ sender }) => sender.bytes / 20 / perSecond);
  return {
    parts,
    all: parts.reduce((sum, part) => sum + part),
    senders: senders.map(({ sender }) => sender),
  };
}

describe('the gateway’s own limit', () => {
  it('is one tenant’s while it is alone', () => {
    const { all } = run({ one: { connections: 50, bytes: 2_000 }, other: { connections: 0, bytes: 1 } });
    expect(all).toBeGreaterThan(0.97);
    expect(all).toBeLessThan(1.05);
  });

  it('gives tenants equal parts, however many connections each has', () => {
    const { parts, all } = run({
      many: { connections: 200, bytes: 2_000 },
      few: { connections: 2, bytes: 2_000 },
    });
    expect(Math.min(...parts)).toBeGreaterThan(0.45);
    expect(all).toBeLessThan(1.05);
  });

  it('is no limit for who wants less than a part, and gives the others the rest', () => {
    const { parts, all, senders } = run({
      many: { connections: 200, bytes: 2_000 },
      few: { connections: 3, bytes: 2_000 },
      modest: { connections: 2, bytes: 1_000, everyMs: 20 },
      late: { connections: 1, bytes: 500, everyMs: 10, fromMs: 10_000 },
    });
    expect(parts[2]).toBeGreaterThan(0.099);
    expect([senders[2]!.longestMs, senders[3]!.longestMs]).toEqual([0, 0]);
    expect(Math.min(parts[0]!, parts[1]!)).toBeGreaterThan(0.4);
    expect(all).toBeLessThan(1.05);
  });

  it('holds for messages that take longer than it is looked who takes how much', () => {
    const { parts, all } = run({
      large: { connections: 2, bytes: 300_000 },
      small: { connections: 20, bytes: 1_000 },
    });
    expect(Math.min(...parts)).toBeGreaterThan(0.4);
    expect(all).toBeLessThan(1.06);
  });
});
