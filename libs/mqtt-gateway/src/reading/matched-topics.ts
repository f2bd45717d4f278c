import type { PulsarClient, PulsarLog } from '#libs/pulsar';
import type { Tenant } from '#libs/tenancy';
import type { TopicReading } from './topic-reading.js';

/** Told of the partitions (full names) that a filter can match, as they come and go. */
export interface TopicFollower {
  /** @param isNew it was made after the filter was followed: all that is in it is to be read */
  onAdded(partition: string, isNew: boolean): void;
  onRemoved(partition: string): void;
}

export interface FollowedFilter {
  readonly partitions: ReadonlySet<string>;
  /** Nothing is told any more. */
  close(): void;
}

export interface MatchedTopicsParts {
  readonly pulsar: PulsarClient;
  readonly reading: TopicReading;
  readonly log: PulsarLog;
}

/** Which Pulsar partitions a filter can match, kept up to date. */
export class MatchedTopics {
  constructor(private readonly parts: MatchedTopicsParts) {}

  /**
   * Resolves when `onAdded` was called for all that exist (`isNew` false). Rejects with PulsarError when the topics of the
   * namespace cannot be listed.
   * @param filter valid, without `$share/`
   */
  async follow(_tenant: Tenant, filter: string, _follower: TopicFollower): Promise<FollowedFilter> {
    throw new Error(`${filter} is not followed yet by ${this.parts.pulsar.connectionCount}`);
  }

  close(): void {}
}
