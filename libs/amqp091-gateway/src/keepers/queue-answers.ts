import type { Queue } from '../topology/queue.js';
import type { VhostTopology } from '../topology/vhost-topology.js';
import type { KeeperRequests } from './keeper-requests.js';
import type { TopologyAt } from './topology-at.js';
import type { KeptQueues } from './kept-queues.js';
import { keeperOf, placeKey, placeOf, type QueuePlace } from './queue-place.js';

export interface QueueAnswersOptions {
  /** An answer is taken as true for so long. Default 250. */
  readonly validMs?: number;
  /** Default 2 000. */
  readonly timeoutMs?: number;
  readonly now?: () => number;
}

interface Known {
  isFull: boolean;
  untilMs: number;
  asking: Promise<boolean> | undefined;
}

interface Told {
  /** `ClusterView.version`: who keeps what is the same as long as it is. */
  readonly version: number;
  readonly untilMs: number;
}

const fullKind = 'amqp091.queue-full';
const expiringKind = 'amqp091.queue-expiring';
/** Queues of which something is known here. */
const knownMax = 20_000;
/** Between two times that a keeper is told the same. */
const toldMs = 30_000;
/** Before a keeper that did not answer is told again. */
const retryMs = 1_000;

/** What publishers ask the keepers of queues, and tell them: kept for a moment, so it may be asked for each message. */
export class QueueAnswers {
  readonly #known = new Map<string, Known>();
  /** By queue: who was told that its messages expire. */
  readonly #told = new WeakMap<Queue, Told>();
  readonly #validMs: number;
  readonly #timeoutMs: number;
  readonly #now: () => number;

  constructor(
    private readonly requests: KeeperRequests,
    private readonly kept: KeptQueues,
    /** Opened where it is not yet: who keeps a queue need not have clients of its tenant. */
    topologyOf: TopologyAt,
    { validMs = 250, timeoutMs = 2_000, now = () => performance.now() }: QueueAnswersOptions = {},
  ) {
    this.#validMs = validMs;
    this.#timeoutMs = timeoutMs;
    this.#now = now;
    requests.serve(fullKind, async ({ place }: { readonly place: QueuePlace }) => {
      await topologyOf(place);
      return { isFull: this.#isFullHere(placeKey(place)) };
    });
    requests.serve(expiringKind, async ({ place }: { readonly place: QueuePlace }) => {
      const topology = await topologyOf(place);
      const queue = topology?.findQueue(place.name);
      if (topology !== undefined && queue?.uid === place.uid) kept.noteExpiring(topology, queue);
      return {};
    });
  }

  /**
   * Whether the queue takes no more (x-overflow `reject-publish`). An answer that is not older than `validMs` at once, else a
   * promise, which never rejects: a keeper that does not answer keeps nobody from publishing.
   */
  isFull(topology: VhostTopology, queue: Queue): boolean | Promise<boolean> {
    const place = placeOf(topology.scope, queue);
    const key = placeKey(place);
    const { cluster } = this.requests;
    const keeper = keeperOf(cluster, key);
    if (keeper.instance === cluster.self.instance) return this.#isFullHere(key);
    let known = this.#known.get(key);
    if (known !== undefined && known.untilMs > this.#now()) return known.isFull;
    if (known === undefined) {
      known = { isFull: false, untilMs: 0, asking: undefined };
      this.#known.set(key, known);
      if (this.#known.size > knownMax) this.#known.delete(this.#known.keys().next().value!);
    }
    known.asking ??= this.#ask(keeper.nodeId, place, known);
    return known.asking;
  }

  /** A message that expires by itself was published to it: its keeper watches the head of the queue from then on. */
  noteExpiring(topology: VhostTopology, queue: Queue): void {
    const { cluster } = this.requests;
    const told = this.#told.get(queue);
    const nowMs = this.#now();
    if (told !== undefined && told.untilMs > nowMs && told.version === cluster.version) return;
    this.#told.set(queue, { version: cluster.version, untilMs: nowMs + toldMs });
    const place = placeOf(topology.scope, queue);
    const keeper = keeperOf(cluster, placeKey(place));
    if (keeper.instance === cluster.self.instance) {
      this.kept.noteExpiring(topology, queue);
      return;
    }
    this.requests.ask(keeper.nodeId, expiringKind, { place }, this.#timeoutMs).catch(() => {
      this.#told.set(queue, { version: cluster.version, untilMs: this.#now() + retryMs });
    });
  }

  #isFullHere(key: string): boolean {
    for (const { isFull } of this.kept.startedFor(key)) if (isFull === true) return true;
    return false;
  }

  async #ask(nodeId: number, place: QueuePlace, known: Known): Promise<boolean> {
    try {
      const answer = await this.requests.ask<{ isFull: boolean }>(
        nodeId,
        fullKind,
        { place },
        this.#timeoutMs,
      );
      known.isFull = answer.isFull;
    } catch {
      known.isFull = false;
    }
    known.untilMs = this.#now() + this.#validMs;
    known.asking = undefined;
    return known.isFull;
  }
}
