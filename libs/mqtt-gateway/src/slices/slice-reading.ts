import type { SliceClock } from '#libs/cluster';
import type { EntryPosition } from '#libs/pulsar';
import type { Log } from '#libs/telemetry';
import type { Tenant } from '#libs/tenancy';
import type { EntryMessages } from '../reading/feed.js';
import type { MatchedTopics } from '../reading/matched-topics.js';
import type { PartitionFeeds } from '../reading/partition-feeds.js';
import type { TopicReading } from '../reading/topic-reading.js';
import type { StoreDone } from '../session/session-store.js';
import { TopicInterest } from '../subscriptions/topic-interest.js';
import type { SliceCheckpoints } from './slice-checkpoints.js';
import { SlicePartition } from './slice-partition.js';
import type { SliceTable } from './slice-table.js';

export interface SliceReadingParts {
  readonly tenant: Tenant;
  readonly feeds: Pick<PartitionFeeds, 'open'>;
  readonly topics: MatchedTopics;
  readonly reading: TopicReading;
  readonly clock: SliceClock;
  readonly log: Log;
}

/** Filters that the same Pulsar topics can match. */
interface Wanted {
  readonly filter: string;
  filters: number;
  interest: TopicInterest;
}

const retryMs = 1_000;

/**
 * Reads for a slice what any of its sessions' filters can match. A partition goes on at the slice's position; without one it
 * begins at its end, if it was there before the subscription, or else at its start.
 */
export class SliceReading {
  readonly #wanted = new Map<string, Wanted>();
  readonly #partitions = new Map<string, SlicePartition>();
  /** A filter is given up by its last session: what it alone was read for begins anew when it is wanted again. */
  #forgets = false;
  #restoring = 0;
  #forRestored: (() => void)[] = [];
  #closed = false;

  constructor(
    private readonly parts: SliceReadingParts,
    private readonly table: SliceTable,
    private readonly checkpoints: SliceCheckpoints,
    /** Bytes of what was kept of the entry. */
    private readonly onEntry: (partition: string, position: EntryPosition, messages: EntryMessages) => number,
  ) {}

  reads(partition: string): boolean {
    return this.#partitions.has(partition);
  }

  /** For a session that is in the log. */
  restore(filter: string): void {
    const key = this.#keyOf(filter);
    const known = this.#wanted.get(key);
    if (known !== undefined) known.filters++;
    else this.#restore(key, filter, 1);
  }

  /** `done` when what is published from now on will be read, after a crash too once all changes are stored. */
  want(filter: string, done: StoreDone): void {
    if (this.#restoring > 0) {
      // Who begins to read a partition says where: those who had it before say better.
      this.#forRestored.push(() => this.want(filter, done));
      return;
    }
    const key = this.#keyOf(filter);
    let wanted = this.#wanted.get(key);
    if (wanted === undefined) {
      wanted = { filter, filters: 0, interest: this.#interest(key, filter, false) };
      this.#wanted.set(key, wanted);
    }
    wanted.filters++;
    wanted.interest.whenReady((error) => {
      if (error !== undefined) this.unwant(filter);
      done(error);
    });
  }

  /** A session has the filter no longer. */
  unwant(filter: string): void {
    const key = this.#keyOf(filter);
    const wanted = this.#wanted.get(key);
    if (wanted === undefined || --wanted.filters > 0 || this.#closed) return;
    this.#wanted.delete(key);
    this.#forgets = true;
    wanted.interest.release();
    this.#forgets = false;
  }

  close(): void {
    this.#closed = true;
    for (const { interest } of this.#wanted.values()) interest.end();
    for (const partition of this.#partitions.values()) partition.close();
    this.#wanted.clear();
    this.#partitions.clear();
    this.#forRestored = [];
  }

  #keyOf(filter: string): string {
    const { names, all } = this.parts.reading.topicsOf(this.parts.tenant, filter);
    return [all ? '*' : '', ...names].join('\n');
  }

  #restore(key: string, filter: string, filters: number): void {
    this.#restoring++;
    const wanted: Wanted = { filter, filters, interest: this.#interest(key, filter, true) };
    this.#wanted.set(key, wanted);
    wanted.interest.whenReady((error) => {
      if (error !== undefined && !this.#closed) {
        this.parts.clock.after(retryMs, () => {
          this.#restoring--;
          if (this.#wanted.get(key) === wanted && !this.#closed) this.#restore(key, filter, wanted.filters);
          else this.#tellRestored();
        });
        return;
      }
      this.#restoring--;
      this.#tellRestored();
    });
  }

  #tellRestored(): void {
    if (this.#restoring > 0 || this.#closed) return;
    for (const go of this.#forRestored.splice(0)) go();
  }

  #interest(key: string, filter: string, isRestored: boolean): TopicInterest {
    const reader = {
      acquire: (partition: string, isNew: boolean) => {
        const opened = this.#acquire(partition, isNew || isRestored);
        // It is known where it goes on, and tried again: one that cannot be read keeps nobody from the others.
        return isRestored ? opened.catch(() => undefined) : opened;
      },
      release: (partition: string) => this.#release(partition),
    };
    const interest = new TopicInterest(this.parts.tenant, filter, this.parts.topics, reader, (ended) => {
      // It failed: the next who wants it begins anew.
      if (!isRestored && this.#wanted.get(key)?.interest === ended) this.#wanted.delete(key);
    });
    interest.retain();
    return interest;
  }

  #acquire(name: string, isNew: boolean): Promise<void> {
    let partition = this.#partitions.get(name);
    if (partition === undefined) {
      const after = this.table.positions.get(name);
      const from = after === undefined ? (isNew ? 'earliest' : 'latest') : { after };
      partition = new SlicePartition(
        {
          ...this.parts,
          onEntry: (from, position, messages) => this.#onEntry(from, position, messages),
          onBegun: (begun, position) => {
            this.table.beginAt(begun, position);
            this.checkpoints.touched();
          },
        },
        name,
        from,
      );
      this.#partitions.set(name, partition);
    }
    partition.users++;
    return partition.opened;
  }

  #release(name: string): void {
    const partition = this.#partitions.get(name);
    if (partition === undefined || --partition.users > 0) return;
    this.#partitions.delete(name);
    partition.close();
    if (!this.#forgets) return;
    this.checkpoints.forget(name);
    this.table.forgetPosition(name);
    // What is on its way of it is stored in the same entry: it will not be read again.
    this.checkpoints.write();
  }

  #onEntry(partition: SlicePartition, position: EntryPosition, messages: EntryMessages): boolean {
    const bytes = this.onEntry(partition.name, position, messages);
    this.checkpoints.passed(partition.name, position, bytes);
    return this.checkpoints.hasRoom(() => partition.resume());
  }
}
