import { type BrokerEntry, type EntryPosition, PulsarError } from '#libs/pulsar';
import type { TrackerTime } from '../mapping/offset-tracker.js';
import { EntryUnreadable, type StoredBatch } from '../mapping/stored-batch.js';
import type { BatchMapper } from '../reading/entry-batches.js';
import {
  isBefore,
  type LedgerList,
  type LogReader,
  type LogReaderOptions,
  type LogSource,
  type LogStart,
} from '../reading/log-source.js';

/** An entry of the fake, as far as reading looks at it. */
export interface FakeEntry extends EntryPosition {
  readonly index: number | undefined;
  readonly numMessages: number;
  readonly unreadable?: boolean;
  readonly isChunk: boolean;
  /** Its bytes arrive damaged. */
  corrupt?: boolean;
}

/** Time that stands still until it is turned. */
export class ManualTime implements TrackerTime {
  private ms = 0;
  private timers: { at: number; run: () => void }[] = [];

  now(): number {
    return this.ms;
  }

  setTimer(run: () => void, delayMs: number): unknown {
    const timer = { at: this.ms + delayMs, run };
    this.timers.push(timer);
    return timer;
  }

  clearTimer(timer: unknown): void {
    this.timers = this.timers.filter((each) => each !== timer);
  }

  get pending(): number {
    return this.timers.length;
  }

  async pass(ms: number): Promise<void> {
    this.ms += ms;
    for (const timer of this.timers.filter(({ at }) => at <= this.ms)) {
      this.clearTimer(timer);
      timer.run();
    }
    await settled();
  }
}

/** All that follows from what was done so far has happened. */
export const settled = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));

/** A partition of a broker that dispatches as fast as it is asked to. */
export class FakeLogSource implements LogSource {
  readonly stride: number = 1;
  entries: FakeEntry[] = [];
  readonly readers: FakeReader[] = [];
  opened = 0;
  /** Asks for positions that were answered. */
  readonly asked: string[] = [];
  /** What it says of indexes that it has: Pulsar 4.0 says nothing. */
  knowsIndexes = true;
  refuses: PulsarError | undefined;
  /** Entries from here on are stored and not dispatched: a transaction is open. */
  /** Nothing comes before a client's patience is over. */
  slow = false;
  hiddenFrom = Number.POSITIVE_INFINITY;
  private lastWritten: EntryPosition | undefined;
  private next = 0;
  private ledgerId = 1;

  /** One entry of so many messages. */
  add(messages: number, more: { skip?: number; unreadable?: boolean; isChunk?: boolean } = {}): FakeEntry {
    const { skip = 0, unreadable = false, isChunk = false } = more;
    const inLedger = this.entries.filter(({ ledgerId }) => ledgerId === this.ledgerId).length;
    this.next += messages + skip;
    const place = { ledgerId: this.ledgerId, entryId: inLedger };
    const entry = { ...place, index: this.next - 1, numMessages: messages, unreadable, isChunk };
    this.entries.push(entry);
    this.lastWritten = place;
    this.dispatch();
    return entry;
  }

  newLedger(): void {
    this.ledgerId++;
  }

  /** Removes all ledgers but the last one. */
  trim(): void {
    this.entries = this.entries.filter(({ ledgerId }) => ledgerId === this.ledgerId);
  }

  /** Another topic of the same name. */
  makeAgain(): void {
    this.newLedger();
    this.entries = [];
    this.next = 0;
  }

  dispatch(): void {
    if (this.slow) return;
    for (const reader of this.readers) reader.dispatch();
  }

  get dispatchable(): FakeEntry[] {
    return this.entries.filter(({ index }) => (index ?? 0) < this.hiddenFrom);
  }

  get openReaders(): FakeReader[] {
    return this.readers.filter(({ closed }) => !closed);
  }

  async open(start: LogStart, options: LogReaderOptions): Promise<FakeReader> {
    await Promise.resolve();
    if (this.refuses !== undefined) throw this.refuses;
    this.opened++;
    const reader = new FakeReader(this, start, options);
    this.readers.push(reader);
    setImmediate(() => {
      if (!this.slow) reader.dispatch();
    });
    return reader;
  }

