import type { BrokerEntry, EntryPosition } from '#libs/pulsar';
import type { TrackerTime } from '../mapping/offset-tracker.js';
import { EntryUnreadable } from '../mapping/stored-batch.js';
import { BatchRing } from './batch-ring.js';
import type { EntryBatches } from './entry-batches.js';
import { isBefore, type LogReader, type LogSource, type LogStart } from './log-source.js';
import type { LogRead } from './partition-log.js';
import type { MemoryHolder, ReadMemory } from './read-memory.js';
import type { ReadingCounters } from './reading-counters.js';
import { brokerAway, readErrorCode, topicGone, unreadableErrorCode } from './reading.errors.js';

/** The log that a stretch is of. */
export interface StretchOwner {
  readonly source: LogSource;
  readonly memory: ReadMemory;
  readonly counters: ReadingCounters;
  readonly time: TrackerTime;
  readonly compacted: boolean;
  readonly options: StretchOptions;
  newBatches(): EntryBatches;
  /** Where the entry is that holds this offset, or one shortly before it. Rejects with OFFSET_OUT_OF_RANGE. */
  locate(offset: number): Promise<LogStart>;
  /** An entry was read. */
  arrived(position: EntryPosition, baseOffset: number, lastOffset: number): void;
  /** The offset from which on another stretch has what follows; Infinity for none. */
  nextStart(stretch: LogStretch): number;
  /** There is more to read, or nothing any more; once per turn of the event loop. */
  changed(stretch: LogStretch): void;
  /** The offsets begin anew: another topic has the name. */
  restarted(): void;
  unreadable(entry: BrokerEntry, error: EntryUnreadable): void;
}

export interface StretchOptions {
  /** Bytes kept in memory of one stretch, beyond what is read ahead. */
  readonly ringBytesMax: number;
  /** A read that has to wait for Pulsar is answered after so long, with nothing. */
  readonly waitMsMax: number;
  /** Without a broker for so long, reads are answered with an error. */
  readonly awayMsMax: number;
  /** After a failure reads are answered with its code for so long, without asking Pulsar. */
  readonly failureMs: number;
}

/** A hole in front of a batch, in a place where trimming could have made it. */
interface Hole {
  readonly from: number;
  readonly to: number;
}

interface WaitingRead {
  readonly offset: number;
  readonly bytesMax: number;
  readonly minOne: boolean;
  readonly resolve: (read: LogRead) => void;
  readonly timer: unknown;
}

export const nothingThere: LogRead = { batches: [], bytes: 0 };

/** Waiting for a reader that is so close is better than opening another one. */
const nearOffsets = 1_000;

/** How far to go back for the first chunk of a message, in offsets, time after time. */
const retreats = [100, 1_000, 10_000];

/**
 * A stretch of the log: what is in memory of it, and the reader that makes it longer as it is asked for.
 *
 * ```
 *            located, opened          nobody reads / met the next stretch
 *   opening ────────────────▶ reading ──────────────────────────▶ resting
 *      │  ▲                    │  │  ◀───────────────────────────────┘ asked for more than there is
 *      │  └─ first chunk is ───┘  │ entry that cannot be served: `fault`, what is before it is served
 *      │     further back         ▼
 *      └──── error ───────▶ failed           any ── close() ──▶ closed
 * ```
 */
export class LogStretch implements MemoryHolder {
  readonly ring: BatchRing;
  lastReadAt: number;
  private state: 'opening' | 'reading' | 'resting' | 'failed' | 'closed' = 'opening';
  private reader: LogReader | undefined;
  private opening = 0;
  private batches: EntryBatches;
  private paused = false;
  /** All that was stored when it was last asked has arrived, and the reader was not paused since. */
  private caughtUp = false;
  private checking = false;
  /** The last entry, as the broker said it last. */
  private lastStored: EntryPosition | undefined;
  /** What arrived last, also when nobody asked for it. */
  private at: EntryPosition = { ledgerId: -1, entryId: -1 };
  private lastIndex = -1;
  private retreated = 0;
  /** A batch was put into the ring, so what follows must not overlap. */
  private started = false;
  private fault: { readonly code: number; readonly lastOffset: number } | undefined;
  private failure = 0;
  private failedAt = 0;
  private awaySince = -1;
  private waiting: WaitingRead[] = [];
  private holes: Hole[] = [];
  private scheduled = false;

