import {
  type Producer,
  PartitionPublisher,
  partitionTopicName,
  PublishBudget,
  type PublishedDone,
  PublisherPool,
  type PublishPressure,
  type PulsarClient,
  TenantPublishers,
} from '#libs/pulsar';
import type { Log, Metrics } from '#libs/telemetry';
import type { Tenant } from '#libs/tenancy';
import type { Amqp091Options } from '../amqp091.options.js';
import type { PublishedMessage } from '../mapping/message.mapping.js';
import type { Queues } from '../queues/queues.js';
import { queueTopic } from '../queues/queue-topic.js';
import type { Queue } from '../topology/queue.js';
import { undeclaredUid } from '../topology/queue-operations.js';
import type { VhostTopology } from '../topology/vhost-topology.js';
import { queuePublishKind, type QueuePublisher, storedBytes } from './publish-kind.js';

export interface QueuePublishersServices {
  readonly pulsar: Pick<PulsarClient, 'createProducer' | 'partitions'>;
  readonly queues: Pick<Queues, 'prepare'>;
  readonly options: Amqp091Options;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Hears of what is stored in queues whose heads somebody looks after. */
export interface StoredWatch {
  /**
   * A message is on its way.
   *
   * @param what `endsInMs`: undefined: never. `isExpiring`: it says so itself
   * @returns to be called instead of `done`
   */
  storing(
    topology: VhostTopology,
    queue: Queue,
    what: {
      readonly bytes: number;
      readonly endsInMs: number | undefined;
      readonly isExpiring: boolean;
    },
    done: PublishedDone<Error>,
  ): PublishedDone<Error>;
}

/** One queue that is published to, and its Pulsar topic. */
class QueueTarget {
  hasEnded = false;

  /** @param queue as it was declared last */
  constructor(
    public queue: Queue,
    readonly publisher: QueuePublisher,
  ) {}

  get idle(): boolean {
    return this.publisher.idle;
  }

  get lastUsedMs(): number {
    return this.publisher.lastUsedMs;
  }

  end(): Promise<void> {
    this.hasEnded = true;
    return this.publisher.end();
  }
}

/** Stores messages in queues: the Pulsar producers of all that are published to, shared by all channels. */
export class QueuePublishers {
  /** By Pulsar topic. */
  readonly #pool: PublisherPool<QueueTarget>;
  /** By declaration: it is the same object as long as it is in force. */
  readonly #targets = new WeakMap<Queue, QueueTarget>();
  /** Default: nobody looks after heads. */
  watch: StoredWatch | undefined;

