import { describe, expect, it } from '@jest/globals';
import { PulsarAdminError } from '#libs/pulsar';
import type { Queue } from '../topology/queue.js';
import { tenantOf } from '../testing/topology-fixture.js';
import { getConsumerPrefix } from './queues.js';
import { PulsarQueues, type QueueAdmin } from './pulsar-queues.js';

const scope = { tenant: tenantOf(), vhost: '/', pulsarNamespace: 'acme/shop' };
const topic = 'persistent://acme/shop/q';
const queue = (uid: string) => ({ name: 'q', uid }) as Queue;
const declared = queue('1');
const undeclared = queue('');

/** Topics with what they have, and each change that was asked for. */
class FakeAdmin {
  readonly topics = new Map<
    string,
    { partitions: number; properties: Record<string, string>; subscriptions: Set<string> }
  >();
  readonly changes: string[] = [];
  status = 0;
  msgBacklog = 3;
  msgDelayed = 0;
  consumers: { consumerName?: string; unackedMessages?: number }[] = [
    { consumerName: 'pulsegate.consumer' },
    ...[{}, { consumerName: 'of another protocol' }],
  ];

  skipAll = async (_name: string, subscription: string) => {
    this.changes.push(`skip ${subscription}`);
  };

  #of(name: string) {
    if (this.status !== 0) throw new PulsarAdminError(this.status, 'it does not answer', 'GET');
    const found = this.topics.get(name.replace(/-partition-\d+$/, ''));
    if (found === undefined) throw new PulsarAdminError(404, 'there is none', 'GET');
    return found;
  }

  partitionedMetadata = async (name: string) => {
    if (this.status !== 0) this.#of(name);
    return this.topics.get(name) ?? { partitions: 0 };
  };
  properties = async (name: string) => this.#of(name).properties;
  subscriptions = async (name: string) => [...this.#of(name).subscriptions];
  stats = async (name: string) => {
    const subscriptions = [...this.#of(name).subscriptions].map((each) => [
      each,
      {
        ...{ msgBacklog: this.msgBacklog, msgDelayed: this.msgDelayed, backlogSize: 100 * this.msgBacklog },
        consumers: this.consumers,
      },
    ]);
    return { subscriptions: Object.fromEntries(subscriptions) };
  };
  createPartitionedTopic = async (name: string, partitions: number, properties = {}) => {
    this.changes.push(`create ${name}`);
    if (this.topics.has(name)) throw new PulsarAdminError(409, 'it is there', 'GET');
    this.topics.set(name, { partitions, properties, subscriptions: new Set() });
  };
  createSubscription = async (name: string, subscription: string) => {
    this.changes.push(`subscribe ${subscription}`);
    const { subscriptions } = this.#of(name);
    if (subscriptions.has(subscription)) throw new PulsarAdminError(409, 'it is there', 'GET');
    subscriptions.add(subscription);
  };
  deletePartitionedTopic = async (name: string) => {
    this.changes.push(`delete ${name}`);
    this.topics.delete(name);
  };
  deleteSubscription = async (name: string, subscription: string) => {
    this.changes.push(`unsubscribe ${subscription}`);
    this.#of(name).subscriptions.delete(subscription);
  };
}

function queuesOf() {
  const admin = new FakeAdmin();
  const clock = { nowMs: 0 };
  const drained: [string, number][] = [];
  const drain = async (_scope: unknown, _queue: unknown, partition: string, count: number) => {
    drained.push([partition, count]);
    return count - 1;
  };
  const queues = new PulsarQueues(admin as unknown as QueueAdmin, drain, undefined, () => clock.nowMs);
  return { admin, clock, drained, queues };
}

const made = [`create ${topic}`, 'subscribe pulsegate.queue'];

