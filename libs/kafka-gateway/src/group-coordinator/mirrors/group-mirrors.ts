import type { Log, Metrics } from '#libs/telemetry';
import type { Tenant } from '#libs/tenancy';
import type { KafkaOptions } from '../../kafka.options.js';
import type { PartitionLogs } from '../../reading/partition-logs.js';
import type { GroupPartition, PartitionCommit } from '../group-offsets.js';
import type { CoordinatorClock } from '../coordinator-clock.js';
import type { Group } from '../group.js';
import type { GroupCoordinator, GroupObserver } from '../group-coordinator.js';
import { MirrorQueue } from './mirror-queue.js';
import {
  cursorAt,
  type MirrorAdmin,
  type MirrorOutcome,
  placeMirror,
  removeMirror,
} from './mirror-subscription.js';
import { MirrorSweep } from './mirror-sweep.js';

export interface GroupMirrorsServices {
  readonly admin: MirrorAdmin;
  readonly logs: Pick<PartitionLogs, 'log'>;
  readonly options: KafkaOptions;
  readonly log: Log;
  readonly clock: CoordinatorClock;
}

/** One group on one partition. */
interface Mirror extends GroupPartition {
  readonly coordinator: GroupCoordinator;
  readonly group: string;
}

/** A mirror is moved at most once in this time. */
const keyIntervalMs = 1_000;
const parallelMax = 4;
const retryMs = 5_000;
const retriesMax = 3;
/** Groups on topics whose subscription is somebody else's are left alone for so long, then looked at again. */
const foreignMs = 600_000;
const foreignMax = 10_000;

/**
 * Shows committed offsets as Pulsar subscriptions: each group that has an offset on a partition has a durable
 * subscription of its name there, which stands where the group is to read next. It follows the commits within a second
 * or so, as far as Pulsar and the bounds let it, and nothing ever waits for it: what counts is in the slice's log.
 * A subscription of that name that is not a mirror is never touched. Mirrors end with the offset.
 */
export class GroupMirrors {
  readonly #queue: MirrorQueue<Mirror>;
  readonly #sweep: MirrorSweep;
  /** What was moved, and to which offset; those moved last are at the end. */
  readonly #known = new Map<string, number>();
  readonly #retries = new Map<string, number>();
  readonly #foreign = new Map<string, { until: number }>();
  #moves = 0;
  #failures = 0;

