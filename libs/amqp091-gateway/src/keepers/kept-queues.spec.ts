import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { silentLog } from '#libs/telemetry';
import { TenantDirectory } from '#libs/tenancy';
import { ChangingCluster, type TestClusterView } from '../testing/changing-cluster.js';
import {
  clientOf,
  queue,
  table,
  tenantOf,
  type TestGateway,
  TestTopologies,
} from '../testing/topology-fixture.js';
import type { Queue } from '../topology/queue.js';
import type { VhostTopology } from '../topology/vhost-topology.js';
import { KeeperRequests } from './keeper-requests.js';
import type { KeptQueueWork } from './kept-queue-work.js';
import { KeptQueues } from './kept-queues.js';
import { QueueAnswers } from './queue-answers.js';
import { QueueExpiry } from './queue-expiry.js';
import { placeKey, placeOf } from './queue-place.js';
import { TenantOpenings } from './tenant-openings.js';

/** What is being done, by queue. */
class RecordedWork implements KeptQueueWork {
  readonly working = new Set<string>();
  isFull = false;

  isNeeded({ settings }: Queue, isExpiring: boolean): boolean {
    return isExpiring || settings.maxLength !== undefined;
  }

  start(_topology: VhostTopology, { name }: Queue) {
    const work = this;
    if (this.working.has(name)) throw new Error('it is done twice');
    this.working.add(name);
    return {
      get isFull() {
        return work.isFull;
      },
      close: () => void this.working.delete(name),
    };
  }
}

interface Gateway {
  readonly view: TestClusterView;
  readonly topologies: TestGateway;
  readonly work: RecordedWork;
  readonly kept: KeptQueues;
  readonly answers: QueueAnswers;
  readonly close: () => void;
}

const tenant = tenantOf();
const limited = { arguments: table({ 'x-max-length': 10 }) };
let fixture: TestTopologies;
let cluster: ChangingCluster;
let gateways: Gateway[];
let served: boolean;
let now: number;

function started(tenants = new TenantDirectory([tenant])): Gateway {
  const view = cluster.join();
  const topologies = fixture.gateway(view);
  const requests = new KeeperRequests(view);
  const work = new RecordedWork();
  const openings = new TenantOpenings({
    ...{ requests, tenants, topologies: topologies.topologies, log: silentLog },
  });
  const kept = new KeptQueues(view, topologies.topologies, [work], () => served);
  const answers = new QueueAnswers(requests, kept, () => topologies.open(), { now: () => now });
  const close = () => {
    openings.close();
    kept.close();
  };
  const gateway = { view, topologies, work, kept, answers, close };
  gateways.push(gateway);
  return gateway;
}

beforeEach(() => {
  fixture = new TestTopologies(tenant);
  cluster = new ChangingCluster();
  gateways = [];
  served = true;
  now = 1_000;
});
afterEach(async () => {
  for (const { close } of gateways) close();
  await fixture.close();
});

/** All have read what there is. */
async function until(isSo: () => boolean): Promise<void> {
  const end = performance.now() + 3_000;
  while (!isSo()) {
    if (performance.now() > end) throw new Error('it did not come about');
    const scope = { tenant, vhost: '/', pulsarNamespace: tenant.pulsarNamespace };
    await Promise.all(gateways.map(({ topologies }) => topologies.topologies.find(scope)?.caughtUp()));
    await pause(2);
  }
}

const working = () => gateways.flatMap(({ work }) => [...work.working]).sort();
const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

describe('the work for queues', () => {
  it('is done by one gateway for each queue that needs it, also by those that have no clients of the tenant', async () => {
    const [one] = [started(), started(), started()];
    const topology = await one!.topologies.open();
    for (const name of names) await topology.declareQueue(queue(name, limited), clientOf('c'));
    await topology.declareQueue(queue('needs nothing'), clientOf('c'));
    await until(() => working().length === names.length);
    expect(working()).toEqual(names);
    expect(gateways.filter(({ work }) => work.working.size > 0).length).toBeGreaterThan(1);
    await topology.deleteQueue('a', { ifUnused: false, ifEmpty: false }, clientOf('c'));
    await until(() => working().length === names.length - 1);
    expect(working()).toEqual(names.slice(1));
  });

  it('is taken over from gateways that are gone, and by those that come', async () => {
    const one = started();
    const topology = await one.topologies.open();
    for (const name of names) await topology.declareQueue(queue(name, limited), clientOf('c'));
    expect([...one.work.working]).toEqual(names);
    const other = started();
    await until(() => other.work.working.size > 0 && working().length === names.length);
    expect(working()).toEqual(names);
    gateways.shift();
    one.close();
    cluster.remove(one.view);
    await until(() => other.work.working.size === names.length);
  });

  it('is not done for tenants that are not served any more, nor by gateways that do not know them yet', async () => {
    const one = started();
    const topology = await one.topologies.open();
    for (const name of names) await topology.declareQueue(queue(name, limited), clientOf('c'));
    served = false;
    one.kept.refresh();
    expect(working()).toEqual([]);
    served = true;
    const tenants = new TenantDirectory([]);
    const other = started(tenants);
    await until(() => working().length > 0);
    await pause(20);
    expect([...other.work.working]).toEqual([]);
    tenants.replace([tenant]);
    await until(() => other.work.working.size > 0 && working().length === names.length);
  });
});