  constructor(private readonly services: QueuePublishersServices) {
    const { pulsar, log, options } = services;
    this.#pool = new PublisherPool({
      ...{ pulsar, protocol: 'amqp091', log, publishTimeoutMs: options.publishTimeoutMs },
      bytesInFlightMax: options.publishBytesInFlightMaxPerProcess,
      newTenant: (budget) => new TenantPublishers(budget),
    });
    services.metrics.gauge({
      name: 'pulsegate_amqp091_publish_bytes_in_flight',
      help: 'Bytes that AMQP 0-9-1 clients published and Pulsar has not confirmed.',
      read: () => this.#pool.bytesInFlight,
    });
    services.metrics.gauge({
      name: 'pulsegate_amqp091_queues_published',
      help: 'Queues that AMQP 0-9-1 clients publish to at present.',
      read: () => this.#pool.count,
    });
  }

  /**
   * Stores a message in one queue, as an entry of its own.
   *
   * @param deliverAtMs milliseconds since 1970: no consumer gets it sooner; undefined: at once
   * @param done called once, after Pulsar's receipt or when there will be none
   */
  store(
    topology: VhostTopology,
    queue: Queue,
    message: PublishedMessage,
    deliverAtMs: number | undefined,
    nowMs: number,
    done: PublishedDone<Error>,
  ): PublishPressure | undefined {
    let target: QueueTarget;
    try {
      target = this.#targetOf(topology, queue);
    } catch (error) {
      // It has a name that no topic can have.
      done(error as Error);
      return undefined;
    }
    const expiresAtMs = endOf(message, queue, deliverAtMs ?? nowMs);
    const fields = { expiresAtMs, deliverAtMs };
    const settled = this.#watched(topology, queue, message, expiresAtMs && expiresAtMs - nowMs, done);
    return target.publisher.append(message, fields, nowMs, storedBytes(message), -1, settled);
  }

  #watched(
    topology: VhostTopology,
    queue: Queue,
    { properties, bodySize }: PublishedMessage,
    endsInMs: number | undefined,
    done: PublishedDone<Error>,
  ): PublishedDone<Error> {
    const { maxLength, maxLengthBytes } = queue.settings;
    const isLimited = maxLength !== undefined || maxLengthBytes !== undefined;
    if (this.watch === undefined || (endsInMs === undefined && !isLimited)) return done;
    const isExpiring = properties.expirationMs !== undefined;
    return this.watch.storing(topology, queue, { bytes: bodySize, endsInMs, isExpiring }, done);
  }

  /** Calls `flush` when the turn of the event loop is over: of the process. */
  get schedule() {
    return this.#pool.schedule;
  }

  /** The tenant is not there any more. */
  endTenant(tenant: Tenant): void {
    this.#pool.endTenant(tenant);
  }

  /** Takes no more, waits a moment for what is in flight and closes all Pulsar producers. */
  close(): Promise<void> {
    return this.#pool.close();
  }

  #targetOf(topology: VhostTopology, queue: Queue): QueueTarget {
    const known = this.#targets.get(queue);
    if (known !== undefined && !known.hasEnded) return known;
    const { scope } = topology;
    const tenant = this.#pool.of(scope.tenant);
    const topic = queueTopic(scope, queue.name);
    const target =
      tenant.byName.get(topic) ??
      this.#pool.add(tenant, topic, this.#newTarget(topology, queue, tenant.budget));
    target.queue = queue;
    this.#targets.set(queue, target);
    return target;
  }

  #newTarget(topology: VhostTopology, queue: Queue, tenantBudget: PublishBudget): QueueTarget {
    const { publishBytesInFlightMaxPerQueue, publishTimeoutMs } = this.services.options;
    const budget = new PublishBudget(publishBytesInFlightMaxPerQueue, tenantBudget);
    const publisher = new PartitionPublisher(queuePublishKind, budget, {
      open: () => this.#open(topology, target.queue),
      openMsMax: publishTimeoutMs,
      schedule: this.#pool.schedule,
      onLost: () => {},
      onThrown: this.#pool.onThrown,
    });
    const target = new QueueTarget(queue, publisher);
    return target;
  }

  /** With its subscription, so that what is stored waits for consumers. Of several partitions it is always the same. */
  async #open(topology: VhostTopology, queue: Queue): Promise<Producer> {
    const { pulsar, queues } = this.services;
    const { scope } = topology;
    // What was deleted is not made again by what was on its way there.
    const isDeleted = queue.uid !== undeclaredUid && topology.findQueue(queue.name)?.uid !== queue.uid;
    if (isDeleted) throw new Error('the queue was deleted');
    const topic = await queues.prepare(scope, queue);
    const partitions = await pulsar.partitions(topic);
    const own = Number.parseInt(this.#pool.instance.slice(0, 8), 16) % Math.max(1, partitions);
    return this.#pool.open(scope.tenant, partitions === 0 ? topic : partitionTopicName(topic, own));
  }
}

/** Milliseconds since 1970; undefined: never. */
function endOf({ properties }: PublishedMessage, { settings }: Queue, fromMs: number): number | undefined {
  const ttlMs = shorter(properties.expirationMs, settings.messageTtlMs);
  return ttlMs === undefined ? undefined : fromMs + (ttlMs === 0 ? zeroTtlMs : ttlMs);
}

/** What may not wait at all is for consumers that wait for it: so long it may take to them. */
const zeroTtlMs = 500;

function shorter(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}
