import type { PulsarLog } from '#libs/pulsar';
import type { Tenant } from '#libs/tenancy';
import { MqttReasonCode } from '#libs/mqtt-codec';
import { MqttError } from '../mqtt.errors.js';
import type { MatchedTopics } from '../reading/matched-topics.js';
import type { PartitionFeeds } from '../reading/partition-feeds.js';
import type { StoreDone } from '../session/session-store.js';
import type { MqttSubscription } from './mqtt-subscription.js';
import type { TailSubscriber } from './tail-subscriber.js';

export interface TailSubscriptionsParts {
  readonly feeds: PartitionFeeds;
  readonly topics: MatchedTopics;
  readonly log: PulsarLog;
}

/** The subscriptions of sessions that end with their connection: what is published reaches them, and nothing is kept. */
export class TailSubscriptions {
  constructor(private readonly parts: TailSubscriptionsParts) {}

  /**
   * Adds, or replaces the subscriber's subscription with the same filter, which must not be a shared one. `done` when what
   * is published from now on is delivered.
   */
  subscribe(
    _tenant: Tenant,
    _subscriber: TailSubscriber,
    subscription: MqttSubscription,
    done: StoreDone,
  ): void {
    this.parts.log.debug({ filter: subscription.filter }, 'subscribe');
    done(new MqttError(MqttReasonCode.IMPLEMENTATION_SPECIFIC_ERROR, 'nothing is read yet'));
  }

  /** False: there was none with this filter. */
  unsubscribe(_tenant: Tenant, _subscriber: TailSubscriber, _filter: string): boolean {
    return false;
  }

  /** All of the subscriber's: its session has ended. */
  drop(_tenant: Tenant, _subscriber: TailSubscriber): void {}

  close(): void {}
}
