import { describe, expect, it } from '@jest/globals';
import type { GatewayLimits, Tenant, TenantLimits } from '#libs/tenancy';
import { RateLimits } from './rate-limits.js';
import { throttleMsMaxDefault } from './tenant-quotas.js';

const kafka = { autoCreateTopics: true, partitionsDefault: 1, messageBytesMax: 1_048_576 };
const tenantOf = (name: string, limits: TenantLimits): Tenant => ({
  ...{ name, pulsarNamespace: `a/${name}`, limits, kafka },
});
const rate = (perSecond: number, burst = perSecond) => ({ perSecond, burst });

/** Tenants by their limits, and a clock that stands still. */
function bed(tenants: Readonly<Record<string, TenantLimits>>, gateway: GatewayLimits = {}) {
  const clock = { ms: 0 };
  const all = Object.entries(tenants).map(([name, limits]) => tenantOf(name, limits));
  const limits = new RateLimits(all, { gateway, now: () => clock.ms });
  const open = (name: string, user = 'u', clientId = 'c') =>
    limits.open({ tenant: { name }, user, clientId });
  const counted = () =>
    [...limits.counts()].map(
      ({ tenant, quota, slowed, refused, dryRun }) => `${tenant} ${quota} ${slowed}/${refused}/${dryRun}`,
    );
  return { clock, limits, open, counted };
}

describe('RateLimits', () => {
  it('slows nobody without limits', () => {
    const { open, counted } = bed({ acme: {} });
    const handle = open('acme');
    expect([handle.limitsIn, handle.limitsOut]).toEqual([false, false]);
    expect([handle.admitIn(1e12, 1e12), handle.admitOut(1e12, 1), handle.admitRequest()]).toEqual([0, 0, 0]);
    expect(handle.bytesOutPerSecond).toBe(Number.POSITIVE_INFINITY);
    expect(handle.connect()).toBeUndefined();
    expect(counted()).toEqual([]);
  });

  it('asks for the longest wait of all that are used, each way by itself', () => {
    const { open, clock } = bed({
      acme: { bytesIn: rate(1_000), messagesIn: rate(10), bytesOut: rate(100) },
    });
    const handle = open('acme');
    expect(handle.admitIn(1_000, 1)).toBe(0);
    expect(handle.admitIn(100, 1)).toBe(100);
    expect(handle.admitIn(0, 18)).toBe(1_000);
    expect([handle.owedInMs(), handle.owedOutMs(), handle.owedMs()]).toEqual([1_000, 0, 1_000]);
    expect(handle.admitOut(150, 1)).toBe(500);
    clock.ms = 1_000;
    expect([handle.owedInMs(), handle.owedOutMs()]).toEqual([0, 0]);
  });

  it('is never slower than the longest wait, and forgives what is beyond it', () => {
    const { open, clock } = bed({
      acme: { bytesIn: rate(1_000) },
      fast: { bytesIn: rate(1), throttleMsMax: 50 },
    });
    const handle = open('acme');
    expect(handle.admitIn(1e9, 1)).toBe(throttleMsMaxDefault);
    clock.ms = throttleMsMaxDefault + 1_000;
    expect(handle.admitIn(1_000, 1)).toBe(0);
    expect(open('fast').admitIn(1e9, 1)).toBe(50);
  });

  it('withholds while too much is owed by all, and for no longer than one must wait', () => {
    const { open, clock } = bed({ acme: { bytesOut: rate(1_000), throttleMsMax: 1_000 } });
    const [others, one] = [open('acme'), open('acme')];
    const withheldAt: number[] = [];
    for (; clock.ms < 1_400; clock.ms += 100) {
      others.admitOut(1e6, 1);
      if (one.withholdsOut()) withheldAt.push(clock.ms);
    }
    expect(withheldAt).toEqual([0, 100, 200, 300, 400, 600, 700, 800, 900, 1_000, 1_200, 1_300]);
    clock.ms += 600;
    expect(one.withholdsOut()).toBe(false);
  });

  it('holds a tenant of many connections to its rate', () => {
    const { open, clock } = bed({ acme: { bytesIn: rate(1_000_000) } });
    const handles = Array.from({ length: 20 }, (_, at) => open('acme', `u${at}`));
    const readyAtMs = handles.map(() => 0);
    let bytes = 0;
    for (; clock.ms < 60_000; clock.ms++) {
      for (const [at, handle] of handles.entries()) {
        if (readyAtMs[at]! > clock.ms) continue;
        bytes += 100_000;
        readyAtMs[at] = clock.ms + Math.max(1, handle.admitIn(100_000, 100));
      }
    }
    expect(bytes / 60).toBeGreaterThan(990_000);
    expect(bytes / 60).toBeLessThan(1_080_000);
  });

  it('does not let one tenant slow another, but all share what the gateway may', () => {
    const { open } = bed({ a: { bytesIn: rate(10) }, b: {} }, { bytesIn: rate(1_000) });
    expect(open('a').admitIn(110, 1)).toBe(throttleMsMaxDefault);
    expect(open('b').admitIn(890, 1)).toBe(0);
    expect(open('b').admitIn(100, 1)).toBe(100);
  });

  it('knows no tenant that is not in the directory', () => {
    const { open } = bed({ acme: {} });
    expect(() => open('other')).toThrow(RangeError);
  });

  it('only counts in a dry run', () => {
    const { open, counted, limits } = bed({
      acme: { bytesIn: rate(10), connections: 1, sessions: 1, topicCreations: rate(1), dryRun: true },
    });
    const handle = open('acme');
    expect(handle.admitIn(1_000, 1)).toBe(0);
    expect([handle.owedInMs(), handle.bytesInPerSecond]).toEqual([0, Number.POSITIVE_INFINITY]);
    expect([handle.connect(), open('acme').connect()]).toEqual([undefined, undefined]);
    expect(limits.of({ name: 'acme' }).admits('sessions', 5)).toBe(true);
    expect([5, 5].map((n) => limits.of({ name: 'acme' }).admitCreations(n))).toEqual([0, 0]);
    expect(counted().sort()).toEqual([
      'acme bytesIn 0/0/1',
      'acme connections 0/0/1',
      'acme sessions 0/0/1',
      'acme topicCreations 0/0/2',
    ]);
    expect([...limits.owed()]).toEqual([]);
  });
});

