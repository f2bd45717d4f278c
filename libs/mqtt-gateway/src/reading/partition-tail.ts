import {
  asPulsarError,
  type BrokerEntry,
  type EntryPosition,
  type PulsarClient,
  type PulsarError,
  type PulsarLog,
  type TopicReader,
} from '#libs/pulsar';
import { LoneReader } from './lone-reader.js';
import { beforeAll } from './entry-order.js';
import type { FeedListener, FeedStart } from './feed.js';
import { type CatchUpReader, type FedPartition, ListenerFeed } from './listener-feed.js';
import { ReadEntry, type ReadTopic } from './read-entry.js';
import type { ReadingCounters } from './reading-counters.js';

export interface PartitionTailParts {
  readonly pulsar: Pick<PulsarClient, 'createReader'>;
  readonly counters: ReadingCounters;
  readonly log: PulsarLog;
  /** Bytes kept of entries that a paused listener has not taken; beyond, it reads them again. Default 1 MiB. */
  readonly heldBytesMax?: number;
}

/** Bytes asked for ahead by each reader, about. */
const readerWindowBytes = 2 * 1024 * 1024;
/** Messages asked for ahead; the bytes are what limits. */
const readerPermits = 10_000;

/** Bytes that a listener which does not take them is kept, before it has to read them again. */
const heldBytesMaxDefault = 1024 * 1024;

/**
 * The end of one partition, read once for all listeners of this process. It begins at the end; who wants earlier entries,
 * or fell behind, has a reader of its own until it meets this one (`ListenerFeed`).
 */
export class PartitionTail implements FedPartition {
  readonly heldBytesMax: number;
  /** Rejects with PulsarError when it cannot be read. */
  readonly opened: Promise<void>;
  position: EntryPosition = beforeAll;
  private startedAt: EntryPosition = beforeAll;
  private reader: TopicReader | undefined;
  private joined: ListenerFeed[] = [];
  private readonly feeds = new Set<ListenerFeed>();
  /** Opening, besides the feeds. */
  private awaiting = 0;
  private closed = false;

  constructor(
    private readonly parts: PartitionTailParts,
    private readonly topic: ReadTopic,
    readonly partition: string,
    private readonly onUnused: () => void,
    private readonly onEnded: () => void,
  ) {
    this.heldBytesMax = parts.heldBytesMax ?? heldBytesMaxDefault;
    this.opened = this.open();
  }

  get isUsed(): boolean {
    return this.feeds.size > 0 || this.awaiting > 0;
  }

  async feed(from: FeedStart, listener: FeedListener): Promise<ListenerFeed> {
    this.awaiting++;
    try {
      await this.opened;
    } finally {
      this.awaiting--;
    }
    const feed = new ListenerFeed(this, listener, this.startOf(from));
    this.feeds.add(feed);
    feed.start();
    return feed;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    if (this.reader !== undefined) this.parts.counters.tails--;
    void this.reader?.close();
    this.reader = undefined;
  }

  join(feed: ListenerFeed): void {
    this.joined = [...this.joined, feed];
  }

  part(feed: ListenerFeed): void {
    this.joined = this.joined.filter((each) => each !== feed);
  }

  left(feed: ListenerFeed): void {
    this.feeds.delete(feed);
    if (!this.isUsed) this.onUnused();
  }

  catchUp(feed: ListenerFeed, after: EntryPosition): CatchUpReader {
    const { startedAt } = this;
    return new LoneReader(this.parts, {
      ...this.readerOptions(),
      after,
      onEntry: (entry) => feed.offerOwn(new ReadEntry(this.topic, entry)),
      onCorrupt: (position) => feed.passed(position),
      // It began after the tail did: what was stored before that has come.
      onEnd: () => feed.passed(startedAt),
      onFailed: (error) => feed.end(error),
    });
  }

  listenerFailed(error: PulsarError): void {
    const fields = { event: 'mqtt-feed-listener', partition: this.partition, error };
    this.parts.log.error(fields, 'a listener failed and is given nothing more');
  }

  private startOf(from: FeedStart): EntryPosition {
    if (from === 'latest') return this.position;
    return from === 'earliest' ? beforeAll : from.after;
  }

  private async open(): Promise<void> {
    const { parts } = this;
    const reader = await parts.pulsar.createReader({
      ...this.readerOptions(),
      start: 'latest',
      onEntry: (entry) => this.arrived(entry),
      onCorruptEntry: (position) => this.passed(position),
      onClosed: (error) => this.ended(error),
    });
    // What arrived while it was opened came to nobody: it is where all begin.
    this.position = reader.position ?? this.position;
    this.startedAt = this.position;
    if (this.closed) {
      void reader.close();
      throw asPulsarError(new Error('the gateway stops reading'), 'Closed');
    }
    this.reader = reader;
    parts.counters.tails++;
  }

  private readerOptions() {
    return {
      topic: this.partition,
      tenantKey: this.topic.tenant.name,
      permits: readerPermits,
      windowBytesMax: readerWindowBytes,
    };
  }

  private arrived(entry: BrokerEntry): void {
    this.parts.counters.entries++;
    const read = new ReadEntry(this.topic, entry);
    this.position = read.position;
    for (const feed of this.joined) feed.offer(read);
  }

  private passed(position: EntryPosition): void {
    this.position = { ledgerId: position.ledgerId, entryId: position.entryId };
  }

  private ended(error: PulsarError): void {
    this.close();
    this.onEnded();
    for (const feed of [...this.feeds]) feed.end(error);
  }
}
