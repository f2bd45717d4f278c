// A gateway is given other configurations under load, each adding, changing or removing a tenant: no connection of another tenant ends, nothing is lost (full: 100 reloads)
import { Buffer } from 'node:buffer';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import amqplib, { type ChannelModel, type ConfirmChannel } from 'amqplib';
import { type Consumer, Kafka, logLevel, type Producer } from 'kafkajs';
import rhea, { type Connection, type Sender } from 'rhea';
import { inForm } from '../support/check-form.js';
import { allowAll, startGateway, type TestGateway } from '../support/gateway.js';
import { GatewayReload } from '../support/gateway-reload.js';

import { TestMqttClient } from '../support/mqtt-client.js';
import { until } from '../support/until.js';

const reloads = inForm({ short: 10, full: 100 });
const pauseMs = inForm({ short: 50, full: 200 });
const sendEveryMs = inForm({ short: 20, full: 5 });
const token = 'a-token-that-nobody-guesses';
const password = 'secret-of-steady';
const username = 'steady/app';
const timeoutMs = inForm({ short: 90_000, full: 900_000 });

/** A client of the tenant that never changes: it sends numbers, which come back to it or to another. */
interface Steady {
  /** Resolves when the gateway has confirmed it. */
  send(number: number): Promise<unknown>;
  readonly received: Set<number>;
  end(): Promise<unknown>;
}

async function steadyKafka({ kafka: broker }: TestGateway): Promise<Steady> {
  const kafka = new Kafka({
    ...{ brokers: [broker], logLevel: logLevel.NOTHING, retry: { retries: 0 } },
    sasl: { mechanism: 'plain', username, password },
  });
  const received = new Set<number>();
  const producer: Producer = kafka.producer({ maxInFlightRequests: 1 });
  const consumer: Consumer = kafka.consumer({ groupId: 'steady', retry: { retries: 5 } });
  await producer.connect();
  const send = (number: number) => producer.send({ topic: 'load', messages: [{ value: `${number}` }] });
  await send(-1);
  await consumer.connect();
  await consumer.subscribe({ topic: 'load', fromBeginning: true });
  await consumer.run({ eachMessage: async ({ message }) => void received.add(Number(message.value)) });
  return { send, received, end: () => Promise.all([producer.disconnect(), consumer.disconnect()]) };
}

async function steadyMqtt(gateway: TestGateway): Promise<Steady> {
  const received = new Set<number>();
  const client = await TestMqttClient.connect(gateway, { username, password, clientId: 'steady' });
  client.client.on('message', (_topic, payload) => void received.add(Number(payload.toString())));
  await client.client.subscribeAsync('load/#', { qos: 1 });
  const send = (number: number) => client.client.publishAsync('load/1', `${number}`, { qos: 1 });
  return { send, received, end: () => client.end() };
}

async function steadyAmqp({ amqp }: TestGateway): Promise<Steady> {
  const [host = '', port] = amqp.tcp.split(':');
  const received = new Set<number>();
  const container = rhea.create_container();
  const waiting = new Map<number, PromiseWithResolvers<void>>();
  const connection: Connection = container.connect({
    ...{ host, port: Number(port), username, password, reconnect: false },
  });
  container.on('message', ({ message }) => void received.add(Number(message!.body)));
  container.on('accepted', ({ delivery }) => waiting.get(delivery!.id)?.resolve());
  container.on('disconnected', () => {
    for (const each of waiting.values()) each.reject(new Error('the AMQP 1.0 connection has ended'));
  });
  connection.open_receiver('/queues/load');
  const sender: Sender = connection.open_sender('/queues/load');
  await new Promise<void>((resolve) => sender.once('sendable', () => resolve()));
  const send = (number: number) => {
    const settled = Promise.withResolvers<void>();
    waiting.set(sender.send({ body: `${number}` }).id, settled);
    return settled.promise;
  };
  const end = async () => void connection.close();
  return { send, received, end };
}

async function steadyAmqp091({ amqp }: TestGateway): Promise<Steady> {
  const received = new Set<number>();
  const connection: ChannelModel = await amqplib.connect(
    `amqp://${encodeURIComponent(username)}:${password}@${amqp.tcp}`,
  );
  connection.on('error', () => {});
  const channel: ConfirmChannel = await connection.createConfirmChannel();
  await channel.assertQueue('work');
  await channel.consume('work', (message) => {
    received.add(Number(message!.content.toString()));
    channel.ack(message!);
  });
  const { promise: lost, reject } = Promise.withResolvers<never>();
  lost.catch(() => {});
  connection.once('close', () => reject(new Error('the AMQP 0-9-1 connection has ended')));
  const confirmed = (number: number) =>
    new Promise<void>((resolve, fail) => {
      channel.sendToQueue('work', Buffer.from(`${number}`), {}, (error) => (error ? fail(error) : resolve()));
    });
  const send = (number: number) => Promise.race([confirmed(number), lost]);
  return { send, received, end: () => connection.close() };
}

