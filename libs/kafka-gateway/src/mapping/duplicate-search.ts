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

/** By producer, and by the lowest sequence id of what is wanted. */
type Round = Map<string, Map<number, Wanted>>;

interface Wanted {
  readonly since: EntryPosition | undefined;
  readonly done: (baseOffset: number) => void;
}

/**
 * Finds the offsets of what Pulsar's deduplication dropped because it was stored before: after a lost receipt. It is
 * recognised by producer name and sequence id, and may be a part of the entry. One reader looks for all that is wanted.
 */
export class DuplicateSearch {
  private wanted: Round = new Map();
  private wantedCount = 0;
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
    since: EntryPosition | undefined,
    done: (baseOffset: number) => void,
  ): void {
    let ofProducer = this.wanted.get(producerName);
    if (this.closed || this.wantedCount >= this.options.wantedMax || ofProducer?.has(sequenceId)) {
      done(offsetUnknown);
      return;
    }
    if (ofProducer === undefined) this.wanted.set(producerName, (ofProducer = new Map()));
    ofProducer.set(sequenceId, { since, done });
    this.wantedCount++;
    if (!this.running) void this.run();
  }

  close(): void {
    this.closed = true;
    this.giveUp(this.wanted);
  }

  private async run(): Promise<void> {
    this.running = true;
    while (this.wanted.size > 0 && !this.closed) {
      const round = this.wanted;
      this.wanted = new Map();
      this.wantedCount = 0;
      await this.search(round).catch(() => undefined);
      this.giveUp(round);
    }
    this.running = false;
  }

  private async search(round: Round): Promise<void> {
    const end = await this.source.lastPosition();
    if (end === undefined) return;
    let start: EntryPosition | undefined;
    const tail = { ledgerId: end.ledgerId, entryId: Math.max(0, end.entryId - this.options.tailEntries) };
    for (const ofProducer of round.values()) {
      for (const { since = tail } of ofProducer.values()) {
        if (start === undefined || isBehind(start, since)) start = since;
      }
    }
    if (start !== undefined) await this.scan(start, end, round);
  }

  private scan(start: EntryPosition, end: EntryPosition, round: Round): Promise<void> {
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

  /** What is wanted is told the offset of its first message. */
  private recognise(
    { producerName, sequenceId, highestSequenceId, index }: FollowedEntry,
    round: Round,
  ): void {
    const ofProducer = round.get(producerName);
    if (ofProducer === undefined) return;
    for (const [wanted, { done }] of ofProducer) {
      if (wanted < sequenceId || wanted > highestSequenceId) continue;
      ofProducer.delete(wanted);
      done(index === undefined ? offsetUnknown : index - (highestSequenceId - wanted));
    }
    if (ofProducer.size === 0) round.delete(producerName);
  }

  private giveUp(round: Round): void {
    for (const ofProducer of round.values()) for (const { done } of ofProducer.values()) done(offsetUnknown);
    round.clear();
  }
}

/** `b` comes before `a`. */
function isBehind(a: EntryPosition, b: EntryPosition): boolean {
  return b.ledgerId < a.ledgerId || (b.ledgerId === a.ledgerId && b.entryId < a.entryId);
}
