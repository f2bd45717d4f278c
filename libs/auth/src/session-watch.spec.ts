import { describe, expect, it, jest } from '@jest/globals';
import type { Tenant } from '#libs/tenancy';
import type { Principal } from './principal.js';
import { SessionWatch, type WatchedSession } from './session-watch.js';

const principal = (tenant: string, user: string) => ({ tenant: { name: tenant }, user }) as Principal;

function bed() {
  const clock = { ms: 0 };
  let revoke: (who: Principal) => void = () => {};
  let remove: (tenant: Tenant) => void = () => {};
  const gone = new Set<Tenant>();
  const watch = new SessionWatch(
    {
      onRevoked: (listener) => {
        revoke = listener;
        return () => {
          revoke = () => {};
        };
      },
      onTenantRemoved: (listener) => {
        remove = listener;
        return () => {
          remove = () => {};
        };
      },
      serves: (tenant) => !gone.has(tenant),
    },
    () => clock.ms,
  );
  const session = (
    who: Principal,
    endsAtMs = Number.POSITIVE_INFINITY,
    again: () => boolean = () => false,
  ) => {
    const events: string[] = [];
    const self: WatchedSession & { events: string[] } = {
      events,
      revoked: (end) => {
        events.push(end === 'user' ? 'revoked' : `revoked with its ${end}`);
        watch.forget(self);
      },
      sessionEnded: () => {
        const stays = again();
        events.push(stays ? 'busy' : 'ended');
        if (!stays) watch.forget(self);
        return stays;
      },
    };
    watch.watch(self, who, endsAtMs);
    return self;
  };
  const removeTenant = (tenant: Tenant) => {
    gone.add(tenant);
    remove(tenant);
  };
  const lookAt = (ms: number) => {
    clock.ms = ms;
    watch.look();
  };
  return { watch, session, lookAt, revoke: (who: Principal) => revoke(who), remove: removeTenant, clock };
}

describe('SessionWatch', () => {
  it('ends the connections of a user that is revoked, whatever the source, and no others', () => {
    const { session, revoke, watch } = bed();
    const [one, two] = [session(principal('acme', 'ann')), session(principal('acme', 'ann'), 9_000)];
    const others = [session(principal('acme', 'bob')), session(principal('beta', 'ann'))];
    revoke(principal('acme', 'ann'));
    expect([one.events, two.events]).toEqual([['revoked'], ['revoked']]);
    expect(others.map(({ events }) => events)).toEqual([[], []]);
    expect(watch.size).toBe(2);
    revoke(principal('acme', 'nobody'));
    expect(watch.size).toBe(2);
  });

  it('ends the connections of a token that is revoked, and no others of its user', () => {
    const { session, revoke } = bed();
    const token = { ...principal('acme', 'ann'), source: 'token' } as const;
    const [one, two] = [session(token), session(token, 9_000)];
    const others = [session({ ...token }), session(principal('acme', 'ann'))];
    revoke(token);
    expect([one.events, two.events]).toEqual([['revoked'], ['revoked']]);
    expect(others.map(({ events }) => events)).toEqual([[], []]);
  });

  it('ends all connections of a tenant that is removed, and those that were coming in meanwhile', async () => {
    const { session, remove, revoke, watch } = bed();
    const acme = { name: 'acme' } as Tenant;
    const of = (user: string) => ({ tenant: acme, user }) as Principal;
    const [one, two] = [session(of('ann')), session(of('bob'), 9_000)];
    const other = session(principal('beta', 'ann'));
    const revoked = principal('beta', 'eve');
    remove(acme);
    revoke(revoked);
    expect([one.events, two.events]).toEqual([['revoked with its tenant'], ['revoked with its tenant']]);
    expect(watch.size).toBe(1);
    const late = [session(of('ann')), session(revoked), session(principal('beta', 'eve'))];
    await new Promise((resolve) => setImmediate(resolve));
    expect(late.map(({ events }) => events)).toEqual([['revoked with its tenant'], ['revoked'], []]);
    expect(other.events).toEqual([]);
  });

  it('ends sessions within a second after their time, and asks again those that are busy', () => {
    const { session, lookAt, watch } = bed();
    let busy = true;
    const soon = session(principal('acme', 'ann'), 1_500);
    const late = session(principal('acme', 'ann'), 60_000);
    const working = session(principal('acme', 'bob'), 1_500, () => busy);
    lookAt(1_499);
    expect(soon.events).toEqual([]);
    lookAt(2_000);
    expect(soon.events).toEqual(['ended']);
    expect(working.events).toEqual(['busy']);
    lookAt(3_000);
    busy = false;
    lookAt(4_000);
    expect(working.events).toEqual(['busy', 'busy', 'ended']);
    expect(late.events).toEqual([]);
    expect(watch.size).toBe(1);
  });

  it('knows nothing of the former end of a session that was renewed', () => {
    const { session, watch, lookAt } = bed();
    const renewed = session(principal('acme', 'ann'), 1_000);
    watch.watch(renewed, principal('acme', 'ann'), 10_000);
    lookAt(5_000);
    expect(renewed.events).toEqual([]);
    lookAt(11_000);
    expect(renewed.events).toEqual(['ended']);
  });

  it('ends all connections of a user who is revoked, also where one of them fails to', () => {
    const { watch, session, revoke } = bed();
    const broken: WatchedSession = {
      revoked() {
        throw new Error('no');
      },
      sessionEnded: () => false,
    };
    watch.watch(broken, principal('acme', 'ann'), Number.POSITIVE_INFINITY);
    const other = session(principal('acme', 'ann'));
    expect(() => revoke(principal('acme', 'ann'))).toThrow('could not be ended');
    expect(other.events).toEqual(['revoked']);
  });

  it('may lose another connection while one ends', () => {
    const { watch, lookAt, session } = bed();
    const second = session(principal('acme', 'bob'), 1_000);
    const first: WatchedSession = {
      revoked() {},
      sessionEnded() {
        watch.forget(first);
        watch.forget(second);
        return false;
      },
    };
    watch.forget(second);
    watch.watch(first, principal('acme', 'ann'), 1_000);
    watch.watch(second, principal('acme', 'bob'), 1_000);
    lookAt(2_000);
    expect(second.events).toEqual([]);
    expect(watch.size).toBe(0);
  });

  it('has one timer, and none while no session has an end', () => {
    jest.useFakeTimers();
    try {
      const { watch, session, clock } = bed();
      session(principal('acme', 'ann'));
      expect(jest.getTimerCount()).toBe(0);
      const ends = Array.from({ length: 50 }, (_, index) => session(principal('acme', 'bob'), 1_000 + index));
      expect(jest.getTimerCount()).toBe(1);
      clock.ms = 3_000;
      jest.advanceTimersByTime(1_000);
      expect(ends.every(({ events }) => events.length === 1)).toBe(true);
      expect(jest.getTimerCount()).toBe(0);
      session(principal('acme', 'cid'), 9_000);
      watch.close();
      expect(jest.getTimerCount()).toBe(0);
    } finally {
      jest.useRealTimers();
    }
  });
});
