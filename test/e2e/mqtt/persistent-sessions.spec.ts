// Sessions that outlive their connections, and client ids that are unique, over two gateways and a real Pulsar.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { IClientOptions } from 'mqtt';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { persistent, TestMqttClient } from '../../support/mqtt-client.js';
import { createPulsarNamespace } from '../../support/pulsar.js';

const setUpTimeoutMs = 120_000;
const testTimeoutMs = 60_000;
let gateways: TestGateway[];
const clients: TestMqttClient[] = [];

async function connect(at: number, options: IClientOptions): Promise<TestMqttClient> {
  const client = await TestMqttClient.connect(gateways[at]!, options);
  clients.push(client);
  return client;
}

const numbers = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `${from + index}`);

beforeAll(async () => {
  const namespace = await createPulsarNamespace('mqtt-sessions');
  const options = {
    tenants: [{ name: 'acme', namespace, permissions: [allowAll] }],
    stateNamespace: `public/state-${randomBytes(4).toString('hex')}`,
    mqtt: { listener: { anonymousTenant: 'acme' } },
    config: { cluster: { memberTimeoutMs: 3_000 } },
  };
  gateways = await Promise.all([startGateway(options), startGateway(options)]);
}, setUpTimeoutMs);

afterAll(async () => {
  await Promise.all(clients.map((client) => client.end(true)));
  await Promise.all(gateways.map((gateway) => gateway.stop()));
});

describe('a client id', () => {
  it.each(['x', 'y', 'z'])(
    'has one connection over all gateways, the last one: %s',
    async (clientId) => {
      const before = [await connect(0, { clientId }), await connect(1, { clientId })];
      await before[0]!.closed();
      expect(before[0]!.disconnectReason).toBe(0x8e);
      const after = await connect(0, { clientId });
      await before[1]!.closed();
      expect([before[1]!.disconnectReason, after.client.connected]).toEqual([0x8e, true]);
    },
    testTimeoutMs,
  );

  it(
    'has one connection when many come at once',
    async () => {
      // Who is taken over before it is told that it is connected is refused.
      const attempts = numbers(0, 20).map((_, index) => connect(index % 2, { clientId: 'storm' }));
      const storm = (await Promise.allSettled(attempts)).flatMap((each) =>
        each.status === 'fulfilled' ? [each.value] : [],
      );
      const open = () => storm.filter(({ client }) => client.connected);
      while (open().length > 1) await new Promise((resolve) => setTimeout(resolve, 20));
      expect(open()).toHaveLength(1);
    },
    testTimeoutMs,
  );
});

describe('a session that outlives its connection', () => {
  it.each(['p', 'q', 'r'])(
    'goes on at whichever gateway its client comes back, until a clean start: %s',
    async (clientId) => {
      const topic = `goes-on/${clientId}`;
      const first = await connect(0, persistent(clientId));
      expect((await first.connack).sessionPresent).toBe(false);
      await first.client.subscribeAsync(topic, { qos: 1 });
      await first.end();
      const publisher = await connect(1, { clientId: `${clientId}-publisher` });
      await publisher.publish(topic, numbers(0, 5));
      const second = await connect(1, persistent(clientId));
      expect((await second.connack).sessionPresent).toBe(true);
      expect(await second.received(5)).toEqual(numbers(0, 5));
      await publisher.publish(topic, numbers(5, 8));
      expect(await second.received(8)).toEqual(numbers(0, 8));
      const third = await connect(0, { clientId, clean: true });
      expect((await third.connack).sessionPresent).toBe(false);
      await second.closed();
      await third.end();
      const fourth = await connect(1, persistent(clientId));
      expect((await fourth.connack).sessionPresent).toBe(false);
    },
    testTimeoutMs,
  );
});

describe('a gateway that is killed', () => {
  const devices = numbers(0, 8).map((number) => `device-${number}`);
  const mourned = numbers(0, 6).map((number) => `mourned-${number}`);
  const topicOf = (id: string, qos: 1 | 2) => `kill/${id}/q${qos}`;

  async function publish(payloads: readonly string[]): Promise<void> {
    const publisher = await connect(0, { clientId: 'kill-publisher' });
    for (const id of devices) {
      const ofBoth = ([1, 2] as const).map((qos) => publisher.publish(topicOf(id, qos), payloads, qos));
      await Promise.all(ofBoth);
    }
    await publisher.end();
  }

  /** The device comes back, to the other gateway; what it got before and then, without repetition at QoS 1. */
  async function allOf(id: string, at: number, count: number): Promise<{ q1: string[]; q2: string[] }> {
    const before = clients.filter(({ client }) => client.options.clientId === id);
    await Promise.all(before.map((each) => each.end(true)));
    const device = await connect(at, persistent(id));
    const got = (qos: 1 | 2) =>
      [...before, device].flatMap(({ packets }) =>
        packets.filter(({ topic }) => topic === topicOf(id, qos)).map(({ payload }) => payload.toString()),
      );
    while (new Set(got(1)).size < count || got(2).length < count) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return { q1: [...new Set(got(1))], q2: got(2) };
  }

  it(
    'costs no message at QoS 1 and doubles none at QoS 2, and the others publish the wills of its clients, once',
    async () => {
      for (const [index, id] of devices.entries()) {
        const device = await connect(index % 2, persistent(id));
        await device.client.subscribeAsync([topicOf(id, 1), topicOf(id, 2)], { qos: 2 });
        if (index < 4) await device.end();
      }
      const watcher = await connect(0, { clientId: 'will-watcher' });
      await watcher.client.subscribeAsync('wills/#', { qos: 1 });
      for (const [index, clientId] of mourned.entries()) {
        const will = {
          topic: `wills/${clientId}`,
          payload: Buffer.from(clientId),
          qos: 1,
          retain: false,
        } as const;
        await connect(1, { ...(index % 2 === 0 ? persistent(clientId) : { clientId }), will });
      }
      await publish(numbers(0, 10));
      await gateways[1]!.kill();
      await publish(numbers(10, 20));
      await gateways[1]!.restart();
      await publish(numbers(20, 30));
      for (const [index, id] of devices.entries()) {
        const { q1, q2 } = await allOf(id, (index + 1) % 2, 30);
        expect([id, q1, q2]).toEqual([id, numbers(0, 30), numbers(0, 30)]);
      }
      await watcher.received(mourned.length);
      expect([...watcher.payloads].sort()).toEqual(mourned);
    },
    testTimeoutMs,
  );
});
