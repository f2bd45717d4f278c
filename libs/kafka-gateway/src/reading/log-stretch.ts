import type { BrokerEntry } from '#libs/pulsar';
import { EntryUnreadable, type StoredBatch } from '../mapping/stored-batch.js';
import { BatchRing, memoryOf } from './batch-ring.js';
import type { EntryBatches } from './entry-batches.js';
import { LogHoles } from './log-holes.js';
import type { LogReader, LogStart } from './log-source.js';
import type { LogRead } from './partition-log.js';
import type { MemoryHolder } from './read-memory.js';
import { brokerAway, outOfRange, readErrorCode, topicGone, unreadableErrorCode } from './reading.errors.js';
import type { OwnedStretch, StretchOwner } from './stretch-owner.js';
import { StretchReader } from './stretch-reader.js';
import { nothingThere, WaitingReads } from './waiting-reads.js';

/** Waiting for a reader that is so close is better than opening another one. */
const nearEntries = 1_000;

/** A record batch spans no more offsets. */
const placeholderOffsetsMax = 2 ** 31;

/** How far to go back for the first chunk of a message, in entries, time after time. */
const retreats = [100, 1_000, 10_000];

/**
 * A stretch of the log: what is in memory of it, and the reader that makes it longer as it is asked for.
 *
 * ```
 *              nobody reads, or met the next stretch: the reader goes
 *   growing ────────────────────────────────────────────────────────▶ resting
 *      │  ◀───────────────────────────────────────────────────────────┘ asked for more than there is
 *      ├── an entry that cannot be served ──▶ stopped: what is before it is served, then the error
 *      └── Pulsar's error ──────────────────▶ failed: served with its code for `failureMs`        any ── close() ──▶ closed
 * ```
 */
export class LogStretch implements MemoryHolder, OwnedStretch {
  readonly ring: BatchRing;
  lastReadAt: number;
  private readonly reader: StretchReader;
  private readonly reads: WaitingReads;
  private batches: EntryBatches;
  /** Of the last entry that arrived, also when nobody asked for it. */
  private lastIndex = -1;
  /** The lowest that arrived. */
  private firstIndex = Number.POSITIVE_INFINITY;
  private retreated = 0;
  /** A batch was put into the ring, so what follows must not overlap. */
  private started = false;
  /** Stopped: at this entry. */
  private fault: { readonly code: number; readonly lastOffset: number } | undefined;
  /** Failed, or closed. */
  private failure: { readonly code: number; readonly at: number } | undefined;
  private closed = false;
  private readonly holes: LogHoles;
  private scheduled = false;

  /** @param offset the first that it is to have */
  constructor(
    offset: number,
    private readonly owner: StretchOwner,
  ) {
    const { time, source, memory, options } = owner;
    this.ring = new BatchRing(offset);
    this.holes = new LogHoles(
      () => owner.firstStored(),
      () => this.schedule(),
    );
    this.batches = owner.newBatches();
    this.lastReadAt = time.now();
    this.reader = new StretchReader(source, time, {
      onEntry: (entry) => this.arrived(entry),
      onCorrupt: () => this.corrupted(),
      onCaughtUp: () => this.caughtUp(),
      onFailed: (error) => this.fail(readErrorCode(error)),
    });
    this.reads = new WaitingReads(
      (from, bytesMax, minOne) => this.take(from, bytesMax, minOne),
      () => this.reader.giveUpWaiting(),
      time,
      options.waitMsMax,
    );
    memory.add(this);
    this.grow(() => owner.locate(offset));
  }

  get heldBytes(): number {
    return this.ring.bytes;
  }

  get hasReader(): boolean {
    return !this.reader.isClosed;
  }

  /** Somebody waits for what it reads. */
  get awaited(): boolean {
    return this.reads.count > 0;
  }

  get isAtEnd(): boolean {
    return this.reader.isCaughtUp;
  }

  /** The reader, when a broker can be asked through it. */
  get attachedReader(): LogReader | undefined {
    return this.reader.attached;
  }

  get hasFailed(): boolean {
    return this.failure !== undefined;
  }

  /** Of no use any more: what it was asked for has to be read anew. */
  get isOver(): boolean {
    const { failure, owner } = this;
    if (failure === undefined) return false;
    return this.closed || owner.time.now() - failure.at >= owner.options.failureMs;
  }

  /** Whether who asks for this offset is to ask here. */
  covers(offset: number): boolean {
    const { start, end } = this.ring;
    return offset >= start && offset <= (this.fault?.lastOffset ?? end);
  }

