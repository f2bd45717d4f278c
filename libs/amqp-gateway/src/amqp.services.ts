import type { Authenticator, Authorizer, SessionWatch } from '#libs/auth';
import type { ClusterView } from '#libs/cluster';
import type { PulsarClient } from '#libs/pulsar';
import type { RateLimits } from '#libs/rate-limit';
import type { Log, Metrics } from '#libs/telemetry';
import type { TenantDirectory } from '#libs/tenancy';
import type { IdleWheel } from '#libs/transport';
import type { AmqpCounters } from './amqp.counters.js';
import type { AmqpOptions } from './amqp.options.js';
import type { LinkNames } from './links/link-names.js';
import type { SuspendedLinks } from './links/suspended-links.js';
import type { Nodes, Transactions } from './node.js';

/** Why a tenant is not served at present. */
export interface TenantRefusal {
  readonly retriable: boolean;
  readonly message: string;
}

/** What the process gives. */
export interface AmqpProcess {
  readonly pulsar: PulsarClient;
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  readonly limits: RateLimits;
  /** Of the gateway, for the properties of `open`. */
  readonly version?: string;
  /** Default: it is alone. */
  readonly cluster?: ClusterView;
  readonly tenants: TenantDirectory;
  /** Undefined where the tenant is served. */
  readonly tenantRefusal?: (tenant: string) => TenantRefusal | undefined;
  readonly options: AmqpOptions;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** What the connections of a process have in common. */
export interface AmqpServices extends AmqpProcess {
  readonly cluster: ClusterView;
  readonly counters: AmqpCounters;
  readonly nodes: Nodes;
  /** For each connection `openScope`, and `openCoordinator` for the nodes. */
  readonly transactions: Transactions;
  /** Closes connections that fall silent, and keeps the others alive. */
  readonly idleWheel: IdleWheel;
  /** Durable subscribers of all connections. */
  readonly durableLinks: LinkNames;
  /** Attached links that may be resumed, of all connections, and those that wait for it. */
  readonly resumableLinks: LinkNames;
  readonly suspendedLinks: SuspendedLinks;
  /** Ends connections whose identity ends. */
  readonly watch: SessionWatch;
}
