import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Amqp091Error } from '#libs/amqp091-codec';
import type { ClusterView } from '#libs/cluster';
import { aloneCluster } from '#libs/cluster';
import { MemoryTopologyLog } from '../testing/memory-topology-log.js';
import {
  binding,
  clientOf,
  exchange,
  queue,
  refusal,
  routed,
  table,
  tenantOf,
  type TestGateway,
  TestTopologies,
} from '../testing/topology-fixture.js';
import { declarationKey, encodeTopologyRecord } from './topology-record.js';
import type { VhostTopology } from './vhost-topology.js';

const client = clientOf('c1');
const opened: TestTopologies[] = [];

function topologies(log?: MemoryTopologyLog): TestTopologies {
  const some = new TestTopologies(tenantOf(), log);
  opened.push(some);
  return some;
}

afterEach(() => Promise.all(opened.splice(0).map((each) => each.close())));

/** All that clients could see of it. */
function seen(vhost: VhostTopology): unknown {
  const bindings = [...vhost.bindings()].map(({ source, destination, routingKey }) => [
    source,
    destination,
    routingKey,
  ]);
  return {
    exchanges: [...vhost.exchanges()]
      .map(({ name, uid, type, durable }) => [name, uid, type, durable])
      .sort(),
    queues: [...vhost.queues()].map(({ name, uid, durable }) => [name, uid, durable]).sort(),
    bindings: bindings.sort(),
    routes: ['a', 'b'].map((key) =>
      [...vhost.exchanges()].map(({ name }) => [name, routed(vhost, name, key)]).sort(),
    ),
  };
}

const names = fc.constantFrom('a', 'b', 'c');
type Operation = (vhost: VhostTopology) => Promise<unknown>;
const operations: fc.Arbitrary<Operation> = fc.oneof(
  fc
    .record({ name: names, type: fc.constantFrom('direct', 'fanout', 'topic'), autoDelete: fc.boolean() })
    .map(
      ({ name, ...rest }): Operation =>
        (vhost) =>
          vhost.declareExchange(exchange(name, rest), client),
    ),
  fc.record({ name: names, durable: fc.boolean() }).map(
    ({ name, ...rest }): Operation =>
      (vhost) =>
        vhost.declareQueue(queue(name, rest), client),
  ),
  fc.tuple(names, names, names).map(
    ([source, destination, key]): Operation =>
      (vhost) =>
        vhost.bind(binding(source, destination, key), client),
  ),
  fc.tuple(names, names).map(
    ([source, destination]): Operation =>
      (vhost) =>
        vhost.bind(binding(source, destination, '', { destinationKind: 'exchange' }), client),
  ),
  fc.tuple(names, names, names).map(
    ([source, destination, key]): Operation =>
      (vhost) =>
        vhost.unbind(binding(source, destination, key), client),
  ),
  names.map(
    (name): Operation =>
      (vhost) =>
        vhost.deleteQueue(name, { ifUnused: false, ifEmpty: false }, client),
  ),
  fc.tuple(names, fc.boolean()).map(
    ([name, ifUnused]): Operation =>
      (vhost) =>
        vhost.deleteExchange(name, { ifUnused }, client),
  ),
);