describe('limits of users and client ids', () => {
  it('are each one’s own, and shared by all its connections', () => {
    const { open } = bed({ acme: { clients: [{ user: '*', bytesIn: rate(100) }] } });
    expect(open('acme', 'ann', 'one').admitIn(100, 1)).toBe(0);
    expect(open('acme', 'ann', 'two').admitIn(100, 1)).toBe(1_000);
    expect(open('acme', 'bob').admitIn(100, 1)).toBe(0);
  });

  it('are remembered by the beginning of a long name alone', () => {
    const { open, limits } = bed({ acme: { clients: [{ clientId: '*', requests: rate(1) }] } });
    for (let at = 0; at < 3; at++) open('acme', 'u', `${'x'.repeat(30_000)}${at}`).admitRequest();
    expect([...limits.owed()].map(({ clientId }) => clientId.length)).toEqual([200]);
  });

  it('are chosen by what is most specific, each kind by itself, and the tenant’s hold beside', () => {
    const clients = [
      { clientId: '*', bytesIn: rate(1) },
      { clientId: 'c', bytesIn: rate(2) },
      { user: '*', bytesIn: rate(3), bytesOut: rate(33) },
      { user: '*', clientId: '*', bytesIn: rate(4) },
      { user: '*', clientId: 'c', bytesIn: rate(5) },
      { user: 'ann', bytesIn: rate(6) },
      { user: 'ann', clientId: '*', bytesIn: rate(7) },
      { user: 'ann', clientId: 'c', bytesIn: rate(8) },
    ];
    for (let left = clients.length; left > 0; left--) {
      const { open } = bed({ acme: { clients: clients.slice(0, left) } });
      expect(open('acme', 'ann', 'c').bytesInPerSecond).toBe(left);
    }
    const { open } = bed({ acme: { clients, bytesIn: rate(0.5) } });
    expect(open('acme', 'ann', 'c').bytesInPerSecond).toBe(0.5);
    expect(open('acme', 'ann', 'c').bytesOutPerSecond).toBe(33);
    expect(open('acme', 'bob', 'd').bytesOutPerSecond).toBe(33);
  });

  it('follow the client id that a client says later', () => {
    const { open } = bed({ acme: { clients: [{ clientId: 'slow', bytesIn: rate(10) }] } });
    const handle = open('acme', 'ann', '');
    expect(handle.limitsIn).toBe(false);
    handle.identify('slow');
    expect(handle.admitIn(20, 1)).toBe(1_000);
    handle.identify('other');
    expect(handle.limitsIn).toBe(false);
  });

  it('are remembered until they are paid back, and not for ever', () => {
    const { open, clock, limits } = bed({ acme: { clients: [{ user: '*', bytesIn: rate(10) }] } });
    const { clients } = limits.of({ name: 'acme' });
    const first = open('acme', 'ann');
    expect(first.admitIn(110, 1)).toBe(throttleMsMaxDefault);
    first.close();
    first.close();
    const second = open('acme', 'ann');
    expect(second.owedInMs()).toBe(throttleMsMaxDefault);
    second.close();
    expect(clients.size).toBe(1);
    clock.ms = 12_000;
    const other = open('acme', 'bob');
    expect(other.limitsIn).toBe(true);
    other.close();
    expect(clients.size).toBe(0);
  });

  it('are bounded, however many names there are', () => {
    const { open, limits } = bed({ acme: { clients: [{ clientId: '*', bytesIn: rate(10) }] } });
    for (let client = 0; client < 30_000; client++) {
      const handle = open('acme', 'ann', `client-${client}`);
      handle.admitIn(1_000, 1);
      handle.close();
    }
    expect(limits.of({ name: 'acme' }).clients.size).toBeLessThanOrEqual(10_001);
  });

  it('are shown while they slow somebody', () => {
    const { open, clock, limits } = bed({ acme: { clients: [{ user: 'ann', bytesIn: rate(10) }] } });
    open('acme', 'ann').admitIn(20, 1);
    expect([...limits.owed()]).toEqual([
      { tenant: 'acme', user: 'ann', clientId: '', quota: 'bytesIn', owedMs: 1_000 },
    ]);
    clock.ms = 1_000;
    expect([...limits.owed()]).toEqual([]);
  });

  it('that clients set stand behind the configuration’s', () => {
    const { open, limits } = bed({ acme: { clients: [{ user: 'ann', bytesIn: rate(10) }] } });
    const [ann, bob] = [open('acme', 'ann'), open('acme', 'bob')];
    limits.of({ name: 'acme' }).setStored([
      { user: 'ann', bytesIn: rate(99), bytesOut: rate(5) },
      { user: 'bob', bytesIn: rate(7) },
    ]);
    expect([ann.bytesInPerSecond, ann.bytesOutPerSecond, bob.bytesInPerSecond]).toEqual([10, 5, 7]);
  });
});

