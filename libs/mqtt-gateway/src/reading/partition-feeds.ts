import type { PulsarClient, PulsarLog } from '#libs/pulsar';
import type { Tenant } from '#libs/tenancy';
import type { Feed, FeedListener, FeedStart } from './feed.js';
import type { TopicReading } from './topic-reading.js';

export interface PartitionFeedsParts {
  readonly pulsar: PulsarClient;
  readonly reading: TopicReading;
  readonly log: PulsarLog;
}

/** What this process reads of Pulsar for MQTT: each partition once, for all who listen. */
export class PartitionFeeds {
  constructor(private readonly parts: PartitionFeedsParts) {}

  /**
   * Resolves when what is published from now on is certain to come. Rejects with PulsarError: 'TopicNotFound',
   * 'AuthorizationError' and so on.
   * @param partition full name of a partition, or of a topic without
   */
  async open(_tenant: Tenant, partition: string, _from: FeedStart, _listener: FeedListener): Promise<Feed> {
    throw new Error(`${partition} is not read yet by ${this.parts.pulsar.connectionCount}`);
  }

  close(): void {}
}
