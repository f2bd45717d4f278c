import type { BrokerEntry, EntryPosition } from '#libs/pulsar';
import type { Log } from '#libs/telemetry';
import type { TrackerTime } from '../mapping/offset-tracker.js';
import type { EntryUnreadable } from '../mapping/stored-batch.js';
import { type BatchMapper, EntryBatches } from './entry-batches.js';
import { searchLedgers } from './ledger-search.js';
import { LogBoundsQuery, type LogEnd } from './log-bounds.js';
import type { LogReader, LogSource, LogStart } from './log-source.js';
import { LogStretch } from './log-stretch.js';
import { LongPolls } from './long-polls.js';
import type { LogBounds, LogRead, OffsetAndTimestamp, PartitionLog } from './partition-log.js';
import { PositionCache } from './position-cache.js';
import type { ReadMemory } from './read-memory.js';
import { outOfRange, readErrorCode, topicGone } from './reading.errors.js';
import type { ReadingCounters } from './reading-counters.js';
import type { StretchOptions, StretchOwner } from './stretch-owner.js';
import { TimestampSearch, timestampSearchDefaults } from './timestamp-search.js';

/** What the topic's configuration says about reading it, now. */
export interface LogSettings {
  readonly timestampType: 'create' | 'append';
  readonly compacted: boolean;
  /** The first offset that DeleteRecords left; 0 without. */
  readonly logStart: number;
}

export interface LogOptions extends StretchOptions {
  readonly chunkBytesMax: number;
  /** A partition that nobody reads keeps its tail reader for so long. */
  readonly idleMs: number;
  /** A reader behind the tail that nobody reads is kept for so long. */
  readonly catchUpIdleMs: number;
  /** Where the end is behind what was read, it is asked for again after so long. */
  readonly endAgeMsMax: number;
  readonly startAgeMsMax: number;
}

/** What all logs of the process have in common. */
export interface LogServices {
  readonly mapper: BatchMapper;
  readonly memory: ReadMemory;
  readonly counters: ReadingCounters;
  readonly time: TrackerTime;
  readonly log: Log;
  readonly options: LogOptions;
  /** Room for one more reader behind the tail: closes another one's if need be. False: all are needed. */
  admitCatchUp(): boolean;
}

/** An entry that is known so many entries before the one that is wanted saves asking where that is. */
const nearEntries = 1_000;
/** How soon a read is tried again that found no room for a reader. */
const noRoomRetryMs = 100;

/** One partition's log: stretches in offset order, of which the last one is the tail. */
export class PulsarPartitionLog implements PartitionLog, StretchOwner {
  readonly memory: ReadMemory;
  readonly counters: ReadingCounters;
  readonly time: TrackerTime;
  readonly options: LogOptions;
  lastUsedAt: number;
  private stretches: LogStretch[] = [];
  private readonly polls = new LongPolls();
  private readonly positions = new PositionCache();
  private readonly boundsQuery: LogBoundsQuery;
  private readonly timestamps: TimestampSearch;
  private brokerStart = -1;
  private startAskedAt = Number.NEGATIVE_INFINITY;
  private endSeen = -1;
  private endAskedAt = Number.NEGATIVE_INFINITY;
  private ended = false;
  private readonly isSparse: boolean;

  /**
   * @param gone called when the topic is found to be deleted, or made again
   */
  constructor(
    readonly name: string,
    readonly source: LogSource,
    private readonly services: LogServices,
    private settings: LogSettings,
    private readonly gone: () => void,
  ) {
    this.isSparse = source.stride > 1;
    this.memory = services.memory;
    this.counters = services.counters;
    this.time = services.time;
    this.options = services.options;
    this.lastUsedAt = services.time.now();
    const reader = () => this.rawReader();
    this.boundsQuery = new LogBoundsQuery(source, this.positions, reader, () => this.compacted, this.time);
    this.timestamps = new TimestampSearch(this, source, () => this.newBatches(), this.time, {
      ...timestampSearchDefaults,
      lastOffsets: timestampSearchDefaults.lastOffsets * source.stride,
    });
  }

