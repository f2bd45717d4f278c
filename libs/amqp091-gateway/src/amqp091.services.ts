import type { Authenticator, Authorizer, SessionWatch } from '#libs/auth';
import type { ClusterView } from '#libs/cluster';
import type { PulsarClient } from '#libs/pulsar';
import type { RateLimits } from '#libs/rate-limit';
import type { Log, Metrics } from '#libs/telemetry';
import type { TenantDirectory } from '#libs/tenancy';
import type { IdleWheel } from '#libs/transport';
import type { Amqp091Counters } from './amqp091.counters.js';
import type { VhostWatch } from './connection/vhost-watch.js';
import type { Amqp091Options } from './amqp091.options.js';
import type { ContentBudget } from './channels/content-budget.js';
import type { QueueAnswers } from './keepers/queue-answers.js';
import type { QueueKeeper } from './keepers/queue-keeper.js';
import type { ChannelPublishing } from './publishing/channel-publishing.js';
import type { ConsumingServices } from './consuming/consuming-services.js';
import type { UseOf } from './queues/queue-use.js';
import type { Queues } from './queues/queues.js';
import type { Topologies } from './topology/topologies.js';

/** Why a tenant is not served at present. */
export interface TenantRefusal {
  readonly retriable: boolean;
  readonly message: string;
}

/** What the process gives. */
export interface Amqp091Process {
  readonly pulsar: PulsarClient;
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  readonly limits: RateLimits;
  readonly tenants: Pick<TenantDirectory, 'byName' | 'onChange'>;
  /** Of the gateway, for the server properties. */
  readonly version?: string;
  /** Default: it is alone. */
  readonly cluster?: ClusterView;
  /** Undefined where the tenant is served. */
  readonly tenantRefusal?: (tenant: string) => TenantRefusal | undefined;
  /** The same of a namespace of the tenant: that of the vhost. */
  readonly namespaceRefusal?: (pulsarNamespace: string) => TenantRefusal | undefined;
  /** Whether the state namespace has what it needs. Default: it has. */
  readonly stateServed?: () => boolean;
  readonly options: Amqp091Options;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** What connections have in common, and the parts of their channels see. */
export interface Amqp091Services extends Amqp091Process {
  readonly cluster: ClusterView;
  readonly counters: Amqp091Counters;
  readonly topologies: Topologies;
  readonly queues: Queues;
  readonly keeper: QueueKeeper;
  readonly useOf: UseOf;
  readonly consuming: ConsumingServices;
  readonly publishing: ChannelPublishing;
  /** What publishers ask and tell the keepers of queues. */
  readonly answers: QueueAnswers;
  /** Contents that have come in part, of all connections. */
  readonly contents: ContentBudget;
  /** Closes connections that fall silent, and keeps the others alive. */
  readonly idleWheel: IdleWheel;
  /** Ends connections whose identity ends. */
  readonly watch: SessionWatch;
  readonly vhosts: VhostWatch;
}