  /** Whether it is about to come to this offset, if that is in the log. */
  approaches(offset: number): boolean {
    const { end } = this.ring;
    return this.reader.flows && offset > end && offset - end <= nearEntries * this.owner.source.stride;
  }

  /** Whether something is there beyond this offset, or nothing will ever be. */
  hasBeyond(offset: number): boolean {
    if (this.hasFailed) return true;
    return offset < this.ring.end || (this.fault !== undefined && offset <= this.fault.lastOffset);
  }

  /** @param offset covered by it, or approached and known to be in the log */
  read(offset: number, bytesMax: number, minOne: boolean): LogRead | Promise<LogRead> {
    const { counters, time } = this.owner;
    this.lastReadAt = time.now();
    const read = this.take(offset, bytesMax, minOne);
    if (read !== undefined) {
      counters.fromMemory++;
      return read;
    }
    counters.waited++;
    const waiting = this.reads.add(offset, bytesMax, minOne);
    if (offset >= this.ring.end) this.passAll();
    if (this.reader.isClosed) this.growOn();
    this.pump();
    this.reader.checkEnd();
    return waiting;
  }

  releaseRead(bytes: number): void {
    const { ring } = this;
    const target = ring.bytes - bytes;
    this.release(() => {
      while (ring.bytes > target && ring.dropFirst(true));
    });
  }

  releaseAll(): void {
    this.release(() => this.ring.clear());
    if (this.fault === undefined) this.rest();
  }

  /** Lets the reader go; what is in memory stays, and a read that wants more opens another. */
  rest(): void {
    if (!this.awaited) this.reader.close();
  }

  fail(code: number): void {
    if (this.failure !== undefined) return;
    this.failure = { code, at: this.owner.time.now() };
    this.reader.close();
    this.schedule();
  }

  close(): void {
    if (this.closed) return;
    this.fail(brokerAway);
    this.closed = true;
    this.release(() => this.ring.clear());
    this.owner.memory.remove(this);
    this.reads.settle();
  }

  private take(offset: number, bytesMax: number, minOne: boolean): LogRead | undefined {
    const { ring, fault, failure } = this;
    if (offset < ring.end) {
      const removed = this.holes.removed(offset);
      if (removed === 'unknown') return undefined;
      if (removed) return { batches: [], bytes: 0, error: readErrorCode(outOfRange(offset)) };
      return this.takeBatches(offset, bytesMax, minOne);
    }
    const code = fault?.code ?? failure?.code ?? (this.isAway() ? brokerAway : undefined);
    if (code !== undefined) return { batches: [], bytes: 0, error: code };
    return this.isAtEnd && offset === ring.end ? nothingThere : undefined;
  }

  private takeBatches(offset: number, bytesMax: number, minOne: boolean): LogRead {
    const { ring, fault } = this;
    const ahead = ring.aheadBytes;
    const batches = ring.take(offset, bytesMax, minOne);
    if (ring.aheadBytes < ahead) this.pump();
    let bytes = 0;
    for (const batch of batches) bytes += batch.bytes.length;
    const last = batches[batches.length - 1];
    const stops = fault !== undefined && last !== undefined && last.lastOffset + 1 === ring.end;
    return stops ? { batches, bytes, error: fault.code } : { batches, bytes };
  }

  private isAway(): boolean {
    return this.reader.awayMs() > this.owner.options.awayMsMax;
  }

  private grow(locate: () => Promise<LogStart>): void {
    const { memory, compacted } = this.owner;
    void this.reader.open(locate, { compacted, windowBytesMax: memory.aheadBytesMax });
  }

  /** From the last entry on that arrived: it comes again and is passed over. */
  private growOn(): void {
    const { position } = this.reader;
    this.grow(async () => position ?? this.owner.locate(this.ring.end));
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
    if (index < this.firstIndex) this.firstIndex = index;
    if (index < ring.end) this.batches.pass(entry);
    else this.append(entry, index);
    this.schedule();
  }

  /** Passing over it would lose records: who comes there is told, and the next read tries again. */
  private corrupted(): void {
    this.owner.counters.unreadable++;
    this.fail(unreadableErrorCode('malformed'));
  }

