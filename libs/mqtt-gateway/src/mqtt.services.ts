import type { Authenticator, Authorizer, ScramUsers, SecurityRules, SessionWatch } from '#libs/auth';
import type { ClusterView } from '#libs/cluster';
import type { MqttQos } from '#libs/mqtt-codec';
import type { PulsarClient } from '#libs/pulsar';
import type { RateLimits } from '#libs/rate-limit';
import type { Log, Metrics } from '#libs/telemetry';
import type { TenantDirectory } from '#libs/tenancy';
import type { KeepAliveWheel } from './connection/keep-alive-wheel.js';
import type { MqttIdentity } from './connection/mqtt-identity.js';
import type { MqttCounters } from './mqtt.counters.js';
import type { MqttOptions } from './mqtt.options.js';
import type { Publisher } from './publishing/publisher.js';
import type { RetainedMessages } from './retained/retained-messages.js';
import type { SessionDirectory } from './session/session-directory.js';
import type { SessionScope } from './session/session-scope.js';
import type { SharedSubscriptions } from './subscriptions/share-subscriptions.js';
import type { TailSubscriptions } from './subscriptions/tail-subscriptions.js';
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

export type SubscribeDecision = 'allowed' | 'denied' | 'per-message';

export interface ClientAuthorization {
  mayPublish(identity: MqttIdentity, topic: string, qos: MqttQos, retain: boolean): boolean;
  /** `per-message`: some of what the filter says may not be received. */
  maySubscribe(identity: MqttIdentity, filter: string, qos: MqttQos): SubscribeDecision;
  mayReceive(identity: MqttIdentity, topic: string): boolean;
  /** Another number whenever an answer may have changed. */
  version(identity: MqttIdentity): number;
}

/** What the connections of a process have in common: all that handlers work with. */
export interface MqttServices extends MqttProcess {
  readonly cluster: ClusterView;
  readonly counters: MqttCounters;
  readonly publisher: Publisher;
  readonly sessions: SessionDirectory;
  readonly scope: SessionScope;
  readonly tails: TailSubscriptions;
  readonly groups: SharedSubscriptions;
  readonly retained: RetainedMessages;
  /** `$SYS/`, and what it counts of each tenant. */
  readonly system: SystemTopics;
  readonly authorization: ClientAuthorization;
  /** Closes clients that fall silent. */
  readonly keepAlive: KeepAliveWheel;
  /** Ends connections whose identity ends. */
  readonly watch: SessionWatch;
}
