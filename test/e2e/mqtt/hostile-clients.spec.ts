// Clients that do what a gateway must outlive: each is bounded, told so where MQTT can tell, and nobody else notices.
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { until } from '../../support/group-member.js';

const setUpTimeoutMs = 120_000;
const queueMessagesMax = 100;
let gateway: TestGateway;
const clients: MqttClient[] = [];

async function connect(options: IClientOptions = {}): Promise<MqttClient> {
  const client = await mqtt.connectAsync(`mqtt://${gateway.mqtt.tcp}`, { reconnectPeriod: 0, ...options });
  clients.push(client);
  return client;
}

function received(client: MqttClient): string[] {
  const all: string[] = [];
  client.on('message', (_topic, payload) => all.push(payload.toString().slice(0, 10)));
  return all;
}

async function rawSocket(): Promise<Socket> {
  const [host, port] = gateway.mqtt.tcp.split(':');
  const socket = connectTcp(Number(port), host);
  await once(socket, 'connect');
  return socket;
}

/** The bytes that come until the gateway closes. */
async function answerTo(bytes: Buffer): Promise<string> {
  const socket = await rawSocket();
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.write(bytes);
  await once(socket, 'close');
  return Buffer.concat(chunks).toString('hex');
}

async function dropped(reason: string): Promise<number> {
  const text = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
  const line = new RegExp(`^pulsegate_mqtt_messages_dropped_total\\{reason="${reason}"\\} (\\d+)`, 'm');
  return Number(line.exec(text)?.[1] ?? Number.NaN);
}

beforeAll(async () => {
  gateway = await startGateway({
    tenants: [{ name: 'acme', permissions: [allowAll] }],
    mqtt: { listener: { anonymousTenant: 'acme' } },
    config: { mqtt: { outboundQueueMessagesMax: queueMessagesMax } },
  });
}, setUpTimeoutMs);

afterAll(async () => {
  await Promise.all(clients.map((client) => client.endAsync(true)));
  await gateway?.stop();
});

describe('before CONNECT', () => {
  it.each([
    ['100 MB announced', '10ffffff2f'],
    ['another packet', 'c000'],
    ['another protocol', Buffer.from('GET / HTTP/1.1\r\n\r\n').toString('hex')],
    ['a length without end', '10ffffffffff'],
  ])('closes at %s, without an answer', async (_name, hex) => {
    expect(await answerTo(Buffer.from(hex, 'hex'))).toBe('');
  });
});

describe('a subscriber', () => {
  it('may have 10,000 subscriptions, in packets of 500', async () => {
    const client = await connect({ protocolVersion: 5 });
    const all = received(client);
    for (let packet = 0; packet < 20; packet++) {
      const filters = Array.from({ length: 500 }, (_, index) => `many/${packet}/${index}/+`);
      const granted = await client.subscribeAsync(filters, { qos: 1 });
      expect(granted.every(({ qos }) => qos === 1)).toBe(true);
    }
    const refused = await client.subscribeAsync('one/too/many').catch((error: Error) => error.message);
    expect(String(refused)).toContain('Quota exceeded');
    await client.publishAsync('many/19/499/x', 'found', { qos: 1 });
    await until(
      () => all.length > 0,
      () => gateway.log().slice(-2_000),
    );
    expect(all).toEqual(['found']);
  });

  it('that never acknowledges is sent its window, keeps its queue, loses the rest, and delays nobody', async () => {
    const before = await dropped('queue-full');
    const silent = await connect({
      protocolVersion: 5,
      properties: { receiveMaximum: 10 },
      customHandleAcks: () => {},
    });
    const prompt = await connect({ protocolVersion: 5 });
    const [some, all] = [received(silent), received(prompt)];
    await silent.subscribeAsync('flood/#', { qos: 1 });
    await prompt.subscribeAsync('flood/#', { qos: 1 });
    const publisher = await connect();
    const count = 500;
    for (let index = 0; index < count; index += 50) {
      const batch = Array.from({ length: 50 }, (_, each) => `${index + each}`);
      await Promise.all(batch.map((payload) => publisher.publishAsync('flood/1', payload, { qos: 1 })));
    }
    await until(
      () => all.length === count,
      () => `${all.length} of ${count}`,
    );
    expect(all).toEqual(Array.from({ length: count }, (_, index) => `${index}`));
    expect(some.length).toBeLessThanOrEqual(10);
    expect(await dropped('queue-full')).toBe(before + count - 10 - queueMessagesMax);
    silent.end(true);
  });

  it('that does not read is sent what its buffers take, and delays nobody', async () => {
    const stuck = await connect();
    const prompt = await connect();
    const all = received(prompt);
    await stuck.subscribeAsync('wide/#');
    await prompt.subscribeAsync('wide/#', { qos: 1 });
    stuck.stream.pause();
    const publisher = await connect();
    const payload = Buffer.alloc(100_000, 'x');
    const before = await dropped('queue-full');
    for (let index = 0; index < 200; index++) await publisher.publishAsync('wide/1', payload, { qos: 1 });
    await until(
      () => all.length === 200,
      () => `${all.length} of 200`,
    );
    expect(await dropped('queue-full')).toBeGreaterThan(before);
    stuck.end(true);
  }, 30_000);
});

describe('many clients with one client identifier', () => {
  it('leave one of them, the last that came', async () => {
    const rounds = 60;
    const storm = await Promise.all(
      Array.from({ length: rounds }, () => connect({ protocolVersion: 5, clientId: 'the-one' })),
    );
    await until(
      () => storm.filter(({ connected }) => connected).length === 1,
      () => `${storm.filter(({ connected }) => connected).length} connected`,
    );
    const [survivor] = storm.filter(({ connected }) => connected);
    const all = received(survivor!);
    await survivor!.subscribeAsync('storm', { qos: 1 });
    await survivor!.publishAsync('storm', 'calm', { qos: 1 });
    await until(
      () => all.length === 1,
      () => 'nothing came',
    );
  });
});
