import { type EntryPosition, PulsarAdminError } from '#libs/pulsar';
import type { TrackerTime } from '../mapping/offset-tracker.js';
import { TopicHasNoOffsets } from '../producers/append-errors.js';
import type { LogReader, LogSource } from './log-source.js';
import type { PositionCache } from './position-cache.js';

export interface LogEnd {
  /** The offset after the last record. */
  readonly end: number;
  /** Where the last entry is that can be read; undefined when there is none. */
  readonly last: EntryPosition | undefined;
  /** Nothing is stored, or nothing any more. */
  readonly isEmpty: boolean;
}

export interface LogBoundsOptions {
  /** A reader that was opened to ask for the end is kept for so long. */
  readonly probeIdleMs: number;
  /** When its first entry does not come within this time, the place where it is stored says where the log starts. */
  readonly firstEntryMsMax: number;
}

export const logBoundsDefaults: LogBoundsOptions = { probeIdleMs: 10_000, firstEntryMsMax: 2_000 };

/** A window for one entry. */
const oneEntryBytes = 1;

/** Asks the broker where the log begins and ends. Calls that come while one is asked share the next answer. */
export class LogBoundsQuery {
  private probe: Promise<LogReader> | undefined;
  private probeTimer: unknown;
  private readonly ends = new SharedCall(() => this.askEnd());
  private readonly starts = new SharedCall(() => this.askStart());

  constructor(
    private readonly source: LogSource,
    private readonly positions: PositionCache,
    /** A reader of the whole log that is attached, if there is one. */
    private readonly openReader: () => LogReader | undefined,
    private readonly compacted: () => boolean,
    private readonly time: TrackerTime,
    private readonly options: LogBoundsOptions = logBoundsDefaults,
  ) {}

  /** What was acknowledged before the call is below the end. */
  end(): Promise<LogEnd> {
    return this.ends.call();
  }

  /** Offset of the first record that can be read; undefined when there is none. */
  start(): Promise<number | undefined> {
    return this.starts.call();
  }

  close(): void {
    this.time.clearTimer(this.probeTimer);
    const { probe } = this;
    this.probe = undefined;
    probe?.then((reader) => reader.close()).catch(() => undefined);
  }

  private async askEnd(): Promise<LogEnd> {
    const last = await this.lastPosition();
    if (last === undefined) return this.endOfNothing();
    const known = this.positions.atPosition(last);
    if (known !== undefined) return { end: known.lastOffset + 1, last, isEmpty: false };
    try {
      const { index, messages } = await this.source.entryAt(last);
      if (index === undefined) throw new TopicHasNoOffsets('broker-hides-index');
      this.positions.note({ ...last, baseOffset: Math.max(0, index - messages + 1), lastOffset: index });
      return { end: index + 1, last, isEmpty: false };
    } catch (error) {
      if (isTrimmed(error)) return this.endOfNothing();
      throw error;
    }
  }

  private async endOfNothing(): Promise<LogEnd> {
    const { ledgers, index } = await this.source.ledgers();
    return { end: (index ?? -1) + 1, last: undefined, isEmpty: ledgers.length === 0 };
  }

  private async lastPosition(): Promise<EntryPosition | undefined> {
    const open = this.openReader();
    if (open !== undefined) {
      try {
        return await open.lastPosition();
      } catch {
        // It was just detached: the probe waits until a broker serves the partition.
      }
    }
    const probe = await this.probing();
    try {
      return await probe.lastPosition();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  private probing(): Promise<LogReader> {
    this.time.clearTimer(this.probeTimer);
    this.probeTimer = this.time.setTimer(() => this.close(), this.options.probeIdleMs);
    if (this.probe !== undefined) return this.probe;
    const probe = this.source.open('latest', {
      compacted: false,
      paused: true,
      windowBytesMax: oneEntryBytes,
      onEntry: () => {},
      onClosed: () => this.close(),
    });
    this.probe = probe;
    probe.catch(() => this.close());
    return probe;
  }

  private async askStart(): Promise<number | undefined> {
    const first = Promise.withResolvers<number | undefined>();
    const reader = await this.source.open('earliest', {
      compacted: this.compacted(),
      paused: false,
      windowBytesMax: oneEntryBytes,
      onEntry: (entry) => first.resolve(entry.firstIndex ?? entry.index),
      onClosed: (error) => first.reject(error),
    });
    // Nobody awaits it while the end is asked for.
    first.promise.catch(() => undefined);
    const timer = this.time.setTimer(() => first.resolve(undefined), this.options.firstEntryMsMax);
    try {
      if ((await reader.lastPosition()) === undefined) return await this.firstKept();
      return (await first.promise) ?? (await this.firstKept());
    } finally {
      this.time.clearTimer(timer);
      reader.close();
    }
  }

  /**
   * By the list of ledgers: the broker was slow, or nothing that is stored can be read at present. Whoever then starts at
   * the beginning finds what comes, where "the start is the end" would have him miss it.
   */
  private async firstKept(): Promise<number | undefined> {
    const { ledgers } = await this.source.ledgers();
    for (const { ledgerId } of ledgers) {
      try {
        const { index, messages } = await this.source.entryAt({ ledgerId, entryId: 0 });
        return index === undefined ? 0 : Math.max(0, index - messages + 1);
      } catch (error) {
        if (!isTrimmed(error)) throw error;
      }
    }
    return undefined;
  }
}

/** Meanwhile, by retention. */
function isTrimmed(error: unknown): boolean {
  return error instanceof PulsarAdminError && error.status === 404;
}

/** One call at a time; those that come meanwhile share the next one, which begins after all of them. */
class SharedCall<T> {
  private running: Promise<T> | undefined;
  private next: Promise<T> | undefined;

  constructor(private readonly run: () => Promise<T>) {}

  call(): Promise<T> {
    if (this.running === undefined) return this.start();
    this.next ??= this.running.then(
      () => this.follow(),
      () => this.follow(),
    );
    return this.next;
  }

  private follow(): Promise<T> {
    this.next = undefined;
    return this.start();
  }

  private start(): Promise<T> {
    const running = this.run();
    this.running = running;
    const ended = () => {
      if (this.running === running) this.running = undefined;
    };
    running.then(ended, ended);
    return running;
  }
}
