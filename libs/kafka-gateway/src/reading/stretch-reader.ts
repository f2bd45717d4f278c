import type { BrokerEntry, EntryPosition } from '#libs/pulsar';
import type { TrackerTime } from '../mapping/offset-tracker.js';
import { isBefore, type LogReader, type LogSource, type LogStart } from './log-source.js';

export interface StretchReaderListener {
  onEntry(entry: BrokerEntry): void;
  /** What came next could not be read, and may be whole when it is read again. */
  onCorrupt(): void;
  /** All that is stored has arrived. */
  onCaughtUp(): void;
  /** Nothing follows, until it is opened again. */
  onFailed(error: unknown): void;
}

export interface OpenOptions {
  readonly compacted: boolean;
  readonly windowBytesMax: number;
}

/** No entry: before all. */
const nowhere: EntryPosition = { ledgerId: -1, entryId: -1 };

/**
 * One reader at a time, closed and opened again as its stretch of the log needs it, and what is known of the end from it.
 *
 * ```
 *   closed ── open() ──▶ opening ── a broker dispatches ──▶ open ── close(), error ──▶ closed
 * ```
 */
export class StretchReader {
  private reader: LogReader | undefined;
  /** Each opening has a number: what an earlier one still gives is not heard. */
  private current = 0;
  private opening = false;
  private paused = false;
  private atEnd = false;
  private checking = false;
  /** What arrived last, of all openings. */
  private at = nowhere;
  /** The last entry, as the broker said it last. */
  private lastStored: EntryPosition | undefined;
  private awaySince = -1;
  /** No broker dispatched to it for a while, and nothing has arrived since. */
  private cut = false;

  constructor(
    private readonly source: LogSource,
    private readonly time: TrackerTime,
    private readonly listener: StretchReaderListener,
  ) {}

  get isClosed(): boolean {
    return this.reader === undefined && !this.opening;
  }

  get isPaused(): boolean {
    return this.paused;
  }

  /** Open, asking for more, and all that was stored when the broker was last asked has arrived. */
  get isCaughtUp(): boolean {
    return this.atEnd;
  }

  /** Caught up, and as far as was noticed never cut off since: what arrives next is what was stored next. */
  get missesNothing(): boolean {
    return this.atEnd && !this.cut;
  }

  /** It is on its way to what comes next. */
  get flows(): boolean {
    return this.reader !== undefined && !this.paused;
  }

  /** When a broker can be asked through it. */
  get attached(): LogReader | undefined {
    return this.reader?.attached ? this.reader : undefined;
  }

  /** The last entry that arrived; undefined before the first. */
  get position(): EntryPosition | undefined {
    return this.at === nowhere ? undefined : this.at;
  }

  async open(locate: () => Promise<LogStart>, options: OpenOptions): Promise<void> {
    this.close();
    const opening = ++this.current;
    this.opening = true;
    try {
      const start = await locate();
      if (this.current !== opening) return;
      const reader = await this.source.open(start, {
        ...options,
        paused: false,
        onEntry: (entry) => {
          if (this.current === opening) this.arrived(entry);
        },
        onCorrupt: () => {
          if (this.current === opening) this.listener.onCorrupt();
        },
        onClosed: (error) => this.failed(opening, error),
      });
      if (this.current !== opening) {
        reader.close();
        return;
      }
      this.opening = false;
      this.reader = reader;
      if (this.paused) reader.pause();
      this.checkEnd();
    } catch (error) {
      this.failed(opening, error);
    }
  }

  close(): void {
    this.current++;
    this.opening = false;
    this.reader?.close();
    this.reader = undefined;
    this.paused = false;
    this.atEnd = false;
    this.checking = false;
    this.awaySince = -1;
    this.cut = false;
  }

  /** As if nothing had arrived yet: it is to be opened further back. */
  rewind(): void {
    this.close();
    this.at = nowhere;
  }

  pause(): void {
    this.paused = true;
    this.atEnd = false;
    this.reader?.pause();
  }

  resume(): void {
    this.paused = false;
    this.reader?.resume();
  }

  /** Asks the broker where the end is, unless it is known. */
  checkEnd(): void {
    const { reader, lastStored } = this;
    if (this.atEnd || this.checking || this.paused || reader === undefined) return;
    if (lastStored !== undefined && isBefore(this.at, lastStored)) return;
    this.checking = true;
    reader.lastPosition().then(
      (last) => {
        if (this.reader !== reader) return;
        this.checking = false;
        if (this.paused) return;
        this.lastStored = last;
        if (last !== undefined && isBefore(this.at, last)) return;
        this.atEnd = true;
        this.listener.onCaughtUp();
      },
      // Not attached: who waits does not wait for ever.
      () => {
        if (this.reader === reader) this.checking = false;
      },
    );
  }

  /** Whether the last entry that compaction left has arrived, by the broker's word of now. */
  async hasAllCompacted(): Promise<boolean> {
    const { reader } = this;
    if (reader === undefined) return false;
    const last = await reader.lastPosition();
    // While a compaction ends, brokers may say for a moment that there is nothing at all.
    if (last === undefined) return (await this.source.isCompactedToNothing()) && this.reader === reader;
    return this.reader === reader && !isBefore(this.at, last);
  }

  /** What is stored and did not come for so long does not come soon: an open transaction, or compaction removed it. */
  giveUpWaiting(): void {
    if (this.attached !== undefined && !this.paused) this.atEnd = true;
  }

  /** Milliseconds without a broker, as far as it was noticed. */
  awayMs(): number {
    const { reader } = this;
    if (reader === undefined || reader.attached) {
      this.awaySince = -1;
      return 0;
    }
    const now = this.time.now();
    this.cut = true;
    if (this.awaySince < 0) this.awaySince = now;
    return now - this.awaySince;
  }

  private arrived(entry: BrokerEntry): void {
    this.at = { ledgerId: entry.ledgerId, entryId: entry.entryId };
    this.listener.onEntry(entry);
    this.cut = false;
  }

  private failed(opening: number, error: unknown): void {
    if (this.current !== opening) return;
    this.close();
    this.listener.onFailed(error);
  }
}
