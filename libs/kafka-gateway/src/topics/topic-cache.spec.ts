import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import type { Tenant } from '#libs/tenancy';
import type { KafkaTopic } from './kafka-topic.js';
import { TopicCache } from './topic-cache.js';

const tenant = (name: string) => ({ name }) as Tenant;
const topic = (name: string, id: string) => ({ name, id: Buffer.alloc(16, id) }) as KafkaTopic;
const [acme, umbrella] = [tenant('acme'), tenant('umbrella')];
const id = (text: string) => Buffer.alloc(16, text);

function bed(topicsMax = 10) {
  const clock = { ms: 0 };
  return { clock, cache: new TopicCache(topicsMax, 1_000, () => clock.ms) };
}

describe('what is known of topics by id', () => {
  it("is the tenant's own, also when it was asked for just before", () => {
    const { cache } = bed();
    cache.set(acme, topic('orders', 'a'));
    expect(cache.getById(acme, id('a'))?.name).toBe('orders');
    expect(cache.getById(umbrella, id('a'))).toBeUndefined();
    cache.set(umbrella, topic('theirs', 'a'));
    expect([cache.getById(acme, id('a'))?.name, cache.getById(umbrella, id('a'))?.name]).toEqual([
      'orders',
      'theirs',
    ]);
    expect(cache.getById(acme, id('b'))).toBeUndefined();
  });

  it('is what was said last, and nothing once it was taken away or is too old', () => {
    const { cache, clock } = bed();
    cache.set(acme, topic('orders', 'a'));
    expect(cache.getById(acme, id('a'))?.name).toBe('orders');
    cache.set(acme, topic('renamed', 'a'));
    expect(cache.getById(acme, id('a'))?.name).toBe('renamed');
    cache.set(acme, topic('renamed', 'b'));
    expect([cache.getById(acme, id('a')), cache.getById(acme, id('b'))?.name]).toEqual([
      undefined,
      'renamed',
    ]);
    clock.ms = 1_000;
    expect(cache.getById(acme, id('b'))).toBeUndefined();
    cache.set(acme, topic('renamed', 'b'));
    expect(cache.getById(acme, id('b'))?.name).toBe('renamed');
    cache.delete(acme, 'renamed');
    expect(cache.getById(acme, id('b'))).toBeUndefined();
  });

  it('goes when there are too many, the longest unused first', () => {
    const { cache } = bed(2);
    cache.set(acme, topic('a', 'a'));
    cache.set(acme, topic('b', 'b'));
    expect(cache.getById(acme, id('a'))?.name).toBe('a');
    cache.set(acme, topic('c', 'c'));
    expect(['a', 'b', 'c'].map((each) => cache.getById(acme, id(each))?.name)).toEqual(['a', undefined, 'c']);
  });
});
