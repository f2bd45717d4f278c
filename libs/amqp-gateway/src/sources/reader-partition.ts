import {
  asPulsarError,
  type BrokerEntry,
  type EntryPosition,
  PositionMap,
  type PulsarClient,
  type PulsarError,
  readEntriesAgain,
  type ReaderStart,
  type TopicReader,
} from '#libs/pulsar';
import type { Log } from '#libs/telemetry';
import { type BrowserStart, isAfter } from './browser-start.js';
import type { EntryState } from './entry-screen.js';

export interface ReaderPartitionParts {
  readonly pulsar: Pick<PulsarClient, 'createReader'>;
  readonly log: Log;
  /** Full name. */
  readonly topic: string;
  readonly tenantKey: string;
  readonly start: ReaderStart;
  readonly browser: BrowserStart | undefined;
  readonly permits: number;
  isPaused(): boolean;
  /** @param state undefined: all of it is new */
  onEntry(entry: BrokerEntry, state: EntryState | undefined, redeliveries: number): void;
  onClosed(error: PulsarError): void;
}

const windowBytesMax = 512 * 1024;
const firstPermits = 32;
const retryMs = 500;

/** Messages of one entry that are to come again, by their index, and how often each failed. */
interface WantedAgain extends EntryPosition {
  readonly failures: Map<number, number>;
}

/** One partition that a link reads for itself. */
export class ReaderPartition {
  private reader: TopicReader | undefined;
  private again = new PositionMap<WantedAgain>();
  private isReadingAgain = false;
  private isClosed = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly parts: ReaderPartitionParts) {}

  /** Rejects with PulsarError. */
  async open(): Promise<void> {
    const { pulsar, topic, tenantKey, start, permits, browser } = this.parts;
    const reader = await pulsar.createReader({
      ...{ topic, tenantKey, start, permits, windowBytesMax, firstPermits },
      paused: true,
      onEntry: (entry) => {
        if (browser === undefined) this.parts.onEntry(entry, undefined, 0);
        else if (isAfter(entry, browser.after) && !browser.isAcknowledged(entry)) {
          this.parts.onEntry(entry, undefined, 0);
        }
      },
      onClosed: (error) => {
        if (!this.isClosed) this.parts.onClosed(error);
      },
    });
    if (this.isClosed) {
      await reader.close();
      return;
    }
    this.reader = reader;
    if (!this.parts.isPaused()) reader.resume();
  }

  setPaused(isPaused: boolean): void {
    if (isPaused) this.reader?.pause();
    else this.reader?.resume();
  }

  /** Resolves when all has come that was stored at the time of the call. */
  async reachEnd(): Promise<void> {
    await this.reader?.reachEnd();
  }

  /** Those that were given back in one turn are read together. */
  readAgain({ ledgerId, entryId }: EntryPosition, batchIndex: number, redeliveries: number): void {
    let wanted = this.again.get({ ledgerId, entryId });
    if (wanted === undefined) {
      wanted = { ledgerId, entryId, failures: new Map() };
      this.again.set(wanted, wanted);
    }
    wanted.failures.set(batchIndex, redeliveries);
    this.readSoon(0);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.timer);
    this.again.clear();
    await this.reader?.close();
  }

  private readSoon(delayMs: number): void {
    if (this.isReadingAgain || this.isClosed) return;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.readThem();
    }, delayMs).unref();
  }

  private async readThem(): Promise<void> {
    const { again } = this;
    const { pulsar, topic, tenantKey, log } = this.parts;
    this.again = new PositionMap();
    this.isReadingAgain = true;
    let delayMs = 0;
    try {
      await readEntriesAgain(pulsar, {
        ...{ topic, tenantKey },
        positions: [...again.values()].sort((one, other) => (isAfter(one, other) ? 1 : -1)),
        onEntry: (entry) => this.cameAgain(entry, again),
      });
    } catch (error) {
      delayMs = retryMs;
      const { code, message } = asPulsarError(error, 'UnknownError');
      log.debug(
        { event: 'amqp-read-again', topic, code, reason: message },
        'entries could not be read again',
      );
      for (const wanted of again.values()) {
        for (const [index, failures] of wanted.failures) this.readAgain(wanted, index, failures);
      }
    }
    this.isReadingAgain = false;
    if (this.again.size > 0) this.readSoon(delayMs);
  }

  private cameAgain(entry: BrokerEntry, again: PositionMap<WantedAgain>): void {
    const wanted = again.get(entry);
    if (wanted === undefined || this.isClosed) return;
    again.delete(entry);
    const { failures } = wanted;
    for (const redeliveries of new Set(failures.values())) {
      const state: EntryState = {
        isSettledOrHeld: (index) => failures.get(index) !== redeliveries,
        isAcknowledged: () => false,
      };
      this.parts.onEntry(entry, state, redeliveries);
    }
  }
}