  private append(entry: BrokerEntry, index: number): void {
    let batch: StoredBatch | undefined;
    try {
      batch = this.batchOf(entry);
    } catch (error) {
      if (!(error instanceof EntryUnreadable)) throw error;
      this.owner.unreadable(entry, error);
      this.fault = { code: unreadableErrorCode(error.code), lastOffset: index };
      this.reader.close();
      return;
    }
    if (batch === undefined) return;
    const { owner, ring } = this;
    // Trimming removes whole ledgers: a hole inside one has another reason. Compaction makes many.
    const isHole = batch.baseOffset > ring.end && ring.last?.ledgerId !== batch.ledgerId;
    if (isHole && !owner.compacted && !this.followsSparsely()) {
      this.holes.add(this.isSparse ? Math.max(1, ring.end) : ring.end, batch.baseOffset);
    }
    owner.arrived(batch, batch.baseOffset, batch.lastOffset);
    this.push(batch);
  }

  /**
   * Sparse offsets leap from ledger to ledger: after all that was stored the next entry is the next one. After 0 too, but
   * not for who stands between.
   */
  private followsSparsely(): boolean {
    return this.isSparse && this.reader.missesNothing && this.ring.end > 0;
  }

  private get isSparse(): boolean {
    return this.owner.source.stride > 1;
  }

  private push(batch: StoredBatch): void {
    this.ring.push(batch);
    this.started = true;
    this.owner.memory.changed(memoryOf(batch));
    this.trim();
    this.pump();
  }

  /** Undefined when the entry has to be read again, after others. */
  private batchOf(entry: BrokerEntry): StoredBatch | undefined {
    let batch = this.batches.batchOf(entry);
    if (batch === undefined) {
      if (this.retreat()) return undefined;
      batch = this.batches.withoutRecords(entry);
    }
    if (this.started && batch.baseOffset < this.ring.end) {
      const { baseOffset } = batch;
      throw new EntryUnreadable('malformed', `its first offset ${baseOffset} is in the entry before it`);
    }
    return batch;
  }

  /**
   * The message of a chunk may have begun before all that was seen: reads again from further back, and passes over what
   * is in the ring already. False: that was far enough.
   */
  private retreat(): boolean {
    let from = this.firstIndex;
    while (from >= this.firstIndex && this.retreated < retreats.length) {
      from = Math.max(0, this.ring.end - (retreats[this.retreated++] as number) * this.owner.source.stride);
    }
    if (from >= this.firstIndex) return false;
    this.reader.rewind();
    this.batches = this.owner.newBatches();
    this.lastIndex = -1;
    this.grow(async () => (from === 0 ? 'earliest' : this.owner.locate(from)));
    return true;
  }

  private caughtUp(): void {
    this.schedule();
    if (this.owner.compacted) this.revealEnd().catch(() => undefined);
  }

  /** What compaction removed at the end of the log never comes, and consumers must get past it all the same. */
  private async revealEnd(): Promise<void> {
    const { owner, reader, ring } = this;
    const end = await owner.storedEnd();
    // Asked for afterwards: what was stored up to `end` and is left has arrived, then.
    if (!(await reader.hasAllCompacted()) || end <= ring.end || this.hasFailed) return;
    const position = reader.position ?? { ledgerId: -1, entryId: -1 };
    const from = Math.max(ring.end, end - placeholderOffsetsMax);
    this.push(this.batches.placeholder(from, end - 1, position));
    this.schedule();
  }

  /** Who stopped further back must not keep the reader paused: who is behind all there is sets the demand. */
  private passAll(): void {
    this.ring.passAll();
    this.trim();
  }

  /** Keeps so much of what was given to somebody already. */
  private trim(): void {
    const { ring, owner } = this;
    const { ringBytesMax } = owner.options;
    if (ring.bytes <= ringBytesMax) return;
    this.release(() => {
      while (ring.bytes > ringBytesMax && ring.dropFirst(true));
    });
  }

  private release(drop: () => void): void {
    const before = this.ring.bytes;
    drop();
    this.owner.memory.changed(this.ring.bytes - before);
    this.holes.forgetBelow(this.ring.start);
  }

  /** Reads on while it is asked for and nobody else has what follows. */
  private pump(): void {
    const { reader, ring, owner } = this;
    if (reader.isClosed) return;
    if (ring.end >= owner.nextStart(this)) {
      this.rest();
      return;
    }
    const limit = owner.memory.aheadBytesMax;
    if (!reader.isPaused && ring.aheadBytes >= limit) reader.pause();
    else if (reader.isPaused && ring.aheadBytes <= limit / 2) reader.resume();
  }

  /** All entries of one piece of the socket's bytes are told of at once. */
  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    queueMicrotask(() => {
      this.scheduled = false;
      this.reads.settle();
      if (this.awaited) this.reader.checkEnd();
      this.owner.changed(this);
    });
  }
}
