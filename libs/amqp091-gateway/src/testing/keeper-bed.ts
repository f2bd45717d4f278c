import { setTimeout as pause } from 'node:timers/promises';
import type { FieldTable } from '#libs/amqp091-codec';
import { Metrics, silentLog } from '#libs/telemetry';
import { ClusterQueueKeeper } from '../keepers/cluster-queue-keeper.js';
import { KeeperRequests } from '../keepers/keeper-requests.js';
import type { ConsumerRegistration } from '../keepers/queue-keeper.js';
import { placeKey, placeOf } from '../keepers/queue-place.js';
import { expireUnused } from '../keepers/unused-queues.js';
import type { Queue } from '../topology/queue.js';
import type { VhostTopology } from '../topology/vhost-topology.js';
import { ChangingCluster, type TestClusterView } from './changing-cluster.js';
import { clientOf, queue, table, TestTopologies } from './topology-fixture.js';

export interface KeeperGateway {
  readonly view: TestClusterView;
  readonly topology: VhostTopology;
  readonly keeper: ClusterQueueKeeper;
  /** Queues of whose use it was told. */
  readonly used: string[];
}

export const single = { arguments: table({ 'x-single-active-consumer': true }) };
export const refusedFor = (name: string) =>
  `403 channel: ACCESS_REFUSED - queue '${name}' in vhost '/' in exclusive use`;

/** Gateways that come and go, and their keepers. */
export class KeeperBed {
  readonly cluster = new ChangingCluster();
  readonly gateways: KeeperGateway[] = [];
  /** What consumers heard: `name true`, `name gone`. */
  readonly heard: string[] = [];
  foreignConsumers = 0;
  private readonly topologies = new TestTopologies();

  constructor(private readonly consumersMaxPerTenant: number) {}

  async started(): Promise<KeeperGateway> {
    const view = this.cluster.join();
    const topology = await this.topologies.gateway(view).open();
    const used: string[] = [];
    const use = async () => ({ messages: 0, consumers: 0, foreignConsumers: this.foreignConsumers });
    const keeper = new ClusterQueueKeeper({
      requests: new KeeperRequests(view),
      expire: expireUnused(async () => topology, { use }),
      onUsed: (key) => used.push(key),
      ...{ log: silentLog, metrics: new Metrics({ processMetrics: false }) },
      keptLimits: {
        ...{ hearingMs: 300, retryMs: 5, deleteRetryMs: 20 },
        consumersMaxPerTenant: this.consumersMaxPerTenant,
      },
      ownLimits: { retryMs: 5, joinTimeoutMs: 500 },
    });
    const made = { view, topology, keeper, used };
    this.gateways.push(made);
    return made;
  }

  async close(): Promise<void> {
    for (const { keeper } of this.gateways) keeper.close();
    await this.topologies.close();
  }

  /** A queue that this gateway keeps. */
  async declared(
    by: KeeperGateway,
    rest: { autoDelete?: boolean; arguments?: FieldTable } = {},
  ): Promise<Queue> {
    for (let at = 0; ; at++) {
      const name = `q-${at}`;
      if (by.topology.findQueue(name) !== undefined) continue;
      const made = (await by.topology.declareQueue(queue(name, rest), clientOf('c1'))).queue;
      await this.until(() =>
        this.gateways.every(({ topology }) => topology.findQueue(name)?.uid === made.uid),
      );
      if (isKeptBy(by, made)) return made;
    }
  }

  join(at: KeeperGateway, to: Queue, name: string, exclusive = false): Promise<ConsumerRegistration> {
    return at.keeper.register(at.topology, at.topology.findQueue(to.name)!, {
      exclusive,
      onActive: (isActive) => void this.heard.push(`${name} ${isActive}`),
      onQueueGone: () => void this.heard.push(`${name} gone`),
    });
  }

  /** All gateways read on meanwhile. */
  async until(isSo: () => boolean | Promise<boolean>): Promise<void> {
    const end = performance.now() + 3_000;
    while (!(await isSo())) {
      if (performance.now() > end) throw new Error(`it did not come about; heard: ${this.heard.join(', ')}`);
      await Promise.all(this.gateways.map(({ topology }) => topology.caughtUp()));
      await pause(2);
    }
  }
}

export function isKeptBy({ view, topology }: KeeperGateway, of: Queue): boolean {
  return view.nodeOf(placeKey(placeOf(topology.scope, of))).instance === view.self.instance;
}
