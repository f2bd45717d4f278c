import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Admin, Kafka, type KafkaConfig, logLevel } from 'kafkajs';
import { Authenticator, Authorizer } from '#libs/auth';
import { KafkaProtocol, kafkaOptionsSchema } from '#libs/kafka-gateway';
import { PulsarClient } from '#libs/pulsar';
import { RateLimits } from '#libs/rate-limit';
import { Metrics, silentLog } from '#libs/telemetry';
import { type Tenant, TenantDirectory } from '#libs/tenancy';
import { Listener, type ListenerInfo, listenerDefaults } from '#libs/transport';
import { createPulsarNamespace, testPulsar } from '../../support/pulsar.js';

// kafkajs's admin client through a port: what a tool does to topics, and what each user may see of it.

const password = randomBytes(12).toString('base64url');
let pulsar: PulsarClient;
let protocol: KafkaProtocol;
let listener: Listener;
let info: ListenerInfo;
let tenant: Tenant;
const opened: { disconnect(): Promise<void> }[] = [];

function kafka(username?: string, overrides: Partial<KafkaConfig> = {}): Kafka {
  return new Kafka({
    clientId: 'e2e',
    brokers: [`${info.host}:${info.port}`],
    logLevel: logLevel.NOTHING,
    retry: { retries: 1 },
    ...(username !== undefined && { sasl: { mechanism: 'plain', username, password } }),
    ...overrides,
  });
}

async function adminOf(username?: string): Promise<Admin> {
  const admin = kafka(username).admin();
  opened.push(admin);
  await admin.connect();
  return admin;
}

beforeAll(async () => {
  tenant = {
    name: 'acme',
    pulsarNamespace: await createPulsarNamespace('e2e-topics'),
    limits: {},
    kafka: { autoCreateTopics: true, partitionsDefault: 2, messageBytesMax: 1_000_000 },
  };
  const tenants = new TenantDirectory([tenant]);
  const users = ['owner', 'reader', 'nobody'].map((name) => ({ name, tenant: 'acme', password }));
  const rules = [
    { principals: ['user:owner'], actions: ['*'], resource: { type: '*', match: 'prefix', name: '' } },
    {
      principals: ['user:reader'],
      actions: ['consume'],
      resource: { type: 'topic', match: 'prefix', name: 'open.' },
    },
  ] as const;
  const metrics = new Metrics({ processMetrics: false });
  pulsar = new PulsarClient(testPulsar);
  protocol = new KafkaProtocol({
    pulsar,
    authenticator: new Authenticator({
      users,
      tenants,
      listeners: [{ name: 'kafka', defaultTenant: 'acme' }],
      log: silentLog,
      failureFloorMs: 50,
    }),
    authorizer: new Authorizer([{ tenant: 'acme', rules }]),
    limits: new RateLimits(tenants),
    options: kafkaOptionsSchema.parse({ nodeId: 7 }),
    log: silentLog,
    metrics,
  });
  const options = { ...listenerDefaults, name: 'kafka', protocol: 'kafka', host: '127.0.0.1', port: 0 };
  listener = new Listener(options, protocol, { log: silentLog, metrics });
  info = await listener.listen();
});

afterAll(async () => {
  await Promise.all(opened.map((each) => each.disconnect()));
  await listener.close();
  await protocol.close();
  await pulsar.close();
});