  constructor(private readonly services: GroupMirrorsServices) {
    const { options, clock } = services;
    const bounds = { entriesMax: options.mirrorsMax, perSecondMax: options.mirrorMovesPerSecondMax };
    this.#queue = new MirrorQueue({ ...bounds, keyIntervalMs, parallelMax }, clock, (key, mirror) =>
      this.#update(key, mirror),
    );
    this.#sweep = new MirrorSweep({
      ...services,
      refresh: (coordinator, group, partition) =>
        this.#ask(coordinator, group, partition.topic, partition.partition),
    });
  }

  register(metrics: Metrics): void {
    const counter = (name: string, help: string, read: () => number) =>
      metrics.counter({ name: `pulsegate_kafka_mirror_${name}_total`, help, read });
    counter('moves', 'Moves of subscriptions that show groups.', () => this.#moves);
    counter('failures', 'Such moves that failed.', () => this.#failures);
    metrics.gauge({
      name: 'pulsegate_kafka_mirrors_waiting',
      help: 'Subscriptions that show groups and are to be moved.',
      read: () => this.#queue.size,
    });
  }

  /** From now on this slice's groups are shown. */
  follow(coordinator: GroupCoordinator): void {
    this.#sweep.follow(coordinator);
    if (!this.services.options.mirrorGroups) return;
    const observer: GroupObserver = {
      committed: (group, commits: readonly PartitionCommit[]) => {
        for (const { topic, partition } of commits) this.#ask(coordinator, group.id, topic, partition);
      },
      deleted: (group: Group, partitions) => {
        for (const { topic, partition } of partitions) this.#ask(coordinator, group.id, topic, partition);
      },
    };
    coordinator.observer = observer;
    // What the former holder did not come to. The sweep asks for the rest.
    for (const group of coordinator.groups()) {
      for (const { topic, partition } of group.offsets.all()) {
        if (!this.#ask(coordinator, group.id, topic, partition)) return;
      }
    }
  }

  close(): void {
    this.#queue.close();
    this.#sweep.close();
  }

  #ask(coordinator: GroupCoordinator, group: string, topic: string, partition: number): boolean {
    const key = `${coordinator.tenant.name}/${topic}/${partition}/${group}`;
    return this.#queue.add(key, { coordinator, group, topic, partition });
  }

  async #update(key: string, mirror: Mirror): Promise<void> {
    const { coordinator, group } = mirror;
    if (coordinator.closed || this.#isForeign(coordinator.tenant, mirror)) return;
    try {
      this.#settle(key, mirror, await this.#bring(key, mirror));
      this.#retries.delete(key);
    } catch (error) {
      this.#failures++;
      this.#known.delete(key);
      const retries = (this.#retries.get(key) ?? 0) + 1;
      const again = retries <= retriesMax && this.#queue.add(key, mirror, retries * retryMs);
      if (again) this.#retries.set(key, retries);
      else this.#retries.delete(key);
      const fields = { event: 'group-mirror-failed', tenant: coordinator.tenant.name, group, error };
      this.services.log.debug({ ...fields, topic: mirror.topic }, 'a mirror was not moved');
    }
  }

  /** Brings the subscription to where the offset is now, or to an end when there is none any more. */
  async #bring(key: string, mirror: Mirror): Promise<MirrorOutcome> {
    const { coordinator, group, topic: name, partition } = mirror;
    const { admin, logs } = this.services;
    const topic = await coordinator.topics.resolve(coordinator.tenant, name);
    if (topic === undefined || partition >= topic.partitions) return 'nowhere';
    const partitionTopic = topic.partitionTopic(partition);
    const committed = coordinator.group(group)?.offsets.get(name, partition);
    if (committed === undefined) {
      this.#known.delete(key);
      return removeMirror(admin, partitionTopic, group);
    }
    const isOther = committed.topicId !== undefined && committed.topicId !== topic.id.toString('hex');
    if (isOther || this.#known.get(key) === committed.offset) return 'nowhere';
    const position = await cursorAt(logs.log(coordinator.tenant, topic, partition), committed.offset);
    if (position === undefined) return 'nowhere';
    const wasKnown = this.#known.delete(key);
    const outcome = await placeMirror(admin, partitionTopic, group, position, wasKnown);
    if (outcome === 'nowhere' && wasKnown) this.#queue.add(key, mirror);
    if (outcome !== 'done') return outcome;
    this.#moves++;
    this.#known.set(key, committed.offset);
    if (this.#known.size > this.services.options.mirrorsMax) {
      this.#known.delete(this.#known.keys().next().value as string);
    }
    // Committed again meanwhile: the order of moves is the order of this queue.
    const latest = coordinator.group(group)?.offsets.get(name, partition)?.offset;
    if (latest !== committed.offset) this.#queue.add(key, mirror);
    return outcome;
  }

  #settle(key: string, mirror: Mirror, outcome: MirrorOutcome): void {
    if (outcome !== 'foreign' && outcome !== 'refused') return;
    const { coordinator, group, topic } = mirror;
    const name = foreignKey(coordinator.tenant, mirror);
    const isKnown = this.#foreign.has(name);
    this.#foreign.delete(name);
    this.#foreign.set(name, { until: this.services.clock.now() + foreignMs });
    if (this.#foreign.size > foreignMax) this.#foreign.delete(this.#foreign.keys().next().value as string);
    if (isKnown) return;
    const why =
      outcome === 'foreign'
        ? 'a subscription of its name is not a mirror'
        : 'Pulsar takes no such subscription';
    this.services.log.warn(
      { event: 'group-mirror-off', tenant: coordinator.tenant.name, group, topic, reason: outcome, key },
      `the group is not shown as a subscription of this topic: ${why}`,
    );
  }

  #isForeign(tenant: Tenant, mirror: Mirror): boolean {
    const foreign = this.#foreign.get(foreignKey(tenant, mirror));
    return foreign !== undefined && foreign.until > this.services.clock.now();
  }
}

function foreignKey(tenant: Tenant, { group, topic }: Mirror): string {
  return `${tenant.name}/${topic}/${group}`;
}
