import type { KafkaError } from '../../kafka.errors.js';
import type { GroupCoordinator } from '../group-coordinator.js';
import type { GroupRecord } from '../group-record.js';

type Done = (error: KafkaError | undefined) => void;

/** One entry of the log; what is more is stored as several, which only a very large group needs. */
const entryBytesMax = 512 * 1024;

/**
 * Puts a group's changes into the log, and answers nobody before what the answer tells is stored there. What cannot be
 * stored at the moment comes again with the next change.
 */
export class GroupJournal {
  /** By key: what was refused last time. */
  readonly #refused = new Map<string, GroupRecord>();
  /** By key: the last append of it that has no receipt yet. */
  readonly #inFlight = new Map<string, number>();
  #appends = 0;
  #pending = 0;
  /** Answers that tell of what an append before them stores: called with the last of them. */
  #behind: Done[] = [];

  constructor(private readonly coordinator: GroupCoordinator) {}

  /** Stores the records, in order; `done` is called once, after all that was appended before it. */
  append(records: readonly GroupRecord[], done: Done): void {
    for (const record of records) {
      this.#refused.delete(record.key);
      this.#refused.set(record.key, record);
    }
    const all = [...this.#refused.values()];
    this.#refused.clear();
    if (all.length === 0) {
      if (this.#pending === 0) done(undefined);
      else this.#behind.push(done);
      return;
    }
    const entries = inEntries(all);
    let failure: KafkaError | undefined;
    for (const [index, entry] of entries.entries()) {
      const append = ++this.#appends;
      this.#pending++;
      for (const { key } of entry) this.#inFlight.set(key, append);
      this.coordinator.append(entry, (error) => {
        this.#pending--;
        this.#settle(entry, append, error);
        failure ??= error;
        if (index === entries.length - 1) done(failure);
        if (this.#pending > 0) return;
        for (const each of this.#behind.splice(0)) each(error);
      });
    }
  }

  #settle(records: readonly GroupRecord[], append: number, error: KafkaError | undefined): void {
    for (const record of records) {
      // What was changed again meanwhile is in an append of its own.
      if (this.#inFlight.get(record.key) !== append) continue;
      this.#inFlight.delete(record.key);
      if (error !== undefined && !this.coordinator.closed) this.#refused.set(record.key, record);
    }
  }
}

function inEntries(records: readonly GroupRecord[]): GroupRecord[][] {
  const entries: GroupRecord[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const record of records) {
    const size = record.key.length + (record.value?.length ?? 0);
    if (bytes + size > entryBytesMax) {
      entries.push([]);
      bytes = 0;
    }
    entries.at(-1)!.push(record);
    bytes += size;
  }
  return entries;
}