describe('gateways of one log', () => {
  it('agree on what is declared, whatever is done at once on both, and so does who reads it compacted', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 1 }), operations, fc.boolean()), { maxLength: 25 }),
        async (steps) => {
          const two = topologies();
          const gateways = [two.gateway(), two.gateway()];
          const vhosts = await Promise.all(gateways.map(({ open }) => open()));
          const pending: Promise<unknown>[] = [];
          for (const [at, operation, waits] of steps) {
            const work = operation(vhosts[at]!).catch((error: unknown) => {
              if (!(error instanceof Amqp091Error)) throw error;
            });
            pending.push(work);
            if (waits) await work;
          }
          await Promise.all(pending);
          await Promise.all(vhosts.map((vhost) => vhost.caughtUp()));
          const later = await topologies(two.log.compacted()).gateway().open();
          expect(seen(vhosts[1]!)).toEqual(seen(vhosts[0]!));
          expect(seen(later)).toEqual(seen(vhosts[0]!));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('let the first declaration win, and refuse the other that differs', async () => {
    const two = topologies();
    const [first, second] = await Promise.all([two.gateway().open(), two.gateway().open()]);
    const [won, lost] = await Promise.allSettled([
      first.declareQueue(queue('q'), client),
      second.declareQueue(queue('q', { durable: false }), client),
    ]);
    expect(won).toMatchObject({ status: 'fulfilled', value: { isNew: true } });
    expect(await refusal(Promise.reject((lost as PromiseRejectedResult).reason))).toContain(
      `inequivalent arg 'durable' for queue 'q' in vhost '/': received 'false' but current is 'true'`,
    );
    expect(second.findQueue('q')?.durable).toBe(true);
    expect(await second.declareQueue(queue('q'), client)).toMatchObject({ isNew: false });
  });

  it('answer both that declare the same at once', async () => {
    const two = topologies();
    const [first, second] = await Promise.all([two.gateway().open(), two.gateway().open()]);
    const [one, other] = await Promise.all([
      first.declareExchange(exchange('x'), client),
      second.declareExchange(exchange('x'), client),
    ]);
    expect(other.uid).toBe(one.uid);
  });

  it('see at once what another answered, before they say that it is, or is not, there', async () => {
    const two = topologies();
    two.log.isPrompt = false;
    const [near, far] = [two.gateway(), two.gateway()];
    const [first, second] = await Promise.all([near.open(), far.open()]);
    const declared = first.declareQueue(queue('q'), client);
    await new Promise(setImmediate);
    near.state.deliver();
    await declared;
    expect(second.findQueue('q')).toBeUndefined();
    const checked = second.checkQueue('q', client);
    far.state.deliver();
    expect((await checked).name).toBe('q');
    two.log.isPrompt = true;
    await first.deleteQueue('q', { ifUnused: false, ifEmpty: false }, client);
    expect(await second.declareQueue(queue('q', { durable: false }), client)).toMatchObject({ isNew: true });
  });

  it('do not confirm a binding whose exchange another deleted, or deleted for want of bindings', async () => {
    for (const isUnused of [false, true]) {
      const two = topologies();
      const [first, second] = await Promise.all([two.gateway().open(), two.gateway().open()]);
      const { uid } = await first.declareExchange(exchange('x'), client);
      await first.declareQueue(queue('q'), client);
      await second.caughtUp();
      const unused = encodeTopologyRecord({ kind: 'unused', vhost: '/', name: 'x', uid });
      // It is in the log, and not read yet.
      if (isUnused) two.log.entries.push({ key: `unused.${uid}`, value: unused });
      else two.log.entries.push({ key: `exchange.${uid}`, value: null });
      expect(await refusal(second.bind(binding('x', 'q', 'k'), client))).toContain(
        `NOT_FOUND - no exchange 'x'`,
      );
      await first.caughtUp();
      expect([first, second].map((vhost) => vhost.findExchange('x'))).toEqual([undefined, undefined]);
    }
  });

  it('keep what is deleted for want of bindings where one came before in the log', async () => {
    const two = topologies();
    const [first, second] = await Promise.all([two.gateway().open(), two.gateway().open()]);
    const { uid } = await first.declareExchange(exchange('x'), client);
    await first.declareQueue(queue('q'), client);
    await second.bind(binding('x', 'q', 'k'), client);
    const unused = encodeTopologyRecord({ kind: 'unused', vhost: '/', name: 'x', uid });
    two.log.entries.push({ key: `unused.${uid}`, value: unused });
    await Promise.all([first.caughtUp(), second.caughtUp()]);
    expect([first, second].map((vhost) => routed(vhost, 'x', 'k'))).toEqual([['q'], ['q']]);
  });

  it('either keep an exchange that is bound while it is deleted for want of bindings, or refuse the binding', async () => {
    for (const isAutoDelete of [true, false]) {
      const two = topologies();
      const [first, second] = await Promise.all([two.gateway().open(), two.gateway().open()]);
      await first.declareExchange(exchange('x', { autoDelete: true }), client);
      await first.declareQueue(queue('q'), client);
      await first.bind(binding('x', 'q', 'old'), client);
      await second.caughtUp();
      const bound = refusal(second.bind(binding('x', 'q', 'new'), client));
      if (isAutoDelete) await first.unbind(binding('x', 'q', 'old'), client);
      else {
        await first.unbind(binding('x', 'q', 'old'), client);
        expect(await refusal(first.deleteExchange('x', { ifUnused: true }, client))).toContain('in use');
      }
      expect(await bound).toBe('nothing was refused');
      expect(routed(first, 'x', 'new')).toEqual(['q']);
    }
  });

  it('ignore what no gateway would have written', async () => {
    const one = topologies();
    const gateway = one.gateway();
    const odd = encodeTopologyRecord({
      kind: 'exchange',
      vhost: '/',
      name: 'x',
      type: 'odd',
      durable: true,
      autoDelete: false,
      internal: false,
      arguments: [],
    });
    one.log.entries.push(
      { key: declarationKey('exchange', 'u1'), value: odd },
      { key: declarationKey('queue', 'u2'), value: odd },
      { key: 'binding.1', value: Buffer.from('{"kind":"binding"}') },
      { key: 'queue.2', value: Buffer.from('not JSON') },
      { key: 'of somebody', value: Buffer.alloc(40_000, '{') },
      { key: 'queue.3', value: null },
    );
    const vhost = await gateway.open();
    expect([...vhost.exchanges()]).toHaveLength(6);
    expect([...vhost.queues()]).toEqual([]);
  });

  it('ask the log once for all who want to know', async () => {
    const one = topologies();
    const vhost = await one.gateway().open();
    await Promise.all(Array.from({ length: 100 }, () => refusal(vhost.checkQueue('q', client))));
    expect(one.log.asked).toBeLessThanOrEqual(2);
  });

  it('carry out more changes at once than are on their way at once', async () => {
    const vhost = await topologies().gateway().open();
    await Promise.all(Array.from({ length: 1_200 }, (_, at) => vhost.declareQueue(queue(`q${at}`), client)));
    expect([...vhost.queues()]).toHaveLength(1_200);
  });
});

