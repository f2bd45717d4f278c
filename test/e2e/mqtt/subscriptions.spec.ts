// Subscriptions with two gateways before a real Pulsar: wildcards over topics that come, shared ones, slow clients.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { createPulsarNamespace } from '../../support/pulsar.js';
import { until } from '../../support/until.js';

const setUpTimeoutMs = 120_000;
const testTimeoutMs = 60_000;
const clients: MqttClient[] = [];
let gateways: readonly [TestGateway, TestGateway];

async function connect(to: TestGateway, options: IClientOptions = {}): Promise<MqttClient> {
  const client = await mqtt.connectAsync(`mqtt://${to.mqtt.tcp}`, {
    reconnectPeriod: 0,
    protocolVersion: 5,
    ...options,
  });
  clients.push(client);
  return client;
}

/** What a client is sent. */
function inbox(client: MqttClient): string[] {
  const payloads: string[] = [];
  client.on('message', (_topic, payload) => payloads.push(payload.toString()));
  return payloads;
}

/** A member of the group that acknowledges nothing, and reads no more after the first message. */
async function stuckMember(gateway: TestGateway): Promise<{ client: MqttClient; kept: string[] }> {
  const client = await connect(gateway, { customHandleAcks: () => undefined });
  const kept: string[] = [];
  client.on('packetreceive', (packet) => {
    if (packet.cmd === 'publish') kept.push(packet.payload.toString());
  });
  await client.subscribeAsync('$share/workers/jobs/+', { qos: 1 });
  return { client, kept };
}

const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, at) => String(from + at));
const sorted = (payloads: readonly string[]) => [...payloads].sort((a, b) => Number(a) - Number(b));

function publish(client: MqttClient, topic: string, payloads: readonly string[]): Promise<unknown> {
  return Promise.all(payloads.map((payload) => client.publishAsync(topic, payload, { qos: 1 })));
}

/** One after the other: each is an entry, and entries are what Pulsar divides between gateways. */
async function publishApart(client: MqttClient, topic: string, payloads: readonly string[]): Promise<void> {
  for (const payload of payloads) await publish(client, topic, [payload]);
}

beforeAll(async () => {
  const stateNamespace = await createPulsarNamespace('subscriptions-state');
  const namespace = await createPulsarNamespace('subscriptions');
  const options = {
    tenants: [{ name: 'acme', namespace, permissions: [allowAll] }],
    ...{ mqtt: { listener: { anonymousTenant: 'acme' } }, stateNamespace },
  };
  gateways = await Promise.all([startGateway(options), startGateway(options)]);
}, setUpTimeoutMs);

afterAll(async () => {
  await Promise.all(clients.map((client) => client.endAsync(true)));
  await Promise.all((gateways ?? []).map((gateway) => gateway.stop()));
});

describe('subscriptions', () => {
  it(
    'that begin with a wildcard get the first message of topics that other gateways make, and nothing older',
    async () => {
      const [a, b] = gateways;
      const publisher = await connect(a);
      await publish(publisher, 'wild0/x', ['old']);
      const subscriber = await connect(b);
      const got = inbox(subscriber);
      await subscriber.subscribeAsync('+/x', { qos: 1 });
      for (const at of numbers(3)) await publish(publisher, `wild${at}/x`, [at]);
      await until(() => got.length >= 3);
      expect(sorted(got)).toEqual(numbers(3));
      // On the publisher's own gateway: what was acknowledged before SUBSCRIBE does not come, were it still on its way.
      const own = await connect(a);
      const gotOwn = inbox(own);
      await own.subscribeAsync('wild0/#', { qos: 1 });
      for (let round = 0; round < 20; round++) {
        await publish(publisher, 'wild0/x', [`before ${round}`]);
        await own.subscribeAsync(`wild0/x/${round}/#`, { qos: 1 });
        const late = await connect(a);
        const gotLate = inbox(late);
        await late.subscribeAsync('wild0/x', { qos: 1 });
        await publish(publisher, 'wild0/x', [`after ${round}`]);
        await until(() => gotLate.length > 0);
        expect(gotLate).toEqual([`after ${round}`]);
        await late.endAsync();
      }
      expect(gotOwn.length).toBe(40);
    },
    testTimeoutMs,
  );

  it(
    'of a client that reads nothing delay nobody else',
    async () => {
      const [a] = gateways;
      const [publisher, quick, slow] = [await connect(a), await connect(a), await connect(a)];
      const got = inbox(quick);
      await quick.subscribeAsync('flood/#', { qos: 1 });
      await slow.subscribeAsync('flood/#', { qos: 0 });
      slow.stream.pause();
      const payload = 'x'.repeat(50_000);
      for (let round = 0; round < 10; round++) await publish(publisher, 'flood/x', Array(40).fill(payload));
      await until(() => got.length === 400);
      expect(quick.connected).toBe(true);
    },
    testTimeoutMs,
  );

  it(
    'shared over two gateways bring each message to one member, and those of a killed gateway to the others',
    async () => {
      const [a, b] = gateways;
      const publisher = await connect(a);
      await publish(publisher, 'jobs/new', ['before']);
      const members = [await connect(a), await connect(a), await connect(b)];
      const inboxes = members.map(inbox);
      for (const [at, member] of members.entries()) {
        await member.subscribeAsync('$share/workers/jobs/+', { qos: at === 1 ? 2 : 1 });
      }
      await publishApart(publisher, 'jobs/new', numbers(200));
      await until(() => inboxes.flat().length >= 200);
      expect(sorted(inboxes.flat())).toEqual(numbers(200));
      // A member that acknowledges nothing, and leaves without a word.
      const { client: stuck, kept } = await stuckMember(b);
      await publishApart(publisher, 'jobs/new', numbers(100, 200));
      await until(() => kept.length > 0);
      await stuck.endAsync(true);
      await until(() => inboxes.flat().length >= 300);
      expect(sorted(inboxes.flat())).toEqual(numbers(300));
      await members[2]!.unsubscribeAsync('$share/workers/jobs/+');
      const doomed = await stuckMember(b);
      await publishApart(publisher, 'jobs/new', numbers(50, 300));
      await until(() => doomed.kept.length > 0);
      await b.kill();
      await until(() => inboxes.flat().length >= 350);
      expect(sorted(inboxes.flat())).toEqual(numbers(350));
    },
    testTimeoutMs,
  );
});