  get compacted(): boolean {
    return this.settings.compacted;
  }

  get hasEnded(): boolean {
    return this.ended;
  }

  get knownEnd(): number | undefined {
    const end = Math.max(
      this.endSeen,
      this.positions.last === undefined ? -1 : this.positions.last.lastOffset + 1,
    );
    return end < 0 ? undefined : end;
  }

  get knownStart(): number | undefined {
    const start = Math.max(this.brokerStart, this.settings.logStart === 0 ? -1 : this.settings.logStart);
    return start < 0 ? undefined : start;
  }

  configure(settings: LogSettings): void {
    this.settings = settings;
  }

  /** The end is there or beyond: a receipt, or another's word. */
  endIsAtLeast(end: number): void {
    if (end > this.endSeen) this.endSeen = end;
  }

  read(offset: number, bytesMax: number, minOne: boolean): LogRead | Promise<LogRead> {
    const now = this.time.now();
    this.lastUsedAt = now;
    if (this.ended) return { batches: [], bytes: 0, error: topicGone };
    if (offset < 0 || this.isRemoved(offset)) {
      return { batches: [], bytes: 0, error: readErrorCode(outOfRange(offset)) };
    }
    if (now - this.startAskedAt > this.options.startAgeMsMax) this.refreshStart(now);
    if (now - this.endAskedAt > this.options.endAgeMsMax) this.refreshEnd(now);
    const stretch = this.stretchAt(offset) ?? this.openStretch(offset);
    if (stretch === undefined) return this.readLater(offset, bytesMax, minOne, now);
    return stretch.read(offset, bytesMax, minOne);
  }

  async bounds(): Promise<LogBounds> {
    this.lastUsedAt = this.time.now();
    const { end } = await this.askEnd();
    if (end === 0) return { start: 0, end };
    const start = await this.askStart();
    return { start: Math.min(end, Math.max(start ?? end, this.settings.logStart)), end };
  }

  whenBeyond(offset: number, wake: () => void): () => void {
    this.lastUsedAt = this.time.now();
    const isOver = this.ended || this.stretchAt(offset)?.hasBeyond(offset) === true;
    return this.polls.add(offset, wake, isOver);
  }

  offsetForTimestamp(timestampMs: number): Promise<OffsetAndTimestamp | undefined> {
    this.lastUsedAt = this.time.now();
    return this.timestamps.find(timestampMs);
  }

  maxTimestamp(): Promise<OffsetAndTimestamp | undefined> {
    this.lastUsedAt = this.time.now();
    return this.timestamps.max();
  }

  async positionOf(offset: number): Promise<EntryPosition | undefined> {
    for (const { ring } of this.stretches) {
      const batch = offset >= ring.start && offset < ring.end ? ring.at(offset) : undefined;
      if (batch !== undefined) return { ledgerId: batch.ledgerId, entryId: batch.entryId };
    }
    const known = this.positions.atOrBefore(offset);
    if (known !== undefined && offset <= known.lastOffset) {
      return { ledgerId: known.ledgerId, entryId: known.entryId };
    }
    const found = await this.source.positionOfIndex(offset);
    if (found !== undefined && found !== 'first') return found;
    return searchLedgers(this.source, offset);
  }

  async locate(offset: number): Promise<LogStart> {
    if (offset <= Math.max(0, this.brokerStart)) return 'earliest';
    const near = this.positions.atOrBefore(offset);
    const isStored = offset <= (this.knownEnd ?? -1);
    if (near !== undefined && isStored && offset - near.lastOffset <= nearEntries * this.source.stride)
      return near;
    const found = await this.source.positionOfIndex(offset);
    if (found !== undefined) return found === 'first' ? 'earliest' : found;
    const { end, last } = await this.askEnd();
    if (this.isBelowStart(offset)) throw outOfRange(offset);
    if (offset > end) await this.requireStored(offset);
    if (offset >= end) return last ?? 'earliest';
    return (await searchLedgers(this.source, offset)) ?? last ?? 'earliest';
  }

