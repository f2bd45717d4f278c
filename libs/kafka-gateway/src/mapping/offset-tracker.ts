import type { EntryFollower, EntryPosition, EntrySource, FollowedEntry } from './entry-source.js';

export interface OffsetTrackerOptions {
  /** A reader that gave nothing for this long is helped by reads of single entries. */
  readonly readerTimeoutMs: number;
  /** With frequent gaps the reader stays open until there was none for this long. */
  readonly readerIdleMs: number;
  /** A receipt whose offset was not learnt for this long gets none. */
  readonly resolveTimeoutMs: number;
  /** Receipts that may wait for their offset; above, they get none. */
  readonly heldMax: number;
  /** From this many gaps within a second on, the reader stays open. */
  readonly gapsPerSecondToFollow: number;
}

export const offsetTrackerDefaults: OffsetTrackerOptions = {
  readerTimeoutMs: 500,
  readerIdleMs: 5_000,
  // A broker's restart is waited out, within the time that producers wait for an answer.
  resolveTimeoutMs: 20_000,
  heldMax: 10_000,
  gapsPerSecondToFollow: 5,
};

/** Plain numbers, for metrics; one object serves all partitions. */
export class OffsetCounters {
  /** Readers opened because somebody else had written in between, or nothing was known yet. */
  gapReads = 0;
  /** Receipts of entries that deduplication knew: stored before, their receipts lost. */
  duplicates = 0;
  /** Entries that are stored and whose offset was not learnt. */
  unknown = 0;
}

/** Offset given when the entry is stored but its offset could not be learnt. */
export const offsetUnknown = -1;

/**
 * Why what is stored can have no offset. `broker-hides-index`: entries carry none, so the topic can have no Kafka offsets.
 * `beyond-layout`: the entry's place is beyond all sparse offsets.
 */
export type OffsetFault = 'broker-hides-index' | 'beyond-layout';

/** Called exactly once. */
export type OffsetDone = (baseOffset: number, fault?: OffsetFault) => void;

/** From the receipts of one partition to offsets. */
export interface ReceiptTracker {
  /** The last entry whose offset is known; undefined before the first. */
  readonly lastKnown: EntryPosition | undefined;
  /** A receipt: this entry of `messages` messages is stored. */
  stored(ledgerId: number, entryId: number, messages: number, done: OffsetDone): void;
  close(): void;
}

interface Held {
  readonly ledgerId: number;
  readonly entryId: number;
  readonly messages: number;
  readonly done: OffsetDone;
  readonly since: number;
  /** A reader started at it went by without giving it: only a read of this entry can help. */
  passedOver: boolean;
}

export interface TrackerTime {
  now(): number;
  setTimer(run: () => void, delayMs: number): unknown;
  clearTimer(timer: unknown): void;
}

export const systemTime: TrackerTime = {
  now: () => performance.now(),
  setTimer: (run, delayMs) => setTimeout(run, delayMs),
  clearTimer: (timer) => clearTimeout(timer as NodeJS.Timeout),
};

/**
 * Learns the Kafka offsets of what this process stored in one partition. Receipts name only ledger and entry. An entry
 * that follows the last known one in the same ledger has the next index; nobody wrote between. Every other one is
 * held until a reader, started at it, tells its index: after another writer, a new ledger, a restart.
 *
 * An offset is a pure function of one entry: all gateways give the same.
 */
export class OffsetTracker implements ReceiptTracker {
  private lastLedgerId = -1;
  private lastEntryId = -1;
  /** Index of the last message of the last known entry. */
  private lastIndex = -1;
  /** Ascending by position. */
  private held: Held[] = [];
  private follower: EntryFollower | undefined;
  /** The reader gave this one last, or will start here. */
  private readerLedgerId = -1;
  private readerEntryId = -1;
  /** The reader was opened because of frequent gaps, and outlives the one that opened it. */
  private stays = false;
  private readonly gapTimes: number[] = [];
  private lastGapAt = 0;
  private progressAt = 0;
  private readingSingly = false;
  private timer: unknown;
  private closed = false;
  constructor(
    private readonly source: EntrySource,
    private readonly options: OffsetTrackerOptions = offsetTrackerDefaults,
    private readonly time: TrackerTime = systemTime,
    private readonly counters: OffsetCounters = new OffsetCounters(),
  ) {}

