import { Buffer } from 'node:buffer';
import { describe, expect, it, jest } from '@jest/globals';
import type { ClientLimits, Tenant } from '#libs/tenancy';
import { ClientQuotas } from './client-quotas.js';
import {
  decodeQuota,
  encodeQuota,
  parseQuotaKey,
  type QuotaEntity,
  quotaKey,
  type StoredKind,
} from './client-quota-record.js';
import { RateLimits } from './rate-limits.js';

const kafka = { autoCreateTopics: true, partitionsDefault: 1, messageBytesMax: 1_048_576 };
const tenantOf = (name: string, clients: readonly ClientLimits[] = []): Tenant => ({
  ...{ name, pulsarNamespace: `a/${name}`, limits: { clients }, kafka },
});

/** The log of all gateways, which every one of them hears. */
class FakeLog {
  readonly values = new Map<string, Buffer>();
  readonly listeners: ((key: string, value: Buffer | undefined) => void)[] = [];
  ready = true;

  async putAll(changes: ReadonlyMap<string, Buffer | null>): Promise<void> {
    await Promise.resolve();
    for (const [key, value] of changes) {
      if (value === null) this.values.delete(key);
      else this.values.set(key, value);
      for (const listener of this.listeners) listener(key, value ?? undefined);
    }
  }

  onChange(listener: (key: string, value: Buffer | undefined) => void): () => void {
    this.listeners.push(listener);
    return () => {};
  }
}

function gateway(log: FakeLog, tenants: readonly Tenant[], quotasMax?: number) {
  const limits = new RateLimits(tenants, { now: () => 0 });
  const quotas = new ClientQuotas(log, limits, quotasMax);
  const set = (
    entity: QuotaEntity,
    rates: Partial<Record<StoredKind, number | undefined>>,
    tenant = 'acme',
  ) => quotas.alter(tenant, entity, new Map(Object.entries(rates) as [StoredKind, number | undefined][]));
  const rateOf = (user: string, clientId = 'c', name = 'acme') =>
    limits.open({ tenant: { name }, user, clientId }).bytesInPerSecond;
  return { limits, quotas, set, rateOf };
}

