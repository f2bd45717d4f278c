import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { LeaseState, PulsarClient, TopicLease } from '#libs/pulsar';
import { PulsarFixture } from './pulsar-fixture.js';
import { until } from '../../support/until.js';

const leaseGraceMs = 800;

describe('lease on a real broker', () => {
  let fixture: PulsarFixture;
  const leases: TopicLease[] = [];
  beforeAll(async () => {
    fixture = await PulsarFixture.start();
  });
  afterEach(async () => {
    await Promise.all(leases.splice(0).map((lease) => lease.release()));
  });
  afterAll(() => fixture.stop());

  async function join(topic: string, owner: string, graceMs = leaseGraceMs, eager = false) {
    const client = fixture.newClient();
    const states: LeaseState[] = [];
    const records: string[] = [];
    const lease = await client.acquireLease({
      topic,
      tenantKey: 't',
      owner,
      leaseGraceMs: graceMs,
      eager,
      onRecord: ({ key, value }) => records.push(`${key}=${value?.toString()}`),
      onStateChange: (state) => states.push(state),
    });
    leases.push(lease);
    return { lease, states, records, client };
  }

  const append = (lease: TopicLease, key: string, value: string | null) =>
    new Promise<void>((resolve, reject) => {
      lease.append({ key, value: value === null ? null : Buffer.from(value) }, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });

  const serving = ({ lease }: { lease: TopicLease }) => until(() => lease.state === 'serving', 'serving');

  it('a lease that nobody holds is served at once, without a wait for silence', async () => {
    const holder = await join(await fixture.topic('fresh'), 'a', 600_000);
    await serving(holder);
    expect(holder.states).toEqual(['queued', 'replaying', 'serving']);
  });

  it('a lease keeps being served by its heartbeats alone', async () => {
    const graceMs = 2_500;
    const holder = await join(await fixture.topic('held'), 'a', graceMs);
    await serving(holder);
    await append(holder.lease, 'k', 'v');
    await new Promise((resolve) => setTimeout(resolve, 1.5 * graceMs));
    expect(holder.lease.state).toBe('serving');
    expect(holder.states).toEqual(['queued', 'replaying', 'serving']);
  });

  it('hands over: the next has replayed all records before it serves', async () => {
    const topic = await fixture.topic('handed-over');
    const first = await join(topic, 'a');
    await serving(first);
    const second = await join(topic, 'b');
    const third = await join(topic, 'c');
    for (let i = 0; i < 100; i++) await append(first.lease, `k${i % 10}`, String(i));
    await append(first.lease, 'k0', null);
    await new Promise((resolve) => setTimeout(resolve, 1.5 * leaseGraceMs));
    expect([second.lease.state, third.lease.state]).toEqual(['standby', 'standby']);
    await first.lease.release();
    await until(() => [second, third].some(({ lease }) => lease.state === 'serving'), 'a successor');
    const [successor, other] = second.lease.state === 'serving' ? [second, third] : [third, second];
    expect(successor.records).toHaveLength(101);
    expect(successor.records.at(-1)).toBe('k0=undefined');
    expect(successor.lease.topicEpoch).toBe((first.lease.topicEpoch as number) + 1);
    await until(() => other.lease.state === 'standby', 'the other to leave the queue');
    await successor.lease.release();
    await serving(other);
    expect(other.lease.topicEpoch).toBeGreaterThan(successor.lease.topicEpoch as number);
    await expect(append(first.lease, 'k', 'late')).rejects.toMatchObject({ code: 'ProducerFenced' });
  });

  it('replays a compacted topic: the latest of each key, and none that was deleted', async () => {
    const topic = await fixture.topic('compacted');
    const { admin } = fixture.client;
    const first = await join(topic, 'a');
    await serving(first);
    for (let i = 0; i < 60; i++) await append(first.lease, `k${i % 6}`, String(i));
    await append(first.lease, 'k5', null);
    await first.lease.release();
    await admin.triggerCompaction(topic);
    const all = 62;
    let replayed = all;
    for (let attempt = 0; attempt < 40 && replayed > 5; attempt++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      const next = await join(topic, 'b');
      await serving(next);
      replayed = next.records.length;
      const state = new Map(next.records.map((record) => record.split('=') as [string, string]));
      const expected = ['k0=54', 'k1=55', 'k2=56', 'k3=57', 'k4=58'];
      expect(
        [...state]
          .map((pair) => pair.join('='))
          .filter((each) => !each.endsWith('undefined'))
          .sort(),
      ).toEqual(expected);
      await next.lease.release();
    }
    expect(replayed).toBe(5);
  });

  it('stores several records as one entry, whose latest of each key is left by compaction', async () => {
    const topic = await fixture.topic('several');
    const first = await join(topic, 'a');
    await serving(first);
    const records = ['a', 'b', 'c', 'd'].map((key) => ({ key, value: Buffer.from(`${key}1`) }));
    const store = (...given: { key: string; value: Buffer | null }[]) =>
      new Promise((resolve) => first.lease.append(given, resolve));
    expect(await store(...records)).toBeUndefined();
    expect(await store({ key: 'b', value: null }, { key: 'c', value: Buffer.from('c2') })).toBeUndefined();
    const before = await fixture.client.admin.lastMessageId(topic);
    expect(await store()).toMatchObject({ code: 'InvalidConfiguration' });
    expect(await store({ key: 'd', value: Buffer.alloc(6 * 1024 * 1024) }, ...records)).toMatchObject({
      code: 'EntryTooLarge',
    });
    expect(first.lease.state).toBe('serving');
    await append(first.lease, 'e', 'e1');
    const after = await fixture.client.admin.lastMessageId(topic);
    expect(after.entryId - before.entryId).toBeLessThanOrEqual(2);
    await first.lease.release();
    const second = await join(topic, 'b');
    await serving(second);
    expect(second.records).toEqual(['a=a1', 'b=b1', 'c=c1', 'd=d1', 'b=undefined', 'c=c2', 'e=e1']);
    await second.lease.release();
    await fixture.client.admin.triggerCompaction(topic);
    let replayed: string[] = [];
    for (let attempt = 0; attempt < 40 && replayed.length !== 4; attempt++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      const next = await join(topic, 'c');
      await serving(next);
      replayed = [...next.records];
      await next.lease.release();
    }
    expect(replayed).toEqual(['a=a1', 'd=d1', 'c=c2', 'e=e1']);
  });

  it('who is eager stays in the queue, and serves when the time of the one that was cut off is over', async () => {
    const graceMs = 3_000;
    const topic = await fixture.topic('eager');
    const holder = await join(topic, 'a', graceMs);
    await serving(holder);
    const heir = await join(topic, 'b', graceMs, true);
    await append(holder.lease, 'k', 'v');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect([holder.lease.state, heir.states]).toEqual(['serving', ['queued']]);
    await append(holder.lease, 'k', 'last');
    const cutAt = performance.now();
    const away = cutOff(holder.client, topic);
    await until(() => heir.lease.state === 'replaying', 'the promotion');
    let both = false;
    await until(() => {
      both ||= heir.lease.state === 'serving' && holder.lease.state === 'serving';
      return heir.lease.state === 'serving';
    }, 'the heir');
    expect(both).toBe(false);
    expect(performance.now() - cutAt).toBeGreaterThan(graceMs / 2);
    expect(heir.records.at(-1)).toBe('k=last');
    expect(heir.states).toEqual(['queued', 'replaying', 'serving']);
    away.restore();
    await until(() => holder.lease.state === 'lost', 'the loss');
  });

  it('a cut connection moves nothing, though a standby waits', async () => {
    // Longer than a broker under load takes to unload and load a topic.
    const graceMs = 4_000;
    const topic = await fixture.topic('cut');
    const holder = await join(topic, 'a', graceMs);
    await serving(holder);
    const standby = await join(topic, 'b', graceMs);
    const connection = await holder.client.connect(topic, { tenantKey: 't', use: 'lease' });
    connection.close('cut by the test');
    await append(holder.lease, 'k', 'after the cut');
    await fixture.client.admin.unload(topic);
    await append(holder.lease, 'k', 'after the unload');
    await new Promise((resolve) => setTimeout(resolve, graceMs));
    expect([holder.lease.state, standby.lease.state]).toEqual(['serving', 'standby']);
    expect(standby.states).toEqual([]);
  });

  it('a holder that cannot write is suspended, a standby takes over, and the holder learns that it lost', async () => {
    const topic = await fixture.topic('silent');
    const holder = await join(topic, 'a');
    await serving(holder);
    const standby = await join(topic, 'b');
    const away = cutOff(holder.client, topic);
    await until(() => holder.lease.state === 'suspended', 'suspension');
    expect(standby.lease.state).not.toBe('serving');
    await serving(standby);
    await append(standby.lease, 'k', 'mine');
    away.restore();
    await until(() => holder.lease.state === 'lost', 'the loss');
    expect(holder.states).toEqual(['queued', 'replaying', 'serving', 'suspended', 'lost']);
    expect(standby.lease.state).toBe('serving');
  });
});

/** The client's network is gone: what is open closes, what is tried fails. */
function cutOff(client: PulsarClient, topic: string): { restore(): void } {
  const connect = client.connect.bind(client);
  const cut = async (use: 'lease' | 'dispatch') =>
    (await connect(topic, { tenantKey: 't', use })).close('cut by the test');
  client.connect = () => Promise.reject(new Error('no network'));
  void cut('lease').then(() => cut('dispatch'));
  return {
    restore: () => {
      client.connect = connect;
    },
  };
}