  constructor(
    offset: number,
    private readonly owner: StretchOwner,
  ) {
    this.ring = new BatchRing(offset);
    this.batches = owner.newBatches();
    this.lastReadAt = owner.time.now();
    owner.memory.add(this);
    void this.open(() => owner.locate(offset));
  }

  get heldBytes(): number {
    return this.ring.bytes;
  }

  get hasReader(): boolean {
    return this.state === 'opening' || this.state === 'reading';
  }

  /** Somebody waits for what it reads. */
  get awaited(): boolean {
    return this.waiting.length > 0;
  }

  get isAtEnd(): boolean {
    return this.caughtUp && this.state === 'reading';
  }

  /** The reader, when a broker can be asked through it. */
  get attachedReader(): LogReader | undefined {
    return this.reader?.attached ? this.reader : undefined;
  }

  get hasFailed(): boolean {
    return this.state === 'failed' || this.state === 'closed';
  }

  /** Of no use any more: what it was asked for has to be read anew. */
  get isOver(): boolean {
    if (this.state === 'closed') return true;
    const { time, options } = this.owner;
    return this.state === 'failed' && time.now() - this.failedAt >= options.failureMs;
  }

  /** Whether who asks for this offset is to ask here. */
  covers(offset: number): boolean {
    const { start, end } = this.ring;
    return offset >= start && offset <= (this.fault?.lastOffset ?? end);
  }

  /** Whether it is about to come to this offset, if that is in the log. */
  approaches(offset: number): boolean {
    const flows = this.state === 'reading' && !this.paused && this.fault === undefined;
    return flows && offset > this.ring.end && offset - this.ring.end <= nearOffsets;
  }

  /** Whether something is there beyond this offset, or nothing will ever be. */
  hasBeyond(offset: number): boolean {
    if (this.hasFailed) return true;
    return offset < this.ring.end || (this.fault !== undefined && offset <= this.fault.lastOffset);
  }

  /** @param offset covered by it, or approached and known to be in the log */
  read(offset: number, bytesMax: number, minOne: boolean): LogRead | Promise<LogRead> {
    const { counters } = this.owner;
    this.lastReadAt = this.owner.time.now();
    const read = this.take(offset, bytesMax, minOne);
    if (read !== undefined) {
      counters.fromMemory++;
      return read;
    }
    counters.waited++;
    return this.wait(offset, bytesMax, minOne);
  }

  /** The hole at this offset, if it is in one that is not explained. */
  holeAt(offset: number): Hole | undefined {
    return this.holes.length === 0
      ? undefined
      : this.holes.find(({ from, to }) => offset >= from && offset < to);
  }

  /** Nothing was trimmed there. */
  explained(hole: Hole): void {
    this.holes = this.holes.filter((each) => each !== hole);
  }

  releaseRead(bytes: number): number {
    const before = this.ring.bytes;
    while (before - this.ring.bytes < bytes && this.ring.dropFirst(true));
    const released = before - this.ring.bytes;
    this.owner.memory.changed(-released);
    return released;
  }

  releaseAll(): void {
    this.owner.memory.changed(-this.ring.bytes);
    this.ring.clear();
    this.holes = [];
    if (this.fault === undefined) this.rest();
  }

  /** Lets the reader go; what is in memory stays, and a read that wants more opens another. */
  rest(): void {
    if (this.state !== 'reading' || this.awaited) return;
    this.state = 'resting';
    this.dropReader();
    this.caughtUp = false;
  }

  fail(code: number): void {
    if (this.hasFailed) return;
    this.state = 'failed';
    this.failure = code;
    this.failedAt = this.owner.time.now();
    this.dropReader();
    this.schedule();
  }

  close(): void {
    if (this.state === 'closed') return;
    this.fail(brokerAway);
    this.state = 'closed';
    this.owner.memory.changed(-this.ring.bytes);
    this.ring.clear();
    this.owner.memory.remove(this);
    this.settle();
  }

