import type { ClockTimer, SliceClock } from '#libs/cluster';
import { asPulsarError, type EntryPosition, type PulsarError } from '#libs/pulsar';
import type { Log } from '#libs/telemetry';
import type { Tenant } from '#libs/tenancy';
import type { EntryMessages, Feed, FeedListener, FeedStart } from '../reading/feed.js';
import type { PartitionFeeds } from '../reading/partition-feeds.js';

export interface SlicePartitionParts {
  readonly tenant: Tenant;
  readonly feeds: Pick<PartitionFeeds, 'open'>;
  readonly clock: SliceClock;
  readonly log: Log;
  /** False: the next one when {@link SlicePartition.resume} was called. */
  onEntry(partition: SlicePartition, position: EntryPosition, messages: EntryMessages): boolean;
  /** Where it begins is known, once. */
  onBegun(partition: string, position: EntryPosition): void;
}

const retryMsMin = 500;
const retryMsMax = 30_000;

/** One partition as a slice reads it, from where the slice left it, for as long as some filter can match what is in it. */
export class SlicePartition implements FeedListener {
  users = 0;
  /** Rejects when the first attempt failed; others follow. */
  readonly opened: Promise<void>;
  #feed: Feed | undefined;
  #position: EntryPosition | undefined;
  #retryMs = retryMsMin;
  #timer: ClockTimer | undefined;
  #closed = false;

  constructor(
    private readonly parts: SlicePartitionParts,
    readonly name: string,
    private readonly from: FeedStart,
  ) {
    this.#position = typeof from === 'object' ? from.after : undefined;
    this.opened = this.#open();
    this.opened.catch(() => undefined);
  }

  onEntry(position: EntryPosition, messages: EntryMessages): boolean {
    this.#position = position;
    return this.parts.onEntry(this, position, messages);
  }

  onEnded(error: PulsarError): void {
    this.#feed = undefined;
    this.#again(error);
  }

  resume(): void {
    this.#feed?.resume();
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#feed?.close();
    this.#feed = undefined;
  }

  async #open(): Promise<void> {
    const { feeds, tenant, onBegun } = this.parts;
    const isFirst = this.#position === undefined;
    try {
      const from = this.#position === undefined ? this.from : { after: this.#position };
      const feed = await feeds.open(tenant, this.name, from, this);
      if (this.#closed) {
        feed.close();
        return;
      }
      this.#feed = feed;
      this.#retryMs = retryMsMin;
      // Entries may have come before this: then it has begun already.
      if (isFirst && this.#position === undefined) {
        this.#position = feed.position;
        onBegun(this.name, feed.position);
      }
    } catch (error) {
      this.#again(asPulsarError(error, 'UnknownError'));
      throw error;
    }
  }

  /** Also when the topic is not there: it is listed, or this would have been closed. */
  #again(error: PulsarError): void {
    if (this.#closed || error.code === 'Closed') return;
    const fields = { event: 'mqtt-slice-read-again', partition: this.name, reason: error.message };
    this.parts.log.warn(fields, 'a partition cannot be read for persistent sessions and is tried again');
    this.#timer = this.parts.clock.after(this.#retryMs, () => {
      this.#open().catch(() => undefined);
    });
    this.#retryMs = Math.min(this.#retryMs * 2, retryMsMax);
  }
}