  newBatches(): EntryBatches {
    const { timestampType } = this.settings;
    return new EntryBatches(this.services.mapper, {
      timestampType,
      chunkBytesMax: this.options.chunkBytesMax,
    });
  }

  /** Of a stretch: an entry was read. */
  arrived(position: EntryPosition, baseOffset: number, lastOffset: number): void {
    const { ledgerId, entryId } = position;
    this.positions.note({ ledgerId, entryId, baseOffset, lastOffset });
  }

  nextStart(stretch: LogStretch): number {
    const { stretches } = this;
    for (let at = stretches.indexOf(stretch) + 1; at < stretches.length; at++) {
      const next = stretches[at] as LogStretch;
      if (!next.hasFailed) return next.ring.start;
    }
    return Number.POSITIVE_INFINITY;
  }

  async storedEnd(): Promise<number> {
    return (await this.askEnd()).end;
  }

  firstStored(): Promise<number | undefined> {
    return this.askStart();
  }

  changed(stretch: LogStretch): void {
    this.polls.wakeWhere((offset) => stretch.covers(offset) && stretch.hasBeyond(offset));
  }

  restarted(): void {
    this.gone();
  }

  unreadable(entry: BrokerEntry, error: EntryUnreadable): void {
    this.counters.unreadable++;
    const { ledgerId, entryId, index } = entry;
    this.services.log.warn(
      {
        event: 'kafka.entry-unreadable',
        topic: this.name,
        reason: error.code,
        ledgerId,
        entryId,
        offset: index,
        error,
      },
      'an entry cannot be served to Kafka clients: consumers stop there until they seek past it',
    );
  }

  /** Readers behind the tail. */
  get catchUps(): LogStretch[] {
    const { tail } = this;
    return this.stretches.filter((stretch) => stretch !== tail && stretch.hasReader);
  }

  get hasTailReader(): boolean {
    return this.tail?.hasReader ?? false;
  }

  /** Lets go of what nobody reads. True: of the log as well. */
  expire(now: number): boolean {
    const { idleMs, catchUpIdleMs } = this.options;
    this.dropEnded();
    for (const stretch of [...this.stretches]) {
      const isTail = stretch === this.tail;
      if (stretch.awaited || this.isPolled(stretch)) continue;
      if (now - stretch.lastReadAt < (isTail ? idleMs : catchUpIdleMs)) continue;
      this.drop(stretch);
    }
    return this.stretches.length === 0 && this.polls.size === 0 && now - this.lastUsedAt >= idleMs;
  }

  /** Who reads or waits is told `UNKNOWN_TOPIC_OR_PARTITION`. */
  end(): void {
    if (this.ended) return;
    this.ended = true;
    for (const stretch of this.stretches) {
      stretch.fail(topicGone);
      stretch.close();
    }
    this.stretches = [];
    this.boundsQuery.close();
    this.polls.wakeWhere(() => true);
  }

  drop(stretch: LogStretch): void {
    stretch.close();
    this.stretches = this.stretches.filter((each) => each !== stretch);
  }

  private get tail(): LogStretch | undefined {
    return this.stretches.findLast(({ hasFailed }) => !hasFailed);
  }

  private isPolled(stretch: LogStretch): boolean {
    return this.polls.some((offset) => stretch.covers(offset));
  }

  /** The last one that covers it: the nearer to the tail, the more it shares. */
  private stretchAt(offset: number): LogStretch | undefined {
    const { stretches } = this;
    for (let at = stretches.length - 1; at >= 0; at--) {
      const stretch = stretches[at] as LogStretch;
      if (!stretch.covers(offset)) continue;
      if (!stretch.isOver) return stretch;
      this.drop(stretch);
    }
    const { tail } = this;
    return tail?.approaches(offset) && offset <= (this.knownEnd ?? 0) ? tail : undefined;
  }

