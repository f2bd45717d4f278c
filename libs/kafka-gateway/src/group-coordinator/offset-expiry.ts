import { boundedParallel } from '../topics/bounded-parallel.js';
import type { KafkaTopic } from '../topics/kafka-topic.js';
import type { Group } from './group.js';
import type { GroupCoordinator } from './group-coordinator.js';
import type { CommittedOffset, GroupPartition } from './group-offsets.js';

/** Topics that are looked up side by side. */
const lookupsParallelMax = 4;
/** Tombstones of one entry. */
const tombstonesMax = 1_000;

/** Of one topic, as far as offsets are concerned. */
type Presence = 'there' | 'absent' | 'unknown' | KafkaTopic;

/**
 * Takes away, every `offsetsRetentionCheckMs`, what has expired:
 * - offsets of a group without members, `offsetsRetentionMs` after its last member left;
 * - of a group that only has offsets, or of topics that no member subscribes to, so long after the commit;
 * - where the client chose its own retention (OffsetCommit v2-4), by that;
 * - offsets of topics that are gone: made again under their name, or not there in two looks one after the other, since
 *   nothing is to be lost by one wrong answer;
 * - then groups without members and offsets.
 */
export class OffsetExpiry {
  /** Topics that were not there at the last look. */
  #absent: ReadonlySet<string> = new Set();

  constructor(private readonly coordinator: GroupCoordinator) {}

  /** Until the slice is closed, with whose clock it ends. */
  start(): void {
    this.coordinator.clock.after(this.coordinator.options.offsetsRetentionCheckMs, () => {
      void this.sweep().then(() => {
        if (!this.coordinator.closed) this.start();
      });
    });
  }

  /** One look at everything; never rejects. */
  async sweep(): Promise<void> {
    const topics = await this.#lookUp();
    const { coordinator } = this;
    if (coordinator.closed) return;
    for (const group of [...coordinator.groups()]) {
      const expired = this.#expiredOf(group, topics);
      for (let start = 0; start < expired.length; start += tombstonesMax) {
        this.#delete(group, expired.slice(start, start + tombstonesMax));
      }
      if (expired.length === 0) removeIfUnused(coordinator, group);
    }
    this.#absent = new Set([...topics].flatMap(([name, presence]) => (presence === 'absent' ? [name] : [])));
  }

  async #lookUp(): Promise<Map<string, Presence>> {
    const { topics, tenant } = this.coordinator;
    const names = new Set([...this.coordinator.groups()].flatMap(({ offsets }) => [...offsets.topics()]));
    const found = new Map<string, Presence>();
    await boundedParallel([...names], lookupsParallelMax, async (name) => {
      const presence = await topics.resolve(tenant, name).then(
        (topic) => topic ?? ('absent' as const),
        () => 'unknown' as const,
      );
      found.set(name, presence);
    });
    return found;
  }

  #expiredOf(group: Group, topics: ReadonlyMap<string, Presence>): GroupPartition[] {
    const expired: GroupPartition[] = [];
    for (const { topic, partition, committed } of group.offsets.all()) {
      const isOld = this.#hasExpired(group, topic, committed);
      const isGone = this.#isGone(topic, committed, topics.get(topic));
      if ((isOld || isGone) && !group.offsets.isPending(topic, partition)) expired.push({ topic, partition });
    }
    return expired;
  }

  #hasExpired(group: Group, topic: string, committed: CommittedOffset): boolean {
    const { clock, options } = this.coordinator;
    const since = expiresSince(group, topic, committed);
    if (since === undefined) return false;
    return clock.now() >= (committed.expiresAt ?? since + options.offsetsRetentionMs);
  }

  #isGone(topic: string, committed: CommittedOffset, presence: Presence | undefined): boolean {
    if (presence === 'absent') return this.#absent.has(topic);
    if (typeof presence !== 'object' || committed.topicId === undefined) return false;
    return presence.id.toString('hex') !== committed.topicId;
  }

  #delete(group: Group, partitions: readonly GroupPartition[]): void {
    const { coordinator } = this;
    const records = partitions.map(({ topic, partition }) => group.offsets.tombstone(topic, partition));
    coordinator.append(records, (error) => {
      if (error !== undefined || !coordinator.has(group)) return;
      coordinator.deleteOffsets(group, partitions);
      removeIfUnused(coordinator, group);
    });
    const fields = { event: 'group-offsets-expired', tenant: coordinator.tenant.name, group: group.id };
    coordinator.log.info({ ...fields, count: partitions.length }, 'committed offsets expired');
  }
}

/** Kafka's `offsetExpirationCondition`: from when on the time of an offset runs; undefined while it does not. */
function expiresSince(group: Group, topic: string, { committedAt }: CommittedOffset): number | undefined {
  const { protocol } = group;
  if (protocol === undefined) return committedAt;
  if (protocol.type === 'classic') {
    // A commit by an admin tool while nobody is there begins its time anew.
    if (protocol.stateName === 'Empty') return Math.max(committedAt, protocol.emptySince ?? 0);
    if (protocol.stateName !== 'Stable') return undefined;
  }
  return group.isSubscribed(topic) ? undefined : committedAt;
}

function removeIfUnused(coordinator: GroupCoordinator, group: Group): void {
  const isUnused = group.offsets.empty && group.memberCount === 0 && group.stateName === 'Empty';
  if (isUnused && coordinator.has(group)) coordinator.remove(group, () => {});
}
