import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aloneCluster } from '#libs/cluster';
import { PulsarClient } from '#libs/pulsar';
import { Metrics, silentLog } from '#libs/telemetry';
import {
  binding,
  clientOf,
  exchange,
  FakeQueueStore,
  queue,
  refusal,
  routed,
  tenantOf,
} from '../testing/topology-fixture.js';
import { AgreedTopologies, pulsarTopologyState } from './agreed-topologies.js';
import type { VhostTopology } from './vhost-topology.js';

const serviceUrl = process.env.PULSEGATE_TEST_PULSAR_URL ?? 'pulsar://127.0.0.1:6650';
const adminUrl = process.env.PULSEGATE_TEST_PULSAR_ADMIN_URL ?? 'http://127.0.0.1:8080';
const client = clientOf('c1');

describe('topology in a real Pulsar', () => {
  const pulsarTenant = `amqp-topology-${randomBytes(4).toString('hex')}`;
  const stateNamespace = `${pulsarTenant}/state`;
  const clients: PulsarClient[] = [];
  const gateways: AgreedTopologies[] = [];

  beforeAll(async () => {
    const { admin } = pulsarClient();
    await admin.createTenant(pulsarTenant, { adminRoles: [], allowedClusters: await admin.clusters() });
    await admin.createNamespace(stateNamespace);
  });

  afterAll(async () => {
    await Promise.all(gateways.map((each) => each.close()));
    const { admin } = clients[0]!;
    await admin.deleteNamespace(stateNamespace, { force: true }).catch(() => {});
    await admin.deleteTenant(pulsarTenant).catch(() => {});
    await Promise.all(clients.map((each) => each.close()));
  });

  function pulsarClient(): PulsarClient {
    const made = new PulsarClient({ serviceUrl, adminUrl });
    clients.push(made);
    return made;
  }

  /** Of a gateway with connections of its own. */
  function opened(instance: string): Promise<VhostTopology> {
    const cluster = aloneCluster({ instance }, stateNamespace);
    const services = { pulsar: pulsarClient(), cluster, stateServed: () => true, log: silentLog };
    const topologies = new AgreedTopologies({
      cluster,
      openState: pulsarTopologyState(services),
      store: new FakeQueueStore(),
      log: silentLog,
      metrics: new Metrics(),
    });
    gateways.push(topologies);
    return topologies.open(tenantOf(), '/');
  }

  const declared = (vhost: VhostTopology) =>
    [...vhost.exchanges()].map(({ name, uid, type }) => `${name} ${uid} ${type}`).sort();

  it('is the same on all gateways, and on one that comes later', async () => {
    const [first, second] = await Promise.all([opened('g1'), opened('g2')]);
    await first.declareExchange(exchange('events', { type: 'topic' }), client);
    await second.declareQueue(queue('orders'), client);
    await first.bind(binding('events', 'orders', 'order.#'), client);
    await second.caughtUp();
    expect(routed(second, 'events', 'order.new.eu')).toEqual(['orders']);
    const types = ['direct', 'fanout', 'topic', 'headers'];
    await Promise.all(
      Array.from({ length: 40 }, (_, at) => {
        const vhost = at % 2 === 0 ? first : second;
        return refusal(vhost.declareExchange(exchange(`x${at >> 2}`, { type: types[at % 4]! }), client));
      }),
    );
    await second.deleteQueue('orders', { ifUnused: false, ifEmpty: false }, client);
    await Promise.all([first.caughtUp(), second.caughtUp()]);
    const third = await opened('g3');
    expect(declared(first)).toHaveLength(6 + 1 + 10);
    expect(declared(second)).toEqual(declared(first));
    expect(declared(third)).toEqual(declared(first));
    expect([first, second, third].map((vhost) => routed(vhost, 'events', 'order.new.eu'))).toEqual([
      [],
      [],
      [],
    ]);
    expect(await refusal(third.checkQueue('orders', client))).toContain('404');
  });
});
