import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ConsumerOptions, type Delivery, singleEntry, type TopicConsumer } from '#libs/pulsar';
import { pulsarAdmin } from '../../support/pulsar.js';
import { batchOf, PulsarFixture, sent } from './pulsar-fixture.js';
import { until } from '../../support/until.js';

describe('consumer on a real broker', () => {
  let fixture: PulsarFixture;
  beforeAll(async () => {
    fixture = await PulsarFixture.start();
  });
  afterAll(() => fixture.stop());

  const texts = (deliveries: readonly Delivery[]) => deliveries.map(({ entry }) => entry.payload.toString());
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  async function subscribe(topic: string, options: Partial<ConsumerOptions> = {}) {
    const deliveries: Delivery[] = [];
    const consumer: TopicConsumer = await fixture.client.subscribe({
      topic,
      tenantKey: 't',
      subscription: 's',
      type: 'shared',
      initialPosition: 'earliest',
      onEntry: (delivery) => deliveries.push(delivery),
      ...options,
    });
    return { consumer, deliveries };
  }

  async function filled(count: number, key?: (i: number) => string) {
    const topic = await fixture.topic();
    const producer = await fixture.client.createProducer({ topic, tenantKey: 't' });
    const receipts = [];
    for (let i = 0; i < count; i++) {
      receipts.push(await sent(producer, singleEntry({ key: key?.(i), value: Buffer.from(`m${i}`) })));
    }
    return { topic, producer, receipts };
  }

  const acked = (consumer: TopicConsumer, delivery: Delivery) =>
    new Promise<Error | undefined>((resolve) => consumer.ack(delivery, resolve));

  const backlog = async (topic: string) =>
    (await fixture.client.admin.stats(topic)).subscriptions.s?.msgBacklog;

  it('shared: individual acknowledgements with receipts; the rest comes again to the next consumer', async () => {
    const { topic } = await filled(5);
    const { consumer, deliveries } = await subscribe(topic, { properties: [{ key: 'kind', value: 'test' }] });
    await until(() => deliveries.length === 5, 'entries');
    const answers = await Promise.all(
      deliveries.filter((_, i) => i % 2 === 0).map((delivery) => acked(consumer, delivery)),
    );
    expect(answers).toEqual([undefined, undefined, undefined]);
    await consumer.close();
    const second = await subscribe(topic);
    await until(() => second.deliveries.length === 2, 'the rest');
    expect(texts(second.deliveries)).toEqual(['m1', 'm3']);
    const stats = await fixture.client.admin.stats(topic);
    expect(stats.subscriptions.s?.subscriptionProperties).toEqual({ kind: 'test' });
    await second.consumer.close();
  });

  it('acknowledges single messages of a batch, and redelivers the rest with their set', async () => {
    const topic = await fixture.topic('batch');
    const producer = await fixture.client.createProducer({ topic, tenantKey: 't' });
    await sent(producer, batchOf(['0', '1', '2', '3', '4']));
    const { consumer, deliveries } = await subscribe(topic);
    await until(() => deliveries.length === 1, 'the batch');
    const [first] = deliveries as [Delivery];
    consumer.ackIndex(first, 0);
    await new Promise((resolve) => consumer.ackIndex(first, 2, resolve));
    expect(consumer.unackedMessages).toBe(3);
    consumer.redeliver([first]);
    await until(() => deliveries.length === 2, 'the redelivery');
    const again = deliveries[1] as Delivery;
    expect([0, 1, 2, 3, 4].map((index) => again.isUnacked(index))).toEqual([false, true, false, true, true]);
    expect([again.charged, again.redeliveryCount]).toEqual([3, 1]);
    for (const index of [1, 3]) consumer.ackIndex(again, index);
    await new Promise((resolve) => consumer.ackIndex(again, 4, resolve));
    expect([again.isAcked, await backlog(topic)]).toEqual([true, 0]);
    await consumer.close();
  });

  it('exclusive: cumulative acknowledgement; a second consumer is refused', async () => {
    const { topic } = await filled(6);
    const { consumer, deliveries } = await subscribe(topic, { type: 'exclusive' });
    await until(() => deliveries.length === 6, 'entries');
    await expect(subscribe(topic, { type: 'exclusive' })).rejects.toMatchObject({ code: 'ConsumerBusy' });
    await new Promise((resolve) => consumer.ackCumulative(deliveries[3] as Delivery, undefined, resolve));
    expect(consumer.unackedMessages).toBe(2);
    consumer.redeliverAll();
    await until(() => deliveries.length === 8, 'what is unacknowledged');
    expect(texts(deliveries.slice(6))).toEqual(['m4', 'm5']);
    await consumer.close();
  });

  it('failover: one is active, the other takes over', async () => {
    const { topic, producer } = await filled(3);
    const changes: string[] = [];
    const note = (name: string) => (active: boolean) => changes.push(`${name} ${active}`);
    const first = await subscribe(topic, { type: 'failover', consumerName: 'a', onActiveChange: note('a') });
    const second = await subscribe(topic, { type: 'failover', consumerName: 'b', onActiveChange: note('b') });
    await until(() => first.deliveries.length + second.deliveries.length >= 3, 'entries');
    const [active, standby] = first.deliveries.length > 0 ? [first, second] : [second, first];
    for (const delivery of active.deliveries) await acked(active.consumer, delivery);
    await active.consumer.close();
    await sent(producer, singleEntry({ value: Buffer.from('next') }));
    await until(() => texts(standby.deliveries).includes('next'), 'the takeover');
    expect(changes.filter((change) => change.endsWith('true'))).not.toHaveLength(0);
    await standby.consumer.close();
  });

  it('key-shared: every key stays with one consumer', async () => {
    const topic = await fixture.topic('keys');
    const type = 'key-shared';
    const first = await subscribe(topic, { type });
    const second = await subscribe(topic, { type });
    const producer = await fixture.client.createProducer({ topic, tenantKey: 't' });
    for (let i = 0; i < 100; i++) {
      await sent(producer, singleEntry({ key: `k${i % 20}`, value: Buffer.from(String(i)) }));
    }
    await until(() => first.deliveries.length + second.deliveries.length === 100, 'entries');
    const keys = ({ deliveries }: typeof first) =>
      new Set(deliveries.map(({ entry }) => entry.metadata.partitionKey));
    const both = [...keys(first)].filter((key) => keys(second).has(key));
    expect(both).toEqual([]);
    expect(Math.min(keys(first).size, keys(second).size)).toBeGreaterThan(0);
    const sticky = (start: number, end: number) =>
      subscribe(topic, {
        type,
        subscription: 'sticky',
        keyShared: { mode: 'sticky', hashRanges: [{ start, end }] },
      });
    const low = await sticky(0, 32_767);
    const high = await sticky(32_768, 65_535);
    await until(() => low.deliveries.length + high.deliveries.length === 100, 'sticky entries');
    await expect(sticky(100, 200)).rejects.toMatchObject({ code: 'ConsumerAssignError' });
  });

  it('with credit on acknowledgement, no more than the window is ever unacknowledged', async () => {
    const { topic } = await filled(50);
    const { consumer, deliveries } = await subscribe(topic, { permits: 10, creditOn: 'ack' });
    await until(() => deliveries.length === 10, 'the window');
    await pause(200);
    expect([deliveries.length, consumer.unackedMessages]).toEqual([10, 10]);
    for (let next = 0; next < 50; next++) {
      await until(() => deliveries.length > next, `entry ${next}`);
      await acked(consumer, deliveries[next] as Delivery);
      expect(consumer.unackedMessages).toBeLessThanOrEqual(10);
    }
    expect(await backlog(topic)).toBe(0);
    await consumer.close();
  });

  it('seeks to an entry and to a time; all consumers of the subscription come back', async () => {
    const { topic, producer, receipts } = await filled(4);
    const { consumer, deliveries } = await subscribe(topic);
    const other = await subscribe(topic);
    await until(() => deliveries.length + other.deliveries.length === 4, 'entries');
    await Promise.all(deliveries.map((delivery) => acked(consumer, delivery)));
    await Promise.all(other.deliveries.map((delivery) => acked(other.consumer, delivery)));
    const seen = () => texts([...deliveries, ...other.deliveries]).sort();
    const third = receipts[2] as { ledgerId: number; entryId: number };
    await consumer.seek(third);
    await until(() => seen().length === 6, 'entries from the third');
    expect(seen()).toEqual(['m0', 'm1', 'm2', 'm2', 'm3', 'm3']);
    await until(() => other.consumer.attached, 'the other');
    await pause(30);
    const publishTimeMs = Date.now();
    await sent(producer, singleEntry({ value: Buffer.from('later') }));
    await until(() => seen().length === 7, 'the later one');
    await consumer.seek({ publishTimeMs });
    await until(() => seen().length === 8, 'it again');
    expect(seen().filter((each) => each === 'later')).toHaveLength(2);
    await consumer.close();
    await other.consumer.close();
  });

  it('comes back after an unload and gets what it did not acknowledge', async () => {
    const { topic, producer } = await filled(3);
    const { consumer, deliveries } = await subscribe(topic);
    await until(() => deliveries.length === 3, 'entries');
    expect(await acked(consumer, deliveries[0] as Delivery)).toBeUndefined();
    // An answered acknowledgement is not yet durable, not even over an orderly unload.
    await pause(1_500);
    await fixture.client.admin.unload(topic);
    await sent(producer, singleEntry({ value: Buffer.from('new') }));
    await until(() => deliveries.length === 6, 'the rest and the new one');
    expect(texts(deliveries.slice(3))).toEqual(['m1', 'm2', 'new']);
    expect(consumer.unackedMessages).toBe(3);
    await consumer.close();
  });

  it('is told the end of a terminated topic when it has acknowledged all', async () => {
    const { topic } = await filled(2);
    let ended = false;
    const { consumer, deliveries } = await subscribe(topic, {
      onEndOfTopic: () => {
        ended = true;
      },
    });
    await until(() => deliveries.length === 2, 'entries');
    for (const delivery of deliveries) await acked(consumer, delivery);
    await pulsarAdmin('POST', `/${topic.replace('://', '/')}/terminate`);
    await until(() => ended, 'the end of the topic');
    await consumer.close();
  });

  it('unsubscribes, which deletes the subscription', async () => {
    const { topic } = await filled(1);
    const { consumer } = await subscribe(topic);
    await consumer.unsubscribe();
    expect(await fixture.client.admin.subscriptions(topic)).toEqual([]);
    await expect(subscribe(`${topic}-absent`)).rejects.toMatchObject({ code: 'TopicNotFound' });
  });
});
