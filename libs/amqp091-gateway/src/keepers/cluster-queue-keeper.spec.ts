import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { KeeperBed, type KeeperGateway, refusedFor, single } from '../testing/keeper-bed.js';
import { clientOf, queue, refusal, table } from '../testing/topology-fixture.js';

let bed: KeeperBed;
beforeEach(() => {
  bed = new KeeperBed(50);
});
afterEach(() => bed.close());

describe.each([1, 2])('the keeper, of %d gateways', (count) => {
  let keeping: KeeperGateway;
  let other: KeeperGateway;

  beforeEach(async () => {
    keeping = await bed.started();
    other = count === 1 ? keeping : await bed.started();
  });

  it('gives a queue to one consumer alone, if that is the first', async () => {
    const q = await bed.declared(keeping);
    const first = await bed.join(keeping, q, 'one');
    expect(await refusal(bed.join(other, q, 'two', true))).toBe(refusedFor(q.name));
    await first.leave();
    const alone = await bed.join(other, q, 'two', true);
    expect(await refusal(bed.join(keeping, q, 'one'))).toBe(refusedFor(q.name));
    await alone.leave();
    await alone.leave();
    expect((await bed.join(keeping, q, 'one')).isActive).toBe(true);
  });

  it('makes the one active that waits for longest when the single active consumer leaves', async () => {
    const q = await bed.declared(keeping, single);
    const one = await bed.join(keeping, q, 'one');
    const two = await bed.join(other, q, 'two');
    const three = await bed.join(other, q, 'three');
    const four = await bed.join(keeping, q, 'four');
    expect([one, two, three, four].map(({ isActive }) => isActive)).toEqual([true, false, false, false]);
    await two.leave();
    expect(bed.heard).toEqual([]);
    await one.leave();
    await bed.until(() => bed.heard.length > 0);
    expect(bed.heard).toEqual(['three true']);
    expect([three.isActive, four.isActive]).toEqual([true, false]);
    await three.leave();
    await bed.until(() => bed.heard.length > 1);
    expect(bed.heard).toEqual(['three true', 'four true']);
  });

  it('gives no queue with a single active consumer to one alone, as RabbitMQ', async () => {
    const q = await bed.declared(keeping, single);
    expect(await refusal(bed.join(other, q, 'one', true))).toBe(refusedFor(q.name));
    expect((await bed.join(other, q, 'one')).isActive).toBe(true);
  });

  it('counts the consumers of all gateways', async () => {
    const q = await bed.declared(keeping, single);
    const consumers = [
      await bed.join(keeping, q, 'one'),
      await bed.join(other, q, 'two'),
      await bed.join(other, q, 'three'),
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
    const q = await bed.declared(keeping);
    await bed.join(keeping, q, 'one');
    await bed.join(other, q, 'two');
    await other.keeper.end(other.topology, other.topology.findQueue(q.name)!);
    expect([...bed.heard].sort()).toEqual(['one gone', 'two gone']);
    await keeping.topology.deleteQueue(q.name, { ifUnused: false, ifEmpty: false }, clientOf('c1'));
    expect(bed.heard).toHaveLength(2);
  });

  it('tells those whose queue was deleted elsewhere, and not those of the next of its name', async () => {
    const q = await bed.declared(keeping);
    await bed.join(keeping, q, 'one');
    await other.topology.deleteQueue(q.name, { ifUnused: false, ifEmpty: false }, clientOf('c1'));
    await bed.until(() => bed.heard.length > 0);
    const again = (await keeping.topology.declareQueue(queue(q.name), clientOf('c1'))).queue;
    await bed.join(keeping, again, 'two');
    await keeping.keeper.end(keeping.topology, q);
    expect(bed.heard).toEqual(['one gone']);
  });

  it('refuses who comes for a queue that was deleted meanwhile', async () => {
    const q = await bed.declared(keeping);
    const found = other.topology.findQueue(q.name)!;
    await other.topology.deleteQueue(q.name, { ifUnused: false, ifEmpty: false }, clientOf('c1'));
    const late = other.keeper.register(other.topology, found, {
      exclusive: false,
      onActive: () => {},
      onQueueGone: () => {},
    });
    expect(await refusal(late)).toBe(`404 channel: NOT_FOUND - no queue '${q.name}' in vhost '/'`);
    await bed.until(async () => (await keeping.keeper.consumers(keeping.topology, q)) === 0);
  });

  it('deletes an auto-delete queue after its last consumer, wherever that was', async () => {
    const q = await bed.declared(keeping, { autoDelete: true });
    const one = await bed.join(keeping, q, 'one');
    const two = await bed.join(other, q, 'two');
    await one.leave();
    await pause(30);
    expect(keeping.topology.findQueue(q.name)).toBeDefined();
    await two.leave();
    await bed.until(() => bed.gateways.every(({ topology }) => topology.findQueue(q.name) === undefined));
  });

  it('keeps an auto-delete queue that others consume by another protocol, as long as they do', async () => {
    const q = await bed.declared(keeping, { autoDelete: true });
    bed.foreignConsumers = 1;
    await (await bed.join(other, q, 'one')).leave();
    await pause(50);
    expect(keeping.topology.findQueue(q.name)).toBeDefined();
    bed.foreignConsumers = 0;
    await bed.until(() => keeping.topology.findQueue(q.name) === undefined);
  });

  it('has no more consumers of a tenant than it may', async () => {
    const q = await bed.declared(keeping);
    await Promise.all(
      Array.from({ length: 50 }, (_, at) => bed.join(at % 2 === 0 ? keeping : other, q, `${at}`)),
    );
    const text =
      "406 channel: PRECONDITION_FAILED - cannot consume queue 'q-0' in vhost '/': too many consumers";
    expect(await refusal(bed.join(other, q, 'more'))).toContain(text.replace('q-0', q.name));
  });

  it('hears of the use of queues that expire, not more often than it needs to', async () => {
    const q = await bed.declared(keeping, { arguments: table({ 'x-expires': 60_000 }) });
    const same = other.topology.findQueue(q.name)!;
    for (let at = 0; at < 100; at++) other.keeper.used(other.topology, same);
    await bed.until(() => keeping.used.length > 0);
    await pause(20);
    expect(keeping.used).toHaveLength(1);
  });
});
