import { asPulsarError, type EntryPosition, type PulsarError, type PulsarLog } from '#libs/pulsar';
import type { Tenant } from '#libs/tenancy';
import type { EntryMessages, Feed, FeedListener, FeedStart } from '../reading/feed.js';
import type { PartitionFeeds } from '../reading/partition-feeds.js';
import type { MessageFanOut } from './message-fan-out.js';

export interface TailPartitionParts {
  readonly tenant: Tenant;
  readonly feeds: PartitionFeeds;
  readonly fanOut: MessageFanOut;
  readonly log: PulsarLog;
  /** All up to this entry was given. */
  onPassed(partition: string, position: EntryPosition): void;
}

/** Messages given to sessions in one turn of the event loop: an entry may hold a thousand, and each go to a thousand. */
const deliveriesPerTurnMax = 5_000;

const retryFirstMs = 500;
const retryMaxMs = 30_000;

/** One partition, read for the tenant's subscribers, for as long as one of the filters can match what is in it. */
export class TailPartition implements FeedListener {
  users = 0;
  /** Rejects when the first attempt failed; others follow. */
  readonly opened: Promise<void>;
  private feed: Feed | undefined;
  private position: EntryPosition | undefined;
  private retryMs = retryFirstMs;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(
    private readonly parts: TailPartitionParts,
    readonly partition: string,
    private readonly from: FeedStart,
  ) {
    this.opened = this.open();
    this.opened.catch(() => undefined);
  }

  /** The last entry that was given; undefined: none was read yet. */
  get passed(): EntryPosition | undefined {
    return this.feed?.position ?? this.position;
  }

  onEntry(position: EntryPosition, messages: EntryMessages): boolean {
    return this.giveFrom(0, position, messages);
  }

  onEnded(error: PulsarError): void {
    this.position = this.passed;
    this.feed = undefined;
    this.again(error);
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.feed?.close();
    this.feed = undefined;
  }

  /** The rest comes in another turn; the entries that follow wait. False: there is a rest. */
  private giveFrom(first: number, position: EntryPosition, messages: EntryMessages): boolean {
    const { fanOut } = this.parts;
    let deliveries = 0;
    for (let at = first; at < messages.length; at++) {
      const message = messages[at];
      if (message === undefined) continue;
      if (deliveries >= deliveriesPerTurnMax) {
        setImmediate(() => {
          if (!this.closed && this.giveFrom(at, position, messages)) this.feed?.resume();
        });
        return false;
      }
      deliveries += fanOut.give(message, this.partition, position);
    }
    this.parts.onPassed(this.partition, position);
    return true;
  }

  private async open(): Promise<void> {
    const { feeds, tenant } = this.parts;
    const from = this.position === undefined ? this.from : { after: this.position };
    try {
      const feed = await feeds.open(tenant, this.partition, from, this);
      if (this.closed) {
        feed.close();
        return;
      }
      this.feed = feed;
      this.retryMs = retryFirstMs;
    } catch (error) {
      this.again(asPulsarError(error, 'UnknownError'));
      throw error;
    }
  }

  /** Also when the topic is not there: it is listed, or this would have been closed. */
  private again(error: PulsarError): void {
    if (this.closed || error.code === 'Closed') return;
    const fields = { event: 'mqtt-read-again', partition: this.partition, reason: error.message };
    this.parts.log.warn(fields, 'a partition cannot be read for MQTT subscribers and is tried again');
    this.timer = setTimeout(() => {
      this.open().catch(() => undefined);
    }, this.retryMs);
    this.timer.unref();
    this.retryMs = Math.min(this.retryMs * 2, retryMaxMs);
  }
}
