// A tenant that is removed from the configuration of a running gateway leaves nothing open at Pulsar, and works when it is back.
import { Buffer } from 'node:buffer';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import amqplib from 'amqplib';
import { openAmqpWire } from '../../support/amqp-wire.js';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { GatewayReload } from '../../support/gateway-reload.js';
import { persistent, TestMqttClient } from '../../support/mqtt-client.js';
import { openAtPulsar } from '../../support/open-at-pulsar.js';
import { KafkaClients, plain, until } from './gateway-fixture.js';

const token = 'a-token-that-nobody-guesses';
const password = 'secret';
const clients = new KafkaClients();
let gateway: TestGateway;
let reload: GatewayReload;

const tenant = (name: string) => ({
  ...{ name, users: [{ name: 'app', password }], permissions: [allowAll], kafka: { autoCreateTopics: true } },
});

beforeAll(async () => {
  gateway = await startGateway({
    tenants: [tenant('goes'), tenant('stays')],
    ...{ mqtt: {}, amqp: true, config: { admin: { token } } },
  });
  reload = new GatewayReload(gateway, token);
}, 90_000);

afterAll(async () => {
  await Promise.all(left.map((leave) => leave().catch(() => {})));
  await clients.disconnect();
  await gateway?.stop();
});

/** Each kind of thing that clients of the tenant have open, and stays so. @param round in the names of what is sent */
async function useAll(name: string, round: string): Promise<void> {
  const username = `${name}/app`;
  await Promise.all([
    useKafka(username, round),
    useMqtt(username, round),
    useAmqp(username, round),
    useAmqp091(username, round),
  ]);
}

async function useKafka(username: string, round: string): Promise<void> {
  const kafka = clients.kafka(gateway.kafka, plain(username, password));
  const consumer = kafka.consumer({ groupId: `g-${round}` });
  const idempotent = kafka.producer({ idempotent: true, maxInFlightRequests: 1, retry: { retries: 1 } });
  const plainly = await clients.producer(gateway.kafka, plain(username, password));
  await Promise.all([consumer.connect(), idempotent.connect()]);
  for (const producer of [plainly, idempotent])
    await producer.send({ topic: 'k', messages: [{ value: round }] });
  let read = 0;
  await consumer.subscribe({ topic: 'k', fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message }) => void (message.value?.toString() === round && read++),
  });
  await until('Kafka reads', async () => read >= 2);
  left.push(
    () => consumer.disconnect(),
    () => idempotent.disconnect(),
  );
}

async function useMqtt(username: string, round: string): Promise<void> {
  const connect = (clientId: string) =>
    TestMqttClient.connect(gateway, { ...persistent(clientId), username, password, clean: false });
  const will = { topic: 'm/will', payload: Buffer.from(`will of ${round}`), qos: 1 as const, retain: false };
  const [sleeper, member] = [await connect('sleeper'), await connect('member')];
  const transient = await TestMqttClient.connect(gateway, { username, password, will });
  await sleeper.client.subscribeAsync('m/#', { qos: 2 });
  await member.client.subscribeAsync('$share/g/m/#', { qos: 1 });
  await transient.client.subscribeAsync('m/#', { qos: 1 });
  await transient.publish('m/1', [round], 2);
  await member.publish('m/2', [round], 2);
  await transient.client.publishAsync('m/retained', round, { qos: 1, retain: true });
  for (const each of [sleeper, member, transient])
    await until('MQTT gives', async () => each.payloads.includes(round));
  if (round === 'second')
    await until('the will that was left is published', async () =>
      sleeper.payloads.includes('will of first'),
    );
  left.push(...[sleeper, member, transient].map((each) => () => each.end(true)));
}

async function useAmqp(user: string, round: string): Promise<void> {
  const wire = await openAmqpWire(gateway.amqp.tcp);
  await wire.open({ user, password, containerId: 'c' });
  await wire.begin();
  await wire.attachSender('/topics/a', { name: 'to-topic', handle: 0 });
  await wire.attachSender('/queues/b', { name: 'to-queue', handle: 1 });
  await wire.attachReceiver('/topics/a', { name: 'from-topic', handle: 2 });
  await wire.attachReceiver('/topics/a', {
    ...{ name: 'durable', handle: 3 },
    source: { type: 'source', address: '/topics/a', durable: 2, expiryPolicy: 'never' },
  });
  await wire.attachReceiver('/queues/b', { name: 'from-queue', handle: 4 });
  wire.transfer(round, { handle: 0 });
  wire.transfer(round, { handle: 1 });
  await wire.settled(2);
  left.push(async () => wire.cut());
}

async function useAmqp091(username: string, round: string): Promise<void> {
  const address = `amqp://${encodeURIComponent(username)}:${password}@${gateway.amqp.tcp}`;
  const connection = await amqplib.connect(address);
  connection.on('error', () => {});
  const channel = await connection.createConfirmChannel();
  channel.on('error', () => {});
  await channel.assertExchange('x', 'fanout');
  await channel.assertQueue('dead');
  await channel.bindQueue('dead', 'x', '');
  await channel.assertQueue('retry', { messageTtl: 200, deadLetterExchange: 'x', maxLength: 100 });
  // Of a connection that was ended with its tenant: it is not in the way.
  await channel.assertQueue('own', { exclusive: true });
  let came = 0;
  await channel.consume('dead', (message) => void (message?.content.toString() === round && came++));
  channel.sendToQueue('retry', Buffer.from(round));
  channel.publish('x', '', Buffer.from(round));
  await channel.waitForConfirms();
  await until('0-9-1 gives', async () => came >= 2);
  left.push(() => connection.close());
}

/** What is read, and looked at, comes and goes. */
const isLasting = (each: string) => each.includes(': producer');

const left: (() => Promise<unknown>)[] = [];

describe('a tenant that is removed', () => {
  it('leaves nothing open at Pulsar, and works when it is back', async () => {
    await Promise.all([useAll('goes', 'first'), useAll('stays', 'first')]);
    const [before, others] = await Promise.all([
      openAtPulsar(gateway, 'goes'),
      openAtPulsar(gateway, 'stays'),
    ]);
    expect(before.length).toBeGreaterThan(20);
    const removed = reload.tenant('goes');
    reload.remove('goes');
    expect((await reload.put()).status).toBe(200);
    let open: readonly string[] = before;
    const isEmpty = async () => {
      // A broker may be asked of a topic at the moment that it ends.
      open = await openAtPulsar(gateway, 'goes').catch((error: unknown) => [String(error)]);
      return open.length === 0;
    };
    await until('nothing is open', isEmpty).catch(() => {});
    expect(open).toEqual([]);
    // More slices of its state may have been taken up meanwhile.
    expect(await openAtPulsar(gateway, 'stays')).toEqual(expect.arrayContaining(others.filter(isLasting)));
    reload.config.tenants.push(removed as never);
    expect((await reload.put()).status).toBe(200);
    await useAll('goes', 'second');
  }, 120_000);
});