describe('ClientQuotas', () => {
  it('act on all gateways, and in one tenant', async () => {
    const log = new FakeLog();
    const [one, two] = [gateway(log, [tenantOf('acme'), tenantOf('b')]), gateway(log, [tenantOf('acme')])];
    await one.set({ user: 'ann' }, { bytesIn: 100 });
    await one.set({ user: '*', clientId: 'c' }, { bytesIn: 7, bytesOut: 8 });
    expect([one.rateOf('ann', 'd'), two.rateOf('ann', 'd'), two.rateOf('bob')]).toEqual([100, 100, 7]);
    expect(one.rateOf('ann', 'd', 'b')).toBe(Number.POSITIVE_INFINITY);
    await two.set({ user: 'ann' }, { bytesOut: 3 });
    expect(one.quotas.list('acme')).toContainEqual({
      ...{ entity: { user: 'ann' }, rates: { bytesIn: 100, bytesOut: 3 }, configured: new Set() },
    });
    await two.set({ user: 'ann' }, { bytesIn: undefined, bytesOut: undefined });
    expect([one.rateOf('ann', 'd'), log.values.size]).toEqual([Number.POSITIVE_INFINITY, 2]);
  });

  it('lose no change that was confirmed: of several at once, on one gateway or on two, each holds', async () => {
    const log = new FakeLog();
    const [one, two] = [gateway(log, [tenantOf('acme')]), gateway(log, [tenantOf('acme')])];
    const ann = { user: 'ann' };
    for (const other of [one, two]) {
      await Promise.all([one.set(ann, { bytesIn: 100 }), other.set(ann, { bytesOut: 3 })]);
      expect(two.quotas.list('acme')).toMatchObject([{ rates: { bytesIn: 100, bytesOut: 3 } }]);
      await Promise.all([one.set(ann, { bytesIn: undefined }), other.set(ann, { bytesOut: 4 })]);
      expect(two.quotas.list('acme')).toMatchObject([{ rates: { bytesOut: 4 } }]);
      await other.set(ann, { bytesIn: undefined, bytesOut: undefined });
      expect([one.quotas.list('acme'), log.values.size]).toEqual([[], 0]);
    }
  });

  it('are taken away where it is not known yet that they were set', async () => {
    const log = new FakeLog();
    const [one, two] = [gateway(log, [tenantOf('acme')]), gateway(log, [tenantOf('acme')])];
    const hearTwo = log.listeners.pop()!;
    await one.set({ user: 'ann' }, { bytesIn: 100 });
    await two.set({ user: 'ann' }, { bytesIn: undefined });
    log.listeners.push(hearTwo);
    expect([one.quotas.list('acme'), log.values.size]).toEqual([[], 0]);
  });

  it('do not change what the configuration sets, and show both', async () => {
    const configured = tenantOf('acme', [{ user: 'ann', bytesIn: { perSecond: 5, burst: 9 } }]);
    const { set, quotas, rateOf } = gateway(new FakeLog(), [configured]);
    await expect(set({ user: 'ann' }, { bytesIn: 100 })).rejects.toMatchObject({ fault: 'configured' });
    await set({ user: 'ann' }, { bytesOut: 100 });
    expect(rateOf('ann')).toBe(5);
    expect(quotas.list('acme')).toEqual([
      { entity: { user: 'ann' }, rates: { bytesIn: 5, bytesOut: 100 }, configured: new Set(['bytesIn']) },
    ]);
  });

  it('are bounded, and unknown while the log is', async () => {
    const log = new FakeLog();
    const { set, quotas } = gateway(log, [tenantOf('acme')], 2);
    const made = ['a', 'b', 'd'].map((user) => set({ user }, { bytesIn: 1 }));
    await expect(made[2]).rejects.toMatchObject({ fault: 'limit' });
    // Of one entity that is new twice at once only one is counted.
    await Promise.all([...made.slice(0, 2), set({ user: 'b' }, { bytesOut: 1 })]);
    await expect(set({ user: 'c' }, { bytesIn: 1 })).rejects.toMatchObject({ fault: 'limit' });
    await set({ user: 'b' }, { bytesIn: 2 });
    log.ready = false;
    await expect(set({ user: 'b' }, { bytesIn: 1 })).rejects.toMatchObject({ fault: 'unavailable' });
    expect(() => quotas.list('acme')).toThrow(/cannot be read now/);
  });

  it('count together where several new ones of one request are only checked', async () => {
    const { set, quotas } = gateway(new FakeLog(), [tenantOf('acme')], 2);
    await set({ user: 'a' }, { bytesIn: 1 });
    const wouldMake = new Set<string>();
    const check = (user: string, perSecond?: number) =>
      quotas.alter('acme', { user }, new Map([['bytesIn', perSecond]]), wouldMake);
    await check('a', 2);
    await check('gone', undefined);
    await check('b', 1);
    await expect(check('c', 1)).rejects.toMatchObject({ fault: 'limit' });
    expect(quotas.list('acme')).toHaveLength(1);
    await set({ user: 'c' }, { bytesIn: 1 });
  });

  it('are altered without a look at all others: a request is of many, and there are many', async () => {
    const { set, quotas } = gateway(new FakeLog(), [tenantOf('acme')]);
    const list = jest.spyOn(quotas, 'list');
    await set({ user: 'ann' }, { bytesIn: 1 });
    expect(list).not.toHaveBeenCalled();
  });

  it('hold for a tenant that comes later, with what was stored before', async () => {
    const log = new FakeLog();
    const { limits, set, rateOf } = gateway(log, [tenantOf('acme')]);
    await set({ user: 'ann' }, { bytesIn: 4 });
    limits.replace([], {});
    limits.replace([tenantOf('acme')], {});
    expect(rateOf('ann')).toBe(4);
  });

  it('are read back as they were written, and nothing else is', () => {
    const quota = { entity: { user: 'ann/b', clientId: 'ä' }, perSecond: 1.5 };
    expect(decodeQuota(encodeQuota(quota))).toEqual(quota);
    for (const text of [
      '',
      'null',
      '{}',
      '{"v":2,"user":"a","perSecond":1}',
      '{"v":1,"perSecond":1}',
      '{"v":1,"user":"","perSecond":1}',
      '{"v":1,"user":3,"perSecond":1}',
      '{"v":1,"user":"a"}',
      '{"v":1,"user":"a","perSecond":-1}',
      '{"v":1,"user":"a","perSecond":1e999}',
      '{"v":1,"user":"a","perSecond":"x"}',
    ]) {
      expect(decodeQuota(Buffer.from(text))).toBeUndefined();
    }
    const key = { tenant: 'acme', kind: 'bytesIn', id: 'x' } as const;
    expect(parseQuotaKey(quotaKey(key))).toEqual(key);
    const others = [
      'rule/acme/bytesIn/x',
      'quota/acme/x',
      'quota/acme/requests/x',
      'quota//bytesIn/x',
      'quota/acme/bytesIn/x/y',
    ];
    expect(others.filter((each) => parseQuotaKey(each) !== undefined)).toEqual([]);
  });
});
