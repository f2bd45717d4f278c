import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Connection, parseServiceUrl, PulsarClient, type PulsarError, singleEntry } from '#libs/pulsar';
import { testPulsar } from '../../support/pulsar.js';
import { PulsarFixture, sent } from './pulsar-fixture.js';
import { until } from '../../support/until.js';

const accessMode = { shared: 0, exclusive: 1 } as const;

function ended(connection: Connection): Promise<PulsarError> {
  return new Promise((resolve) => connection.onClose(resolve));
}

describe('connection to a real broker', () => {
  let fixture: PulsarFixture;
  beforeAll(async () => {
    fixture = await PulsarFixture.start();
  });
  afterAll(() => fixture.stop());
  const publishTo = (topic: string, tenantKey: string, client = fixture.client) =>
    client.connect(topic, { tenantKey, use: 'publish' });

  it('agrees on protocol 21 and says what the broker can', async () => {
    const connection = await publishTo(await fixture.topic(), 't');
    expect(connection).toMatchObject({ protocolVersion: 21, maxMessageSize: 5 * 1024 * 1024, closed: false });
    expect(connection.features.supportsTopicWatchers).toBe(true);
    expect(connection.serverVersion).toMatch(/Pulsar/);
  });

  it('goes through the service URL where the lookup says so', async () => {
    const topic = await fixture.topic();
    const broker = await fixture.client.lookup(topic);
    // A standalone on the loopback interface always answers so.
    expect(broker.throughServiceUrl).toBe(true);
    const connection = await publishTo(topic, 't');
    expect(connection.broker).toEqual(broker);
    const answer = await connection.request({
      producer: { topic, producerId: fixture.client.nextProducerId() },
    });
    expect(answer.producerSuccess?.producerReady ?? true).toBe(true);
  });

  it('reads the number of partitions and creates nothing by it', async () => {
    const { client } = fixture;
    const topic = `persistent://${fixture.namespace}/absent`;
    await expect(client.partitions(topic)).rejects.toMatchObject({ code: 'TopicNotFound', retriable: false });
    expect(await client.topicsOfNamespace(fixture.namespace)).not.toContain(topic);
    await client.admin.createPartitionedTopic(topic, 3);
    expect(await client.partitions(topic)).toBe(3);
    await client.admin.growPartitions(topic, 5);
    expect(await client.partitions(topic)).toBe(5);
    expect(await client.partitions(await fixture.topic())).toBe(0);
  });

  it('follows the topics of the namespace', async () => {
    const { client, namespace } = fixture;
    const known = new Set<string>();
    const watch = await client.watchTopics({
      namespace,
      pattern: `persistent://${namespace}/watched.*`,
      onTopics: (topics) => topics.forEach((topic) => void known.add(topic)),
      onChange: (added, deleted) => {
        for (const topic of added) known.add(topic);
        for (const topic of deleted) known.delete(topic);
      },
    });
    const topic = await fixture.topic('watched');
    await until(() => known.has(topic), 'the new topic');
    await client.admin.deleteTopic(topic);
    await until(() => !known.has(topic), 'its end');
    watch.close();
  });

  it('types what the broker refuses', async () => {
    const { client } = fixture;
    const topic = await fixture.topic('refusals');
    const connection = await publishTo(topic, 't');
    const other = await publishTo(topic, 'other');
    const producer = (name: string) => ({ topic, producerName: name, producerId: client.nextProducerId() });
    await connection.request({ producer: producer('same') });
    await expect(other.request({ producer: producer('same') })).rejects.toMatchObject({
      code: 'ProducerBusy',
      retriable: true,
    });
    await expect(
      other.request({ producer: { ...producer('owner'), producerAccessMode: accessMode.exclusive } }),
    ).rejects.toMatchObject({ code: 'ProducerFenced', retriable: false });
    const subscribe = (consumer: object = {}) => ({
      subscribe: { topic, subscription: 's', subType: 0, consumerId: client.nextConsumerId(), ...consumer },
    });
    await connection.request(subscribe());
    await expect(other.request(subscribe())).rejects.toMatchObject({ code: 'ConsumerBusy', retriable: true });
    const absent = `persistent://${fixture.namespace}/nowhere`;
    await client.lookup(absent);
    await expect(
      other.request(subscribe({ topic: absent, forceTopicCreation: false })),
    ).rejects.toMatchObject({
      code: 'TopicNotFound',
    });
    await expect(client.lookup('persistent://no-such-tenant/n/x')).rejects.toMatchObject({
      retriable: false,
    });
    expect(connection.closed || other.closed).toBe(false);
  });

  it('a frame over max_message_size and its padding makes the broker close', async () => {
    const connection = await publishTo(await fixture.topic(), 'oversized');
    const closed = ended(connection);
    const frame = Buffer.alloc(4 + connection.maxMessageSize + 10 * 1024 + 1);
    frame.writeUInt32BE(frame.length - 4, 0);
    connection.send(frame);
    expect((await closed).code).toBe('Disconnected');
  });

  it('a throttled publisher stalls its own connection, and no other tenant', async () => {
    const { client } = fixture;
    const limited = await PulsarFixture.start();
    const rate = { publishThrottlingRateInMsg: -1, publishThrottlingRateInByte: 20_000 };
    await client.admin.setPublishRate(limited.namespace, rate);
    const slow = await client.createProducer({ topic: await limited.topic(), tenantKey: 'slow' });
    const beside = await client.createProducer({ topic: await fixture.topic(), tenantKey: 'slow' });
    const apart = await client.createProducer({ topic: await fixture.topic(), tenantKey: 'fast' });
    const message = (bytes: number) => singleEntry({ value: Buffer.alloc(bytes, 1) });
    await Promise.all([slow, beside, apart].map((producer) => sent(producer, message(10))));
    for (let i = 0; i < 10; i++) slow.send(message(10_000), () => undefined);
    const latency = async (producer: typeof slow) => {
      const startedAt = performance.now();
      await sent(producer, message(10));
      return performance.now() - startedAt;
    };
    const [besideMs, apartMs] = await Promise.all([latency(beside), latency(apart)]);
    expect(besideMs).toBeGreaterThan(1_000);
    expect(apartMs).toBeLessThan(besideMs / 2);
    await Promise.all([slow, beside, apart].map((producer) => producer.close()));
    await limited.stop();
  });

  it('says whether it is connected, and ends what waits when it is closed', async () => {
    const client = new PulsarClient({ serviceUrl: testPulsar.serviceUrl });
    const states: string[] = [];
    client.onStateChange((state) => states.push(state));
    await client.ping(5_000);
    await client.ping(5_000);
    const connection = await publishTo(await fixture.topic(), 't', client);
    const closed = ended(connection);
    await client.close();
    expect((await closed).code).toBe('Disconnected');
    expect(states).toEqual(['connected', 'closed']);
    await expect(client.ping()).rejects.toMatchObject({ code: 'Closed' });
    const [host] = parseServiceUrl(testPulsar.serviceUrl).hosts;
    const away = new PulsarClient({ serviceUrl: `pulsar://127.0.0.1:1,127.0.0.1:2` });
    await expect(away.ping()).rejects.toMatchObject({ code: 'ConnectFailed' });
    expect(away.state).toBe('disconnected');
    await away.close();
    const spare = new PulsarClient({ serviceUrl: `pulsar://127.0.0.1:1,${host?.host}:${host?.port}` });
    await spare.ping();
    await spare.close();
  });
});
