// Retained messages and $SYS topics with two gateways before a real Pulsar: the same from both, and after a SIGKILL.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import mqtt, {
  type IClientOptions,
  type IClientSubscribeOptions,
  type IPublishPacket,
  type MqttClient,
} from 'mqtt';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { createPulsarNamespace } from '../../support/pulsar.js';

const setUpTimeoutMs = 120_000;
const testTimeoutMs = 30_000;
const clients: MqttClient[] = [];
let gateways: readonly [TestGateway, TestGateway];

async function connect(to: TestGateway, options: IClientOptions = {}): Promise<MqttClient> {
  const client = await mqtt.connectAsync(`mqtt://${to.mqtt.tcp}`, { reconnectPeriod: 0, ...options });
  clients.push(client);
  return client;
}

const publishTo = (client: MqttClient, topic: string, payload: string) =>
  client.publishAsync(topic, payload, { qos: 1, retain: true });

/** What a subscription is given before the message that ends it: that is published when SUBACK has come, and not retained. */
async function retainedFor(
  client: MqttClient,
  filter: string,
  options: IClientSubscribeOptions = { qos: 1 },
): Promise<IPublishPacket[]> {
  const got: IPublishPacket[] = [];
  const end = `end/${randomBytes(4).toString('hex')}`;
  const ended = Promise.withResolvers<void>();
  const listener = (topic: string, _payload: Buffer, packet: IPublishPacket) => {
    if (topic === end) ended.resolve();
    else got.push(packet);
  };
  client.on('message', listener);
  await client.subscribeAsync(filter, options);
  // Replays are one after the other: when this one has come, that of the filter is over.
  await publishTo(client, end, 'x');
  await client.subscribeAsync(end, { qos: 1 });
  await ended.promise;
  client.off('message', listener);
  return got.sort((a, b) => (a.topic < b.topic ? -1 : 1));
}

const textsOf = (packets: readonly IPublishPacket[]) =>
  packets.map(({ topic, payload }) => `${topic}=${payload.toString()}`);

beforeAll(async () => {
  const stateNamespace = await createPulsarNamespace('retained-state');
  const namespace = await createPulsarNamespace('retained');
  const listener = { anonymousTenant: 'acme' };
  const options = {
    tenants: [{ name: 'acme', namespace, permissions: [allowAll] }],
    ...{ mqtt: { listener }, stateNamespace },
    config: { mqtt: { systemTopicsIntervalMs: 100 }, cluster: { memberTimeoutMs: 2_000 } },
  };
  gateways = await Promise.all([startGateway(options), startGateway(options)]);
}, setUpTimeoutMs);

afterAll(async () => {
  await Promise.all(clients.map((client) => client.endAsync(true)));
  await Promise.all((gateways ?? []).map((gateway) => gateway.stop()));
});

