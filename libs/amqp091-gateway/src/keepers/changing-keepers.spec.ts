import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { isKeptBy, KeeperBed, type KeeperGateway, refusedFor, single } from '../testing/keeper-bed.js';
import { clientOf, queue, refusal } from '../testing/topology-fixture.js';
import type { Queue } from '../topology/queue.js';
import { keeperKinds } from './keeper-messages.js';
import type { ConsumerRegistration } from './queue-keeper.js';
import { placeKey, placeOf } from './queue-place.js';

let bed: KeeperBed;
beforeEach(() => {
  bed = new KeeperBed(10_000);
});
afterEach(() => bed.close());

describe('when gateways come and go', () => {
  let one: KeeperGateway;
  let two: KeeperGateway;
  let three: KeeperGateway;

  beforeEach(async () => {
    one = await bed.started();
    two = await bed.started();
    three = await bed.started();
  });

  it('makes the next one active when the gateway of the active one is gone', async () => {
    const q = await bed.declared(one, single);
    const active = await bed.join(two, q, 'lost');
    const waiting = await bed.join(three, q, 'next');
    expect([active.isActive, waiting.isActive]).toEqual([true, false]);
    bed.cluster.remove(two.view);
    await bed.until(() => waiting.isActive);
    expect(bed.heard).toEqual(['next true']);
    expect(await one.keeper.consumers(one.topology, q)).toBe(1);
  });

  it('keeps the active one active when another gateway comes to keep the queue, and the order of those who wait', async () => {
    const q = await bed.declared(one, single);
    const active = await bed.join(two, q, 'active');
    const waiting = [
      await bed.join(three, q, 'first'),
      await bed.join(two, q, 'second'),
      await bed.join(three, q, 'third'),
    ];
    bed.cluster.remove(one.view);
    await bed.until(async () => (await three.keeper.consumers(three.topology, q)) === 4);
    expect(bed.heard).toEqual([]);
    expect((await bed.join(three, q, 'fourth')).isActive).toBe(false);
    await active.leave();
    await bed.until(() => waiting[0]!.isActive);
    await waiting[0]!.leave();
    await bed.until(() => waiting[1]!.isActive);
    expect(bed.heard).toEqual(['first true', 'second true']);
  });

  it('makes another one active when the keeper is gone together with the active one', async () => {
    const q = await bed.declared(one, single);
    await bed.join(one, q, 'lost');
    const next = await bed.join(two, q, 'next');
    await bed.join(three, q, 'last');
    bed.cluster.remove(one.view);
    await bed.until(() => next.isActive);
    expect(bed.heard).toEqual(['next true']);
  });

  it('knows who has a queue for itself, though another gateway has come to keep it', async () => {
    const q = await bed.declared(one);
    await bed.join(two, q, 'alone', true);
    bed.cluster.remove(one.view);
    for (const gateway of [two, three])
      expect(await refusal(bed.join(gateway, q, 'more'))).toBe(refusedFor(q.name));
    await bed.started();
    for (const gateway of bed.gateways.slice(1)) {
      expect(await refusal(bed.join(gateway, q, 'more'))).toBe(refusedFor(q.name));
    }
  });

  it('lets who comes wait until it is known who keeps the queue', async () => {
    const q = await bed.declared(one, single);
    one.view.isAway = true;
    const waiting = bed.join(two, q, 'patient');
    await pause(30);
    bed.cluster.remove(one.view);
    expect((await waiting).isActive).toBe(true);
  });

  it('refuses who comes when nobody can be asked for too long', async () => {
    const q = await bed.declared(one);
    one.view.isAway = true;
    expect(await refusal(bed.join(two, q, 'patient'))).toMatch(/^541 connection: INTERNAL_ERROR/);
    expect(await two.keeper.consumers(two.topology, q)).toBeUndefined();
  });

  it('does not wait for ever for a gateway that does not say what it has', async () => {
    const q = await bed.declared(one, single);
    two.view.isAway = true;
    bed.cluster.remove(three.view);
    expect((await bed.join(one, q, 'patient')).isActive).toBe(true);
  });

  it('hears of who left while it could not be told', async () => {
    const q = await bed.declared(one, single);
    const active = await bed.join(two, q, 'active');
    const waiting = await bed.join(one, q, 'waiting');
    one.view.isAway = true;
    await active.leave();
    expect(waiting.isActive).toBe(false);
    one.view.isAway = false;
    await bed.until(() => waiting.isActive);
  });

  it('deletes an auto-delete queue whose last consumer went with its gateway', async () => {
    const q = await bed.declared(one, { autoDelete: true });
    await bed.join(two, q, 'lost');
    bed.cluster.remove(two.view);
    await bed.until(() => three.topology.findQueue(q.name) === undefined);
  });

  it('forgets what it keeps no more', async () => {
    const queues: Queue[] = [];
    // Of so many some come to be kept by one of two more gateways.
    for (let at = 0; at < 20; at++) {
      const q = await bed.declared(one, single);
      await bed.join(one, q, q.name);
      queues.push(q);
    }
    const kept = (q: Queue) => one.keeper.keptConsumers(placeKey(placeOf(one.topology.scope, q)));
    expect(queues.map(kept)).toEqual(queues.map(() => 1));
    for (let at = 0; at < 2; at++) await bed.started();
    const left = queues.filter((q) => !isKeptBy(one, q));
    expect(left.length).toBeGreaterThan(0);
    await bed.until(() => left.every((q) => kept(q) === 0));
    expect(bed.heard).toEqual([]);
    for (const { name } of left) {
      expect(await two.keeper.consumers(two.topology, two.topology.findQueue(name)!)).toBe(1);
    }
  });

  it('tells a new keeper of thousands, and of each queue one goes on to be active', async () => {
    const [keeping, next] = [one, two];
    const queues: Queue[] = [];
    for (let at = 0; at < 200; at++) {
      queues.push((await next.topology.declareQueue(queue(`many-${at}`, single), clientOf('c'))).queue);
    }
    await Promise.all(bed.gateways.map(({ topology }) => topology.caughtUp()));
    const joined = await Promise.all(
      queues.flatMap((each) => [1, 2, 3, 4, 5].map(() => bed.join(next, each, each.name))),
    );
    const kept = queues.filter((each) => isKeptBy(keeping, each));
    expect(kept.length).toBeGreaterThan(10);
    bed.cluster.remove(keeping.view);
    for (const each of kept) expect(await next.keeper.consumers(next.topology, each)).toBe(5);
    expect(joined.filter(({ isActive }) => isActive)).toHaveLength(queues.length);
    expect(bed.heard).toEqual([]);
  });

  it('answers nobody who says nothing that can be understood, and goes on', async () => {
    const q = await bed.declared(one, single);
    const sent = Object.values(keeperKinds).flatMap((kind) =>
      ['', '{', 'null', '{}', '{"place":7,"queues":7,"instance":"g1"}', '[]'].map((text) =>
        two.view.forwarding.request(0, kind, Buffer.from(text), 100).then(
          () => undefined,
          () => undefined,
        ),
      ),
    );
    await Promise.all(sent);
    expect((await bed.join(two, q, 'still served')).isActive).toBe(true);
  });

  it('has one active consumer of each queue at most, whatever comes and goes', async () => {
    const queues: Queue[] = [];
    for (const at of ['a', 'b', 'c', 'd']) {
      queues.push((await one.topology.declareQueue(queue(at, single), clientOf('c'))).queue);
    }
    const live = new Map<ConsumerRegistration, { readonly gateway: KeeperGateway; readonly queue: Queue }>();
    let seed = 7;
    const random = (below: number) => (seed = (seed * 48_271) % 0x7fff_ffff) % below;
    let there = [one, two, three];
    for (let step = 0; step < 150; step++) {
      const what = random(10);
      if (what < 5) {
        const gateway = there[random(there.length)]!;
        const to = queues[random(queues.length)]!;
        await bed.until(() => gateway.topology.findQueue(to.name) !== undefined);
        live.set(await bed.join(gateway, to, ''), { gateway, queue: to });
      } else if (what < 8) {
        const [leaving] = [...live.keys()].slice(random(Math.max(1, live.size)));
        if (leaving !== undefined) void leaving.leave();
        if (leaving !== undefined) live.delete(leaving);
      } else if (what === 8 && there.length > 1) {
        const gone = there[random(there.length)]!;
        there = there.filter((each) => each !== gone);
        bed.cluster.remove(gone.view);
        for (const [registration, { gateway }] of live) if (gateway === gone) live.delete(registration);
      } else if (there.length < 5) there.push(await bed.started());
      if (step % 10 === 9) {
        const active = (of: Queue) =>
          [...live].filter(([registration, each]) => each.queue === of && registration.isActive).length;
        const some = (of: Queue) => [...live.values()].some((each) => each.queue === of);
        await bed.until(() => queues.every((each) => active(each) === (some(each) ? 1 : 0)));
      }
    }
  }, 20_000);
});
