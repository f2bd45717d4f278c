import { KafkaErrorCode } from '#libs/kafka-codec';
import { PulsarAdminError, type PulsarClient, partitionTopicName } from '#libs/pulsar';
import type { Log, Metrics } from '#libs/telemetry';
import type { Tenant } from '#libs/tenancy';
import { KafkaError } from '../kafka.errors.js';
import type { KafkaOptions } from '../kafka.options.js';
import type { PartitionLogs } from '../reading/partition-logs.js';
import type { TenantRefusal } from '../topics/topic-registry.js';
import { classicRecords } from './classic/classic-groups.js';
import { consumerRecords } from './consumer/consumer-group-kind.js';
import { type ClockTimer, type CoordinatorClock, systemClock } from './coordinator-clock.js';
import type { GroupCluster } from './group-cluster.js';
import type { GroupCoordinator, GroupTopics } from './group-coordinator.js';
import { offsetRecords } from './group-offsets.js';
import type { GroupRecordKind } from './group-record.js';
import { groupSlice, groupSliceKey, groupSlicesPerTenant, groupsTopic } from './group-slice.js';
import { HeldSlice } from './held-slice.js';
import { KeyedOrder } from './keyed-order.js';
import { GroupMirrors } from './mirrors/group-mirrors.js';
import { OffsetExpiry } from './offset-expiry.js';

/** Every kind of record that a group has: a kind that is not in this list is not replayed. */
export const groupRecordKinds: readonly GroupRecordKind[] = [offsetRecords, classicRecords, consumerRecords];

export interface GroupCoordinatorsServices {
  readonly pulsar: Pick<PulsarClient, 'acquireLease' | 'admin'>;
  readonly topics: GroupTopics;
  readonly logs: Pick<PartitionLogs, 'log'>;
  readonly cluster: GroupCluster;
  /** `<tenant>/<namespace>` of the gateway's own state. */
  readonly stateNamespace: string;
  /** Whose groups are taken up before anybody asks for them. */
  readonly tenants?: Iterable<Tenant>;
  /** Why a tenant is not served; where that ends by itself, its groups wait for it as its topics do. */
  readonly tenantRefusal?: (tenant: string) => TenantRefusal | undefined;
  readonly options: KafkaOptions;
  readonly log: Log;
  readonly clock?: CoordinatorClock;
}

/** The name is in each record of the group. */
const groupIdCharsMax = 1_024;

/** A slice that does not serve after so long is not waited for. */
const acquireMsMax = 10_000;
/** Between two looks for slices that nobody uses, and for those that nobody holds. */
const checkMs = 30_000;
/** Until the others are known, this gateway is alone: what it took up then, it would have to give away. */
const firstCheckMs = 3_000;

/**
 * The slices of all tenants' groups that this gateway serves. One is taken up by the first request for it, and, where
 * there are records of it, when it becomes this gateway's: offsets expire and mirrors are moved though nobody asks.
 */
export class GroupCoordinators {
  readonly clock: CoordinatorClock;
  /** Commits of a group in the order in which they came, though some wait for a topic to be looked up. */
  readonly commitOrder = new KeyedOrder();
  readonly #slices = new Map<string, HeldSlice>();
  readonly #topics = new Map<string, Promise<string>>();
  readonly #mirrors: GroupMirrors;
  readonly #stopWatching: () => void;
  /** Given back since there was nothing in them and nobody asked. */
  readonly #unused = new Set<string>();
  #timer: ClockTimer;
  #rebalances = 0;
  #closed = false;

