import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { FieldTable } from '#libs/amqp091-codec';
import { Metrics, silentLog } from '#libs/telemetry';
import { ChangingCluster, type TestClusterView } from '../testing/changing-cluster.js';
import {
  clientOf,
  queue,
  refusal,
  table,
  type TestGateway,
  TestTopologies,
} from '../testing/topology-fixture.js';
import type { Queue } from '../topology/queue.js';
import type { VhostTopology } from '../topology/vhost-topology.js';
import { ClusterQueueKeeper } from './cluster-queue-keeper.js';
import { keeperKinds } from './keeper-messages.js';
import { KeeperRequests } from './keeper-requests.js';
import type { ConsumerRegistration } from './queue-keeper.js';
import { placeKey, placeOf } from './queue-place.js';
import { expireUnused } from './unused-queues.js';

interface Gateway {
  readonly view: TestClusterView;
  readonly topology: VhostTopology;
  readonly keeper: ClusterQueueKeeper;
  readonly used: string[];
}

let topologies: TestTopologies;
let cluster: ChangingCluster;
let gateways: Gateway[];
let heard: string[];
let foreignConsumers: number;
let consumersMaxPerTenant: number;

async function started(): Promise<Gateway> {
  const view = cluster.join();
  const gateway: TestGateway = topologies.gateway(view);
  const topology = await gateway.open();
  const used: string[] = [];
  const keeper = new ClusterQueueKeeper({
    requests: new KeeperRequests(view),
    expire: expireUnused(async () => topology, {
      use: async () => ({ messages: 0, consumers: 0, foreignConsumers }),
    }),
    onUsed: (key) => used.push(key),
    ...{ log: silentLog, metrics: new Metrics({ processMetrics: false }) },
    keptLimits: { hearingMs: 300, retryMs: 5, deleteRetryMs: 20, consumersMaxPerTenant },
    ownLimits: { retryMs: 5, joinTimeoutMs: 500 },
  });
  const made = { view, topology, keeper, used };
  gateways.push(made);
  return made;
}

beforeEach(() => {
  topologies = new TestTopologies();
  cluster = new ChangingCluster();
  gateways = [];
  heard = [];
  foreignConsumers = 0;
  consumersMaxPerTenant = 50;
});
afterEach(async () => {
  for (const { keeper } of gateways) keeper.close();
  await topologies.close();
});

const single = { arguments: table({ 'x-single-active-consumer': true }) };
const refused = (name: string) =>
  `403 channel: ACCESS_REFUSED - queue '${name}' in vhost '/' in exclusive use`;

/** A queue that this gateway keeps. */
async function declared(
  by: Gateway,
  rest: { autoDelete?: boolean; arguments?: FieldTable } = {},
): Promise<Queue> {
  for (let at = 0; ; at++) {
    const name = `q-${at}`;
    if (by.topology.findQueue(name) !== undefined) continue;
    const declaration = queue(name, rest);
    const made = (await by.topology.declareQueue(declaration, clientOf('c1'))).queue;
    await until(() => gateways.every(({ topology }) => topology.findQueue(name)?.uid === made.uid));
    if (isKeptBy(by, made)) return made;
  }
}

function isKeptBy({ view, topology }: Gateway, of: Queue): boolean {
  return view.nodeOf(placeKey(placeOf(topology.scope, of))).instance === view.self.instance;
}

function join(at: Gateway, to: Queue, name: string, exclusive = false): Promise<ConsumerRegistration> {
  return at.keeper.register(at.topology, at.topology.findQueue(to.name)!, {
    exclusive,
    onActive: (isActive) => void heard.push(`${name} ${isActive}`),
    onQueueGone: () => void heard.push(`${name} gone`),
  });
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 3_000;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`it did not come about; heard: ${heard.join(', ')}`);
    await Promise.all(gateways.map(({ topology }) => topology.caughtUp()));
    await pause(2);
  }
}

