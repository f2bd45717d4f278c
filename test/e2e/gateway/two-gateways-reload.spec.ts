// Two gateways, each of which takes up another configuration by itself: who is revoked is gone from each at once, and nothing of others moves.
import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { metadataApi, saslAuthenticateApi, saslHandshakeApi } from '#libs/kafka-codec';
import { openAmqp091Wire } from '../../support/amqp091-wire.js';
import { openAmqpWire } from '../../support/amqp-wire.js';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { GatewayReload } from '../../support/gateway-reload.js';
import { KafkaSocket } from '../../support/kafka-socket.js';
import { persistent, TestMqttClient } from '../../support/mqtt-client.js';
import { openAtPulsar } from '../../support/open-at-pulsar.js';
import { KafkaClients, plain, readiness, until } from './gateway-fixture.js';

const token = 'a-token-that-nobody-guesses';
const password = 'secret';
const clients = new KafkaClients();
const gateways: TestGateway[] = [];
const reloads: GatewayReload[] = [];
const connected: Connected[] = [];

/** One user's connections to one gateway, of each protocol. */
interface Connected {
  /** Of those that are there. */
  open(): readonly string[];
  cut(): void;
}

const user = (name: string) => ({ name, password });
const tenant = (name: string, namespace?: string) => ({
  ...{ name, ...(namespace && { namespace }), kafka: { autoCreateTopics: true }, permissions: [allowAll] },
  users: [user('app'), user('other')],
});

beforeAll(async () => {
  const shared = {
    ...({
      stateNamespace: `public/pulsegate-state-${randomBytes(4).toString('hex')}`,
      mqtt: {},
      amqp: true,
    } as const),
    config: { admin: { token }, cluster: { secret: randomBytes(16).toString('hex') } },
  };
  gateways.push(await startGateway({ ...shared, tenants: [tenant('changes'), tenant('stays')] }));
  const placed = ['changes', 'stays'].map((name) => tenant(name, gateways[0]!.namespaceOf(name)));
  gateways.push(await startGateway({ ...shared, tenants: placed }));
  reloads.push(...gateways.map((gateway) => new GatewayReload(gateway, token)));
  for (const gateway of gateways) expect((await readiness(gateway)).code).toBe(200);
}, 120_000);

afterAll(async () => {
  for (const each of connected) each.cut();
  await clients.disconnect();
  await Promise.all(gateways.map((gateway) => gateway.stop()));
});

async function connectAll(gateway: TestGateway, username: string): Promise<Connected> {
  const kafka = await KafkaSocket.open(gateway.kafka);
  await kafka.call(saslHandshakeApi, 1, { mechanism: 'PLAIN' });
  const authBytes = Buffer.from(`\0${username}\0${password}`);
  expect((await kafka.call(saslAuthenticateApi, 2, { authBytes })).errorCode).toBe(0);
  const mqtt = await TestMqttClient.connect(gateway, { username, password });
  const amqp = await openAmqpWire(gateway.amqp.tcp);
  await amqp.open({ user: username, password, containerId: 'c' });
  const amqp091 = await openAmqp091Wire(gateway.amqp.tcp);
  await amqp091.open({ user: username, password });
  const made: Connected = {
    open: () => [
      ...(kafka.closed ? [] : ['kafka']),
      ...(mqtt.client.connected ? ['mqtt'] : []),
      ...(amqp.isClosed ? [] : ['amqp']),
      ...(amqp091.isClosed ? [] : ['amqp091']),
    ],
    cut: () => {
      kafka.destroy();
      void mqtt.end(true);
      amqp.cut();
      amqp091.cut();
    },
  };
  connected.push(made);
  // It is asked something: a connection that is up and not served would count as one.
  await kafka.call(metadataApi, 12, {
    topics: [],
    allowAutoTopicCreation: false,
    includeTopicAuthorizedOperations: false,
  });
  return made;
}

/** What the unchanged tenant has: a group's member and a sleeping session that are told of every move, and producers. */
async function steadyOf(gateway: TestGateway) {
  const kafka = clients.kafka(gateway.kafka, plain('stays/app', password));
  const [producer, consumer] = [kafka.producer(), kafka.consumer({ groupId: 'g' })];
  let joins = 0;
  let read = 0;
  consumer.on('consumer.group_join', () => void joins++);
  await Promise.all([producer.connect(), consumer.connect()]);
  await producer.send({ topic: 'k', messages: [{ value: 'v' }] });
  await consumer.subscribe({ topic: 'k', fromBeginning: true });
  await consumer.run({ eachMessage: async () => void read++ });
  const device = await TestMqttClient.connect(gateway, {
    ...persistent('d'),
    username: 'stays/app',
    password,
  });
  await device.client.subscribeAsync('m/#', { qos: 1 });
  await device.publish('m/1', ['v']);
  await until('it is read', async () => read > 0);
  connected.push({ open: () => [], cut: () => void device.end(true) });
  const end = () => Promise.all([producer.disconnect(), consumer.disconnect()]);
  return { joins: () => joins, isConnected: () => device.client.connected, end };
}

const all = ['kafka', 'mqtt', 'amqp', 'amqp091'];
const isProducer = (each: string) => each.includes(': producer');

describe('two gateways', () => {
  it('end what a revoked user has there when each takes that up, and move nothing of others', async () => {
    const of = (name: string) => Promise.all(gateways.map((gateway) => connectAll(gateway, name)));
    const [revoked, colleagues, others] = [
      await of('changes/app'),
      await of('changes/other'),
      await of('stays/app'),
    ];
    const steady = await steadyOf(gateways[0]!);
    const producers = async () => (await openAtPulsar(gateways[0]!, 'stays')).filter(isProducer);
    const before = { joins: steady.joins(), producers: await producers() };
    expect(before.producers.length).toBeGreaterThan(3);
    for (const [at, reload] of reloads.entries()) {
      expect(revoked.map((each) => each.open())).toEqual([at === 0 ? all : [], all]);
      reload.tenant('changes').users = [user('other')];
      expect((await reload.put()).body.changed).toEqual([{ tenant: 'changes', settings: ['users'] }]);
      await until('it is gone', async () => revoked[at]!.open().length === 0, 1_000);
    }
    expect([...colleagues, ...others].map((each) => each.open())).toEqual([all, all, all, all]);
    // More slices of its state may have been taken up meanwhile.
    const after = { joins: before.joins, producers: expect.arrayContaining(before.producers) };
    expect({ joins: steady.joins(), producers: await producers() }).toEqual(after);
    expect(steady.isConnected()).toBe(true);
    await steady.end();
  }, 60_000);
});