describe('the topic of a queue', () => {
  it('is made once for all who ask, and known for a while', async () => {
    const { admin, clock, queues } = queuesOf();
    expect(await Promise.all([queues.prepare(scope, declared), queues.prepare(scope, declared)])).toEqual([
      topic,
      topic,
    ]);
    await queues.prepare(scope, declared);
    expect(admin.changes).toEqual(made);
    clock.nowMs = 31_000;
    await queues.prepare(scope, declared);
    expect(admin.changes).toEqual([...made, 'subscribe pulsegate.queue']);
  });

  it('is made anew for another declaration: elsewhere the former one was deleted', async () => {
    const { admin, queues } = queuesOf();
    await queues.prepare(scope, declared);
    admin.topics.clear();
    await queues.prepare(scope, queue('2'));
    expect(admin.changes).toEqual([...made, ...made]);
  });

  it('that nobody declared gets a subscription, and is not made', async () => {
    const { admin, queues } = queuesOf();
    await expect(queues.prepare(scope, undeclared)).rejects.toMatchObject({ code: 'not-found' });
    admin.topics.set(topic, { partitions: 3, properties: {}, subscriptions: new Set() });
    expect(await queues.prepare(scope, undeclared)).toBe(topic);
    expect(admin.changes).toEqual(['subscribe pulsegate.queue']);
    expect(await queues.use(scope, undeclared)).toMatchObject({
      ...{ messages: 9, consumers: 3, foreignConsumers: 6 },
    });
  });

  it('goes with the queue that it was made for', async () => {
    const { admin, queues } = queuesOf();
    await queues.prepare(scope, declared);
    expect(await queues.remove(scope, declared)).toBe(3);
    expect([await queues.exists(scope, 'q'), await queues.remove(scope, declared)]).toEqual([false, 0]);
    expect(admin.changes).toEqual([...made, `delete ${topic}`]);
  });

  it.each([
    ['was there before', async (admin: FakeAdmin) => admin.createPartitionedTopic(topic, 1)],
    [
      'has no partitions',
      async (admin: FakeAdmin) =>
        void admin.topics.set(topic, { partitions: 0, properties: {}, subscriptions: new Set() }),
    ],
  ])('stays where it %s', async (_, prepare) => {
    const { admin, queues } = queuesOf();
    await prepare(admin);
    await queues.prepare(scope, declared);
    expect(await queues.remove(scope, declared)).toBe(3);
    expect(admin.changes.slice(-1)).toEqual(['unsubscribe pulsegate.queue']);
    expect(await queues.exists(scope, 'q')).toBe(true);
  });

  it('stays where somebody else reads it', async () => {
    const { admin, queues } = queuesOf();
    await queues.prepare(scope, declared);
    admin.topics.get(topic)!.subscriptions.add('audit');
    await queues.remove(scope, declared);
    expect(admin.changes.slice(-1)).toEqual(['unsubscribe pulsegate.queue']);
  });

  it('is emptied at once where nobody has any of it, and of what is ready where somebody may', async () => {
    const { admin, drained, queues } = queuesOf();
    await queues.prepare(scope, declared);
    expect(await queues.purge(scope, declared)).toBe(2);
    expect([drained, admin.changes]).toEqual([[[`${topic}-partition-0`, 3]], made]);
    admin.consumers = [];
    expect(await queues.purge(scope, declared)).toBe(3);
    expect([drained.length, admin.changes.slice(-1)]).toEqual([1, ['skip pulsegate.queue']]);
  });

  it('counts what is ready: not what consumers have, nor what is delayed, nor who looks after its head', async () => {
    const { admin, queues } = queuesOf();
    await queues.prepare(scope, declared);
    admin.msgBacklog = 10;
    admin.consumers = [
      { consumerName: 'pulsegate.consumer', unackedMessages: 2 },
      { consumerName: `${getConsumerPrefix}x`, unackedMessages: 1 },
      { consumerName: 'pulsegate.head', unackedMessages: 1 },
    ];
    admin.msgDelayed = 3;
    expect(await queues.use(scope, declared)).toMatchObject({ messages: 4, consumers: 1 });
    expect(await queues.ready(scope, declared)).toMatchObject({ messages: 4, bytes: 400 });
  });

  it('is not to be had while Pulsar does not answer', async () => {
    const { admin, queues } = queuesOf();
    admin.status = 503;
    const away = {
      code: 'internal-error',
      replyText: 'INTERNAL_ERROR - Pulsar cannot be asked for the queue now',
    };
    await expect(queues.prepare(scope, declared)).rejects.toMatchObject(away);
    await expect(queues.exists(scope, 'q')).rejects.toMatchObject(away);
    admin.status = 0;
    expect(await queues.prepare(scope, declared)).toBe(topic);
  });

  it('has a name that topics can have', async () => {
    const { queues } = queuesOf();
    const long = { name: 'ü'.repeat(127), uid: '1' };
    await expect(queues.prepare(scope, long)).rejects.toMatchObject({ code: 'precondition-failed' });
  });

  it('counts what nobody was given, and what a client was that gets single messages', async () => {
    const { admin, queues } = queuesOf();
    await queues.prepare(scope, declared);
    admin.consumers = [
      { consumerName: 'pulsegate.consumer', unackedMessages: 1 },
      { consumerName: `${getConsumerPrefix}one`, unackedMessages: 2 },
      { consumerName: `${getConsumerPrefix}other` },
    ];
    expect(await queues.use(scope, declared)).toMatchObject({ messages: 0, consumers: 1 });
    const ofOne = await queues.ready(scope, declared, `${getConsumerPrefix}one`);
    expect(ofOne).toMatchObject({ messages: 0, given: 2 });
    expect(await queues.ready(scope, declared)).toMatchObject({ messages: 0, given: 0 });
  });
});