  private take(offset: number, bytesMax: number, minOne: boolean): LogRead | undefined {
    const { ring, fault } = this;
    if (offset < ring.end) {
      const held = ring.aheadBytes;
      const taken = ring.take(offset, bytesMax, minOne);
      if (ring.aheadBytes < held) this.pump();
      let bytes = 0;
      for (const batch of taken) bytes += batch.bytes.length;
      const last = taken[taken.length - 1];
      const stops = fault !== undefined && (last === undefined || last.lastOffset + 1 === ring.end);
      return stops ? { batches: taken, bytes, error: fault.code } : { batches: taken, bytes };
    }
    if (fault !== undefined) return { batches: [], bytes: 0, error: fault.code };
    if (this.state === 'failed' || this.state === 'closed')
      return { batches: [], bytes: 0, error: this.failure };
    if (this.isAway()) return { batches: [], bytes: 0, error: brokerAway };
    return this.isAtEnd && offset <= ring.end ? nothingThere : undefined;
  }

  private wait(offset: number, bytesMax: number, minOne: boolean): Promise<LogRead> {
    return new Promise((resolve) => {
      const { time, options } = this.owner;
      const waiting = {
        offset,
        bytesMax,
        minOne,
        resolve,
        timer: time.setTimer(() => expire(), options.waitMsMax),
      };
      const expire = () => {
        this.waiting = this.waiting.filter((each) => each !== waiting);
        // What is behind an open transaction, or was compacted away, is stored and does not come.
        if (this.attachedReader !== undefined && !this.paused) this.caughtUp = true;
        resolve(this.take(offset, bytesMax, minOne) ?? nothingThere);
      };
      this.waiting.push(waiting);
      if (this.state === 'resting') this.reopen();
      else this.pump();
      this.checkEnd();
    });
  }

  private reopen(): void {
    const { at, ring, owner } = this;
    void this.open(async () => (at.ledgerId < 0 ? owner.locate(ring.end) : at));
  }

  private async open(locate: () => Promise<LogStart>): Promise<void> {
    const { owner } = this;
    this.state = 'opening';
    const opening = ++this.opening;
    try {
      const start = await locate();
      if (this.opening !== opening || this.hasFailed) return;
      const reader = await owner.source.open(start, {
        compacted: owner.compacted,
        paused: false,
        windowBytesMax: owner.memory.aheadBytesMax,
        onEntry: (entry) => {
          if (this.opening === opening) this.arrived(entry);
        },
        onClosed: (error) => {
          if (this.opening === opening) this.fail(readErrorCode(error));
        },
      });
      if (this.opening !== opening || this.hasFailed) {
        reader.close();
        return;
      }
      this.reader = reader;
      this.paused = false;
      if (this.state === 'opening') this.state = 'reading';
      this.pump();
      this.checkEnd();
    } catch (error) {
      if (this.opening === opening) this.fail(readErrorCode(error));
    }
  }

  private dropReader(): void {
    this.opening++;
    this.reader?.close();
    this.reader = undefined;
    this.paused = false;
    this.awaySince = -1;
  }

  private arrived(entry: BrokerEntry): void {
    const { owner, ring } = this;
    const { index } = entry;
    owner.counters.entries++;
    if (index === undefined) {
      owner.unreadable(entry, new EntryUnreadable('no-index', 'the entry has no index'));
      this.fail(unreadableErrorCode('no-index'));
      return;
    }
    if (index < this.lastIndex) {
      this.fail(topicGone);
      owner.restarted();
      return;
    }
    this.lastIndex = index;
    this.at = { ledgerId: entry.ledgerId, entryId: entry.entryId };
    if (this.awaySince >= 0) this.awaySince = -1;
    if (index < ring.end) this.batches.pass(entry);
    else this.append(entry, index);
    this.schedule();
  }

