import type { ClusterView, SliceClock } from '#libs/cluster';
import type { PulsarClient } from '#libs/pulsar';
import type { RateLimits } from '#libs/rate-limit';
import type { Log } from '#libs/telemetry';
import type { TenantDirectory } from '#libs/tenancy';
import type { MqttOptions } from '../mqtt.options.js';
import type { ClientAuthorization } from '../mqtt.services.js';
import type { Publisher } from '../publishing/publisher.js';
import type { SequencedPublisher } from '../publishing/sequenced-publisher.js';
import type { MatchedTopics } from '../reading/matched-topics.js';
import type { PartitionFeeds } from '../reading/partition-feeds.js';
import type { TopicReading } from '../reading/topic-reading.js';
import type { MqttSession } from '../session/mqtt-session.js';
import type { OpenRequest } from '../session/session-directory.js';
import type { SessionScope } from '../session/session-scope.js';
import type { SharedSubscriptions } from '../subscriptions/share-subscriptions.js';

/** A session that ends with its connection. */
export interface TransientSession {
  readonly session: MqttSession;
  /** The connection has ended: forgets its subscriptions. */
  end(): void;
}

export interface SliceSessionsParts {
  readonly pulsar: Pick<PulsarClient, 'acquireLease' | 'admin'>;
  readonly cluster: ClusterView;
  readonly tenants: TenantDirectory;
  readonly options: MqttOptions;
  /** Default: none. */
  readonly limits?: RateLimits;
  readonly scope: SessionScope;
  readonly log: Log;
  readonly feeds: Pick<PartitionFeeds, 'open'>;
  readonly topics: MatchedTopics;
  readonly reading: TopicReading;
  readonly shared: Pick<SharedSubscriptions, 'join' | 'leave' | 'drop' | 'keep'>;
  readonly sequenced: SequencedPublisher;
  /** For wills; retains what is to be retained. */
  readonly publisher: Publisher;
  /** Calls `done` at once and publishes nothing, unless there is something to retain before. */
  readonly retainFirst: Publisher;
  /** Asked again when a will is published. */
  readonly authorization: Pick<ClientAuthorization, 'mayPublish'>;
  /** A session for a connection whose client id was claimed. */
  openTransient(request: OpenRequest): TransientSession;
  /** Default: the system's. */
  readonly clock?: SliceClock;
}
