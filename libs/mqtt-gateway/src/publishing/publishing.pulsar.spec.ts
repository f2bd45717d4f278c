import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PublishBed } from '../testing/publish-bed.js';

const bed = new PublishBed('mqtt-publish', {
  topicsMax: 6,
  topics: [{ filter: 'rooms/+', topic: 'rooms', key: '$1' }],
});

beforeAll(() => bed.open(), 30_000);
afterAll(() => bed.close());

const payloads = (read: Awaited<ReturnType<PublishBed['read']>>) =>
  read.map(({ message }) => String(message?.payload));

describe('publishing', () => {
  it('makes the Pulsar topic, marked as that of MQTT, and stores in order what comes at once as few entries', async () => {
    const numbers = Array.from({ length: 500 }, (_, at) => String(at));
    const outcomes = await Promise.all(
      numbers.map((each) => bed.publish(bed.request(`devices/${each}`, each))),
    );
    expect(new Set(outcomes)).toEqual(new Set([undefined]));
    const read = await bed.read(bed.pulsarTopic('devices-partition-0'), numbers.length);
    expect(payloads(read)).toEqual(numbers);
    expect(read[7]?.message).toMatchObject({ topic: 'devices/7', publisherId: 'c1', qos: 1 });
    expect(read.at(-1)?.entry).toBeLessThan(10);
    expect(await bed.topics.resolve(bed.tenant, 'devices')).toMatchObject({ ofMqtt: true });
  }, 30_000);

  it('becomes known of a topic that was there before', async () => {
    await bed.pulsar.admin.createPartitionedTopic(bed.pulsarTopic('orders'), 2);
    expect(await bed.topics.resolve(bed.tenant, 'orders')).toMatchObject({ ofMqtt: false });
    const became: string[] = [];
    bed.topics.onBecameMqtt((_tenant, name) => became.push(name));
    expect(await bed.publish(bed.request('orders/1', 'a'))).toBeUndefined();
    expect(became).toEqual(['orders']);
    expect(await bed.topics.resolve(bed.tenant, 'orders')).toMatchObject({ ofMqtt: true });
  }, 30_000);

  it("puts a key on the partition that Kafka's default partitioner chooses", async () => {
    await bed.pulsar.admin.createPartitionedTopic(bed.pulsarTopic('rooms'), 4);
    // kafka-clients: toPositive(murmur2("21")) % 4 and so on.
    for (const [key, partition] of [
      ['21', 0],
      ['foobar', 2],
      ['abc', 3],
    ] as const) {
      expect(await bed.publish(bed.request(`rooms/${key}`, key))).toBeUndefined();
      const read = await bed.read(bed.pulsarTopic(`rooms-partition-${partition}`), 1);
      expect(read.at(0)?.message?.topic).toBe(`rooms/${key}`);
    }
  }, 30_000);

  it('refuses an empty payload on a compacted topic, and what is too large for Pulsar', async () => {
    const name = 'compacted';
    const properties = { 'pulsegate.kafka.cleanup.policy': 'compact,delete' };
    await bed.pulsar.admin.createPartitionedTopic(bed.pulsarTopic(name), 1, properties);
    expect(await bed.publish(bed.request(`${name}/1`, 'v'))).toBeUndefined();
    expect(await bed.publish(bed.request(`${name}/1`, ''))).toBe('payload-format-invalid');
    expect(await bed.publish(bed.request('devices/1', Buffer.alloc(6_000_000)))).toBe('quota-exceeded');
    expect(await bed.publish(bed.request('devices/1', ''))).toBeUndefined();
  }, 30_000);

  it('goes on in order over an unload, and makes a topic anew that was deleted', async () => {
    const partition = bed.pulsarTopic('moving-partition-0');
    expect(await bed.publish(bed.request('moving/u', 'u'))).toBeUndefined();
    const outcomes: Promise<string | undefined>[] = [];
    for (let at = 0; at < 200; at++) {
      outcomes.push(bed.publish(bed.request('moving/u', `u${at}`)));
      if (at === 50) await bed.pulsar.admin.unload(partition);
      if (at % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set([undefined]));
    const read = await bed.read(partition, 201);
    expect(payloads(read).slice(1)).toEqual(Array.from({ length: 200 }, (_, at) => `u${at}`));

    await bed.pulsar.admin.deletePartitionedTopic(bed.pulsarTopic('moving'), { force: true });
    // The producer hears of it a moment later; what it holds then fails.
    while ((await bed.publish(bed.request('moving/1', 'again'))) !== undefined);
    expect(payloads(await bed.read(partition, 1))).toContain('again');
  }, 60_000);

  it('refuses a topic beyond those that the tenant may have, and one without a Pulsar name', async () => {
    const outcomes: (string | undefined)[] = [];
    for (const level of ['t1', 't2', 't3', 't4'])
      outcomes.push(await bed.publish(bed.request(`${level}/x`, 'v')));
    expect(outcomes).toEqual([undefined, undefined, 'quota-exceeded', 'quota-exceeded']);
    expect(await bed.publish(bed.request('devices/more', 'v'))).toBeUndefined();
    expect(await bed.publish(bed.request('x'.repeat(300), 'v'))).toBe('topic-name-invalid');
  }, 30_000);
});
