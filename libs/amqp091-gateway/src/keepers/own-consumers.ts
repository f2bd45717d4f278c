import { Amqp091Error } from '#libs/amqp091-codec';
import { undeclaredUid } from '../topology/queue-operations.js';
import type { Queue } from '../topology/queue.js';
import { notFound, preconditionFailed, resourceText } from '../topology/refusals.js';
import type { VhostTopology } from '../topology/vhost-topology.js';
import type { ClusterSight } from './cluster-sight.js';
import {
  type ActivateAnswer,
  type ActivateRequest,
  type GoneRequest,
  type JoinAnswer,
  type JoinRequest,
  keeperKinds,
  type LeaveRequest,
  type TellAnswer,
  type TellRequest,
  type ToldQueue,
} from './keeper-messages.js';
import type { KeeperRequests } from './keeper-requests.js';
import type { KeptSettings } from './kept-queue.js';
import type { ConsumerRegistration, ConsumerRequest } from './queue-keeper.js';
import { placeKey, placeOf, type QueuePlace } from './queue-place.js';

export interface OwnLimits {
  /** Until a consumer whose queue's keeper cannot be asked is refused. */
  readonly joinTimeoutMs: number;
  /** Until a keeper that did not answer, or sees other members, is asked again. */
  readonly retryMs: number;
  readonly timeoutMs: number;
  /** Who leaves waits for its keeper no longer. */
  readonly leaveTimeoutMs: number;
  /** Consumers that ask at once; the others wait. */
  readonly joinsMax: number;
}

const defaults: OwnLimits = {
  ...{ joinTimeoutMs: 30_000, retryMs: 100, timeoutMs: 10_000 },
  ...{ leaveTimeoutMs: 2_000, joinsMax: 1_000 },
};

/** Consumers that wait until they may ask. */
const turnsMax = 100_000;

interface OwnQueue {
  readonly place: QueuePlace;
  readonly key: string;
  readonly settings: KeptSettings;
  readonly consumers: Map<number, OwnConsumer>;
}

/** A consumer of this gateway. */
class OwnConsumer implements ConsumerRegistration {
  isActive = false;
  /** Its queue was deleted before it was one of its consumers. */
  isGone = false;
  order = 0;

  constructor(
    private readonly owner: OwnConsumers,
    readonly id: number,
    readonly queue: OwnQueue,
    readonly request: ConsumerRequest,
  ) {}

  leave(): Promise<void> {
    return this.owner.leave(this);
  }
}

/** The consumers of this gateway: it registers them with the keepers of their queues, and tells again who comes to keep them. */
export class OwnConsumers {
  readonly #queues = new Map<string, OwnQueue>();
  /** Not answered yet. */
  readonly #joining = new Map<number, OwnConsumer>();
  readonly #followed = new WeakSet<VhostTopology>();
  /** Members that are to be told all, by instance. */
  readonly #untold = new Set<string>();
  readonly #telling = new Set<string>();
  readonly #turns: (() => void)[] = [];
  readonly #limits: OwnLimits;
  #asking = 0;
  #lastId = 0;
  #isClosed = false;

