import {
  asPulsarError,
  type BrokerEntry,
  type EntryPosition,
  type PulsarClient,
  type PulsarError,
  type ReaderOptions,
  type TopicReader,
} from '#libs/pulsar';
import { isBefore } from './entry-order.js';
import type { CatchUpReader } from './listener-feed.js';

export interface LoneReaderOptions
  extends Pick<ReaderOptions, 'topic' | 'tenantKey' | 'permits' | 'windowBytesMax'> {
  readonly after: EntryPosition;
  onEntry(entry: BrokerEntry): void;
  /** An entry that cannot be read was passed over. */
  onCorrupt(position: EntryPosition): void;
  /** All that was stored when it was opened has come. */
  onEnd(): void;
  /** Nothing comes any more. */
  onFailed(error: PulsarError): void;
}

export interface LoneReaderParts {
  readonly pulsar: Pick<PulsarClient, 'createReader'>;
  readonly counters: { catchUps: number };
}

const retryFirstMs = 100;
const retryMaxMs = 10_000;

/** Reads from an entry on for one listener, and tries again while no broker lets it. */
export class LoneReader implements CatchUpReader {
  private reader: TopicReader | undefined;
  private paused = false;
  private closed = false;
  private retryMs = retryFirstMs;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly parts: LoneReaderParts,
    private readonly options: LoneReaderOptions,
  ) {
    parts.counters.catchUps++;
    void this.open();
  }

  pause(): void {
    this.paused = true;
    this.reader?.pause();
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.reader?.resume();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.parts.counters.catchUps--;
    clearTimeout(this.timer);
    void this.reader?.close();
  }

  private async open(): Promise<void> {
    const { options, parts } = this;
    const { topic, tenantKey, permits, windowBytesMax, after } = options;
    try {
      const reader = await parts.pulsar.createReader({
        topic,
        tenantKey,
        permits,
        windowBytesMax,
        start: after.ledgerId < 0 ? 'earliest' : after,
        paused: this.paused,
        onEntry: (entry) => {
          if (!this.closed && isBefore(after, entry)) options.onEntry(entry);
        },
        onCorruptEntry: (position) => {
          if (!this.closed) options.onCorrupt(position);
        },
        onClosed: (error) => this.failed(error),
      });
      if (this.closed) {
        void reader.close();
        return;
      }
      this.reader = reader;
      if (this.paused) reader.pause();
      else reader.resume();
      // Where nothing follows, no entry tells that the end is here. Cut off, the next entry will.
      reader.reachEnd().then(
        () => {
          if (!this.closed) options.onEnd();
        },
        () => undefined,
      );
    } catch (error) {
      this.tryAgain(asPulsarError(error, 'UnknownError'));
    }
  }

  private tryAgain(error: PulsarError): void {
    if (this.closed) return;
    if (!error.retriable) {
      this.failed(error);
      return;
    }
    this.timer = setTimeout(() => void this.open(), this.retryMs);
    this.retryMs = Math.min(this.retryMs * 2, retryMaxMs);
  }

  private failed(error: PulsarError): void {
    if (this.closed) return;
    this.close();
    this.options.onFailed(error);
  }
}
