import { asPulsarError, PulsarError } from '#libs/pulsar';
import type { Tenant } from '#libs/tenancy';
import type { Feed, FeedListener, FeedStart } from './feed.js';
import { PartitionTail, type PartitionTailParts } from './partition-tail.js';
import { readTopicOf } from './read-entry.js';
import type { TopicReading } from './topic-reading.js';

export interface PartitionFeedsParts extends PartitionTailParts {
  readonly reading: TopicReading;
  /** `partitionsReadMax` of the options. */
  readonly partitionsMax: number;
  /** How long a partition that nobody listens to is still read, in ms. Default 5 s. */
  readonly lingerMs?: number;
}

const lingerMsDefault = 5_000;

/** What this process reads of Pulsar for MQTT: each partition once, for all who listen. */
export class PartitionFeeds {
  private readonly tails = new Map<string, PartitionTail>();
  private readonly unused = new Map<string, NodeJS.Timeout>();
  private closed = false;

  constructor(private readonly parts: PartitionFeedsParts) {}

  /**
   * Resolves when what is published from now on is certain to come. Rejects with PulsarError: 'TopicNotFound',
   * 'AuthorizationError' and so on; 'TooManyPending' when as many partitions are read as may be.
   * @param partition full name of a partition, or of a topic without
   */
  open(tenant: Tenant, partition: string, from: FeedStart, listener: FeedListener): Promise<Feed> {
    if (this.closed) return Promise.reject(asPulsarError(new Error('the gateway stops reading'), 'Closed'));
    const known = this.tails.get(partition);
    const { partitionsMax } = this.parts;
    if (known === undefined && this.tails.size >= partitionsMax) {
      const message = `as many partitions as may be (${partitionsMax}) are read for MQTT`;
      return Promise.reject(new PulsarError('TooManyPending', message));
    }
    const tail = known ?? this.newTail(tenant, partition);
    clearTimeout(this.unused.get(partition));
    this.unused.delete(partition);
    return tail.feed(from, listener);
  }

  /** The tenant is not there any more: nobody comes back to what nobody listens to. */
  endTenant({ pulsarNamespace }: Tenant): void {
    const within = `persistent://${pulsarNamespace}/`;
    for (const partition of [...this.unused.keys()])
      if (partition.startsWith(within)) this.endUnused(partition);
  }

  /** Nobody is told anything more. */
  close(): void {
    this.closed = true;
    for (const timer of this.unused.values()) clearTimeout(timer);
    for (const tail of this.tails.values()) tail.close();
    this.unused.clear();
    this.tails.clear();
  }

  private newTail(tenant: Tenant, partition: string): PartitionTail {
    const forget = () => {
      if (this.tails.get(partition) === tail) this.tails.delete(partition);
    };
    const tail: PartitionTail = new PartitionTail(
      this.parts,
      readTopicOf(this.parts, tenant, partition),
      partition,
      () => this.linger(partition, tail),
      forget,
    );
    this.tails.set(partition, tail);
    tail.opened.catch(forget);
    return tail;
  }

  /** Clients come back after a moment, and others subscribe to the same. */
  private linger(partition: string, tail: PartitionTail): void {
    if (this.closed || this.tails.get(partition) !== tail) return;
    clearTimeout(this.unused.get(partition));
    const lingerMs = this.parts.lingerMs ?? lingerMsDefault;
    this.unused.set(partition, setTimeout(() => this.endUnused(partition), lingerMs).unref());
  }

  private endUnused(partition: string): void {
    clearTimeout(this.unused.get(partition));
    this.unused.delete(partition);
    const tail = this.tails.get(partition);
    if (tail === undefined || tail.isUsed) return;
    this.tails.delete(partition);
    tail.close();
  }
}
