// MQTT clients through a real gateway and a real Pulsar: what one publishes reaches the others, at each QoS and level.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import mqtt, { type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';

const setUpTimeoutMs = 120_000;
let gateway: TestGateway;
const clients: MqttClient[] = [];

async function connect(options: IClientOptions = {}): Promise<MqttClient> {
  const client = await mqtt.connectAsync(`mqtt://${gateway.mqtt.tcp}`, { reconnectPeriod: 0, ...options });
  clients.push(client);
  return client;
}

interface Received {
  readonly topic: string;
  readonly payload: string;
  readonly packet: IPublishPacket;
}

/** All that a client is sent; `next(n)` waits until there are so many. */
function inbox(client: MqttClient): { all: Received[]; next(count: number): Promise<Received[]> } {
  const all: Received[] = [];
  const waiting = new Set<() => void>();
  client.on('message', (topic, payload, packet) => {
    all.push({ topic, payload: payload.toString(), packet });
    for (const wake of waiting) wake();
  });
  return {
    all,
    next: (count) =>
      new Promise((resolve) => {
        const look = () => {
          if (all.length < count) return;
          waiting.delete(look);
          resolve(all);
        };
        waiting.add(look);
        look();
      }),
  };
}

beforeAll(async () => {
  gateway = await startGateway({
    tenants: [{ name: 'acme', permissions: [allowAll] }],
    mqtt: { listener: { anonymousTenant: 'acme' } },
  });
}, setUpTimeoutMs);

afterAll(async () => {
  await Promise.all(clients.map((client) => client.endAsync(true)));
  await gateway?.stop();
});

describe.each([4, 5] as const)('MQTT level %i', (protocolVersion) => {
  it.each([0, 1, 2] as const)(
    'gives at QoS %i what was published, in order',
    async (qos) => {
      const topic = `orders/v${protocolVersion}/q${qos}`;
      const subscriber = await connect({ protocolVersion });
      const received = inbox(subscriber);
      await subscriber.subscribeAsync(`orders/+/q${qos}/#`, { qos });
      const publisher = await connect({ protocolVersion });
      const payloads = Array.from({ length: 50 }, (_, index) => `message ${index}`);
      await Promise.all(payloads.map((payload) => publisher.publishAsync(topic, payload, { qos })));
      await received.next(payloads.length);
      expect(received.all.map(({ payload }) => payload)).toEqual(payloads);
      expect(received.all.every(({ packet, topic: of }) => packet.qos === qos && of === topic)).toBe(true);
    },
    20_000,
  );
});
