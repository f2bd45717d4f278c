import type { ClusterView } from '#libs/cluster';
import type { Queue } from '../topology/queue.js';
import type { Amqp091Scope } from '../topology/scope.js';
import type { Topologies } from '../topology/topologies.js';
import type { VhostTopology } from '../topology/vhost-topology.js';
import type { KeptQueueWork, StartedQueueWork } from './kept-queue-work.js';
import { isSelf, keeperOf, placeKey, placeOf } from './queue-place.js';

/** A queue that needs work, whoever keeps it. */
interface WorkedQueue {
  readonly topology: VhostTopology;
  readonly queue: Queue;
  readonly key: string;
  isExpiring: boolean;
  readonly started: Map<KeptQueueWork, StartedQueueWork>;
}

/**
 * The queues that this gateway does work for: of all that are declared, those that it keeps and that need any. It follows what
 * is declared, and who keeps what.
 */
export class KeptQueues {
  readonly #queues = new Map<string, WorkedQueue>();
  readonly #ends: (() => void)[] = [];
  readonly #topologies = new Map<VhostTopology, () => void>();

  constructor(
    private readonly cluster: ClusterView,
    topologies: Pick<Topologies, 'onVhost'>,
    private readonly works: readonly KeptQueueWork[],
    /** Whether clients are served there: where not, nothing is done either. */
    private readonly isServed: (scope: Amqp091Scope) => boolean,
  ) {
    this.#ends.push(
      topologies.onVhost((topology, isThere) => {
        if (isThere) this.#follow(topology);
        else this.#unfollow(topology);
      }),
      cluster.onChange(() => this.refresh()),
    );
  }

  /** What is done here for the queue: none where another gateway keeps it. */
  startedFor(key: string): Iterable<StartedQueueWork> {
    return this.#queues.get(key)?.started.values() ?? [];
  }

  /** Messages with an expiration of their own are published to it. */
  noteExpiring(topology: VhostTopology, queue: Queue): void {
    // Of what nobody declared, or is deleted since, nobody would say when it ends.
    if (topology.findQueue(queue.name)?.uid !== queue.uid) return;
    const key = placeKey(placeOf(topology.scope, queue));
    const worked = this.#queues.get(key) ?? this.#worked(topology, queue, key);
    if (worked.isExpiring) return;
    worked.isExpiring = true;
    this.#queues.set(key, worked);
    this.#update(worked);
  }

  /** Other gateways, tenants or vhosts are there. */
  refresh(): void {
    for (const worked of [...this.#queues.values()]) this.#update(worked);
  }

  close(): void {
    for (const end of [...this.#ends.splice(0), ...this.#topologies.values()]) end();
    this.#topologies.clear();
    for (const worked of this.#queues.values()) stop(worked);
    this.#queues.clear();
  }

  #follow(topology: VhostTopology): void {
    if (this.#topologies.has(topology)) return;
    this.#topologies.set(
      topology,
      topology.onQueue((queue, isThere) => {
        if (isThere) this.#add(topology, queue);
        else this.#remove(topology, queue);
      }),
    );
    for (const queue of topology.queues()) this.#add(topology, queue);
  }

  #unfollow(topology: VhostTopology): void {
    this.#topologies.get(topology)?.();
    this.#topologies.delete(topology);
    for (const [key, worked] of this.#queues) {
      if (worked.topology !== topology) continue;
      this.#queues.delete(key);
      stop(worked);
    }
  }

  #add(topology: VhostTopology, queue: Queue): void {
    if (!this.works.some((work) => work.isNeeded(queue, false))) return;
    const key = placeKey(placeOf(topology.scope, queue));
    if (this.#queues.has(key)) return;
    const worked = this.#worked(topology, queue, key);
    this.#queues.set(key, worked);
    this.#update(worked);
  }

  #remove(topology: VhostTopology, queue: Queue): void {
    const key = placeKey(placeOf(topology.scope, queue));
    const worked = this.#queues.get(key);
    if (worked === undefined) return;
    this.#queues.delete(key);
    stop(worked);
  }

  #worked(topology: VhostTopology, queue: Queue, key: string): WorkedQueue {
    return { topology, queue, key, isExpiring: false, started: new Map() };
  }

  #update(worked: WorkedQueue): void {
    const { topology, queue, key, started, isExpiring } = worked;
    if (!this.isServed(topology.scope) || !isSelf(this.cluster, keeperOf(this.cluster, key))) {
      stop(worked);
      return;
    }
    for (const work of this.works) {
      if (started.has(work) || !work.isNeeded(queue, isExpiring)) continue;
      started.set(work, work.start(topology, queue));
    }
  }
}

function stop({ started }: WorkedQueue): void {
  const works = [...started.values()];
  started.clear();
  for (const work of works) work.close();
}