describe('topics', () => {
  it('are there when CreateTopics has answered, and gone when DeleteTopics has', async () => {
    const admin = await adminOf('owner');
    const created = await admin.createTopics({
      topics: [
        { topic: 'open.orders', numPartitions: 3, replicationFactor: 1 },
        { topic: 'closed.orders', configEntries: [{ name: 'retention.ms', value: '3600000' }] },
      ],
    });
    expect(created).toBe(true);
    expect((await admin.listTopics()).sort()).toEqual(['closed.orders', 'open.orders']);
    const { topics } = await admin.fetchTopicMetadata({ topics: ['open.orders', 'closed.orders'] });
    expect(Object.fromEntries(topics.map(({ name, partitions }) => [name, partitions.length]))).toEqual({
      'open.orders': 3,
      'closed.orders': 2,
    });
    for (const { partitions } of topics) {
      for (const partition of partitions)
        expect(partition).toMatchObject({ leader: 7, replicas: [7], isr: [7] });
    }
    await admin.deleteTopics({ topics: ['closed.orders'] });
    expect(await admin.listTopics()).toEqual(['open.orders']);
  });

  it('are refused with the error that says why', async () => {
    const admin = await adminOf('owner');
    const refusal = async (topic: object) => {
      const failed = await admin.createTopics({ topics: [topic as never] }).catch((error) => error);
      return failed.errors?.[0]?.type ?? failed.type ?? failed;
    };
    expect(await refusal({ topic: 'a b' })).toBe('INVALID_TOPIC_EXCEPTION');
    expect(await refusal({ topic: '__consumer_offsets' })).toBe('INVALID_TOPIC_EXCEPTION');
    expect(await refusal({ topic: 'none', numPartitions: 0 })).toBe('INVALID_PARTITIONS');
    expect(await refusal({ topic: 'many', numPartitions: 1_000_000 })).toBe('INVALID_PARTITIONS');
    expect(await refusal({ topic: 'far', replicationFactor: 9 })).toBe('INVALID_REPLICATION_FACTOR');
    const segments = [{ name: 'segment.bytes', value: '1' }];
    expect(await refusal({ topic: 'odd', configEntries: segments })).toBe('INVALID_CONFIG');
    // kafkajs takes TOPIC_ALREADY_EXISTS for "nothing to do".
    expect(await refusal({ topic: 'open.orders' })).toBe(false);
    await expect(admin.deleteTopics({ topics: ['nothing'] })).rejects.toThrow(
      'This server does not host this topic-partition',
    );
    const validated = { validateOnly: true, waitForLeaders: false, topics: [{ topic: 'open.maybe' }] };
    expect(await admin.createTopics(validated)).toBe(true);
    expect(await admin.listTopics()).toEqual(['open.orders']);
  });

  it('are created by a producer that asks for them, with the partitions of the tenant', async () => {
    const admin = await adminOf('owner');
    const topic = 'open.asked-for';
    // An admin client asks without creating.
    await expect(admin.fetchTopicMetadata({ topics: [topic] })).rejects.toMatchObject({
      type: 'UNKNOWN_TOPIC_OR_PARTITION',
    });
    const producer = kafka('owner').producer();
    opened.push(producer);
    await producer.connect();
    const sent = await producer.send({ topic, messages: [{ key: 'k', value: 'v' }] });
    expect(sent).toEqual([expect.objectContaining({ topicName: topic, errorCode: 0, baseOffset: '0' })]);
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    expect(topics[0]!.partitions).toHaveLength(2);
  });

  it('start at offset 0 again when they are made again, also for a producer that wrote before', async () => {
    const admin = await adminOf('owner');
    const topic = 'open.again';
    const producer = kafka('owner').producer({ allowAutoTopicCreation: false });
    opened.push(producer);
    await producer.connect();
    for (let round = 0; round < 2; round++) {
      await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
      for (const offset of ['0', '1']) {
        const [sent] = await producer.send({ topic, messages: [{ value: `round ${round}` }] });
        expect(sent).toMatchObject({ errorCode: 0, baseOffset: offset });
      }
      await admin.deleteTopics({ topics: [topic] });
      expect(await admin.listTopics()).not.toContain(topic);
    }
  });
});

describe('permissions', () => {
  it('hide topics from who may do nothing with them', async () => {
    const owner = await adminOf('owner');
    await owner.createTopics({ topics: [{ topic: 'open.one' }, { topic: 'closed.one' }] });
    const reader = await adminOf('reader');
    const seen = await reader.listTopics();
    expect(seen).toContain('open.one');
    expect(seen).not.toContain('closed.one');
    expect(await (await adminOf('nobody')).listTopics()).toEqual([]);
  });

  it('are asked before anything is created, deleted or described', async () => {
    const reader = await adminOf('reader');
    const denied = { type: 'TOPIC_AUTHORIZATION_FAILED' };
    await expect(reader.fetchTopicMetadata({ topics: ['closed.one'] })).rejects.toMatchObject(denied);
    await expect(reader.deleteTopics({ topics: ['open.one'] })).rejects.toThrow('Topic authorization failed');
    const creation = await reader.createTopics({ topics: [{ topic: 'open.new' }] }).catch((error) => error);
    expect(creation.errors[0]).toMatchObject(denied);
    const owner = await adminOf('owner');
    expect(await owner.listTopics()).not.toContain('open.new');
    expect(await owner.listTopics()).toContain('open.one');
  });
});

describe('authentication', () => {
  it('refuses a wrong password and a client without one', async () => {
    const sasl = { mechanism: 'plain', username: 'owner', password: 'wrong' } as const;
    const wrong = kafka(undefined, { sasl }).admin();
    await expect(wrong.connect()).rejects.toThrow(/SASL PLAIN authentication failed/);
    await expect((await adminOf()).listTopics()).rejects.toThrow();
  });
});