describe('what publishers ask and tell', () => {
  async function declared(options = limited) {
    const [one, other] = [started(), started()];
    const topology = await one.topologies.open();
    const theirs = await other.topologies.open();
    for (let at = 0; ; at++) {
      const { queue: made } = await topology.declareQueue(queue(`q${at}`, options), clientOf('c'));
      const key = placeKey(placeOf(topology.scope, made));
      if (one.view.nodeOf(key).nodeId !== other.view.self.nodeId) continue;
      await theirs.caughtUp();
      return { one, other, topology, made };
    }
  }
  const asked = (kind: string) => cluster.requests.filter((each) => each === `0>1 ${kind}`).length;

  it('whether a queue is full, asked once for a moment', async () => {
    const { one, other, topology, made } = await declared();
    expect(await Promise.all([one, one].map(({ answers }) => answers.isFull(topology, made)))).toEqual([
      ...[false, false],
    ]);
    expect(one.answers.isFull(topology, made)).toBe(false);
    other.work.isFull = true;
    expect(one.answers.isFull(topology, made)).toBe(false);
    expect(asked('amqp091.queue-full')).toBe(1);
    now += 300;
    expect(await one.answers.isFull(topology, made)).toBe(true);
    expect(one.answers.isFull(topology, made)).toBe(true);
    const theirs = await other.topologies.open();
    expect(other.answers.isFull(theirs, theirs.findQueue(made.name)!)).toBe(true);
  });

  it('that a queue is full keeps nobody from publishing whose keeper does not answer', async () => {
    const { one, other, topology, made } = await declared();
    other.work.isFull = true;
    other.view.isAway = true;
    expect(await one.answers.isFull(topology, made)).toBe(false);
  });

  it('that messages expire, again when another gateway keeps the queue or did not answer', async () => {
    const { one, other, topology, made } = await declared({ arguments: [] });
    other.view.isAway = true;
    one.answers.noteExpiring(topology, made);
    await pause(10);
    other.view.isAway = false;
    one.answers.noteExpiring(topology, made);
    await pause(10);
    expect([...other.work.working]).toEqual([]);
    now += 1_500;
    for (let at = 0; at < 100; at++) one.answers.noteExpiring(topology, made);
    await until(() => other.work.working.size === 1);
    expect(asked('amqp091.queue-expiring')).toBe(2);
    other.close();
    cluster.remove(other.view);
    one.answers.noteExpiring(topology, made);
    expect([...one.work.working]).toEqual([made.name]);
  });

  it('that messages expire means nothing of a queue that was deleted since', async () => {
    const { other, made } = await declared({ arguments: [] });
    const theirs = await other.topologies.open();
    other.kept.noteExpiring(theirs, { ...made, uid: 'deleted' });
    expect([...other.work.working]).toEqual([]);
    other.kept.noteExpiring(theirs, made);
    expect([...other.work.working]).toEqual([made.name]);
  });
});

describe('a queue that expires', () => {
  const expired: string[] = [];
  let consumers: number | undefined;
  let isUsed: boolean;
  let fails: boolean;
  const expiry = new QueueExpiry({
    consumersOf: () => consumers,
    expire: async ({ name }) => {
      if (fails) throw new Error('Pulsar is away');
      if (!isUsed) expired.push(name);
      return !isUsed;
    },
    log: silentLog,
    retryMs: 20,
  });

  beforeEach(() => {
    expired.length = 0;
    [consumers, isUsed, fails] = [0, false, false];
  });

  async function expiring() {
    const topology = await started().topologies.open();
    const { queue: made } = await topology.declareQueue(
      queue('q', { arguments: table({ 'x-expires': 60 }) }),
      clientOf('c'),
    );
    return expiry.start(topology, made);
  }

  it('is deleted when nobody has used it for so long', async () => {
    const work = await expiring();
    for (let at = 0; at < 5; at++) {
      await pause(30);
      work.used?.();
    }
    expect(expired).toEqual([]);
    await until(() => expired.length > 0);
    work.close();
  });

  it.each([
    ['it has consumers', () => (consumers = 1), () => (consumers = 0)],
    ['gateways have not said what consumers they have', () => (consumers = undefined), () => (consumers = 0)],
    ['others consume it by another protocol', () => (isUsed = true), () => (isUsed = false)],
    ['Pulsar is away', () => (fails = true), () => (fails = false)],
  ])('stays while %s', async (_, before, after) => {
    before();
    const work = await expiring();
    await pause(150);
    expect(expired).toEqual([]);
    after();
    await until(() => expired.length > 0);
    work.close();
  });

  it('stays where another gateway comes to keep it', async () => {
    const work = await expiring();
    work.close();
    await pause(100);
    expect(expired).toEqual([]);
  });
});
