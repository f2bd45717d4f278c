import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { silentLog } from '#libs/telemetry';
import { clientOf, queue, refusal, table, TestTopologies } from '../testing/topology-fixture.js';
import type { FieldTable } from '#libs/amqp091-codec';
import type { VhostTopology } from '../topology/vhost-topology.js';
import { LocalQueueKeeper } from './local-queue-keeper.js';

let topologies: TestTopologies;
let topology: VhostTopology;
let keeper: LocalQueueKeeper;
let heard: string[];

beforeEach(async () => {
  topologies = new TestTopologies();
  topology = await topologies.gateway().open();
  keeper = new LocalQueueKeeper(silentLog);
  heard = [];
});
afterEach(() => topologies.close());

async function declared(name: string, rest: { autoDelete?: boolean; arguments?: FieldTable } = {}) {
  return (await topology.declareQueue(queue(name, rest), clientOf('c1'))).queue;
}

function consumer(name: string, exclusive = false) {
  return {
    exclusive,
    onActive: (isActive: boolean) => void heard.push(`${name} ${isActive}`),
    onQueueGone: () => void heard.push(`${name} gone`),
  };
}

describe('the keeper of one gateway', () => {
  it('gives a queue to one consumer alone, if that is the first', async () => {
    const q = await declared('q');
    const refused = "403 channel: ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use";
    const first = await keeper.register(topology, q, consumer('one'));
    expect(await refusal(keeper.register(topology, q, consumer('two', true)))).toBe(refused);
    first.leave();
    const alone = await keeper.register(topology, q, consumer('two', true));
    expect(await refusal(keeper.register(topology, q, consumer('one')))).toBe(refused);
    alone.leave();
    alone.leave();
    expect((await keeper.register(topology, q, consumer('one'))).isActive).toBe(true);
  });

  it('makes the next one active when the single active consumer leaves', async () => {
    const q = await declared('q', { arguments: table({ 'x-single-active-consumer': true }) });
    const one = await keeper.register(topology, q, consumer('one'));
    const two = await keeper.register(topology, q, consumer('two'));
    const three = await keeper.register(topology, q, consumer('three'));
    expect([one.isActive, two.isActive, three.isActive]).toEqual([true, false, false]);
    two.leave();
    expect(heard).toEqual([]);
    one.leave();
    expect(heard).toEqual(['three true']);
  });

  it('tells all when the queue is deleted, once', async () => {
    const q = await declared('q');
    await keeper.register(topology, q, consumer('one'));
    await keeper.register(topology, q, consumer('two'));
    keeper.end(topology, q);
    await topology.deleteQueue('q', { ifUnused: false, ifEmpty: false }, clientOf('c1'));
    expect(heard).toEqual(['one gone', 'two gone']);
  });

  it('tells those whose queue was deleted elsewhere, and not those of the next of its name', async () => {
    const q = await declared('q');
    await keeper.register(topology, q, consumer('one'));
    await topology.deleteQueue('q', { ifUnused: false, ifEmpty: false }, clientOf('c1'));
    await keeper.register(topology, await declared('q'), consumer('two'));
    keeper.end(topology, q);
    expect(heard).toEqual(['one gone']);
  });

  it('deletes an auto-delete queue after its last consumer', async () => {
    const q = await declared('q', { autoDelete: true });
    const one = await keeper.register(topology, q, consumer('one'));
    const two = await keeper.register(topology, q, consumer('two'));
    one.leave();
    expect(topology.findQueue('q')).toBe(q);
    const gone = new Promise<void>((resolve) => topology.onQueue((_, isThere) => isThere || resolve()));
    two.leave();
    await gone;
    expect(topology.findQueue('q')).toBeUndefined();
  });
});
