import { describe, expect, it } from '@jest/globals';
import { type Tenant, TenantDirectory } from '#libs/tenancy';
import { RateLimits } from './rate-limits.js';
import { TenantLimiter, throttleMsMaxDefault } from './tenant-limiter.js';

const kafka = { autoCreateTopics: true, partitionsDefault: 1, messageBytesMax: 1_048_576 };

describe('TenantLimiter', () => {
  it('never throttles without limits', () => {
    const limiter = new TenantLimiter({});
    expect(limiter.limited).toBe(false);
    expect(limiter.admitProduce(1e12, 1e12)).toBe(0);
  });

  it('asks for the longer wait of bytes and messages', () => {
    const nowMs = 0;
    const limits = { produceBytesPerSecond: 1_000, produceMessagesPerSecond: 10, produceBurstSeconds: 1 };
    const limiter = new TenantLimiter(limits, () => nowMs);
    expect(limiter.limited).toBe(true);
    expect(limiter.admitProduce(1_000, 1)).toBe(0);
    expect(limiter.admitProduce(100, 1)).toBe(100);
    expect(limiter.admitProduce(0, 18)).toBe(1_000);
  });

  it('saves up as many seconds as it may', () => {
    const limiter = new TenantLimiter({ produceBytesPerSecond: 1_000, produceBurstSeconds: 3 }, () => 0);
    expect(limiter.admitProduce(3_000, 1)).toBe(0);
    expect(limiter.admitProduce(1, 1)).toBe(1);
  });

  it('is never slower than the longest wait, and forgives what is beyond it', () => {
    let nowMs = 0;
    const limiter = new TenantLimiter({ produceBytesPerSecond: 1_000 }, () => nowMs);
    expect(limiter.admitProduce(1e9, 1)).toBe(throttleMsMaxDefault);
    nowMs = throttleMsMaxDefault + 1_000;
    expect(limiter.admitProduce(1_000, 1)).toBe(0);
    const short = new TenantLimiter({ produceBytesPerSecond: 1_000, throttleMsMax: 50 }, () => nowMs);
    expect(short.admitProduce(1e9, 1)).toBe(50);
  });

  it('holds a tenant of many connections to its rate', () => {
    let nowMs = 0;
    const limiter = new TenantLimiter({ produceBytesPerSecond: 1_000_000 }, () => nowMs);
    const readyAtMs = new Array<number>(20).fill(0);
    let bytes = 0;
    for (; nowMs < 60_000; nowMs++) {
      for (const [connection, atMs] of readyAtMs.entries()) {
        if (atMs > nowMs) continue;
        bytes += 100_000;
        readyAtMs[connection] = nowMs + Math.max(1, limiter.admitProduce(100_000, 100));
      }
    }
    expect(bytes / 60).toBeGreaterThan(990_000);
    expect(bytes / 60).toBeLessThan(1_080_000);
  });
});

describe('RateLimits', () => {
  const tenants: Tenant[] = [
    { name: 'slow', pulsarNamespace: 'a/slow', limits: { produceMessagesPerSecond: 1 }, kafka },
    { name: 'free', pulsarNamespace: 'a/free', limits: {}, kafka },
  ];

  it('has one limiter per tenant', () => {
    const limits = new RateLimits(new TenantDirectory(tenants), () => 0);
    const slow = limits.forTenant(tenants[0]!);
    expect(slow).toBe(limits.forTenant(tenants[0]!));
    expect(slow.admitProduce(1, 2)).toBe(1_000);
    expect(limits.forTenant(tenants[1]!).admitProduce(1, 2)).toBe(0);
  });

  it('has none for a tenant that it does not know', () => {
    const limits = new RateLimits(new TenantDirectory(tenants));
    expect(() => limits.forTenant({ ...tenants[1]!, name: 'other' })).toThrow(RangeError);
  });
});