  private append(entry: BrokerEntry, index: number): void {
    const { owner, ring } = this;
    try {
      let batch = this.batches.batchOf(entry);
      if (batch === undefined) {
        if (this.retreat()) return;
        batch = this.batches.withoutRecords(entry);
      }
      if (this.started && batch.baseOffset < ring.end) {
        throw new EntryUnreadable(
          'malformed',
          `its first offset ${batch.baseOffset} is in the entry before it`,
        );
      }
      // Trimming removes whole ledgers: a hole inside one has another reason.
      if (batch.baseOffset > ring.end && ring.last?.ledgerId !== batch.ledgerId) {
        this.holes.push({ from: ring.end, to: batch.baseOffset });
      }
      ring.push(batch);
      this.started = true;
      owner.memory.changed(batch.bytes.length);
      owner.arrived(batch, batch.baseOffset, batch.lastOffset);
    } catch (error) {
      if (!(error instanceof EntryUnreadable)) throw error;
      owner.unreadable(entry, error);
      this.fault = { code: unreadableErrorCode(error.code), lastOffset: index };
      this.state = 'resting';
      this.dropReader();
      return;
    }
    this.trim();
    this.pump();
  }

  /** The message of the first entries began before them: reads again from further back. False: far enough is far enough. */
  private retreat(): boolean {
    const back = retreats[this.retreated];
    if (this.started || back === undefined) return false;
    this.retreated++;
    const from = Math.max(0, this.ring.end - back);
    this.dropReader();
    this.batches = this.owner.newBatches();
    this.lastIndex = -1;
    void this.open(() => (from === 0 ? Promise.resolve('earliest' as const) : this.owner.locate(from)));
    return true;
  }

  private trim(): void {
    const { ring, owner } = this;
    const max = owner.options.ringBytesMax;
    if (ring.bytes <= max) return;
    const before = ring.bytes;
    while (ring.bytes > max && ring.dropFirst(true));
    owner.memory.changed(ring.bytes - before);
    const [hole] = this.holes;
    if (hole !== undefined && hole.to <= ring.start) this.holes.shift();
  }

  /** Reads on while it is asked for and nobody else has what follows. */
  private pump(): void {
    const { reader, ring, owner } = this;
    if (reader === undefined) return;
    const limit = owner.memory.aheadBytesMax;
    if (ring.end >= owner.nextStart(this)) {
      this.rest();
    } else if (!this.paused && ring.aheadBytes >= limit) {
      this.paused = true;
      this.caughtUp = false;
      reader.pause();
    } else if (this.paused && ring.aheadBytes <= limit / 2) {
      this.paused = false;
      reader.resume();
    }
  }

  /** Asks the broker where the end is, when somebody waits and it is not known. */
  private checkEnd(): void {
    const { reader, lastStored } = this;
    if (this.caughtUp || this.checking || this.paused || reader === undefined) return;
    if (lastStored !== undefined && isBefore(this.at, lastStored)) return;
    this.checking = true;
    reader.lastPosition().then(
      (last) => {
        this.checking = false;
        if (this.reader !== reader || this.paused) return;
        this.lastStored = last;
        if (last === undefined || !isBefore(this.at, last)) {
          this.caughtUp = true;
          this.schedule();
        }
      },
      // Not attached: the timers of those who wait go on.
      () => {
        this.checking = false;
      },
    );
  }

  private isAway(): boolean {
    const { reader, awaySince } = this;
    if (this.state !== 'reading' || reader === undefined || reader.attached) {
      this.awaySince = -1;
      return false;
    }
    const now = this.owner.time.now();
    if (awaySince < 0) this.awaySince = now;
    return awaySince >= 0 && now - awaySince >= this.owner.options.awayMsMax;
  }

  /** All entries of one piece of the socket's bytes are told of at once. */
  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    queueMicrotask(() => {
      this.scheduled = false;
      this.settle();
      this.owner.changed(this);
    });
  }

  private settle(): void {
    if (this.waiting.length === 0) return;
    const waiting = this.waiting;
    this.waiting = [];
    for (const each of waiting) {
      const read = this.take(each.offset, each.bytesMax, each.minOne);
      if (read === undefined) this.waiting.push(each);
      else {
        this.owner.time.clearTimer(each.timer);
        each.resolve(read);
      }
    }
    if (this.waiting.length > 0) this.checkEnd();
  }
}