describe('retained messages', () => {
  it(
    'are given to new subscribers of any gateway as soon as they are acknowledged, and no more when cleared',
    async () => {
      const [a, b] = gateways;
      const publisher = await connect(a);
      await Promise.all(['1', '2', '3'].map((at) => publishTo(publisher, `state/${at}/x`, at)));
      const one = await retainedFor(await connect(b), 'state/+/x');
      expect(textsOf(one)).toEqual(['state/1/x=1', 'state/2/x=2', 'state/3/x=3']);
      expect(one.map(({ retain, qos }) => [retain, qos])).toEqual(Array(3).fill([true, 1]));
      await publishTo(publisher, 'state/1/x', '');
      await publishTo(await connect(b), 'state/2/x', 'new');
      const expected = ['state/2/x=new', 'state/3/x=3'];
      expect(textsOf(await retainedFor(await connect(b), 'state/#'))).toEqual(expected);
      expect(textsOf(await retainedFor(await connect(a), 'state/#'))).toEqual(expected);
      expect(await retainedFor(await connect(a), '$share/g/state/#')).toEqual([]);
    },
    testTimeoutMs,
  );

  it(
    'come with all that MQTT 5 adds: properties, expiry, identifier, Retain Handling, as published',
    async () => {
      const [a, b] = gateways;
      const publisher = await connect(a, { protocolVersion: 5 });
      const properties = {
        ...{ contentType: 'text/plain', responseTopic: 'answers', correlationData: Buffer.from([0, 1, 255]) },
        ...{ payloadFormatIndicator: true, userProperties: { a: ['1', '2'], b: '3' } },
      };
      const options = {
        qos: 2,
        retain: true,
        properties: { ...properties, messageExpiryInterval: 100 },
      } as const;
      await publisher.publishAsync('five/1', 'x', options);
      await publisher.publishAsync('five/2', 'gone', {
        ...options,
        properties: { messageExpiryInterval: 0 },
      });
      const subscriber = await connect(b, { protocolVersion: 5 });
      const subscribe = { qos: 1, properties: { subscriptionIdentifier: 7 } } as const;
      const [one, ...others] = await retainedFor(subscriber, 'five/#', subscribe);
      expect(others).toEqual([]);
      expect(one).toMatchObject({
        retain: true,
        qos: 1,
        properties: { ...properties, subscriptionIdentifier: 7 },
      });
      expect(one?.properties?.messageExpiryInterval).toBeLessThanOrEqual(100);
      expect(one?.properties?.messageExpiryInterval).toBeGreaterThan(0);
      expect(await retainedFor(subscriber, 'five/#', { qos: 1, rh: 1 })).toEqual([]);
      expect(await retainedFor(subscriber, 'five/+', { qos: 1, rh: 2 })).toEqual([]);
      expect(await retainedFor(subscriber, 'five/#', { qos: 1, rh: 0 })).toHaveLength(1);
      const live = Promise.withResolvers<IPublishPacket>();
      const plain = await connect(a, { protocolVersion: 5 });
      plain.on('message', (_topic, _payload, packet) => live.resolve(packet));
      await plain.subscribeAsync('five/3', { qos: 0, rap: false });
      await publishTo(publisher, 'five/3', 'live');
      expect((await live.promise).retain).toBe(false);
    },
    testTimeoutMs,
  );

  it(
    'are also what sessions that persist publish at QoS 2, and wills; sessions that persist get them at QoS 2',
    async () => {
      const [a, b] = gateways;
      const persistent = { clean: false, clientId: `device-${randomBytes(4).toString('hex')}` };
      const will = { topic: 'last/will', payload: Buffer.from('gone'), qos: 1, retain: true } as const;
      const device = await connect(a, { ...persistent, will });
      await device.publishAsync('last/word', 'x', { qos: 2, retain: true });
      const reader = await connect(b, { clean: false, clientId: `reader-${randomBytes(4).toString('hex')}` });
      expect(textsOf(await retainedFor(reader, 'last/#', { qos: 2 }))).toEqual(['last/word=x']);
      const willCame = new Promise<void>((resolve) => {
        reader.on('message', (topic) => topic === will.topic && resolve());
      });
      device.stream.destroy();
      await willCame;
      const all = await retainedFor(await connect(a, { clean: false, clientId: 'late' }), 'last/#', {
        qos: 2,
      });
      expect(textsOf(all)).toEqual(['last/will=gone', 'last/word=x']);
      expect(all.map(({ qos }) => qos)).toEqual([1, 2]);
    },
    testTimeoutMs,
  );
});

describe('$SYS topics', () => {
  it(
    'tell what the gateway counts, at once as retained messages and then again and again',
    async () => {
      const client = await connect(gateways[1]);
      const uptimes: IPublishPacket[] = [];
      const twice = Promise.withResolvers<void>();
      client.on('message', (topic, _payload, packet) => {
        if (topic === '$SYS/broker/uptime' && uptimes.push(packet) === 2) twice.resolve();
      });
      const values = await retainedFor(client, '$SYS/#');
      const connected = values.find(({ topic }) => topic === '$SYS/broker/clients/connected');
      expect(Number(connected?.payload.toString())).toBeGreaterThan(0);
      await twice.promise;
      expect(uptimes.slice(0, 2).map(({ retain }) => retain)).toEqual([true, false]);
      expect(uptimes[0]?.payload.toString()).toMatch(/^\d+ seconds$/);
    },
    testTimeoutMs,
  );

  it(
    'are the only ones that begin with $',
    async () => {
      const client = await connect(gateways[1], { protocolVersion: 5 });
      await expect(client.subscribeAsync('$other/#')).rejects.toThrow();
      await expect(client.publishAsync('$SYS/broker/uptime', 'x', { qos: 1 })).rejects.toThrow();
    },
    testTimeoutMs,
  );
});

// The last one: clients wait for slices of the gateway that was killed.
describe('retained messages and a gateway that is killed', () => {
  it(
    'are there after a SIGKILL, hundreds of them too, and a slow subscriber gets each once',
    async () => {
      const [a, b] = gateways;
      const publisher = await connect(a);
      const topics = Array.from({ length: 300 }, (_, at) => `many/${at}`);
      await Promise.all(topics.map((topic) => publishTo(publisher, topic, 'x')));
      await publisher.endAsync(true);
      const other = await connect(b, { protocolVersion: 5 });
      await a.kill();
      expect(await retainedFor(other, 'many/+')).toHaveLength(topics.length);
      await a.restart();
      const slow = await connect(a, { protocolVersion: 5, properties: { receiveMaximum: 5 } });
      const got = await retainedFor(slow, 'many/#');
      expect(got.map(({ topic }) => topic)).toEqual([...topics].sort());
    },
    setUpTimeoutMs,
  );
});
