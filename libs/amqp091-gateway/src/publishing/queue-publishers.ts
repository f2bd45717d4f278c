import { randomUUID } from 'node:crypto';
import {
  type Producer,
  PartitionPublisher,
  partitionTopicName,
  PublishBudget,
  type PublishedDone,
  type PublishPressure,
  type PulsarClient,
  TurnEnd,
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

const sweepIntervalMs = 30_000;
/** A queue that nobody published to for so long has no producer. */
const queueIdleMs = 300_000;
/** One tenant has this of the process's bytes. */
const tenantShare = 0.5;
/** Of Pulsar's producers, above the bounds here: they never refuse first. */
const pendingBytesMax = 256 * 1024 * 1024;

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
interface QueueTarget {
  readonly publisher: QueuePublisher;
  /** As it was declared last. */
  queue: Queue;
  isEnded: boolean;
}

/** What publishing has of one tenant. */
class TenantTargets {
  /** By Pulsar topic. */
  readonly targets = new Map<string, QueueTarget>();

  constructor(readonly budget: PublishBudget) {}
}

/** Stores messages in queues: the Pulsar producers of all that are published to, shared by all channels. */
export class QueuePublishers {
  /** Of this start of this process: a producer's name that comes back would make deduplication drop data. */
  readonly #instance = randomUUID();
  #producers = 0;
  readonly #tenants = new Map<Tenant, TenantTargets>();
  /** By declaration: it is the same object as long as it is in force. */
  readonly #targets = new WeakMap<Queue, QueueTarget>();
  readonly #budget: PublishBudget;
  /** Of the process: what waits for the end of the turn. */
  readonly turnEnd = new TurnEnd();
  /** Default: nobody looks after heads. */
  watch: StoredWatch | undefined;
  readonly #sweep: NodeJS.Timeout;
  #closing: Promise<void> | undefined;

  constructor(private readonly services: QueuePublishersServices) {
    this.#budget = new PublishBudget(services.options.publishBytesInFlightMaxPerProcess);
    this.#sweep = setInterval(() => this.#endIdle(), sweepIntervalMs).unref();
    services.metrics.gauge({
      name: 'pulsegate_amqp091_publish_bytes_in_flight',
      help: 'Bytes that AMQP 0-9-1 clients published and Pulsar has not confirmed.',
      read: () => this.#budget.bytes,
    });
    services.metrics.gauge({
      name: 'pulsegate_amqp091_queues_published',
      help: 'Queues that AMQP 0-9-1 clients publish to at present.',
      read: () => this.#targetCount,
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

  /** Takes no more, waits a moment for what is in flight and closes all Pulsar producers. */
  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    clearInterval(this.#sweep);
    this.turnEnd.flush();
    const targets = [...this.#tenants.values()].flatMap((known) => [...known.targets.values()]);
    await Promise.all(targets.map(({ publisher }) => publisher.end()));
  }

  get #targetCount(): number {
    let count = 0;
    for (const { targets } of this.#tenants.values()) count += targets.size;
    return count;
  }

  #targetOf(topology: VhostTopology, queue: Queue): QueueTarget {
    const known = this.#targets.get(queue);
    if (known !== undefined && !known.isEnded) return known;
    const { scope } = topology;
    const tenant = this.#tenants.get(scope.tenant) ?? this.#addTenant(scope.tenant);
    const topic = queueTopic(scope, queue.name);
    let target = tenant.targets.get(topic);
    if (target === undefined) {
      target = this.#newTarget(topology, queue, tenant.budget);
      // After the end nothing is opened: it refuses.
      if (this.#closing === undefined) tenant.targets.set(topic, target);
      else void target.publisher.end();
    }
    target.queue = queue;
    this.#targets.set(queue, target);
    return target;
  }

  #addTenant(tenant: Tenant): TenantTargets {
    const bytesMax = this.services.options.publishBytesInFlightMaxPerProcess * tenantShare;
    const added = new TenantTargets(new PublishBudget(bytesMax, this.#budget));
    this.#tenants.set(tenant, added);
    return added;
  }

  #newTarget(topology: VhostTopology, queue: Queue, tenantBudget: PublishBudget): QueueTarget {
    const { publishBytesInFlightMaxPerQueue, publishTimeoutMs } = this.services.options;
    const budget = new PublishBudget(publishBytesInFlightMaxPerQueue, tenantBudget);
    const publisher = new PartitionPublisher(queuePublishKind, budget, {
      open: () => this.#open(topology, target.queue),
      openMsMax: publishTimeoutMs,
      schedule: this.turnEnd.schedule,
      onLost: () => {},
      onThrown: (error) =>
        this.services.log.error({ event: 'amqp091.publish-callback-threw', error }, 'a callback threw'),
    });
    const target: QueueTarget = { publisher, queue, isEnded: false };
    return target;
  }

  /** With its subscription, so that what is stored waits for consumers. Of several partitions it is always the same. */
  async #open(topology: VhostTopology, queue: Queue): Promise<Producer> {
    const { pulsar, queues, options } = this.services;
    const { scope } = topology;
    // What was deleted is not made again by what was on its way there.
    const isDeleted = queue.uid !== undeclaredUid && topology.findQueue(queue.name)?.uid !== queue.uid;
    if (isDeleted) throw new Error('the queue was deleted');
    const topic = await queues.prepare(scope, queue);
    const partitions = await pulsar.partitions(topic);
    const own = Number.parseInt(this.#instance.slice(0, 8), 16) % Math.max(1, partitions);
    return pulsar.createProducer({
      topic: partitions === 0 ? topic : partitionTopicName(topic, own),
      tenantKey: scope.tenant.name,
      name: `pulsegate.${this.#instance}.amqp091.${this.#producers++}`,
      pendingBytesMax,
      sendTimeoutMs: options.publishTimeoutMs,
    });
  }

  #endIdle(): void {
    const idleSince = Date.now() - queueIdleMs;
    for (const { targets } of this.#tenants.values()) {
      for (const [topic, target] of targets) {
        const { publisher } = target;
        if (!publisher.idle || publisher.lastUsedMs > idleSince) continue;
        targets.delete(topic);
        target.isEnded = true;
        void publisher.end();
      }
    }
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
