// Two gateways, persistent sessions on both: whichever gateway a client connects to, it has its session.
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import mqtt, { type IConnackPacket, type IDisconnectPacket, type MqttClient } from 'mqtt';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { createPulsarNamespace } from '../../support/pulsar.js';
import { until } from '../../support/until.js';

const timeoutMs = 60_000;
const memberTimeoutMs = 1_000;
/** Enough that no gateway owns the sessions of all of them. */
const clientIds = Array.from({ length: 12 }, (_, index) => `device-${index}`);
const password = randomBytes(18).toString('base64url');
const gateways: TestGateway[] = [];
const clients: MqttClient[] = [];

interface Connected {
  readonly client: MqttClient;
  readonly connack: IConnackPacket;
  readonly payloads: string[];
}

/** What comes with the event, once. */
function event<T>(client: MqttClient, name: 'connect' | 'close' | 'disconnect'): Promise<T> {
  return new Promise((resolve) => client.once(name, (what?: unknown) => resolve(what as T)));
}

async function connect({ mqtt: { tcp } }: TestGateway, clientId: string): Promise<Connected> {
  const properties = { sessionExpiryInterval: 600 };
  const payloads: string[] = [];
  const client = mqtt.connect(`mqtt://${tcp}`, {
    ...{ clientId, protocolVersion: 5, clean: false, reconnectPeriod: 0, properties },
    ...{ username: 'alice', password },
  });
  clients.push(client);
  client.on('message', (_, payload) => payloads.push(payload.toString()));
  const refused = event(client, 'close').then(() => Promise.reject(new Error(`${clientId} was refused`)));
  refused.catch(() => {});
  const connack = await Promise.race([event<IConnackPacket>(client, 'connect'), refused]);
  return { client, connack, payloads };
}

/** As a device does: again, while gateways are coming and going. */
async function connectAgain(gateway: TestGateway, clientId: string): Promise<Connected> {
  for (;;) {
    try {
      return await connect(gateway, clientId);
    } catch {
      await delay(200);
    }
  }
}

async function gauge({ adminUrl }: TestGateway, name: string): Promise<number> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
}

beforeAll(async () => {
  const namespace = await createPulsarNamespace('acme');
  const stateNamespace = `public/pulsegate-spliced-${randomBytes(4).toString('hex')}`;
  for (let count = 0; count < 2; count++) {
    gateways.push(
      await startGateway({
        tenants: [
          {
            ...{ name: 'acme', namespace },
            users: [{ name: 'alice', passwordEnv: 'TEST_ALICE' }] as never,
            permissions: [{ ...allowAll, principals: ['user:alice'] }],
          },
        ],
        env: { TEST_ALICE: password },
        mqtt: { listener: { defaultTenant: 'acme' } },
        stateNamespace,
        config: { cluster: { stateNamespace, memberTimeoutMs } },
      }),
    );
  }
}, timeoutMs);

afterAll(async () => {
  await Promise.all(clients.map((client) => client.endAsync(true)));
  await Promise.all(gateways.map((gateway) => gateway.stop()));
});

describe('a client of a gateway that does not have its session', () => {
  it(
    'has its session all the same: messages both ways, and what came while it was away',
    async () => {
      const [one, other] = gateways as [TestGateway, TestGateway];
      const devices = await Promise.all(clientIds.map((clientId) => connect(one, clientId)));
      const carried = await gauge(other, 'pulsegate_mqtt_spliced_clients');
      expect(carried).toBeGreaterThan(0);
      expect(carried).toBeLessThan(clientIds.length);
      expect(await gauge(one, 'pulsegate_cluster_splices_open')).toBe(carried);
      await Promise.all(
        devices.map(({ client }, index) => client.subscribeAsync(`to/${clientIds[index]}/#`, { qos: 2 })),
      );
      const send = (from: Connected, payload: Buffer | string) =>
        Promise.all(
          clientIds.map((clientId) => from.client.publishAsync(`to/${clientId}/x`, payload, { qos: 2 })),
        );
      await send(devices[0]!, 'first');
      await until(() => devices.every(({ payloads }) => payloads.includes('first')));
      await Promise.all(devices.slice(1).map(({ client }) => client.endAsync()));
      await send(devices[0]!, 'x'.repeat(200_000));
      await devices[0]!.client.endAsync();
      const back = await Promise.all(clientIds.map((clientId) => connect(other, clientId)));
      expect(back.map(({ connack }) => connack.sessionPresent)).toEqual(clientIds.map(() => true));
      await until(() => back.slice(1).every(({ payloads }) => payloads[0]?.length === 200_000));
      expect(back.every(({ payloads }) => payloads.length <= 1)).toBe(true);
      expect(await gauge(one, 'pulsegate_mqtt_spliced_clients')).toBe(clientIds.length - carried);
      await Promise.all(back.map(({ client }) => client.endAsync()));
    },
    timeoutMs,
  );

  it(
    'is told when its own gateway stops, and finds its session when the other was killed',
    async () => {
      const [one, other] = gateways as [TestGateway, TestGateway];
      const devices = await Promise.all(clientIds.map((clientId) => connect(one, clientId)));
      const told = devices.map(({ client }) => event<IDisconnectPacket>(client, 'disconnect'));
      const stopped = one.stop();
      const reasons = (await Promise.all(told)).map(({ reasonCode }) => reasonCode);
      expect(reasons).toEqual(clientIds.map(() => 0x8b));
      await stopped;
      await one.restart();
      await Promise.all(clientIds.map((clientId) => connectAgain(one, clientId)));
      await other.kill();
      const found = await Promise.all(clientIds.map((clientId) => connectAgain(one, clientId)));
      expect(found.map(({ connack }) => connack.sessionPresent)).toEqual(clientIds.map(() => true));
    },
    timeoutMs,
  );
});