  constructor(private readonly services: GroupCoordinatorsServices) {
    this.clock = services.clock ?? systemClock;
    this.#mirrors = new GroupMirrors({ ...services, admin: services.pulsar.admin, clock: this.clock });
    this.#stopWatching = services.cluster.onChange(() => {
      this.#handOver();
      this.#unused.clear();
      void this.#takeUp();
    });
    this.#timer = this.#check(firstCheckMs);
  }

  register(metrics: Metrics): void {
    this.#mirrors.register(metrics);
    const gauge = (name: string, help: string, read: () => number) =>
      metrics.gauge({ name: `pulsegate_kafka_${name}`, help, read });
    const served = () => [...this.#slices.values()].flatMap(({ served }) => served ?? []);
    gauge('group_slices', 'Parts of group state that this gateway serves.', () => served().length);
    gauge('groups', 'Consumer groups that this gateway coordinates.', () =>
      served().reduce((sum, { groupCount }) => sum + groupCount, 0),
    );
    gauge('group_members', 'Their members.', () => served().reduce((sum, each) => sum + each.memberCount, 0));
    metrics.counter({
      name: 'pulsegate_kafka_group_rebalances_total',
      help: 'Times that the members of a group had to join anew, or were assigned anew.',
      read: () => this.#rebalances,
    });
  }

  /** The node that holds a group, or is to. */
  nodeOf(tenant: Tenant, groupId: string): number {
    return this.services.cluster.nodeOf(groupSliceKey(tenant.name, groupSlice(groupId)));
  }

  /**
   * The coordinator of a group, which serves at this moment.
   *
   * @throws KafkaError INVALID_GROUP_ID: it is too long; NOT_COORDINATOR: another gateway holds it; COORDINATOR_LOAD_IN_PROGRESS: it is being replayed,
   *   or the tenant is not served yet; COORDINATOR_NOT_AVAILABLE: Pulsar does not confirm that it is ours
   */
  coordinator(tenant: Tenant, groupId: string): GroupCoordinator {
    if (groupId.length > groupIdCharsMax) {
      throw new KafkaError(KafkaErrorCode.INVALID_GROUP_ID, `a group's name of ${groupId.length} characters`);
    }
    const own = this.#own(tenant, groupSlice(groupId));
    this.#requireServed(tenant);
    return own.coordinator();
  }

  /**
   * Resolves when the groups that are this gateway's are loaded, or after `coordinatorLoadWaitMs`; then `coordinator`
   * tells. Undefined when there is nothing to wait for.
   */
  loading(tenant: Tenant, groupIds: readonly string[]): Promise<unknown> | undefined {
    const { cluster, options } = this.services;
    if (this.#closed) return undefined;
    const loading: Promise<void>[] = [];
    for (const slice of new Set(groupIds.map(groupSlice))) {
      if (cluster.nodeOf(groupSliceKey(tenant.name, slice)) !== cluster.nodeId) continue;
      const loaded = this.#own(tenant, slice).loading(options.coordinatorLoadWaitMs);
      if (loaded !== undefined) loading.push(loaded);
    }
    return loading.length === 0 ? undefined : Promise.all(loading);
  }

  /** Whether the group is served here at this moment; asks for nothing. */
  holds(tenant: Tenant, groupId: string): boolean {
    return this.#slices.get(groupSliceKey(tenant.name, groupSlice(groupId)))?.served !== undefined;
  }

  /** All that this gateway is to hold of a tenant, replayed. Rejects with a KafkaError when one cannot be had. */
  async all(tenant: Tenant): Promise<GroupCoordinator[]> {
    this.#requireServed(tenant);
    const { cluster } = this.services;
    const own = Array.from({ length: groupSlicesPerTenant }, (_, slice) => slice).filter(
      (slice) => cluster.nodeOf(groupSliceKey(tenant.name, slice)) === cluster.nodeId,
    );
    return Promise.all(own.map((slice) => this.#own(tenant, slice).acquired(acquireMsMax)));
  }

  /** Hands all slices over. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#stopWatching();
    this.#timer.cancel();
    this.#mirrors.close();
    await Promise.all([...this.#slices.values()].map((slice) => slice.release()));
  }

  /** A rule that denies may not have been read yet. */
  #requireServed({ name }: Tenant): void {
    const refusal = this.services.tenantRefusal?.(name);
    if (!refusal?.retriable) return;
    throw new KafkaError(KafkaErrorCode.COORDINATOR_LOAD_IN_PROGRESS, refusal.message);
  }

  #own(tenant: Tenant, slice: number): HeldSlice {
    const { cluster } = this.services;
    const key = groupSliceKey(tenant.name, slice);
    if (this.#closed || cluster.nodeOf(key) !== cluster.nodeId) {
      throw new KafkaError(KafkaErrorCode.NOT_COORDINATOR, 'another gateway holds the group');
    }
    this.#unused.delete(key);
    let held = this.#slices.get(key);
    if (held === undefined) this.#slices.set(key, (held = this.#make(tenant, slice)));
    return held;
  }

  #make(tenant: Tenant, slice: number): HeldSlice {
    const { pulsar, topics, options, log, cluster } = this.services;
    return new HeldSlice({
      tenant,
      topics,
      slice,
      kinds: groupRecordKinds,
      options,
      log,
      clock: this.clock,
      owner: `node ${cluster.nodeId}`,
      topic: async () => partitionTopicName(await this.#topic(tenant), slice),
      acquireLease: (lease) => pulsar.acquireLease(lease),
      onServing: (coordinator) => {
        coordinator.onRebalance = () => this.#rebalances++;
        new OffsetExpiry(coordinator).start();
        this.#mirrors.follow(coordinator);
      },
    });
  }

  #topicName({ name }: Tenant): string {
    return groupsTopic(this.services.stateNamespace, name);
  }

  /** The partitioned topic of a tenant's group records: made when it is not there, each time a slice is asked for. */
  #topic(tenant: Tenant): Promise<string> {
    let made = this.#topics.get(tenant.name);
    if (made === undefined) {
      made = this.#makeTopic(this.#topicName(tenant));
      this.#topics.set(tenant.name, made);
      const forget = () => this.#topics.delete(tenant.name);
      made.then(forget, forget);
    }
    return made;
  }

  async #makeTopic(topic: string): Promise<string> {
    try {
      await this.services.pulsar.admin.createPartitionedTopic(topic, groupSlicesPerTenant);
    } catch (error) {
      // Another gateway, or an earlier run, made it.
      if (!(error instanceof PulsarAdminError && error.status === 409)) throw error;
    }
    return topic;
  }

  /** Other gateways came or went: what is to be theirs goes to them. */
  #handOver(): void {
    const { cluster } = this.services;
    for (const [key, slice] of this.#slices)
      if (cluster.nodeOf(key) !== cluster.nodeId) this.#drop(key, slice);
  }

  #check(afterMs: number): ClockTimer {
    const { groupSliceIdleMs } = this.services.options;
    return this.clock.after(Math.min(afterMs, groupSliceIdleMs), () => {
      for (const [key, slice] of this.#slices) {
        const idle = slice.lastUsedAt + groupSliceIdleMs <= this.clock.now();
        if (!idle || slice.served?.groupCount !== 0) continue;
        this.#unused.add(key);
        this.#drop(key, slice);
      }
      void this.#takeUp();
      this.#timer = this.#check(checkMs);
    });
  }

  /** Takes what is this gateway's and has a log. */
  async #takeUp(): Promise<void> {
    const { cluster, tenants, pulsar, stateNamespace } = this.services;
    if (tenants === undefined) return;
    // 404: no gateway has kept anything yet. Any other trouble: the next look tells.
    const topics = new Set(await pulsar.admin.partitionedTopics(stateNamespace).catch(() => []));
    for (const tenant of tenants) {
      if (this.#closed || !topics.has(this.#topicName(tenant))) continue;
      for (let slice = 0; slice < groupSlicesPerTenant; slice++) {
        const key = groupSliceKey(tenant.name, slice);
        if (cluster.nodeOf(key) === cluster.nodeId && !this.#unused.has(key)) this.#own(tenant, slice).take();
      }
    }
  }

  #drop(key: string, slice: HeldSlice): void {
    // The object stays: it knows of its own farewell, which the next holding waits for.
    void slice.release().catch((error: unknown) => {
      const fields = { event: 'group-slice-release-failed', slice: key, error };
      this.services.log.warn(fields, 'a slice was not handed over in order');
    });
  }
}