describe('connections', () => {
  it('are counted for tenant and client, and given back once', () => {
    const { open, counted } = bed({ acme: { connections: 3, clients: [{ user: '*', connections: 2 }] } });
    const [one, two, three] = [open('acme', 'ann'), open('acme', 'ann'), open('acme', 'ann')];
    expect([one.connect(), two.connect(), three.connect()]).toEqual([undefined, undefined, 'connections']);
    three.close();
    const [four, five] = [open('acme', 'bob'), open('acme', 'bob')];
    expect([four.connect(), five.connect()]).toEqual([undefined, 'connections']);
    one.close();
    one.close();
    expect(open('acme', 'bob').connect()).toBeUndefined();
    expect(open('acme', 'cid').connect()).toBe('connections');
    expect(counted()).toEqual(['acme connections 0/3/0']);
  });

  it('may be no faster than their rate', () => {
    const { open, clock } = bed({ acme: { connectionRate: rate(2) } });
    expect([1, 2, 3].map(() => open('acme').connect())).toEqual([undefined, undefined, 'connectionRate']);
    clock.ms = 500;
    expect([1, 2].map(() => open('acme').connect())).toEqual([undefined, 'connectionRate']);
  });

  it('are asked of the most specific setting alone, each kind by itself, and of one that is gone no more', () => {
    const clients = [
      { user: 'ann', connectionRate: rate(1) },
      { user: 'ann', clientId: 'c', connectionRate: rate(3), connections: 3 },
      { user: 'ann', connections: 1 },
    ];
    const { limits, open, clock } = bed({ acme: { clients } });
    const all = [1, 2, 3].map(() => open('acme', 'ann'));
    expect(all.map((each) => each.connect())).toEqual([undefined, undefined, undefined]);
    expect(open('acme', 'ann', 'other').connect()).toBeUndefined();
    limits.replace([tenantOf('acme', { clients: [{ user: 'ann', clientId: 'c', connections: 9 }] })], {});
    expect(open('acme', 'ann').connect()).toBeUndefined();
    limits.replace([tenantOf('acme', { clients: [{ user: 'ann', connectionRate: rate(9) }] })], {});
    clock.ms = 1_000;
    expect(open('acme', 'ann', 'third').connect()).toBeUndefined();
  });

  it('without a client id are not counted together as those of one', () => {
    const { open } = bed({ acme: { clients: [{ clientId: '*', connections: 1, connectionRate: rate(1) }] } });
    expect(['ann', 'bob'].map((user) => open('acme', user, '').connect())).toEqual([undefined, undefined]);
    expect([1, 2].map(() => open('acme', 'ann', 'c').connect())).toEqual([undefined, 'connections']);
  });

  it('are limited by address before anybody says who it is', () => {
    const { limits, clock } = bed(
      { acme: {} },
      { connections: 3, addresses: { connections: 2, connectionRate: rate(3) } },
    );
    const { arrivals } = limits;
    expect(['a', 'a', 'a'].map((network) => arrivals.admit(network))).toEqual([
      undefined,
      undefined,
      'address',
    ]);
    expect(['b', 'c'].map((network) => arrivals.admit(network))).toEqual([undefined, 'gateway']);
    arrivals.left('a');
    arrivals.left('b');
    expect(arrivals.admit('a')).toBeUndefined();
    arrivals.left('a');
    // Three came from there in this second.
    expect(arrivals.admit('a')).toBe('address');
    clock.ms = 1_000;
    expect(arrivals.admit('a')).toBeUndefined();
  });
});

