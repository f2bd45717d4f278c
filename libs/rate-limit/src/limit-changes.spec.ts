import { describe, expect, it } from '@jest/globals';
import type { Tenant, TenantLimits } from '#libs/tenancy';
import { RateLimits } from './rate-limits.js';

const kafka = { autoCreateTopics: true, partitionsDefault: 1, messageBytesMax: 1_048_576 };
const tenantOf = (name: string, limits: TenantLimits): Tenant => ({
  ...{ name, pulsarNamespace: `a/${name}`, limits, kafka },
});
const rate = (perSecond: number) => ({ perSecond, burst: perSecond });
const client = { user: 'u', clientId: 'c' };

describe('limits that change', () => {
  it('pay back by what they were until then', () => {
    const clock = { ms: 0 };
    const acme = (perSecond: number) => [tenantOf('acme', { bytesIn: rate(perSecond) })];
    const limits = new RateLimits(acme(1_000), { now: () => clock.ms });
    const handle = limits.open({ ...client, tenant: { name: 'acme' } });
    handle.admitIn(6_000, 1);
    clock.ms = 4_000;
    limits.replace(acme(100), {});
    expect(handle.owedInMs()).toBe(10_000);
    clock.ms = 5_000;
    limits.replace(acme(1_000), {});
    expect(handle.owedInMs()).toBe(900);
  });

  it('are told to who watches when they act on it, whosever they are', () => {
    const slow = { bytesIn: rate(1) };
    const all = (acme: TenantLimits) => [tenantOf('acme', acme), tenantOf('other', {})];
    const gateway = { bytesIn: rate(1_000) };
    const limits = new RateLimits(all(slow), { gateway, now: () => 0 });
    const handle = limits.open({ ...client, tenant: { name: 'acme' } });
    handle.admitIn(5, 1);
    const owed: number[] = [];
    const unwatch = handle.watch(() => owed.push(handle.owedInMs()));
    const stored = [{ user: 'u', bytesIn: rate(2) }];
    limits.useStored((tenant) => (tenant === 'acme' ? stored : []));
    limits.storedChanged('other');
    limits.replace(all({ bytesIn: rate(4) }), gateway);
    limits.replace(all({}), {});
    expect(owed).toEqual([4_000, 1_000, 0]);
    unwatch();
    limits.replace(all(slow), {});
    expect(owed).toHaveLength(3);
  });
});
