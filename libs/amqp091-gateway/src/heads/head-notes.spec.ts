import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { KeeperRequests } from '../keepers/keeper-requests.js';
import { placeKey, placeOf } from '../keepers/queue-place.js';
import { ChangingCluster, type TestClusterView } from '../testing/changing-cluster.js';
import { clientOf, queue, TestTopologies } from '../testing/topology-fixture.js';
import { until } from '../testing/publisher.js';
import type { Queue } from '../topology/queue.js';
import type { VhostTopology } from '../topology/vhost-topology.js';
import { HeadNotes } from './head-notes.js';
import type { QueueHeads } from './queue-heads.js';

interface Gateway {
  readonly cluster: TestClusterView;
  readonly topology: VhostTopology;
  readonly notes: HeadNotes;
  readonly heard: string[];
  readonly expiring: string[];
}

let cluster: ChangingCluster;
let topologies: TestTopologies;
let gateways: Gateway[];

async function gateway(): Promise<Gateway> {
  const view = cluster.join();
  const topology = await topologies.gateway(view).open();
  const heard: string[] = [];
  const expiring: string[] = [];
  const heads = {
    of: ({ name, uid }: Queue) => {
      if (view.nodeOf(placeKey(placeOf(topology.scope, { name, uid }))).instance !== view.self.instance)
        return undefined;
      return {
        stored: (endsInMs?: number) => heard.push(`${name} ${endsInMs === undefined ? 'stays' : 'ends'}`),
        storing: () => heard.push(`${name} on its way`),
        settled: (_bytes: number, isStored: boolean) => heard.push(`${name} ${isStored ? 'stored' : 'lost'}`),
      };
    },
  } as unknown as QueueHeads;
  const answers = { noteExpiring: (_: unknown, { name }: Queue) => void expiring.push(name) };
  const notes = new HeadNotes(heads, answers, new KeeperRequests(view), async () => topology);
  return { cluster: view, topology, notes, heard, expiring };
}

beforeEach(async () => {
  cluster = new ChangingCluster();
  topologies = new TestTopologies();
  gateways = [await gateway(), await gateway()];
});

afterEach(async () => {
  for (const { notes } of gateways) notes.close();
  await topologies.close();
});

/** One that this gateway keeps, as all see it. */
async function keptBy({ cluster: { self } }: Gateway, name: string): Promise<Queue> {
  const { topology } = gateways[0]!;
  for (let at = 0; ; at++) {
    const { queue: declared } = await topology.declareQueue(queue(`${name}${at}`), clientOf('c1'));
    if (self.instance === gateways[0]!.cluster.nodeOf(placeKey(placeOf(topology.scope, declared))).instance) {
      await gateways[1]!.topology.caughtUp();
      return declared;
    }
  }
}

function stored({ notes, topology }: Gateway, { name }: Queue, endsInMs?: number, isExpiring = false): void {
  const what = { bytes: 10, endsInMs, isExpiring };
  notes.storing(topology, topology.findQueue(name)!, what, () => {})(undefined);
}

describe('what is stored in a queue', () => {
  it('is known at once to the gateway that keeps it, also that it was not stored', async () => {
    const [one] = gateways as [Gateway, Gateway];
    const own = await keptBy(one, 'own');
    stored(one, own);
    const what = { bytes: 10, endsInMs: undefined, isExpiring: false };
    let told: Error | undefined;
    const failed = new Error('no');
    one.notes.storing(one.topology, one.topology.findQueue(own.name)!, what, (error) => {
      told = error;
    })(failed);
    const { name } = own;
    expect(one.heard).toEqual([`${name} on its way`, `${name} stored`, `${name} on its way`, `${name} lost`]);
    expect(told).toBe(failed);
    expect(cluster.requests).toEqual([]);
  });

  it('is told to the gateway that keeps it, once for much', async () => {
    const [one, other] = gateways as [Gateway, Gateway];
    const first = await keptBy(other, 'first');
    const second = await keptBy(other, 'second');
    for (let at = 0; at < 100; at++) stored(one, first);
    stored(one, first, 5_000);
    stored(one, second);
    await until(() => other.heard.length >= 2);
    expect(other.heard.sort()).toEqual([`${first.name} ends`, `${second.name} stays`]);
    expect(cluster.requests).toEqual(['0>1 amqp091.queue-stored']);
  });

  it('is not of a queue that was declared anew, and of a gateway that is away nobody hears', async () => {
    const [one, other] = gateways as [Gateway, Gateway];
    const gone = await keptBy(other, 'gone');
    stored(one, gone);
    await one.topology.deleteQueue(gone.name, { ifUnused: false, ifEmpty: false }, clientOf('c1'));
    await one.topology.declareQueue(queue(gone.name), clientOf('c1'));
    await other.topology.caughtUp();
    await until(() => cluster.requests.length === 1);
    const kept = await keptBy(other, 'kept');
    other.cluster.isAway = true;
    stored(one, kept);
    await until(() => cluster.requests.length === 2);
    expect(other.heard).toEqual([]);
  });

  it('ends by itself, which its keeper is told before it is stored', async () => {
    const [one, other] = gateways as [Gateway, Gateway];
    const expiring = await keptBy(other, 'expiring');
    stored(one, expiring, 100, true);
    expect(one.expiring).toEqual([expiring.name]);
  });
});
