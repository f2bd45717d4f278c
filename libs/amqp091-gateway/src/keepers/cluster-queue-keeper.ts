import type { Log, Metrics } from '#libs/telemetry';
import type { Queue } from '../topology/queue.js';
import type { VhostTopology } from '../topology/vhost-topology.js';
import { ClusterSight } from './cluster-sight.js';
import { KeptConsumers, type KeptLimits } from './kept-consumers.js';
import { type AskAnswer, type AskRequest, keeperKinds } from './keeper-messages.js';
import type { KeeperRequests } from './keeper-requests.js';
import { OwnConsumers, type OwnLimits } from './own-consumers.js';
import type { ConsumerRegistration, ConsumerRequest, QueueKeeper } from './queue-keeper.js';
import { placeKey, placeOf, type QueuePlace } from './queue-place.js';

export interface ClusterQueueKeeperParts {
  readonly requests: KeeperRequests;
  /** Deletes a queue that nobody consumes. Resolves to false where it is still used otherwise. */
  readonly expire: (place: QueuePlace) => Promise<boolean>;
  /** A queue that this gateway keeps, by `placeKey`, was declared, got from, or left by its last consumer. */
  readonly onUsed: (key: string) => void;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly keptLimits?: Partial<KeptLimits>;
  readonly ownLimits?: Partial<OwnLimits>;
}

const endTimeoutMs = 10_000;
const countTimeoutMs = 2_000;
/** Between two times that a keeper is told that a queue is used: a fraction of when it expires, at most. */
const usedMsMax = 1_000;
const usedParts = 4;

/**
 * Who decides what concerns all consumers of a queue, over all gateways: of each queue one of them, which rendezvous hashing
 * chooses. Alone, a gateway is that of all.
 *
 *     consumer ── OwnConsumers (its gateway) ──join, leave, tell──▶ KeptConsumers (the keeper) ──activate, gone──▶ OwnConsumers
 */
export class ClusterQueueKeeper implements QueueKeeper {
  readonly #sight: ClusterSight;
  readonly #kept: KeptConsumers;
  readonly #own: OwnConsumers;
  readonly #usedUntil = new WeakMap<Queue, number>();
  readonly #unfollow: () => void;

  constructor(private readonly parts: ClusterQueueKeeperParts) {
    const { requests, expire, onUsed, log, metrics } = parts;
    const { cluster } = requests;
    this.#sight = new ClusterSight(cluster);
    const sight = this.#sight;
    this.#kept = new KeptConsumers({ sight, requests, log, expire, onUsed, limits: parts.keptLimits ?? {} });
    this.#own = new OwnConsumers(sight, requests, parts.ownLimits);
    this.#unfollow = cluster.onChange(() => this.#membersChanged());
    this.#own.membersChanged();
    metrics.gauge({
      name: 'pulsegate_amqp091_kept_consumers',
      help: 'Consumers of all gateways, of the AMQP 0-9-1 queues that this one keeps.',
      read: () => this.#kept.count,
    });
  }

  register(topology: VhostTopology, queue: Queue, request: ConsumerRequest): Promise<ConsumerRegistration> {
    return this.#own.register(topology, queue, request);
  }

  async end(topology: VhostTopology, queue: Queue): Promise<void> {
    const place = placeOf(topology.scope, queue);
    await this.#ask(place, 'end', endTimeoutMs).catch(() => {
      // Other gateways hear it from the log.
    });
    await this.#own.gone(placeKey(place));
  }

  async consumers(topology: VhostTopology, queue: Queue): Promise<number | undefined> {
    const answer = this.#ask(placeOf(topology.scope, queue), 'count', countTimeoutMs);
    return (await answer.catch(() => ({ consumers: undefined }))).consumers;
  }

  used({ scope }: VhostTopology, queue: Queue): void {
    const { expiresMs } = queue.settings;
    if (expiresMs === undefined) return;
    const nowMs = performance.now();
    if ((this.#usedUntil.get(queue) ?? 0) > nowMs) return;
    this.#usedUntil.set(queue, nowMs + Math.min(usedMsMax, expiresMs / usedParts));
    this.#ask(placeOf(scope, queue), 'used', countTimeoutMs).catch(() => this.#usedUntil.delete(queue));
  }

  /** Of a queue that this gateway keeps; undefined while gateways have not told what they have. */
  keptConsumers(key: string): number | undefined {
    return this.#kept.hasHeardAll ? this.#kept.consumersOf(key) : undefined;
  }

  close(): void {
    this.#unfollow();
    this.#own.close();
    this.#kept.close();
  }

  /** First who keeps what, then who is told what. */
  #membersChanged(): void {
    this.#kept.membersChanged();
    this.#own.membersChanged();
  }

  async #ask(place: QueuePlace, about: AskRequest['about'], timeoutMs: number): Promise<AskAnswer> {
    const asked: AskRequest = { place, about };
    const keeper = this.#sight.keeperOf(placeKey(place));
    return this.parts.requests.ask<AskAnswer>(keeper.nodeId, keeperKinds.ask, asked, timeoutMs);
  }
}
