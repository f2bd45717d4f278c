import type { ClusterView } from '#libs/cluster';
import { MqttReasonCode } from '#libs/mqtt-codec';
import type { PulsarClient } from '#libs/pulsar';
import type { Log } from '#libs/telemetry';
import type { TenantDirectory } from '#libs/tenancy';
import { MqttError } from '../mqtt.errors.js';
import type { MqttOptions } from '../mqtt.options.js';
import type { Publisher } from '../publishing/publisher.js';
import type { SequencedPublisher } from '../publishing/sequenced-publisher.js';
import type { MatchedTopics } from '../reading/matched-topics.js';
import type { PartitionFeeds } from '../reading/partition-feeds.js';
import type { TopicReading } from '../reading/topic-reading.js';
import type { MqttSession } from '../session/mqtt-session.js';
import type { OpenRequest, SessionDirectory, SessionOpening } from '../session/session-directory.js';
import type { SessionScope } from '../session/session-scope.js';
import type { SharedSubscriptions } from '../subscriptions/share-subscriptions.js';
import type { WillAuthor } from './records/will-record.js';
import type { Tenant } from '#libs/tenancy';
import type { MqttWill } from '../session/session-directory.js';

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
  readonly scope: SessionScope;
  readonly log: Log;
  readonly feeds: Pick<PartitionFeeds, 'open'>;
  readonly topics: MatchedTopics;
  readonly reading: TopicReading;
  readonly shared: Pick<SharedSubscriptions, 'join' | 'leave' | 'drop' | 'keep'>;
  readonly sequenced: SequencedPublisher;
  /** For wills; retains what is to be retained. */
  readonly publisher: Publisher;
  /** Asked again when a will is published. */
  mayPublishWill(tenant: Tenant, author: WillAuthor, clientId: string, will: MqttWill): boolean;
  /** A session for a connection whose client id was claimed. */
  openTransient(request: OpenRequest): TransientSession;
}

/** Who has which session: by the slices of all tenants, each of which one gateway holds by lease. */
export class SliceSessions implements SessionDirectory {
  constructor(private readonly parts: SliceSessionsParts) {}

  async open(request: OpenRequest): Promise<SessionOpening> {
    this.parts.log.debug({ event: 'mqtt-open', clientId: request.clientId }, 'open');
    throw new MqttError(MqttReasonCode.SERVER_UNAVAILABLE, 'sessions are not served yet');
  }

  async close(): Promise<void> {}
}
