import type { Buffer } from 'node:buffer';
import type { SliceLog, SliceState } from '#libs/cluster';
import { KafkaErrorCode } from '#libs/kafka-codec';
import type { PulsarError } from '#libs/pulsar';
import type { Log } from '#libs/telemetry';
import type { Tenant } from '#libs/tenancy';
import { KafkaError } from '../kafka.errors.js';
import type { KafkaOptions } from '../kafka.options.js';
import type { TopicRegistry } from '../topics/topic-registry.js';
import type { CoordinatorClock } from './coordinator-clock.js';
import { Group } from './group.js';
import type { GroupPartition, PartitionCommit } from './group-offsets.js';
import type { GroupRecord } from './group-record.js';

/** What groups ask of the topics that their members read. */
export type GroupTopics = Pick<TopicRegistry, 'resolve' | 'resolveListed' | 'names'>;

export interface GroupCoordinatorServices {
  readonly tenant: Tenant;
  readonly topics: GroupTopics;
  /** 0 to `groupSlicesPerTenant` - 1. */
  readonly slice: number;
  readonly store: SliceLog;
  readonly kinds: readonly GroupRecordKind[];
  readonly clock: CoordinatorClock;
  readonly options: KafkaOptions;
  readonly log: Log;
}

/** One kind of record: who wrote it knows how to take it back. */
export interface GroupRecordKind {
  /** With its `/`, e.g. `offset/`. No kind's prefix starts with another's. */
  readonly prefix: string;
  /**
   * Called for every record of the kind in the order of the log, before the slice is served; also for keys that are
   * deleted later. `null` deletes. A value of a version that is not known throws: the slice is then not served.
   */
  replay(coordinator: GroupCoordinator, key: string, value: Buffer | null): void;
  /** Everything of every kind was replayed, and requests come next: session timeouts start now. */
  serving?(coordinator: GroupCoordinator): void;
}

/** What happens to committed offsets, after it was stored. */
export interface GroupObserver {
  committed(group: Group, commits: readonly PartitionCommit[]): void;
  /** Deleted or expired, alone or with its group. */
  deleted(group: Group, partitions: readonly GroupPartition[]): void;
}

/** What members say is counted anew after so long, at most and at least. */
const memberBytesAgeMinMs = 100;
const memberBytesAgeMaxMs = 10_000;

/** Tombstones of one group that go into one entry. */
const tombstonesPerEntryMax = 1_000;

/** One slice of a tenant's groups, which this gateway serves. Its state is what its log says, and nothing before the receipt. */
export class GroupCoordinator implements SliceState {
  readonly tenant: Tenant;
  readonly topics: GroupTopics;
  readonly slice: number;
  readonly clock: CoordinatorClock;
  readonly options: KafkaOptions;
  readonly log: Log;
  /** Told of what was stored: the mirrors follow it. */
  observer: GroupObserver | undefined;
  /** Called when the members of a classic group are to join anew, and when those of a consumer group are assigned anew. */
  onRebalance: () => void = () => {};
  /** Whether the tenant may have one more group here. */
  mayCreate: () => boolean = () => true;
  readonly #groups = new Map<string, Group>();
  readonly #offsets = { value: 0 };
  readonly #kinds: readonly GroupRecordKind[];
  readonly #store: SliceLog;
  #replaying = true;
  #closedWith: number | undefined;
  #pendingRecords = 0;
  #memberBytes = 0;
  #memberBytesCountedAt = Number.NEGATIVE_INFINITY;

  constructor(services: GroupCoordinatorServices) {
    this.tenant = services.tenant;
    this.topics = services.topics;
    this.slice = services.slice;
    this.clock = services.clock;
    this.options = services.options;
    this.log = services.log;
    this.#kinds = services.kinds;
    this.#store = services.store;
  }

  get closed(): boolean {
    return this.#closedWith !== undefined;
  }

  get count(): number {
    return this.#groups.size;
  }

