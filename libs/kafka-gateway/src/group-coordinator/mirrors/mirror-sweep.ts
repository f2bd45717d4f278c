import type { InternalStats, RetentionPolicies, SubscriptionStats } from '#libs/pulsar';
import type { Log } from '#libs/telemetry';
import type { KafkaOptions } from '../../kafka.options.js';
import type { KafkaTopic } from '../../topics/kafka-topic.js';
import type { ClockTimer, CoordinatorClock } from '../coordinator-clock.js';
import type { GroupCoordinator } from '../group-coordinator.js';
import type { GroupPartition } from '../group-offsets.js';
import { groupSlice } from '../group-slice.js';
import { isMirror, type MirrorAdmin } from './mirror-subscription.js';

export interface MirrorSweepServices {
  readonly admin: MirrorAdmin;
  readonly options: KafkaOptions;
  readonly log: Log;
  readonly clock: CoordinatorClock;
  /** Asks for the mirror of this group to be brought to where it is to be. */
  refresh(coordinator: GroupCoordinator, group: string, partition: GroupPartition): void;
}

const bytesPerMegabyte = 1024 * 1024;

/**
 * Looks from time to time at all subscriptions of the tenants whose groups are served here. Mirrors of groups that have
 * no offset there are ended, whoever left them. Those that lag move past what `retention.ms` and `retention.bytes` no
 * longer promise: a subscription would keep it from being deleted.
 */
export class MirrorSweep {
  readonly #coordinators = new Set<GroupCoordinator>();
  #timer: ClockTimer | undefined;
  #closed = false;

  constructor(private readonly services: MirrorSweepServices) {}

  follow(coordinator: GroupCoordinator): void {
    this.#coordinators.add(coordinator);
    this.#schedule();
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#coordinators.clear();
  }

  /** One look at everything, one partition after the other; never rejects. */
  async run(): Promise<void> {
    for (const coordinator of this.#coordinators)
      if (coordinator.closed) this.#coordinators.delete(coordinator);
    const byTenant = Map.groupBy(this.#coordinators, ({ tenant }) => tenant);
    for (const [tenant, coordinators] of byTenant) {
      const { topics } = coordinators[0]!;
      const names = await topics.names(tenant).catch(() => []);
      for (const name of names) {
        const topic = await topics.resolve(tenant, name).catch(() => undefined);
        if (topic !== undefined) await this.#lookAtTopic(topic, coordinators);
      }
    }
  }

  #schedule(): void {
    if (this.#closed) return;
    this.#timer ??= this.services.clock.after(this.services.options.mirrorCheckMs, () => {
      void this.run().then(() => {
        this.#timer = undefined;
        if (this.#coordinators.size > 0) this.#schedule();
      });
    });
  }

  async #lookAtTopic(topic: KafkaTopic, coordinators: readonly GroupCoordinator[]): Promise<void> {
    let retention: RetentionPolicies | undefined | 'unasked' = 'unasked';
    for (let partition = 0; partition < topic.partitions && !this.#closed; partition++) {
      try {
        const stats = await this.services.admin.stats(topic.partitionTopic(partition));
        for (const [group, subscription] of Object.entries(stats.subscriptions)) {
          if (!isMirror(subscription.subscriptionProperties)) continue;
          const coordinator = coordinators.find(
            ({ slice, closed }) => !closed && slice === groupSlice(group),
          );
          if (coordinator === undefined) continue;
          if (retention === 'unasked')
            retention = await this.services.admin.appliedRetention(topic.pulsarTopic);
          await this.#lookAtMirror(coordinator, group, subscription, { topic, partition, retention }).catch(
            (error: unknown) => this.#failed(topic, error),
          );
        }
      } catch (error) {
        this.#failed(topic, error);
      }
    }
  }

  #failed(topic: KafkaTopic, error: unknown): void {
    const fields = { event: 'mirror-sweep-failed', topic: topic.pulsarTopic, error };
    this.services.log.debug(fields, 'a subscription could not be looked at; the next look will');
  }

  async #lookAtMirror(
    coordinator: GroupCoordinator,
    group: string,
    { msgBacklog, backlogSize = 0 }: SubscriptionStats,
    place: { topic: KafkaTopic; partition: number; retention: RetentionPolicies | undefined },
  ): Promise<void> {
    const { topic, partition, retention } = place;
    const { admin, options } = this.services;
    const partitionTopic = topic.partitionTopic(partition);
    const committed = coordinator.group(group)?.offsets.get(topic.name, partition);
    const isPending = coordinator.group(group)?.offsets.isPending(topic.name, partition) ?? false;
    if (isPending || coordinator.closed) return;
    if (committed === undefined || !options.mirrorGroups) {
      await admin.deleteSubscription(partitionTopic, group);
      return;
    }
    this.services.refresh(coordinator, group, { topic: topic.name, partition });
    if (msgBacklog === 0 || retention === undefined) return;
    const { retentionTimeInMinutes: minutes, retentionSizeInMB: megabytes } = retention;
    if (megabytes >= 0 && backlogSize > megabytes * bytesPerMegabyte) {
      const bytesMax = megabytes * bytesPerMegabyte;
      const ledgerId = firstLedgerKept(await admin.internalStats(partitionTopic), bytesMax);
      const kept = await this.#isBefore(partitionTopic, group, ledgerId);
      if (kept) await admin.resetCursor(partitionTopic, group, { ledgerId, entryId: 0 });
    }
    if (minutes >= 0)
      await admin.expireMessages(partitionTopic, group, Math.max(1, minutes * 60)).catch(() => {});
  }

  /** Whether the subscription stands in a ledger before this one. */
  async #isBefore(topic: string, subscription: string, ledgerId: number): Promise<boolean> {
    const { cursors } = await this.services.admin.internalStats(topic);
    const ledger = Number(cursors[subscription]?.readPosition.split(':')[0]);
    return ledger < ledgerId;
  }
}

/** As Pulsar trims: whole ledgers go as long as what is left is not less than the limit. */
export function firstLedgerKept({ ledgers, totalSize }: InternalStats, bytesMax: number): number {
  let left = totalSize;
  for (const { ledgerId, size } of ledgers) {
    if (left - size < bytesMax) return ledgerId;
    left -= size;
  }
  return ledgers.at(-1)?.ledgerId ?? -1;
}