  /** The last entry whose index is known; undefined before the first. */
  get lastKnown(): { ledgerId: number; entryId: number; index: number } | undefined {
    if (this.lastLedgerId < 0) return undefined;
    return { ledgerId: this.lastLedgerId, entryId: this.lastEntryId, index: this.lastIndex };
  }

  get heldCount(): number {
    return this.held.length;
  }

  /** A receipt: this entry of `messages` messages is stored. */
  stored(ledgerId: number, entryId: number, messages: number, done: OffsetDone): void {
    if (ledgerId === this.lastLedgerId && entryId === this.lastEntryId + 1) {
      const base = this.lastIndex + 1;
      this.lastEntryId = entryId;
      this.lastIndex += messages;
      done(base);
      if (this.held.length > 0) this.advance();
      return;
    }
    if (this.closed || this.held.length >= this.options.heldMax) {
      this.counters.unknown++;
      done(offsetUnknown);
      return;
    }
    this.hold({ ledgerId, entryId, messages, done, since: this.time.now(), passedOver: false });
    this.read();
  }

  /** Whatever is held gets no offset; nothing is read any more. */
  close(): void {
    this.closed = true;
    this.closeFollower();
    this.time.clearTimer(this.timer);
    this.settleAll(offsetUnknown);
  }

  private hold(item: Held): void {
    let at = this.held.length;
    while (at > 0 && isBefore(item, this.held[at - 1] as Held)) at--;
    this.held.splice(at, 0, item);
    if (this.timer === undefined) this.arm();
  }

  /** Gives offsets to what now follows the last known entry. */
  private advance(): void {
    let at = 0;
    while (at < this.held.length) {
      const item = this.held[at] as Held;
      const follows = item.ledgerId === this.lastLedgerId && item.entryId === this.lastEntryId + 1;
      if (!follows) {
        if (!this.isKnown(item.ledgerId, item.entryId)) break;
        at++;
        continue;
      }
      this.held.splice(at, 1);
      this.lastEntryId = item.entryId;
      this.lastIndex += item.messages;
      item.done(this.lastIndex - item.messages + 1);
    }
    if (this.held.length === 0) this.rest();
    else this.read();
  }

  /** Makes sure that a reader will come by the first held entry. */
  private read(): void {
    const first = this.held.find((item) => !item.passedOver);
    if (first === undefined || this.closed) return;
    const now = this.time.now();
    this.lastGapAt = now;
    if (this.follower !== undefined) {
      if (isBefore({ ledgerId: this.readerLedgerId, entryId: this.readerEntryId }, first)) return;
      this.closeFollower();
    }
    this.counters.gapReads++;
    this.progressAt = now;
    this.gapTimes.push(now);
    if (this.gapTimes.length > this.options.gapsPerSecondToFollow) this.gapTimes.shift();
    this.stays = this.gapsAreFrequent(now);
    this.follow(first, this.stays || this.held.length > 1 ? 'many' : 'one');
  }

  private follow(first: Held, span: 'one' | 'many'): void {
    this.readerLedgerId = first.ledgerId;
    this.readerEntryId = first.entryId - 1;
    const follower = this.source.follow(first, span, {
      onEntry: (entry) => {
        if (this.follower === follower) this.readerGave(entry);
      },
      onError: () => {
        // The timer goes on with single reads; the next gap opens a new reader.
        if (this.follower === follower) this.closeFollower();
      },
    });
    this.follower = follower;
  }