/** Sends one number after the other until it is told to end; gives how many. */
async function load({ send }: Steady, ended: () => boolean): Promise<number> {
  let number = 0;
  for (; !ended(); number++) {
    await send(number);
    await delay(sendEveryMs);
  }
  return number;
}

describe('reloads under load', () => {
  let gateway: TestGateway;
  let reload: GatewayReload;
  const steady = new Map<string, Steady>();

  const tenant = (name: string, rest: object = {}) => ({
    ...{ name, namespace: `public/reloads-${process.pid}-${name}`, permissions: [allowAll] },
    ...{ users: [{ name: 'app', password: `secret-of-${name}` }], ...rest },
  });

  beforeAll(async () => {
    gateway = await startGateway({
      tenants: [tenant('steady', { kafka: { autoCreateTopics: true } })],
      ...{ mqtt: {}, amqp: true, config: { admin: { token } } },
    });
    reload = new GatewayReload(gateway, token);
    const makers = [steadyKafka, steadyMqtt, steadyAmqp, steadyAmqp091];
    const made = await Promise.all(makers.map((make) => make(gateway)));
    for (const [at, name] of ['Kafka', 'MQTT', 'AMQP 1.0', 'AMQP 0-9-1'].entries())
      steady.set(name, made[at]!);
  }, timeoutMs);

  afterAll(async () => {
    await Promise.allSettled([...steady.values()].map((each) => each.end()));
    await gateway?.stop();
  }, 30_000);

  /** By protocol. */
  async function connectionsOpened(): Promise<Record<string, number>> {
    const text = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
    const samples = text.matchAll(/^pulsegate_connections_opened_total\{protocol="(\w+)"\} (\d+)$/gm);
    return Object.fromEntries([...samples].map(([, protocol, count]) => [protocol, Number(count)]));
  }

  const comes = (name: string) =>
    TestMqttClient.connect(gateway, { username: `${name}/app`, password: `secret-of-${name}` });

  it(
    'touch no other tenant',
    async () => {
      let ended = false;
      const loads = [...steady.values()].map((each) => load(each, () => ended));
      for (const each of loads) each.catch(() => {});
      const all = [...steady.values()];
      const tell = () =>
        [...steady].map(([protocol, { received }]) => `${protocol} ${received.size}`).join(', ');
      await until(() => all.every(({ received }) => received.has(5)), tell, 30_000);
      const before = await connectionsOpened();
      const clients = new Map<string, TestMqttClient>();
      for (let count = 0; count < reloads; count++) {
        const name = `t${Math.floor(count / 3)}`;
        const step = (['add', 'change', 'remove'] as const)[count % 3]!;
        if (step === 'add') reload.config.tenants.push(tenant(name));
        if (step === 'change') reload.tenant(name).permissions = [];
        if (step === 'remove') reload.remove(name);
        expect((await reload.put()).body).toMatchObject({
          added: step === 'add' ? [name] : [],
          changed: step === 'change' ? [{ tenant: name, settings: ['permissions'] }] : [],
          removed: step === 'remove' ? [name] : [],
          unserved: [],
        });
        if (step === 'add') clients.set(name, await comes(name));
        if (step === 'remove') {
          await clients.get(name)!.closed();
          expect(clients.get(name)!.disconnectReason).toBe(0x98);
        }
        await delay(pauseMs);
      }
      ended = true;
      const sent = await Promise.all(loads);
      const after = await connectionsOpened();
      expect(after).toEqual({ ...before, mqtt: before['mqtt']! + clients.size });
      for (const [at, [protocol, { received }]] of [...steady].entries()) {
        await until(() => received.size >= sent[at]!, tell, 30_000);
        const missing = Array.from({ length: sent[at]! }, (_, number) => number).filter(
          (each) => !received.has(each),
        );
        expect([protocol, missing]).toEqual([protocol, []]);
      }
      for (const client of clients.values()) await client.end(true);
      process.stdout.write(
        `${reloads} reloads while ${[...steady.keys()].map((name, at) => `${sent[at]} by ${name}`).join(', ')}\n`,
      );
    },
    timeoutMs,
  );
});