describe.each([1, 2])('the keeper, of %d gateways', (count) => {
  let keeping: Gateway;
  let other: Gateway;

  beforeEach(async () => {
    keeping = await started();
    other = count === 1 ? keeping : await started();
  });

  it('gives a queue to one consumer alone, if that is the first', async () => {
    const q = await declared(keeping);
    const first = await join(keeping, q, 'one');
    expect(await refusal(join(other, q, 'two', true))).toBe(refused(q.name));
    await first.leave();
    const alone = await join(other, q, 'two', true);
    expect(await refusal(join(keeping, q, 'one'))).toBe(refused(q.name));
    await alone.leave();
    await alone.leave();
    expect((await join(keeping, q, 'one')).isActive).toBe(true);
  });

  it('makes the one active that waits for longest when the single active consumer leaves', async () => {
    const q = await declared(keeping, single);
    const one = await join(keeping, q, 'one');
    const two = await join(other, q, 'two');
    const three = await join(other, q, 'three');
    const four = await join(keeping, q, 'four');
    expect([one, two, three, four].map(({ isActive }) => isActive)).toEqual([true, false, false, false]);
    await two.leave();
    expect(heard).toEqual([]);
    await one.leave();
    await until(() => heard.length > 0);
    expect(heard).toEqual(['three true']);
    expect([three.isActive, four.isActive]).toEqual([true, false]);
    await three.leave();
    await until(() => heard.length > 1);
    expect(heard).toEqual(['three true', 'four true']);
  });

  it('gives no queue with a single active consumer to one alone, as RabbitMQ', async () => {
    const q = await declared(keeping, single);
    expect(await refusal(join(other, q, 'one', true))).toBe(refused(q.name));
    expect((await join(other, q, 'one')).isActive).toBe(true);
  });

  it('counts the consumers of all gateways', async () => {
    const q = await declared(keeping, single);
    const consumers = [
      await join(keeping, q, 'one'),
      await join(other, q, 'two'),
      await join(other, q, 'three'),
    ];
    const counted = () =>
      Promise.all(
        [keeping, other].map(({ keeper, topology }) =>
          keeper.consumers(topology, topology.findQueue(q.name)!),
        ),
      );
    expect(await counted()).toEqual([3, 3]);
    await consumers[1]!.leave();
    expect(await counted()).toEqual([2, 2]);
  });

  it('tells all when the queue is deleted, once', async () => {
    const q = await declared(keeping);
    await join(keeping, q, 'one');
    await join(other, q, 'two');
    await other.keeper.end(other.topology, other.topology.findQueue(q.name)!);
    expect([...heard].sort()).toEqual(['one gone', 'two gone']);
    await keeping.topology.deleteQueue(q.name, { ifUnused: false, ifEmpty: false }, clientOf('c1'));
    expect(heard).toHaveLength(2);
  });

  it('tells those whose queue was deleted elsewhere, and not those of the next of its name', async () => {
    const q = await declared(keeping);
    await join(keeping, q, 'one');
    await other.topology.deleteQueue(q.name, { ifUnused: false, ifEmpty: false }, clientOf('c1'));
    await until(() => heard.length > 0);
    const again = (await keeping.topology.declareQueue(queue(q.name), clientOf('c1'))).queue;
    await join(keeping, again, 'two');
    await keeping.keeper.end(keeping.topology, q);
    expect(heard).toEqual(['one gone']);
  });

  it('refuses who comes for a queue that was deleted meanwhile', async () => {
    const q = await declared(keeping);
    const found = other.topology.findQueue(q.name)!;
    await other.topology.deleteQueue(q.name, { ifUnused: false, ifEmpty: false }, clientOf('c1'));
    const late = other.keeper.register(other.topology, found, {
      exclusive: false,
      onActive: () => {},
      onQueueGone: () => {},
    });
    expect(await refusal(late)).toBe(`404 channel: NOT_FOUND - no queue '${q.name}' in vhost '/'`);
    await until(async () => (await keeping.keeper.consumers(keeping.topology, q)) === 0);
  });

  it('deletes an auto-delete queue after its last consumer, wherever that was', async () => {
    const q = await declared(keeping, { autoDelete: true });
    const one = await join(keeping, q, 'one');
    const two = await join(other, q, 'two');
    await one.leave();
    await pause(30);
    expect(keeping.topology.findQueue(q.name)).toBeDefined();
    await two.leave();
    await until(() => gateways.every(({ topology }) => topology.findQueue(q.name) === undefined));
  });

  it('keeps an auto-delete queue that others consume by another protocol, as long as they do', async () => {
    const q = await declared(keeping, { autoDelete: true });
    foreignConsumers = 1;
    await (await join(other, q, 'one')).leave();
    await pause(50);
    expect(keeping.topology.findQueue(q.name)).toBeDefined();
    foreignConsumers = 0;
    await until(() => keeping.topology.findQueue(q.name) === undefined);
  });

  it('has no more consumers of a tenant than it may', async () => {
    const q = await declared(keeping);
    await Promise.all(
      Array.from({ length: 50 }, (_, at) => join(at % 2 === 0 ? keeping : other, q, `${at}`)),
    );
    const text =
      "406 channel: PRECONDITION_FAILED - cannot consume queue 'q-0' in vhost '/': too many consumers";
    expect(await refusal(join(other, q, 'more'))).toContain(text.replace('q-0', q.name));
  });

  it('hears of the use of queues that expire, not more often than it needs to', async () => {
    const q = await declared(keeping, { arguments: table({ 'x-expires': 60_000 }) });
    const same = other.topology.findQueue(q.name)!;
    for (let at = 0; at < 100; at++) other.keeper.used(other.topology, same);
    await until(() => keeping.used.length > 0);
    await pause(20);
    expect(keeping.used).toHaveLength(1);
  });
});