  private openStretch(offset: number): LogStretch | undefined {
    this.dropEnded();
    if (this.stretches.length > 0) {
      if (!this.services.admitCatchUp()) return undefined;
      this.counters.catchUps++;
    }
    const stretch = new LogStretch(offset, this);
    const at = this.stretches.findIndex(({ ring }) => ring.start > offset);
    this.stretches.splice(at < 0 ? this.stretches.length : at, 0, stretch);
    return stretch;
  }

  private dropEnded(): void {
    for (const stretch of this.stretches) if (stretch.isOver) stretch.close();
    this.stretches = this.stretches.filter(({ isOver }) => !isOver);
  }

  private readLater(offset: number, bytesMax: number, minOne: boolean, since: number): Promise<LogRead> {
    return new Promise((resolve) => {
      this.time.setTimer(() => {
        const stretch = this.stretchAt(offset) ?? this.openStretch(offset);
        if (stretch !== undefined) resolve(stretch.read(offset, bytesMax, minOne));
        else if (this.time.now() - since >= this.options.waitMsMax) resolve({ batches: [], bytes: 0 });
        else resolve(this.readLater(offset, bytesMax, minOne, since));
      }, noRoomRetryMs);
    });
  }

  /** A reader that has not been told to leave anything out. */
  private rawReader(): LogReader | undefined {
    if (this.compacted) return undefined;
    for (const { attachedReader } of this.stretches) if (attachedReader !== undefined) return attachedReader;
    return undefined;
  }

  private async askEnd(): Promise<LogEnd> {
    this.endAskedAt = this.time.now();
    const found = await this.boundsQuery.end();
    // Also where the broker forgot how far an emptied log had come.
    this.endIsAtLeast(Math.max(found.end, this.settings.logStart));
    // Sparsely, who has read all stands anywhere behind the first message of the last entry.
    if (found.isEmpty) this.startIsAtLeast(found.end - this.source.stride + 1);
    return { ...found, end: this.knownEnd ?? found.end };
  }

  private async askStart(): Promise<number | undefined> {
    this.startAskedAt = this.time.now();
    const start = await this.boundsQuery.start();
    if (start !== undefined) this.startIsAtLeast(start);
    return start;
  }

  private startIsAtLeast(start: number): void {
    if (start > this.brokerStart) this.brokerStart = start;
  }

  /** Sparse offsets leap: what a stretch covers follows on what was read, and the stretch knows where it does not. */
  private isRemoved(offset: number): boolean {
    if (!this.isBelowStart(offset)) return false;
    if (!this.isSparse || offset < this.settings.logStart) return true;
    return !this.stretches.some((stretch) => !stretch.isOver && stretch.covers(offset));
  }

  /** Compaction leaves its first records at any offset, and who asks for an earlier one gets those. Sparsely, so does 0. */
  private isBelowStart(offset: number): boolean {
    if (offset < this.settings.logStart) return true;
    return !this.compacted && offset < this.brokerStart && !(this.isSparse && offset === 0);
  }

  /** What is not there is answered as it was known, so nobody waits for this. */
  private refreshStart(now: number): void {
    this.startAskedAt = now;
    this.askStart().catch(() => undefined);
  }

  private refreshEnd(now: number): void {
    this.endAskedAt = now;
    if (this.tail?.isAtEnd === false) this.askEnd().catch(() => undefined);
  }

  /** Behind an open transaction records are stored that cannot be read yet; their offsets are no mistakes. */
  private async requireStored(offset: number): Promise<void> {
    const { last, index } = await this.source.ledgers();
    const stored = last === undefined ? index : (await this.source.entryAt(last)).index;
    if (stored !== undefined && offset > stored + 1) throw outOfRange(offset);
  }
}
