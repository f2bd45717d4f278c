import { describe, expect, it } from '@jest/globals';
import type { Principal } from '#libs/auth';
import type { FetchRequestFetchPartition } from '#libs/kafka-codec';
import type { FetchPartition } from './fetch-session.js';
import { nextEpoch } from './fetch-session.js';
import { FetchSessionCache } from './fetch-session-cache.js';

const user = (name: string, tenant = 'acme') =>
  ({ user: name, tenant: { name: tenant }, anonymous: false }) as Principal;
const ann = user('ann');
const evictionMs = 1_000;

function cacheOf(fetchSessionsMax: number, fetchSessionPartitionsMax = 1_000) {
  const clock = { ms: 0 };
  const limits = { fetchSessionsMax, fetchSessionPartitionsMax, fetchSessionEvictionMs: evictionMs };
  const cache = new FetchSessionCache(limits, () => clock.ms);
  const create = (size: number) => cache.create(ann, false, partitions(size));
  return { cache, clock, create };
}

function partitions(count: number): FetchPartition[] {
  return Array.from({ length: count }, (_, partition) => ({ topic: 't', partition }) as FetchPartition);
}

describe('FetchSessionCache', () => {
  it('gives a session to its owner only', () => {
    const { cache, create } = cacheOf(5);
    const { id } = create(1)!;
    expect(cache.get(id, ann)?.id).toBe(id);
    expect([cache.get(id, user('bob')), cache.get(id, user('ann', 'beta'))]).toEqual([undefined, undefined]);
    expect(cache.get(id, { ...ann, anonymous: true })).toBeUndefined();
  });

  it('has no more than it may: the longest unused gives way when nobody used it for the time', () => {
    const { cache, clock, create } = cacheOf(2);
    const [first, second] = [create(1)!, create(1)!];
    clock.ms = evictionMs;
    expect(create(9)).toBeUndefined();
    cache.use(first, () => {});
    clock.ms = evictionMs + 1;
    expect(create(1)).toBeDefined();
    expect([cache.get(second.id, ann), cache.get(first.id, ann)]).toEqual([undefined, first]);
    expect([cache.size, cache.evictions]).toEqual([2, 1]);
  });

  it('else the smallest that is old enough gives way, to a larger one only', () => {
    const { cache, clock, create } = cacheOf(3);
    const old = [create(5)!, create(3)!];
    clock.ms = evictionMs;
    const young = create(1)!;
    clock.ms = evictionMs + 1;
    for (const session of [...old, young]) cache.use(session, () => {});
    expect(create(3)).toBeUndefined();
    expect(create(4)).toBeDefined();
    expect([old[0], old[1], young].map((session) => cache.get(session!.id, ann) !== undefined)).toEqual([
      true,
      false,
      true,
    ]);
  });

  it('counts partitions, and gives no session that would make them too many', () => {
    const { cache, create } = cacheOf(10, 5);
    const first = create(4)!;
    expect([create(2), create(0), cache.partitions]).toEqual([undefined, undefined, 4]);
    cache.use(first, () => first.forget({ topic: 't', topicId: Buffer.alloc(16) }, 0));
    expect([cache.partitions, create(2) !== undefined]).toEqual([3, true]);
    cache.remove(first);
    cache.remove(first);
    expect([cache.partitions, cache.size]).toEqual([2, 1]);
  });

  it('gives up unused sessions where their partitions leave no room', () => {
    const { cache, clock, create } = cacheOf(10, 5);
    const [first, second] = [create(3)!, create(2)!];
    clock.ms = evictionMs + 1;
    cache.use(second, () => {});
    expect(create(4)).toBeUndefined();
    expect(create(2)).toBeDefined();
    expect([cache.get(first.id, ann), cache.get(second.id, ann), cache.partitions]).toEqual([
      undefined,
      second,
      4,
    ]);
  });

  it('ends a session that grows beyond what there is room for', () => {
    const { cache, create } = cacheOf(10, 5);
    const session = create(4)!;
    const grow = (partition: number) =>
      cache.use(session, () =>
        session.update({ topic: 'more', topicId: Buffer.alloc(16) }, {
          partition,
          fetchOffset: 0n,
        } as FetchRequestFetchPartition),
      );
    expect([grow(0), cache.partitions]).toEqual([true, 5]);
    expect([grow(1), cache.partitions, cache.get(session.id, ann)]).toEqual([false, 0, undefined]);
  });

  it('removes a session whose partitions were all taken out', () => {
    const { cache, create } = cacheOf(10);
    const session = create(1)!;
    cache.use(session, () => session.forget({ topic: 't', topicId: Buffer.alloc(16) }, 0));
    expect([cache.size, cache.partitions]).toEqual([0, 0]);
  });
});

describe('epochs of fetch sessions', () => {
  it('count up, go round and stay final', () => {
    expect([nextEpoch(0), nextEpoch(7), nextEpoch(0x7fffffff), nextEpoch(-1)]).toEqual([1, 8, 1, -1]);
  });
});
