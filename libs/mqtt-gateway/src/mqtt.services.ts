import type { Authenticator, Authorizer, ScramUsers, SecurityRules } from '#libs/auth';
import type { ClusterView } from '#libs/cluster';
import type { MqttQos } from '#libs/mqtt-codec';
import type { PulsarClient } from '#libs/pulsar';
import type { RateLimits } from '#libs/rate-limit';
import type { Log, Metrics } from '#libs/telemetry';
import type { Tenant, TenantDirectory } from '#libs/tenancy';
import type { MqttIdentity } from './connection/mqtt-identity.js';
import type { MqttCounters } from './mqtt.counters.js';
import type { MqttError } from './mqtt.errors.js';
import type { MqttOptions } from './mqtt.options.js';
import type { Publisher } from './publishing/publisher.js';
import type { RetainedMessages } from './retained/retained-messages.js';
import type { SessionDirectory } from './session/session-directory.js';
import type { SessionScope } from './session/session-scope.js';
import type { TailSubscriber } from './subscriptions/tail-subscriber.js';
import type { MqttSubscription } from './subscriptions/mqtt-subscription.js';
import type { SystemTopics } from './system-topics/system-topics.js';

/** Why a tenant is not served at present. */
export interface TenantRefusal {
  readonly retriable: boolean;
  readonly message: string;
}

/** What the process gives. */
export interface MqttProcess {
  readonly pulsar: PulsarClient;
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  /** What clients may change of it; absent: nothing. */
  readonly security?: { readonly rules: SecurityRules; readonly scram: ScramUsers };
  readonly limits: RateLimits;
  /** Of the gateway, for `$SYS/broker/version`. */
  readonly version?: string;
  /** Whether the state namespace has what it needs; default: always. */
  readonly stateServed?: () => boolean;
  /** Default: it is alone. */
  readonly cluster?: ClusterView;
  readonly tenants: TenantDirectory;
  /** Undefined where the tenant is served. */
  readonly tenantRefusal?: (tenant: string) => TenantRefusal | undefined;
  readonly options: MqttOptions;
  readonly log: Log;
  readonly metrics: Metrics;
}

export type SubscribeDone = (error?: MqttError) => void;

/** Subscriptions of sessions that end with their connection: what is published from `done` on is delivered. */
export interface TransientSubscriptions {
  subscribe(
    tenant: Tenant,
    subscriber: TailSubscriber,
    subscription: MqttSubscription,
    done: SubscribeDone,
  ): void;
  unsubscribe(tenant: Tenant, subscriber: TailSubscriber, filter: string): void;
  /** All of a subscriber. */
  drop(tenant: Tenant, subscriber: TailSubscriber): void;
}

export interface GroupSubscriptions {
  /** The same for `$share/...` filters; deliveries are given back by their `onDone`. */
  join(tenant: Tenant, subscriber: TailSubscriber, subscription: MqttSubscription, done: SubscribeDone): void;
  leave(tenant: Tenant, subscriber: TailSubscriber, filter: string): void;
}

export type SubscribeDecision = 'allowed' | 'denied' | 'per-message';

export interface ClientAuthorization {
  mayPublish(identity: MqttIdentity, topic: string, qos: MqttQos, retain: boolean): boolean;
  maySubscribe(identity: MqttIdentity, filter: string, qos: MqttQos): SubscribeDecision;
  mayReceive(identity: MqttIdentity, topic: string): boolean;
}

/** What the connections of a process have in common: all that handlers work with. */
export interface MqttServices extends MqttProcess {
  readonly cluster: ClusterView;
  readonly counters: MqttCounters;
  readonly publisher: Publisher;
  readonly sessions: SessionDirectory;
  readonly scope: SessionScope;
  readonly tails: TransientSubscriptions;
  readonly groups: GroupSubscriptions;
  readonly retained: RetainedMessages;
  /** `$SYS/`, and what it counts of each tenant. */
  readonly system: SystemTopics;
  readonly authorization: ClientAuthorization;
}