  private gapsAreFrequent(now: number): boolean {
    const needed = this.options.gapsPerSecondToFollow;
    return this.gapTimes.length >= needed && now - (this.gapTimes[0] as number) < 1_000;
  }

  private readerGave(entry: FollowedEntry): void {
    this.progressAt = this.time.now();
    for (const item of this.held) {
      if (!isBefore(item, entry)) break;
      const expected = !isBefore(item, { ledgerId: this.readerLedgerId, entryId: this.readerEntryId + 1 });
      if (expected) item.passedOver = true;
    }
    this.readerLedgerId = entry.ledgerId;
    this.readerEntryId = entry.entryId;
    this.learnt(entry.ledgerId, entry.entryId, entry.index);
    // What is still held is some way ahead: read towards it in larger steps.
    if (this.held.length > 0 && this.follower?.many === false) {
      this.closeFollower();
      this.read();
    }
  }

  private learnt(ledgerId: number, entryId: number, index: number | undefined): void {
    if (index === undefined) {
      this.closeFollower();
      this.settleAll(offsetUnknown, 'broker-hides-index');
      return;
    }
    if (!this.isKnown(ledgerId, entryId)) {
      this.lastLedgerId = ledgerId;
      this.lastEntryId = entryId;
      this.lastIndex = index;
    }
    const at = this.held.findIndex((item) => item.ledgerId === ledgerId && item.entryId === entryId);
    const [item] = at < 0 ? [] : this.held.splice(at, 1);
    item?.done(index - item.messages + 1);
    this.advance();
  }

  /** Nothing is held: a reader that is rarely needed goes, one that is often needed may stay. */
  private rest(): void {
    if (!this.stays) this.closeFollower();
    else if (this.follower !== undefined && this.timer === undefined) this.arm();
  }

  private arm(): void {
    this.timer = this.time.setTimer(() => {
      this.timer = undefined;
      this.tick();
    }, this.options.readerTimeoutMs);
  }

  private tick(): void {
    const now = this.time.now();
    const { readerTimeoutMs, readerIdleMs, resolveTimeoutMs } = this.options;
    while (this.held.length > 0 && now - (this.held[0] as Held).since >= resolveTimeoutMs) {
      this.counters.unknown++;
      this.held.shift()?.done(offsetUnknown);
    }
    const first = this.held[0];
    if (first !== undefined && now - this.progressAt >= readerTimeoutMs) this.readSingly(first);
    if (first === undefined && this.follower !== undefined && now - this.lastGapAt >= readerIdleMs) {
      this.closeFollower();
    }
    if (this.held.length > 0 || this.follower !== undefined) this.arm();
  }

  /** An open Pulsar transaction stops every reader (not reads of one entry), for all that is behind it. */
  private readSingly(item: Held): void {
    if (this.readingSingly) return;
    this.readingSingly = true;
    this.source.readIndex(item.ledgerId, item.entryId).then(
      (index) => {
        this.readingSingly = false;
        if (this.closed) return;
        this.learnt(item.ledgerId, item.entryId, index);
        const next = this.held[0];
        const stuck = this.time.now() - this.progressAt >= this.options.readerTimeoutMs;
        if (next !== undefined && stuck) this.readSingly(next);
      },
      () => {
        this.readingSingly = false;
      },
    );
  }

  private isKnown(ledgerId: number, entryId: number): boolean {
    return ledgerId < this.lastLedgerId || (ledgerId === this.lastLedgerId && entryId <= this.lastEntryId);
  }

  private settleAll(baseOffset: number, fault?: 'broker-hides-index'): void {
    const items = this.held;
    this.held = [];
    for (const item of items) item.done(baseOffset, fault);
  }

  private closeFollower(): void {
    this.follower?.close();
    this.follower = undefined;
  }
}

function isBefore(a: EntryPosition, b: EntryPosition): boolean {
  return a.ledgerId < b.ledgerId || (a.ledgerId === b.ledgerId && a.entryId < b.entryId);
}