describe('what gateways leave', () => {
  /** `alive`: the instances that are members, this gateway's first. */
  function clusterOf(alive: string[]): ClusterView {
    const alone = aloneCluster({ instance: alive[0]! });
    return {
      ...alone,
      members: () => alive.map((instance, nodeId) => ({ ...alone.self, nodeId, instance })),
    };
  }

  async function gone(
    rest: Partial<ClusterView> = {},
  ): Promise<{ gateway: TestGateway; vhost: VhostTopology; log: MemoryTopologyLog }> {
    const two = topologies();
    const dead = await two.gateway(clusterOf(['dead', 'alive'])).open();
    await dead.declareQueue(queue('exclusive', { exclusive: true }), client);
    await dead.declareQueue(queue('transient', { durable: false }), client);
    await dead.declareQueue(queue('durable', { autoDelete: true }), client);
    const gateway = two.gateway({ ...clusterOf(['alive']), ...rest });
    const vhost = await gateway.open();
    return { gateway, vhost, log: two.log };
  }

  const queuesOf = (vhost: VhostTopology) => [...vhost.queues()].map(({ name }) => name).sort();

  it('is removed when they are gone for some time: what is exclusive and what is not durable', async () => {
    const { gateway, vhost } = await gone();
    await gateway.topologies.sweep(0);
    await gateway.topologies.sweep(29_000);
    expect(queuesOf(vhost)).toEqual(['durable', 'exclusive', 'transient']);
    await gateway.topologies.sweep(31_000);
    expect(queuesOf(vhost)).toEqual(['durable']);
    expect(gateway.store.removed.sort()).toEqual(['exclusive', 'transient']);
  });

  it('is kept while they live, and while they were gone for a moment only', async () => {
    const alive = ['alive', 'dead'];
    const two = topologies();
    const dead = await two.gateway(clusterOf(['dead'])).open();
    await dead.declareQueue(queue('q', { exclusive: true }), client);
    const gateway = two.gateway(clusterOf(alive));
    const vhost = await gateway.open();
    for (const nowMs of [0, 60_000]) await gateway.topologies.sweep(nowMs);
    alive.pop();
    await gateway.topologies.sweep(61_000);
    alive.push('dead');
    await gateway.topologies.sweep(92_000);
    alive.pop();
    await gateway.topologies.sweep(93_000);
    expect(queuesOf(vhost)).toEqual(['q']);
  });

  it('is removed by one of the others only', async () => {
    const { gateway, vhost } = await gone({ nodeOf: () => ({ ...aloneCluster().self, nodeId: 7 }) });
    for (const nowMs of [0, 31_000]) await gateway.topologies.sweep(nowMs);
    expect(queuesOf(vhost)).toHaveLength(3);
  });

  it('in the log is removed: declarations that came too late, bindings to what is gone', async () => {
    const { gateway, vhost, log } = await gone();
    await vhost.declareExchange(exchange('x', { arguments: table({ note: 'mine' }) }), client);
    await vhost.bind(binding('x', 'durable', 'k'), client);
    const [late] = log.entries.filter(({ key }) => key.startsWith('exchange.'));
    const [bound] = log.entries.filter(({ key }) => key.startsWith('binding.'));
    await vhost.unbind(binding('x', 'durable', 'k'), client);
    const dead = bound!.value!.toString().replace(/"destinationUid":"[^"]*"/, '"destinationUid":"gone"');
    log.entries.push(
      { key: 'exchange.late', value: late!.value },
      { key: 'binding.dead', value: Buffer.from(dead) },
    );
    await vhost.caughtUp();
    for (const nowMs of [0, 31_000]) await gateway.topologies.sweep(nowMs);
    const kept = log.compacted().entries.map(({ key }) => key);
    expect(kept).not.toContain('exchange.late');
    expect(kept).not.toContain('binding.dead');
    expect(kept.filter((key) => key.startsWith('unused.'))).toEqual([]);
    expect(vhost.findExchange('x')).toBeDefined();
  });

  it('does not come back with a name that is declared anew', async () => {
    const { vhost, log } = await gone();
    await vhost.declareExchange(exchange('x'), client);
    const [first] = log.entries.filter(({ key }) => key.startsWith('exchange.'));
    log.entries.push({ key: 'exchange.late', value: first!.value });
    await vhost.deleteExchange('x', { ifUnused: false }, client);
    expect(vhost.findExchange('x')).toBeUndefined();
  });

  it('is removed although something before it cannot be', async () => {
    const { gateway, vhost } = await gone();
    gateway.store.isStuck.add('exclusive');
    for (const nowMs of [0, 31_000]) await gateway.topologies.sweep(nowMs);
    expect(queuesOf(vhost)).toEqual(['durable', 'exclusive']);
  });

  it('of a connection whose declaration was not confirmed is removed when it turns up', async () => {
    const one = topologies();
    const gateway = one.gateway();
    const vhost = await gateway.open();
    one.log.isUnconfirmed = true;
    expect(await refusal(vhost.declareQueue(queue('q', { exclusive: true }), client))).toContain('541');
    await vhost.connectionClosed('c1');
    one.log.isUnconfirmed = false;
    await vhost.caughtUp();
    expect(queuesOf(vhost)).toEqual(['q']);
    await gateway.topologies.sweep(0);
    expect(queuesOf(vhost)).toEqual([]);
  });

  it('after a connection while Pulsar was away is tried again', async () => {
    const one = topologies();
    const gateway = one.gateway();
    const vhost = await gateway.open();
    await vhost.declareQueue(queue('q', { exclusive: true }), client);
    gateway.store.isAway = true;
    await expect(vhost.connectionClosed('c1')).rejects.toThrow('away');
    await gateway.topologies.sweep(0);
    expect(queuesOf(vhost)).toEqual(['q']);
    gateway.store.isAway = false;
    await gateway.topologies.sweep(0);
    expect(queuesOf(vhost)).toEqual([]);
  });
});