  /** Of all groups. */
  get memberCount(): number {
    let count = 0;
    for (const { memberCount } of this.#groups.values()) count += memberCount;
    return count;
  }

  /**
   * Whether so much more may be kept of members of the slice's groups. What went is found by counting anew, when it
   * seems to be too much and now and then.
   */
  admitMemberBytes(bytes: number): boolean {
    if (bytes <= 0) return true;
    const max = this.options.groupMemberBytesMaxPerSlice;
    const age = this.clock.uptime() - this.#memberBytesCountedAt;
    const isOver = this.#memberBytes + bytes > max;
    if (age >= memberBytesAgeMaxMs || (isOver && age >= memberBytesAgeMinMs)) this.#countMemberBytes();
    if (this.#memberBytes + bytes > max) return false;
    this.#memberBytes += bytes;
    return true;
  }

  /** Partitions that groups have committed offsets for, over all groups; long metadata counts as more. */
  get offsetCount(): number {
    return this.#offsets.value;
  }

  group(id: string): Group | undefined {
    return this.#groups.get(id);
  }

  groups(): Iterable<Group> {
    return this.#groups.values();
  }

  /** A new group without anything; nothing is stored of it yet. @throws KafkaError when the slice has too many */
  create(id: string): Group {
    if (!this.#replaying) this.#requireRoom();
    const group = new Group(id, this.#offsets);
    this.#groups.set(id, group);
    return group;
  }

  #requireRoom(): void {
    const { POLICY_VIOLATION } = KafkaErrorCode;
    if (this.#groups.size >= this.options.groupsMaxPerSlice) {
      const message = `there are ${this.#groups.size} groups in this part of the tenant`;
      throw new KafkaError(POLICY_VIOLATION, message);
    }
    if (!this.mayCreate()) {
      throw new KafkaError(POLICY_VIOLATION, 'the tenant has as many groups as it may');
    }
  }

  /** Whether this is the group of its id at present, and was not deleted meanwhile. */
  has(group: Group): boolean {
    return this.#groups.get(group.id) === group;
  }

  /** Forgets a group of which nothing is stored: without protocol and offsets. */
  forgetIfEmpty(group: Group): void {
    if (group.protocol === undefined && group.offsets.empty) this.#forget(group);
  }

  /**
   * Deletes a group with all its records: it is gone at once, and `done` tells when that is stored. All or nothing is
   * asked to be: where too much waits for receipts, the group stays.
   */
  remove(group: Group, done: (error: KafkaError | undefined) => void): void {
    const tombstones = [...group.offsets.tombstones(), ...(group.protocol?.tombstones() ?? [])];
    if (this.#pendingRecords > 0 && !this.#hasRoomFor(tombstones.length)) {
      done(this.#tooMuchPending());
      return;
    }
    group.protocol?.close(KafkaErrorCode.GROUP_ID_NOT_FOUND);
    this.#forget(group);
    this.observer?.deleted(group, [...group.offsets.all()]);
    if (tombstones.length === 0) {
      done(undefined);
      return;
    }
    let failure: KafkaError | undefined;
    for (let start = 0; start < tombstones.length; start += tombstonesPerEntryMax) {
      const end = start + tombstonesPerEntryMax;
      this.#append(tombstones.slice(start, end), (error) => {
        failure ??= error;
        if (end >= tombstones.length) done(failure);
      });
    }
  }

  /** Takes offsets away whose tombstones are stored. */
  deleteOffsets(group: Group, partitions: readonly GroupPartition[]): void {
    for (const { topic, partition } of partitions) group.offsets.delete(topic, partition);
    this.observer?.deleted(group, partitions);
    this.forgetIfEmpty(group);
  }

  /**
   * Stores the records as one entry: all of them or none. `done` is called once, in the order of the appends, after
   * Pulsar's receipt. MESSAGE_TOO_LARGE and COORDINATOR_NOT_AVAILABLE (too much waits for receipts) stored nothing and
   * cost nothing; NOT_COORDINATOR says that the slice is lost, and everything of it is closed.
   */
  append(records: readonly GroupRecord[], done: (error: KafkaError | undefined) => void): void {
    if (this.#closedWith !== undefined || this.#hasRoomFor(records.length)) this.#append(records, done);
    else done(this.#tooMuchPending());
  }

  #append(records: readonly GroupRecord[], done: (error: KafkaError | undefined) => void): void {
    if (this.#closedWith !== undefined) {
      done(notCoordinator(this.#closedWith));
      return;
    }
    this.#pendingRecords += records.length;
    this.#store.append(records, (error) => {
      this.#pendingRecords -= records.length;
      done(error === undefined ? undefined : this.#refusalOf(error));
    });
  }

  /** One record of the log. Only before `serve`. @throws what its kind throws */
  replay(key: string, value: Buffer | null): void {
    const kind = this.#kinds.find(({ prefix }) => key.startsWith(prefix));
    // Records of a newer gateway's kinds are left to it.
    kind?.replay(this, key, value);
  }

  /** The log was replayed: requests come from now on. */
  serve(): void {
    this.#replaying = false;
    for (const kind of this.#kinds) kind.serving?.(this);
    for (const group of [...this.#groups.values()]) {
      this.forgetIfEmpty(group);
    }
  }

  /** The slice is somebody else's from now on: answers everybody who waits. */
  close(code: number = KafkaErrorCode.NOT_COORDINATOR): void {
    if (this.#closedWith !== undefined) return;
    this.#closedWith = code;
    for (const group of this.#groups.values()) group.protocol?.close(code);
    this.#groups.clear();
  }

  #hasRoomFor(records: number): boolean {
    return this.#pendingRecords + records <= this.options.groupPendingRecordsMax;
  }

  #tooMuchPending(): KafkaError {
    const message = `${this.#pendingRecords} group records wait for Pulsar's receipt`;
    return new KafkaError(KafkaErrorCode.COORDINATOR_NOT_AVAILABLE, message);
  }

  #countMemberBytes(): void {
    this.#memberBytesCountedAt = this.clock.uptime();
    this.#memberBytes = 0;
    for (const { protocol } of this.#groups.values()) this.#memberBytes += protocol?.memberBytes ?? 0;
  }

  #forget(group: Group): void {
    if (!this.has(group)) return;
    this.#groups.delete(group.id);
    this.#offsets.value -= group.offsets.weight;
  }

  #refusalOf(error: PulsarError): KafkaError {
    if (error.code === 'EntryTooLarge') {
      return new KafkaError(KafkaErrorCode.MESSAGE_TOO_LARGE, 'more than one entry of the log can hold');
    }
    if (error.code === 'TooManyPending') {
      return new KafkaError(KafkaErrorCode.COORDINATOR_NOT_AVAILABLE, 'too much waits for receipts');
    }
    this.close();
    return notCoordinator(this.#closedWith);
  }
}

function notCoordinator(code: number = KafkaErrorCode.NOT_COORDINATOR): KafkaError {
  return new KafkaError(code, 'this gateway does not hold the group any more');
}