describe('counts', () => {
  it('refuse what is over them, and count it', () => {
    const { limits, counted } = bed({ acme: { queues: 2 } });
    const quotas = limits.of({ name: 'acme' });
    expect([quotas.admits('queues', 1), quotas.admits('queues', 2), quotas.admits('queues', 0, 3)]).toEqual([
      true,
      false,
      false,
    ]);
    expect(quotas.admits('groups', 1e9)).toBe(true);
    expect(counted()).toEqual(['acme queues 0/2/0']);
  });

  it('let creations go over their rate once, and then wait (KIP-599)', () => {
    const { limits, clock } = bed({ acme: { topicCreations: rate(1, 2) } });
    const quotas = limits.of({ name: 'acme' });
    expect([quotas.admitCreations(5), quotas.admitCreations(1)]).toEqual([0, 3_000]);
    clock.ms = 3_000;
    expect(quotas.admitCreations(1)).toBe(0);
  });

  it('let nobody create many at once in place of waiting for long', () => {
    const { limits, clock } = bed({ acme: { topicCreations: rate(1), throttleMsMax: 1_000 } });
    const quotas = limits.of({ name: 'acme' });
    expect(quotas.admitCreations(1_001)).toBe(0);
    clock.ms = 999_999;
    expect(quotas.admitCreations(1)).toBe(1);
  });

  it('let no more topics be made at once than there is room for, nor when others have made some', async () => {
    const { limits, clock } = bed({ acme: { topics: 10 } });
    const { creations } = limits.of({ name: 'acme' });
    let there = 4;
    const make = async (topics: number) => {
      const each = Array.from({ length: topics }, () =>
        creations.refusal(1, 1, () => Promise.resolve(there)),
      );
      const made = (await Promise.all(each)).filter((refusal) => refusal === undefined).length;
      there += made;
      return made;
    };
    expect(await make(4)).toBe(4);
    clock.ms = 6_000;
    expect(await make(6)).toBe(2);
    there = 9;
    clock.ms = 12_000;
    expect(await make(3)).toBe(1);
    there = 0;
    clock.ms = 18_000;
    expect(await make(5)).toBe(5);
    there = 10;
    clock.ms = 24_000;
    expect(await make(1)).toBe(0);
  });
});

describe('replacing limits', () => {
  it('acts on open connections, and what was used stays used', () => {
    const { limits, open, clock } = bed({ acme: { bytesIn: rate(100) }, other: {} });
    const handle = open('acme');
    expect(handle.admitIn(300, 1)).toBe(2_000);
    const replaced = [tenantOf('acme', { bytesIn: rate(1_000), bytesOut: rate(10) }), tenantOf('other', {})];
    limits.replace(replaced, { messagesIn: rate(1) });
    expect(handle.owedInMs()).toBe(200);
    expect([handle.limitsOut, handle.messagesInPerSecond]).toEqual([true, 1]);
    clock.ms = 200;
    limits.replace([tenantOf('acme', {}), tenantOf('new', { bytesIn: rate(1) })], {});
    expect([handle.limitsIn, handle.limitsOut]).toEqual([false, false]);
    expect(open('new').limitsIn).toBe(true);
    expect(() => open('other')).toThrow(RangeError);
    handle.close();
  });

  it('keeps counting connections that were opened before', () => {
    const { limits, open } = bed({ acme: { connections: 2 } });
    const [one, two] = [open('acme'), open('acme')];
    one.connect();
    two.connect();
    limits.replace([tenantOf('acme', { connections: 1 })], {});
    expect(open('acme').connect()).toBe('connections');
    one.close();
    expect(open('acme').connect()).toBe('connections');
    two.close();
    expect(open('acme').connect()).toBeUndefined();
  });
});
