// Sessions that outlive their connections, through real gateways and a real Pulsar.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import mqtt, { type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';

const setUpTimeoutMs = 120_000;
const testTimeoutMs = 60_000;
let gateway: TestGateway;
const clients: MqttClient[] = [];

interface Arrived {
  readonly payloads: string[];
  readonly packets: IPublishPacket[];
  until(count: number): Promise<string[]>;
}

/** Heard from before CONNACK on: what a session has is sent at once. */
async function connect(
  options: IClientOptions,
  at = gateway,
): Promise<{ client: MqttClient; arrived: Arrived }> {
  const client = mqtt.connect(`mqtt://${at.mqtt.tcp}`, {
    reconnectPeriod: 0,
    protocolVersion: 5,
    ...options,
  });
  clients.push(client);
  const payloads: string[] = [];
  const packets: IPublishPacket[] = [];
  const waiting = new Set<() => void>();
  client.on('message', (_topic, payload, packet) => {
    payloads.push(payload.toString());
    packets.push(packet);
    for (const look of waiting) look();
  });
  await new Promise<void>((resolve, reject) => {
    client.once('connect', () => resolve());
    client.once('error', reject);
  });
  const until = (count: number) =>
    new Promise<string[]>((resolve) => {
      const look = () => {
        if (payloads.length < count) return;
        waiting.delete(look);
        resolve(payloads);
      };
      waiting.add(look);
      look();
    });
  return { client, arrived: { payloads, packets, until } };
}

const sleeperOf = (clientId: string): IClientOptions => ({
  clientId,
  clean: false,
  properties: { sessionExpiryInterval: 3_600 },
});

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

describe('a session that sleeps', () => {
  it.each([1, 2] as const)(
    'gets at QoS %i what came meanwhile, in order, after its gateway was killed too',
    async (qos) => {
      const topic = `sleep/q${qos}`;
      const first = await connect(sleeperOf(`sleeper-${qos}`));
      await first.client.subscribeAsync(topic, { qos });
      await first.client.endAsync();
      const publisher = await connect({ clientId: `publisher-${qos}` });
      const payloads = Array.from({ length: 20 }, (_, index) => `${index}`);
      await Promise.all(
        payloads.slice(0, 10).map((payload) => publisher.client.publishAsync(topic, payload, { qos })),
      );
      await gateway.kill();
      await gateway.restart();
      const again = await connect({ clientId: `publisher-${qos}` });
      await Promise.all(
        payloads.slice(10).map((payload) => again.client.publishAsync(topic, payload, { qos })),
      );
      const back = await connect(sleeperOf(`sleeper-${qos}`));
      await back.arrived.until(payloads.length);
      expect(back.arrived.payloads).toEqual(payloads);
    },
    testTimeoutMs,
  );
});
