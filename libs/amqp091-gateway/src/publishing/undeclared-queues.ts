import { Amqp091Error } from '#libs/amqp091-codec';
import type { Queue } from '../topology/queue.js';
import { undeclaredUid } from '../topology/queue-operations.js';
import type { TopologyClient, VhostTopology } from '../topology/vhost-topology.js';

/** How long it is taken as true that there is a topic, and that there is none. */
const thereMs = 30_000;
const notThereMs = 2_000;
const knownMax = 10_000;
/** It has a name that no topic can have, or was declared meanwhile by somebody else for themselves. */
const notThere = new Set<string>(['not-found', 'precondition-failed', 'resource-locked']);

interface Known {
  readonly queue: Queue | undefined;
  readonly untilMs: number;
}

/** Queues that nobody declared, of vhosts that publish to them by the default exchange: Pulsar topics of their names. */
export class UndeclaredQueues {
  readonly #known = new WeakMap<VhostTopology, Map<string, Known>>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** `unknown`: it must be looked up. */
  find(topology: VhostTopology, name: string): Queue | 'none' | 'unknown' {
    const known = this.#known.get(topology)?.get(name);
    if (known === undefined || known.untilMs <= this.now()) return 'unknown';
    return known.queue ?? 'none';
  }

  /** Undefined: there is none. */
  async lookUp(topology: VhostTopology, name: string, client: TopologyClient): Promise<Queue | undefined> {
    const before = this.#known.get(topology)?.get(name)?.queue;
    let queue: Queue | undefined;
    try {
      queue = await topology.checkQueue(name, client);
    } catch (error) {
      if (!(error instanceof Amqp091Error) || !notThere.has(error.code)) throw error;
    }
    // It was declared meanwhile: routing finds it.
    if (queue !== undefined && queue.uid !== undeclaredUid) return undefined;
    // One object as long as it is there.
    const kept = queue && (before ?? queue);
    this.#keep(topology, name, kept);
    return kept;
  }

  #keep(topology: VhostTopology, name: string, queue: Queue | undefined): void {
    let names = this.#known.get(topology);
    if (names === undefined) {
      names = new Map();
      this.#known.set(topology, names);
    }
    names.delete(name);
    names.set(name, { queue, untilMs: this.now() + (queue === undefined ? notThereMs : thereMs) });
    if (names.size > knownMax) names.delete(names.keys().next().value as string);
  }
}
