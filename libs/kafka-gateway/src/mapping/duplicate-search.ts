import type { EntryFollower, EntryPosition, EntrySource, FollowedEntry } from './entry-source.js';
import { offsetUnknown, systemTime, type TrackerTime } from './offset-tracker.js';

export interface DuplicateSearchOptions {
  /** Entries that one round looks through. */
  readonly scanEntriesMax: number;
  /** Where nothing is known of the partition yet, a round starts this many entries before its end. */
  readonly tailEntries: number;
  /** One round takes at most this long. */
  readonly roundTimeoutMs: number;
  /** Entries looked for at the same time; above, the answer is `offsetUnknown`. */
  readonly wantedMax: number;
}

export const duplicateSearchDefaults: DuplicateSearchOptions = {
  scanEntriesMax: 10_000,
  tailEntries: 2_000,
  roundTimeoutMs: 5_000,
  wantedMax: 10_000,
};

interface Wanted {
  readonly messages: number;
  readonly since: EntryPosition | undefined;
  readonly done: (baseOffset: number) => void;
}

/**
 * Finds the offsets of entries that Pulsar's deduplication dropped because they were stored before: after a lost
 * receipt. Such an entry is recognised by producer name and sequence id. One reader looks for all that are wanted.
 */
export class DuplicateSearch {
  private wanted = new Map<string, Wanted>();
  private running = false;
  private closed = false;

  constructor(
    private readonly source: EntrySource,
    private readonly options: DuplicateSearchOptions = duplicateSearchDefaults,
    private readonly time: TrackerTime = systemTime,
  ) {}

  /**
   * @param since a position that the entry is behind of, as near as is known
   * @param done called once, with `offsetUnknown` when the entry was not found within the bounds
   */
  find(
    producerName: string,
    sequenceId: number,
    messages: number,
    since: EntryPosition | undefined,
    done: (baseOffset: number) => void,
  ): void {
    const key = keyOf(producerName, sequenceId);
    if (this.closed || this.wanted.size >= this.options.wantedMax || this.wanted.has(key)) {
      done(offsetUnknown);
      return;
    }
    this.wanted.set(key, { messages, since, done });
    if (!this.running) void this.run();
  }

  close(): void {
    this.closed = true;
    this.giveUp(this.wanted);
    this.wanted.clear();
  }

  private async run(): Promise<void> {
    this.running = true;
    while (this.wanted.size > 0 && !this.closed) {
      const round = this.wanted;
      this.wanted = new Map();
      await this.search(round).catch(() => undefined);
      this.giveUp(round);
    }
    this.running = false;
  }

  private async search(round: Map<string, Wanted>): Promise<void> {
    const end = await this.source.lastPosition();
    if (end === undefined) return;
    let start: EntryPosition | undefined;
    for (const { since } of round.values()) {
      const from = since ?? {
        ledgerId: end.ledgerId,
        entryId: Math.max(0, end.entryId - this.options.tailEntries),
      };
      if (start === undefined || isBehind(start, from)) start = from;
    }
    if (start !== undefined) await this.scan(start, end, round);
  }

  private scan(start: EntryPosition, end: EntryPosition, round: Map<string, Wanted>): Promise<void> {
    return new Promise((resolve) => {
      let follower: EntryFollower | undefined;
      let left = this.options.scanEntriesMax;
      const finish = () => {
        this.time.clearTimer(timer);
        follower?.close();
        follower = undefined;
        resolve();
      };
      const timer = this.time.setTimer(finish, this.options.roundTimeoutMs);
      follower = this.source.follow(start, 'many', {
        onEntry: (entry) => {
          this.recognise(entry, round);
          const over = --left <= 0 || !isBehind(end, entry);
          if (round.size === 0 || over || this.closed) finish();
        },
        onError: finish,
      });
    });
  }

  private recognise(entry: FollowedEntry, round: Map<string, Wanted>): void {
    const key = keyOf(entry.producerName, entry.sequenceId);
    const found = round.get(key);
    if (found === undefined) return;
    round.delete(key);
    found.done(entry.index === undefined ? offsetUnknown : entry.index - found.messages + 1);
  }

  private giveUp(round: Map<string, Wanted>): void {
    for (const { done } of round.values()) done(offsetUnknown);
    round.clear();
  }
}

function keyOf(producerName: string, sequenceId: number): string {
  return `${sequenceId}@${producerName}`;
}

/** `b` comes before `a`. */
function isBehind(a: EntryPosition, b: EntryPosition): boolean {
  return b.ledgerId < a.ledgerId || (b.ledgerId === a.ledgerId && b.entryId < a.entryId);
}
