import { KafkaErrorCode } from '#libs/kafka-codec';
import {
  HeldSlices,
  type SliceCluster,
  type SliceTenants,
  SliceUnavailable,
  type SliceUnavailableReason,
} from '#libs/cluster';
import type { PulsarClient } from '#libs/pulsar';
import type { RateLimits } from '#libs/rate-limit';
import type { Log, Metrics } from '#libs/telemetry';
import type { Tenant } from '#libs/tenancy';
import { KafkaError } from '../kafka.errors.js';
import type { KafkaOptions } from '../kafka.options.js';
import type { PartitionLogs } from '../reading/partition-logs.js';
import type { TenantRefusal } from '../topics/topic-registry.js';
import { classicRecords } from './classic/classic-groups.js';
import { consumerRecords } from './consumer/consumer-group-kind.js';
import { type CoordinatorClock, systemClock } from './coordinator-clock.js';
import { offsetRecords } from './group-offsets-kind.js';
import { GroupCoordinator, type GroupRecordKind, type GroupTopics } from './group-coordinator.js';
import { groupSlice, groupSlicesPerTenant, groupsKind } from './group-slice.js';
import { KeyedOrder } from './keyed-order.js';
import { GroupMirrors } from './mirrors/group-mirrors.js';
import { OffsetExpiry } from './offset-expiry.js';

/** Every kind of record that a group has: a kind that is not in this list is not replayed. */
export const groupRecordKinds: readonly GroupRecordKind[] = [offsetRecords, classicRecords, consumerRecords];

export interface GroupCoordinatorsServices {
  readonly pulsar: Pick<PulsarClient, 'acquireLease' | 'admin'>;
  readonly topics: GroupTopics;
  readonly logs: Pick<PartitionLogs, 'log'>;
  readonly cluster: SliceCluster;
  /** `<tenant>/<namespace>` of the gateway's own state. */
  readonly stateNamespace: string;
  /** Whose groups are taken up before anybody asks for them. */
  readonly tenants?: SliceTenants;
  /** Why a tenant is not served; where that ends by itself, its groups wait for it as its topics do. */
  readonly tenantRefusal?: (tenant: string) => TenantRefusal | undefined;
  /** Default: none. */
  readonly limits?: RateLimits;
  readonly options: KafkaOptions;
  readonly log: Log;
  readonly clock?: CoordinatorClock;
}

/** The name is in each record of the group. */
const groupIdCharsMax = 1_024;

/** A slice that does not serve after so long is not waited for. */
const acquireMsMax = 10_000;
/** What a client is told of a slice that does not serve. */
const codeOfReason: Record<SliceUnavailableReason, number> = {
  elsewhere: KafkaErrorCode.NOT_COORDINATOR,
  loading: KafkaErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
  unconfirmed: KafkaErrorCode.COORDINATOR_NOT_AVAILABLE,
};

/**
 * The slices of all tenants' groups that this gateway serves. One is taken up by the first request for it, and, where
 * there are records of it, when it becomes this gateway's: offsets expire and mirrors are moved though nobody asks.
 */
export class GroupCoordinators {
  readonly clock: CoordinatorClock;
  /** Commits of a group in the order in which they came, though some wait for a topic to be looked up. */
  readonly commitOrder = new KeyedOrder();
  readonly #slices: HeldSlices<GroupCoordinator>;
  readonly #mirrors: GroupMirrors;
  #rebalances = 0;

  constructor(private readonly services: GroupCoordinatorsServices) {
    this.clock = services.clock ?? systemClock;
    this.#mirrors = new GroupMirrors({ ...services, admin: services.pulsar.admin, clock: this.clock });
    const { topics, options, log } = services;
    this.#slices = new HeldSlices({
      ...services,
      kind: groupsKind,
      things: 'groups',
      slicesPerTenant: groupSlicesPerTenant,
      pendingEntriesMax: options.groupPendingRecordsMax,
      idleMs: options.groupSliceIdleMs,
      clock: this.clock,
      makeState: (ground) =>
        new GroupCoordinator({ ...ground, topics, kinds: groupRecordKinds, options, log }),
      onServing: (coordinator) => {
        coordinator.onRebalance = () => this.#rebalances++;
        coordinator.mayCreate = () => this.#mayCreate(coordinator.tenant);
        new OffsetExpiry(coordinator).start();
        this.#mirrors.follow(coordinator);
      },
    });
  }

  register(metrics: Metrics): void {
    this.#mirrors.register(metrics);
    const gauge = (name: string, help: string, read: () => number) =>
      metrics.gauge({ name: `pulsegate_kafka_${name}`, help, read });
    const served = () => this.#slices.served();
    gauge('group_slices', 'Parts of group state that this gateway serves.', () => served().length);
    gauge('groups', 'Consumer groups that this gateway coordinates.', () =>
      served().reduce((sum, { count }) => sum + count, 0),
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
    return this.#slices.nodeOf(tenant, groupSlice(groupId));
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
    try {
      const own = this.#slices.own(tenant, groupSlice(groupId));
      this.#requireServed(tenant);
      return own.state();
    } catch (error) {
      throw asKafkaRefusal(error);
    }
  }

  /**
   * Resolves when the groups that are this gateway's are loaded, or after `coordinatorLoadWaitMs`; then `coordinator`
   * tells. Undefined when there is nothing to wait for.
   */
  loading(tenant: Tenant, groupIds: readonly string[]): Promise<unknown> | undefined {
    const loading: Promise<void>[] = [];
    for (const slice of new Set(groupIds.map(groupSlice))) {
      if (!this.#slices.isOwn(tenant, slice)) continue;
      const loaded = this.#slices.own(tenant, slice).loading(this.services.options.coordinatorLoadWaitMs);
      if (loaded !== undefined) loading.push(loaded);
    }
    return loading.length === 0 ? undefined : Promise.all(loading);
  }

  /** Whether the group is served here at this moment; asks for nothing. */
  holds(tenant: Tenant, groupId: string): boolean {
    return this.#slices.servedSlice(tenant, groupSlice(groupId)) !== undefined;
  }

  /** All that this gateway is to hold of a tenant, replayed. Rejects with a KafkaError when one cannot be had. */
  async all(tenant: Tenant): Promise<GroupCoordinator[]> {
    this.#requireServed(tenant);
    try {
      return await this.#slices.all(tenant, acquireMsMax);
    } catch (error) {
      throw asKafkaRefusal(error);
    }
  }

  /** Hands all slices over. */
  async close(): Promise<void> {
    this.#mirrors.close();
    await this.#slices.close();
  }

  #mayCreate(tenant: Tenant): boolean {
    const quotas = this.services.limits?.of(tenant);
    if (quotas?.limits.groups === undefined) return true;
    let held = 0;
    for (let slice = 0; slice < groupSlicesPerTenant; slice++) {
      held += this.#slices.servedSlice(tenant, slice)?.count ?? 0;
    }
    return quotas.admits('groups', held);
  }

  /** A rule that denies may not have been read yet. */
  #requireServed({ name }: Tenant): void {
    const refusal = this.services.tenantRefusal?.(name);
    if (!refusal?.retriable) return;
    throw new KafkaError(KafkaErrorCode.COORDINATOR_LOAD_IN_PROGRESS, refusal.message);
  }
}

function asKafkaRefusal(error: unknown): unknown {
  return error instanceof SliceUnavailable
    ? new KafkaError(codeOfReason[error.reason], error.message)
    : error;
}
