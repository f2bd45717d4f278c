import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aloneCluster } from '#libs/cluster';
import { PulsarClient } from '#libs/pulsar';
import { Metrics, silentLog } from '#libs/telemetry';
import type { PublishRequest } from '../publishing/publisher.js';
import type { TailSubscriber } from '../subscriptions/tail-subscriber.js';
import { pulsarRetainedState, RetainedMessages, retainedTopic } from './retained-messages.js';
import { retainedDefaults } from './retained.options.js';

const serviceUrl = process.env.PULSEGATE_TEST_PULSAR_URL ?? 'pulsar://127.0.0.1:6650';
const adminUrl = process.env.PULSEGATE_TEST_PULSAR_ADMIN_URL ?? 'http://127.0.0.1:8080';
const kafka = { autoCreateTopics: true, partitionsDefault: 1, messageBytesMax: 1_000_000 };

describe('retained messages of two gateways, in a real Pulsar', () => {
  const pulsarTenant = `retained-${randomBytes(4).toString('hex')}`;
  const namespace = `${pulsarTenant}/state`;
  const clients: PulsarClient[] = [];
  const gateways: RetainedMessages[] = [];
  let tenants = 0;

  beforeAll(async () => {
    const { admin } = client();
    await admin.createTenant(pulsarTenant, { adminRoles: [], allowedClusters: await admin.clusters() });
    await admin.createNamespace(namespace);
  });

  afterAll(async () => {
    await Promise.all(gateways.map((each) => each.close()));
    const { admin } = clients[0]!;
    await admin.deleteNamespace(namespace, { force: true }).catch(() => {});
    await admin.deleteTenant(pulsarTenant).catch(() => {});
    await Promise.all(clients.map((each) => each.close()));
  });

  function client(): PulsarClient {
    const made = new PulsarClient({ serviceUrl, adminUrl });
    clients.push(made);
    return made;
  }

  function gateway(): RetainedMessages {
    const cluster = aloneCluster({}, namespace);
    const services = { pulsar: client(), cluster, stateServed: () => true, log: silentLog };
    const openState = pulsarRetainedState(retainedDefaults, services);
    const metrics = new Metrics({ processMetrics: false });
    const made = new RetainedMessages(retainedDefaults, { cluster, openState, metrics });
    gateways.push(made);
    return made;
  }

  const newTenant = () => ({ name: `t${tenants++}`, pulsarNamespace: namespace, limits: {}, kafka });

  const set = (to: RetainedMessages, tenant: PublishRequest['tenant'], topic: string, text: string) =>
    new Promise<void>((resolve, reject) => {
      const request = {
        tenant,
        topic,
        payload: Buffer.from(text),
        qos: 1,
        retain: true,
        properties: {},
      } as const;
      to.set({ ...request, messageExpiryIntervalSeconds: undefined, clientId: 'c' }, (error) =>
        error === undefined ? resolve() : reject(error),
      );
    });

  /** What a new subscriber is given. */
  async function subscribed(to: RetainedMessages, tenant: string, filter: string): Promise<string[]> {
    const got: string[] = [];
    const subscriber: TailSubscriber = {
      clientId: 'subscriber',
      deliver: ({ message }) => got.push(`${message.topic}=${message.payload.toString()}`) > 0,
      mayReceive: () => true,
      whenRoom: () => {},
    };
    const flags = { noLocal: false, retainAsPublished: false, retainHandling: 0, checked: false } as const;
    const replay = to.replay(tenant, subscriber);
    replay.add({ filter, qos: 1, identifier: undefined, ...flags }, false);
    const deadline = performance.now() + 20_000;
    while (!replay.isIdle) {
      if (performance.now() > deadline) throw new Error('the replay does not end');
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    return got.sort();
  }

  it('are on every gateway what the last answered publish made them', async () => {
    const [a, b] = [gateway(), gateway()];
    const tenant = newTenant();
    expect(await subscribed(b, tenant.name, '#')).toEqual([]);
    for (let round = 0; round < 9; round++) {
      const to = round % 2 === 0 ? a : b;
      await set(to, tenant, 'x/1', `${round}`);
      await set(to, tenant, `x/${round + 2}`, round % 3 === 0 ? 'kept' : '');
      // No time passes between the answer there and the question here.
      expect(await subscribed(round % 2 === 0 ? b : a, tenant.name, 'x/1')).toEqual([`x/1=${round}`]);
    }
    const late = gateway();
    const all = await subscribed(late, tenant.name, '#');
    expect(all).toEqual(await subscribed(a, tenant.name, '#'));
    expect(all).toHaveLength(4);
    expect(await subscribed(a, newTenant().name, '#')).toEqual([]);
  });

  it('stay what they are when the topic moves to another broker, and are set meanwhile', async () => {
    const [a, b] = [gateway(), gateway()];
    const tenant = newTenant();
    await set(a, tenant, 'x', '0');
    const { admin } = clients[0]!;
    const sets = Array.from({ length: 100 }, (_, at) => set(a, tenant, `y/${at % 10}`, `${at}`));
    await admin.unload(retainedTopic(namespace, tenant.name));
    await Promise.all(sets);
    const expected = ['x=0', ...Array.from({ length: 10 }, (_, at) => `y/${at}=${90 + at}`)].sort();
    expect(await subscribed(b, tenant.name, '#')).toEqual(expected);
    expect(await subscribed(a, tenant.name, '#')).toEqual(expected);
  });

  it('are the same on both when both set the same topics at once', async () => {
    const [a, b] = [gateway(), gateway()];
    const tenant = newTenant();
    const sets = Array.from({ length: 200 }, (_, at) =>
      set(at % 2 === 0 ? a : b, tenant, `z/${at % 5}`, at % 9 === 0 ? '' : `${at}`),
    );
    await Promise.all(sets);
    expect(await subscribed(b, tenant.name, '#')).toEqual(await subscribed(a, tenant.name, '#'));
  });
});
