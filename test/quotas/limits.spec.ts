import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import amqplib from 'amqplib';
import { Kafka, logLevel } from 'kafkajs';
import rhea, { type AmqpError, type EventContext } from 'rhea';
import mqtt from 'mqtt';
import { allowAll, startGateway, type TestGateway } from '../support/gateway.js';

// What clients over a limit hear, by each protocol: one tenant for each, with limits that one client can reach.

const password = 'of-all-of-them';
const tenant = (name: string, limits: Record<string, unknown>) => ({
  ...{ name, limits, permissions: [allowAll], kafka: { autoCreateTopics: true } },
  users: [{ name: 'u', password }],
});

describe('over a limit', () => {
  let gateway: TestGateway;
  const ends: (() => unknown)[] = [];

  beforeAll(async () => {
    gateway = await startGateway({
      ...{ mqtt: {}, amqp: {} },
      tenants: [
        tenant('connections', { connections: 1 }),
        tenant('rate', { connectionRate: '1/h' }),
        tenant('dry', { connections: 1, topics: 1, dryRun: true }),
        tenant('counts', { topics: 2, sessions: 1, subscriptions: 2, groups: 1 }),
        tenant('queues', { queues: 1 }),
        tenant('creations', { topicCreations: '1/m burst 2' }),
      ],
    });
  });
  afterEach(async () => {
    await Promise.all(ends.splice(0).map((end) => Promise.resolve(end()).catch(() => {})));
  });
  afterAll(() => gateway?.stop());

  function kafka(name: string): Kafka {
    const sasl = { mechanism: 'plain', username: `${name}/u`, password } as const;
    return new Kafka({ brokers: [gateway.kafka], sasl, logLevel: logLevel.NOTHING, retry: { retries: 0 } });
  }

  async function kafkaAdmin(name: string) {
    const admin = kafka(name).admin();
    ends.push(() => admin.disconnect());
    await admin.connect();
    return admin;
  }

  /** Resolves with CONNACK's reason code and the client. */
  async function mqttClient(name: string, options: mqtt.IClientOptions = {}) {
    const client = mqtt.connect(`mqtt://${gateway.mqtt.tcp}`, {
      ...{ username: `${name}/u`, password, protocolVersion: 5, reconnectPeriod: 0, ...options },
    });
    ends.push(() => client.endAsync(true));
    const code = await new Promise<number>((resolve) => {
      client.once('connect', () => resolve(0));
      client.once('error', (error) => resolve((error as { code?: number }).code ?? -1));
    });
    return { code, client };
  }

  /** Resolves with the condition that ended the connection, or the link to `address`, or undefined. */
  function amqp(name: string, address?: string): Promise<string | undefined> {
    const [host = '', port] = gateway.amqp.tcp.split(':');
    const connection = rhea.create_container().connect({
      ...{ host, port: Number(port), username: `${name}/u`, password, reconnect: false },
    });
    ends.push(() => connection.close());
    return new Promise((resolve) => {
      connection.on('connection_error', ({ connection: of }: EventContext) =>
        resolve((of.error as AmqpError | undefined)?.condition),
      );
      connection.on('sender_error', ({ sender }: EventContext) =>
        resolve((sender?.error as AmqpError | undefined)?.condition),
      );
      // One that is refused is attached without a target first (AMQP 2.6.3).
      connection.on('sender_open', ({ sender }: EventContext) => {
        if (sender?.target?.address !== undefined) resolve(undefined);
      });
      connection.on('connection_open', () => {
        if (address === undefined) setTimeout(() => resolve(undefined), 100);
        else connection.open_sender(address);
      });
    });
  }

  async function rabbit(name: string) {
    const [hostname = '', port] = gateway.amqp.tcp.split(':');
    const connection = await amqplib.connect({
      hostname,
      port: Number(port),
      username: `${name}/u`,
      password,
    });
    connection.on('error', () => {});
    ends.push(() => connection.close());
    return connection;
  }

  it('of connections, the second one is told so by each protocol', async () => {
    const first = await mqttClient('connections');
    expect(first.code).toBe(0);
    expect((await mqttClient('connections')).code).toBe(0x97);
    expect((await mqttClient('connections', { protocolVersion: 4 })).code).toBe(3);
    expect(await amqp('connections')).toBe('amqp:resource-limit-exceeded');
    await expect(rabbit('connections')).rejects.toThrow(/ConnectionClose/);
    await expect(kafka('connections').admin().connect()).rejects.toThrow(/Closed connection/);
    await first.client.endAsync();
    const admin = await kafkaAdmin('connections');
    await admin.disconnect();
    expect(await amqp('connections')).toBeUndefined();
  });

  it('of new connections, MQTT has a word of its own', async () => {
    expect((await mqttClient('rate')).code).toBe(0);
    expect((await mqttClient('rate')).code).toBe(0x9f);
    expect(await amqp('rate')).toBe('amqp:resource-limit-exceeded');
    await expect(rabbit('rate')).rejects.toThrow(/ConnectionClose/);
  });

  it('of topics, none is made, whoever asks', async () => {
    const admin = await kafkaAdmin('counts');
    const topics = ['one', 'two', 'three'].map((topic) => ({ topic, numPartitions: 3 }));
    await admin.createTopics({ topics: topics.slice(0, 2) });
    await expect(admin.createTopics({ topics: topics.slice(2) })).rejects.toMatchObject({
      errors: [{ type: 'POLICY_VIOLATION' }],
    });
    // kafkajs says so of a topic that exists.
    expect(await admin.createTopics({ topics: topics.slice(0, 1) })).toBe(false);
    expect(await amqp('counts', 'three')).toBe('amqp:resource-limit-exceeded');
    const { client } = await mqttClient('counts');
    await expect(client.publishAsync('three/a', 'x', { qos: 1 })).rejects.toMatchObject({ code: 0x97 });
    expect(await admin.listTopics()).toEqual(expect.arrayContaining(['one', 'two']));
  });

  it('of creations, the client is told to come again', async () => {
    const admin = await kafkaAdmin('creations');
    const many = { topics: [{ topic: 'many', numPartitions: 10 }] };
    await admin.createTopics(many);
    expect(await admin.createTopics(many)).toBe(false);
    await expect(admin.createTopics({ topics: [{ topic: 'late', numPartitions: 1 }] })).rejects.toMatchObject(
      {
        errors: [{ type: expect.stringMatching(/THROTTLING_QUOTA_EXCEEDED|UNKNOWN/) }],
      },
    );
  });

  it('of sessions and subscriptions, MQTT clients hear 0x97', async () => {
    const persistent = (clientId: string): mqtt.IClientOptions => ({
      ...{ clientId, clean: false, properties: { sessionExpiryInterval: 600 } },
    });
    const { client } = await mqttClient('counts', persistent('first'));
    expect((await mqttClient('counts', persistent('second'))).code).toBe(0x97);
    expect((await mqttClient('counts', persistent('first'))).code).toBe(0);
    const other = await mqttClient('counts', { clientId: 'passing' });
    const granted = await other.client.subscribeAsync(['a', 'b'], { qos: 1 });
    expect(granted.map(({ qos }) => qos)).toEqual([1, 1]);
    const [refused] = await other.client.subscribeAsync('c', { qos: 1 }).catch(() => [{ qos: 0x97 }]);
    expect(refused!.qos).toBe(0x97);
    expect(client.connected).toBe(false);
  });

  it('of groups, a new one is refused', async () => {
    const outcomeOf = async (groupId: string) => {
      const consumer = kafka('counts').consumer({ groupId });
      ends.push(() => consumer.disconnect());
      const outcome = new Promise<string>((resolve) => {
        consumer.on(consumer.events.GROUP_JOIN, () => resolve('joined'));
        consumer.on(consumer.events.CRASH, ({ payload }) => resolve(payload.error.message));
      });
      await consumer.connect();
      await consumer.subscribe({ topic: 'one' });
      await consumer.run({ eachMessage: async () => {} });
      return outcome;
    };
    expect(await outcomeOf('first')).toBe('joined');
    expect(await outcomeOf('second')).toMatch(/policy/i);
  });

  it('of queues, declaring one is refused as RabbitMQ does', async () => {
    const connection = await rabbit('queues');
    const channel = await connection.createChannel();
    channel.on('error', () => {});
    await channel.assertQueue('first', { durable: true });
    await expect(channel.assertQueue('second', { durable: true })).rejects.toThrow(/406.*queue limit/s);
  });

  it('nobody is refused in a dry run, and all is counted', async () => {
    expect([(await mqttClient('dry')).code, (await mqttClient('dry')).code]).toEqual([0, 0]);
    const admin = await kafkaAdmin('dry');
    await admin.createTopics({ topics: [{ topic: 'one' }, { topic: 'two' }] });
    const text = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
    const count = (of: string, quota: string, effect: string) =>
      Number(
        new RegExp(
          `^pulsegate_quota_exceeded_total\\{tenant="${of}",quota="${quota}",effect="${effect}"\\} (\\S+)$`,
          'm',
        ).exec(text)?.[1] ?? 0,
      );
    expect(count('dry', 'connections', 'dry-run')).toBeGreaterThan(0);
    expect(count('dry', 'topics', 'dry-run')).toBe(1);
    expect(count('connections', 'connections', 'refused')).toBe(5);
    expect(count('rate', 'connectionRate', 'refused')).toBe(3);
  });
});

describe('an address over its rate of connections', () => {
  it('is closed before it can say a word, and others than it are not', async () => {
    const gateway = await startGateway({
      tenants: [tenant('acme', {})],
      config: { limits: { addresses: { connectionRate: '1/h burst 3' } } },
    });
    try {
      const [host = '', port] = gateway.kafka.split(':');
      const isClosed = (localAddress: string) =>
        new Promise<boolean>((resolve) => {
          const socket = connect({ host, port: Number(port), localAddress });
          socket.on('error', () => {}).on('close', () => resolve(true));
          setTimeout(() => {
            resolve(false);
            socket.destroy();
          }, 200);
        });
      const four = await Promise.all(Array.from({ length: 4 }, () => isClosed('127.0.0.1')));
      expect(four.filter((closed) => closed)).toHaveLength(1);
      expect(await isClosed('127.0.0.2')).toBe(false);
    } finally {
      await gateway.stop();
    }
  });
});