  async entryAt(position: EntryPosition) {
    this.asked.push('entry');
    const entry = this.entries.find((each) => !isBefore(each, position) && !isBefore(position, each));
    if (entry === undefined) throw new PulsarError('UnknownError', 'no such entry');
    return { index: entry.index, messages: entry.numMessages };
  }

  async positionOfIndex(index: number): Promise<EntryPosition | 'first' | undefined> {
    this.asked.push('index');
    if (!this.knowsIndexes) return undefined;
    const at = this.entries.findIndex((entry) => (entry.index ?? -1) >= index);
    if (at < 0) return undefined;
    return at === 0 ? 'first' : this.entries[at];
  }

  async positionOfTime(): Promise<EntryPosition> {
    return this.entries[0] ?? { ledgerId: this.ledgerId, entryId: 0 };
  }

  async ledgers(): Promise<LedgerList> {
    const counts = new Map<number, number>();
    for (const { ledgerId } of this.entries) counts.set(ledgerId, (counts.get(ledgerId) ?? 0) + 1);
    return {
      ledgers: [...counts].map(([ledgerId, entries]) => ({ ledgerId, entries })),
      last: this.entries.at(-1),
      lastWritten: this.lastWritten,
      index: this.next - 1,
    };
  }

  async isCompactedToNothing(): Promise<boolean> {
    return false;
  }
}

export class FakeReader implements LogReader {
  attached = true;
  closed = false;
  paused: boolean;
  delivered = 0;
  private after: EntryPosition;

  constructor(
    private readonly source: FakeLogSource,
    start: LogStart,
    private readonly options: LogReaderOptions,
  ) {
    this.paused = options.paused;
    const last = source.entries.at(-1);
    if (start === 'earliest') this.after = { ledgerId: -1, entryId: -1 };
    else if (start === 'latest') this.after = last ?? { ledgerId: -1, entryId: -1 };
    else this.after = { ledgerId: start.ledgerId, entryId: start.entryId - 1 };
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    setImmediate(() => this.dispatch());
  }

  async lastPosition(): Promise<EntryPosition | undefined> {
    if (!this.attached) throw new PulsarError('Disconnected', 'not attached');
    return this.source.dispatchable.at(-1);
  }

  close(): void {
    this.closed = true;
  }

  fail(error: PulsarError): void {
    this.closed = true;
    this.options.onClosed(error);
  }

  dispatch(): void {
    for (const entry of this.source.dispatchable) {
      if (this.closed || this.paused || !this.attached) return;
      if (this.options.windowBytesMax === 1 && this.delivered > 0) return;
      if (!isBefore(this.after, entry)) continue;
      this.after = entry;
      this.delivered++;
      const { index, numMessages } = entry;
      if (entry.corrupt) {
        this.options.onCorrupt?.();
        continue;
      }
      const firstIndex = index === undefined ? undefined : index - numMessages + 1;
      const numberFrom = function (this: { index: number; firstIndex: number }, first: number, max: number) {
        this.index = first + Math.min(numMessages, max) - 1;
        this.firstIndex = first;
      };
      this.options.onEntry({ ...entry, firstIndex, numberFrom } as unknown as BrokerEntry);
    }
  }
}

/** Batches of so many bytes for each record. */
export function fakeMapper(bytesPerRecord: number): BatchMapper {
  return {
    fromPulsar: (entry) => {
      const { index = -1, numMessages, ledgerId, entryId } = entry;
      if ((entry as unknown as FakeEntry).unreadable) throw new EntryUnreadable('encrypted', 'no key for it');
      return batch(index - numMessages + 1, index, numMessages * bytesPerRecord, { ledgerId, entryId });
    },
    placeholder: (baseOffset, lastOffset, position) => batch(baseOffset, lastOffset, 0, position),
  };
}

function batch(baseOffset: number, lastOffset: number, bytes: number, position: EntryPosition): StoredBatch {
  const { ledgerId, entryId } = position;
  const recordCount = lastOffset - baseOffset + 1;
  return {
    baseOffset,
    lastOffset,
    recordCount,
    bytes: Buffer.alloc(bytes),
    maxTimestamp: 0,
    ledgerId,
    entryId,
  };
}