  constructor(
    private readonly sight: ClusterSight,
    private readonly requests: KeeperRequests,
    limits: Partial<OwnLimits> = {},
  ) {
    this.#limits = { ...defaults, ...limits };
    requests.serve(keeperKinds.activate, (asked: ActivateRequest, from) => this.#activate(asked, from));
    requests.serve(keeperKinds.gone, async ({ place }: GoneRequest) => {
      await this.gone(placeKey(place));
      return {};
    });
  }

  /** See `QueueKeeper.register`. */
  async register(
    topology: VhostTopology,
    queue: Queue,
    request: ConsumerRequest,
  ): Promise<ConsumerRegistration> {
    this.#follow(topology);
    const own = this.#queueOf(topology, queue);
    const consumer = new OwnConsumer(this, ++this.#lastId, own, request);
    this.#joining.set(consumer.id, consumer);
    try {
      const answer = await this.#join(consumer);
      if (answer.kind !== 'joined') throw refusalOf(answer.kind, topology, queue);
      consumer.order = answer.order;
      // What its keeper said after it answered may have come first.
      if (answer.isActive) consumer.isActive = true;
    } finally {
      this.#joining.delete(consumer.id);
    }
    const isThere = queue.uid === undeclaredUid || topology.findQueue(queue.name)?.uid === queue.uid;
    if (consumer.isGone || !isThere) {
      this.#tellLeft(consumer).catch(() => {});
      throw notFound('queue', queue.name, topology.scope.vhost);
    }
    // Another may have been the first of it meanwhile.
    const known = this.#queues.get(own.key);
    if (known === undefined) this.#queues.set(own.key, own);
    (known ?? own).consumers.set(consumer.id, consumer);
    return consumer;
  }

  async leave(consumer: OwnConsumer): Promise<void> {
    const queue = this.#queues.get(consumer.queue.key);
    if (queue?.consumers.delete(consumer.id) !== true) return;
    if (queue.consumers.size === 0) this.#queues.delete(queue.key);
    await this.#tellLeft(consumer);
  }

  /** The queue was deleted: its consumers hear it. Resolves when they hold nothing of it any more. */
  async gone(key: string): Promise<void> {
    for (const consumer of this.#joining.values()) if (consumer.queue.key === key) consumer.isGone = true;
    const queue = this.#queues.get(key);
    if (queue === undefined) return;
    this.#queues.delete(key);
    await Promise.all([...queue.consumers.values()].map(({ request }) => request.onQueueGone()));
  }

  /** After the gateway itself has seen who keeps what. */
  membersChanged(): void {
    for (const instance of this.sight.instances) this.#tellSoon(instance);
  }

  close(): void {
    this.#isClosed = true;
  }

  /** Asks until somebody who keeps the queue has said what it is. */
  async #join(consumer: OwnConsumer): Promise<JoinAnswer> {
    const { joinTimeoutMs, retryMs, timeoutMs, joinsMax } = this.#limits;
    const { sight } = this;
    const { place, settings, key } = consumer.queue;
    const asked: JoinRequest = {
      ...{ instance: sight.own, place, settings, id: consumer.id },
      exclusive: consumer.request.exclusive,
    };
    if (this.#turns.length >= turnsMax) return { kind: 'full' };
    if (this.#asking >= joinsMax) await new Promise<void>((resolve) => this.#turns.push(resolve));
    else this.#asking++;
    try {
      const until = performance.now() + joinTimeoutMs;
      while (!this.#isClosed && !consumer.isGone && performance.now() < until) {
        const keeper = sight.keeperOf(key);
        try {
          const answer = await this.requests.ask<JoinAnswer>(
            keeper.nodeId,
            keeperKinds.join,
            asked,
            timeoutMs,
          );
          const isKeeper = sight.keeperOf(key).instance === keeper.instance;
          if (answer.kind !== 'elsewhere' && isKeeper) return answer;
          if (!isKeeper) continue;
        } catch {
          // It is asked again, or who keeps the queue when it is gone.
        }
        await pause(retryMs);
      }
    } finally {
      const next = this.#turns.shift();
      if (next === undefined) this.#asking--;
      else next();
    }
    this.#tellLeft(consumer).catch(() => {});
    throw new Amqp091Error('internal-error', 'it cannot be found out now who consumes the queue');
  }

  async #tellLeft({ id, queue: { place, key } }: OwnConsumer): Promise<void> {
    const keeper = this.sight.keeperOf(key);
    const asked: LeaveRequest = { instance: this.sight.own, place, id };
    try {
      await this.requests.ask(keeper.nodeId, keeperKinds.leave, asked, this.#limits.leaveTimeoutMs);
    } catch {
      // It hears who is left.
      this.#tellSoon(keeper.instance);
    }
  }

  async #activate({ place, id, isActive }: ActivateRequest, from: number): Promise<ActivateAnswer> {
    const key = placeKey(place);
    // Who kept it before does not decide any more.
    if (this.sight.keeperOf(key).nodeId !== from) throw new Error('another gateway keeps the queue');
    const joining = this.#joining.get(id);
    if (joining !== undefined) joining.isActive = isActive;
    const consumer = this.#queues.get(key)?.consumers.get(id);
    if (consumer !== undefined && consumer.isActive !== isActive) {
      consumer.isActive = isActive;
      await consumer.request.onActive(isActive);
    }
    return { isKnown: joining !== undefined || consumer !== undefined };
  }

  #tellSoon(instance: string): void {
    this.#untold.add(instance);
    if (this.#telling.has(instance)) return;
    this.#telling.add(instance);
    this.#tell(instance).finally(() => {
      this.#telling.delete(instance);
      const isLeft = !this.#isClosed && this.#untold.has(instance) && this.sight.isThere(instance);
      if (isLeft) this.#tellSoon(instance);
    });
  }

  async #tell(instance: string): Promise<void> {
    const { retryMs, timeoutMs } = this.#limits;
    while (!this.#isClosed && this.#untold.delete(instance)) {
      const member = this.sight.member(instance);
      if (member === undefined) return;
      try {
        const asked = this.#toldTo(instance);
        const answer = await this.requests.ask<TellAnswer>(member.nodeId, keeperKinds.tell, asked, timeoutMs);
        if (answer.isHeard) continue;
      } catch {
        // It is told again.
      }
      this.#untold.add(instance);
      await pause(retryMs);
    }
  }

  /** All that a keeper needs to know of this gateway. */
  #toldTo(instance: string): TellRequest {
    const queues: ToldQueue[] = [];
    for (const { place, key, settings, consumers } of this.#queues.values()) {
      if (this.sight.keeperOf(key).instance !== instance) continue;
      const told = [...consumers.values()].map(({ id, request: { exclusive }, order, isActive }) => ({
        ...{ id, exclusive, order, isActive },
      }));
      queues.push({ place, settings, consumers: told });
    }
    return { instance: this.sight.own, view: this.sight.view, queues, joining: [...this.#joining.keys()] };
  }

  #queueOf(topology: VhostTopology, queue: Queue): OwnQueue {
    const place = placeOf(topology.scope, queue);
    const key = placeKey(place);
    const { singleActiveConsumer: single } = queue.settings;
    const settings = { single, autoDelete: queue.autoDelete };
    return this.#queues.get(key) ?? { place, key, settings, consumers: new Map() };
  }

  /** Others may delete queues, too. */
  #follow(topology: VhostTopology): void {
    if (this.#followed.has(topology)) return;
    this.#followed.add(topology);
    topology.onQueue((queue, isThere) => {
      if (!isThere) void this.gone(placeKey(placeOf(topology.scope, queue)));
    });
  }
}

function refusalOf(
  kind: Exclude<JoinAnswer['kind'], 'joined'>,
  { scope }: VhostTopology,
  { name }: Queue,
): Amqp091Error {
  const what = resourceText('queue', name, scope.vhost);
  switch (kind) {
    case 'refused':
      return new Amqp091Error('access-refused', `${what} in exclusive use`);
    case 'full':
      return preconditionFailed(`cannot consume ${what}: too many consumers of the tenant`);
    default:
      return notFound('queue', name, scope.vhost);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