describe('when gateways come and go', () => {
  let one: Gateway;
  let two: Gateway;
  let three: Gateway;

  beforeEach(async () => {
    consumersMaxPerTenant = 10_000;
    one = await started();
    two = await started();
    three = await started();
  });

  it('makes the next one active when the gateway of the active one is gone', async () => {
    const q = await declared(one, single);
    const active = await join(two, q, 'lost');
    const waiting = await join(three, q, 'next');
    expect([active.isActive, waiting.isActive]).toEqual([true, false]);
    cluster.remove(two.view);
    await until(() => waiting.isActive);
    expect(heard).toEqual(['next true']);
    expect(await one.keeper.consumers(one.topology, q)).toBe(1);
  });

  it('keeps the active one active when another gateway comes to keep the queue, and the order of those who wait', async () => {
    const q = await declared(one, single);
    const active = await join(two, q, 'active');
    const waiting = [
      await join(three, q, 'first'),
      await join(two, q, 'second'),
      await join(three, q, 'third'),
    ];
    cluster.remove(one.view);
    await until(async () => (await three.keeper.consumers(three.topology, q)) === 4);
    expect(heard).toEqual([]);
    expect((await join(three, q, 'fourth')).isActive).toBe(false);
    await active.leave();
    await until(() => waiting[0]!.isActive);
    await waiting[0]!.leave();
    await until(() => waiting[1]!.isActive);
    expect(heard).toEqual(['first true', 'second true']);
  });

  it('makes another one active when the keeper is gone together with the active one', async () => {
    const q = await declared(one, single);
    await join(one, q, 'lost');
    const next = await join(two, q, 'next');
    await join(three, q, 'last');
    cluster.remove(one.view);
    await until(() => next.isActive);
    expect(heard).toEqual(['next true']);
  });

  it('knows who has a queue for itself, though another gateway has come to keep it', async () => {
    const q = await declared(one);
    await join(two, q, 'alone', true);
    cluster.remove(one.view);
    for (const gateway of [two, three]) expect(await refusal(join(gateway, q, 'more'))).toBe(refused(q.name));
    await started();
    for (const gateway of gateways.slice(1)) {
      expect(await refusal(join(gateway, q, 'more'))).toBe(refused(q.name));
    }
  });

  it('lets who comes wait until it is known who keeps the queue', async () => {
    const q = await declared(one, single);
    one.view.isAway = true;
    const waiting = join(two, q, 'patient');
    await pause(30);
    cluster.remove(one.view);
    expect((await waiting).isActive).toBe(true);
  });

  it('refuses who comes when nobody can be asked for too long', async () => {
    const q = await declared(one);
    one.view.isAway = true;
    expect(await refusal(join(two, q, 'patient'))).toMatch(/^541 connection: INTERNAL_ERROR/);
    expect(await two.keeper.consumers(two.topology, q)).toBeUndefined();
  });

  it('does not wait for ever for a gateway that does not say what it has', async () => {
    const q = await declared(one, single);
    two.view.isAway = true;
    cluster.remove(three.view);
    expect((await join(one, q, 'patient')).isActive).toBe(true);
  });

  it('hears of who left while it could not be told', async () => {
    const q = await declared(one, single);
    const active = await join(two, q, 'active');
    const waiting = await join(one, q, 'waiting');
    one.view.isAway = true;
    await active.leave();
    expect(waiting.isActive).toBe(false);
    one.view.isAway = false;
    await until(() => waiting.isActive);
  });

  it('deletes an auto-delete queue whose last consumer went with its gateway', async () => {
    const q = await declared(one, { autoDelete: true });
    await join(two, q, 'lost');
    cluster.remove(two.view);
    await until(() => three.topology.findQueue(q.name) === undefined);
  });

  it('forgets what it keeps no more', async () => {
    const q = await declared(one, single);
    await join(one, q, 'active');
    const kept = () => one.keeper.keptConsumers(placeKey(placeOf(one.topology.scope, q)));
    expect(kept()).toBe(1);
    for (let at = 0; at < 20 && isKeptBy(one, q); at++) await started();
    expect(isKeptBy(one, q)).toBe(false);
    await until(() => kept() === 0);
    expect(heard).toEqual([]);
    expect(await two.keeper.consumers(two.topology, two.topology.findQueue(q.name)!)).toBe(1);
  });

  it('tells a new keeper of thousands, and of each queue one goes on to be active', async () => {
    const [keeping, next] = [one, two];
    const queues: Queue[] = [];
    for (let at = 0; at < 200; at++) {
      queues.push((await next.topology.declareQueue(queue(`many-${at}`, single), clientOf('c'))).queue);
    }
    await Promise.all(gateways.map(({ topology }) => topology.caughtUp()));
    const joined = await Promise.all(
      queues.flatMap((each) => [1, 2, 3, 4, 5].map(() => join(next, each, each.name))),
    );
    const kept = queues.filter((each) => isKeptBy(keeping, each));
    expect(kept.length).toBeGreaterThan(10);
    cluster.remove(keeping.view);
    for (const each of kept) expect(await next.keeper.consumers(next.topology, each)).toBe(5);
    expect(joined.filter(({ isActive }) => isActive)).toHaveLength(queues.length);
    expect(heard).toEqual([]);
  });

  it('answers nobody who says nothing that can be understood, and goes on', async () => {
    const q = await declared(one, single);
    const sent = Object.values(keeperKinds).flatMap((kind) =>
      ['', '{', 'null', '{}', '{"place":7,"queues":7,"instance":"g1"}', '[]'].map((text) =>
        two.view.forwarding.request(0, kind, Buffer.from(text), 100).then(
          () => undefined,
          () => undefined,
        ),
      ),
    );
    await Promise.all(sent);
    expect((await join(two, q, 'still served')).isActive).toBe(true);
  });

  it('has one active consumer of each queue at most, whatever comes and goes', async () => {
    const queues: Queue[] = [];
    for (const at of ['a', 'b', 'c', 'd']) {
      queues.push((await one.topology.declareQueue(queue(at, single), clientOf('c'))).queue);
    }
    const live = new Map<ConsumerRegistration, { readonly gateway: Gateway; readonly queue: Queue }>();
    let seed = 7;
    const random = (below: number) => (seed = (seed * 48_271) % 0x7fff_ffff) % below;
    let there = [one, two, three];
    for (let step = 0; step < 150; step++) {
      const what = random(10);
      if (what < 5) {
        const gateway = there[random(there.length)]!;
        const to = queues[random(queues.length)]!;
        await until(() => gateway.topology.findQueue(to.name) !== undefined);
        live.set(await join(gateway, to, ''), { gateway, queue: to });
      } else if (what < 8) {
        const [leaving] = [...live.keys()].slice(random(Math.max(1, live.size)));
        if (leaving !== undefined) void leaving.leave();
        if (leaving !== undefined) live.delete(leaving);
      } else if (what === 8 && there.length > 1) {
        const gone = there[random(there.length)]!;
        there = there.filter((each) => each !== gone);
        cluster.remove(gone.view);
        for (const [registration, { gateway }] of live) if (gateway === gone) live.delete(registration);
      } else if (there.length < 5) there.push(await started());
      if (step % 10 === 9) {
        const active = (of: Queue) =>
          [...live].filter(([registration, each]) => each.queue === of && registration.isActive).length;
        const some = (of: Queue) => [...live.values()].some((each) => each.queue === of);
        await until(() => queues.every((each) => active(each) === (some(each) ? 1 : 0)));
      }
    }
  }, 20_000);
});
