import type { PulsarClient, PulsarLog } from '#libs/pulsar';
import type { Tenant } from '#libs/tenancy';
import { MqttReasonCode } from '#libs/mqtt-codec';
import { MqttError } from '../mqtt.errors.js';
import type { MatchedTopics } from '../reading/matched-topics.js';
import type { TopicReading } from '../reading/topic-reading.js';
import type { StoreDone } from '../session/session-store.js';
import type { MqttSubscription } from './mqtt-subscription.js';
import type { TailSubscriber } from './tail-subscriber.js';

export interface SharedSubscriptionsParts {
  readonly pulsar: PulsarClient;
  readonly reading: TopicReading;
  readonly topics: MatchedTopics;
  readonly log: PulsarLog;
}

/** `$share/group/filter`: Pulsar Shared subscriptions whose messages the connected members of all gateways divide. */
export class SharedSubscriptions {
  constructor(private readonly parts: SharedSubscriptionsParts) {}

  /**
   * The subscriber takes its part from now on. Deliveries carry `onDone`: a message is acknowledged to Pulsar when its
   * outcome is `completed`; it goes to another member when it is `returned`, or when the member leaves before.
   * @param subscription its filter begins with `$share/`; one with the same filter is replaced
   */
  join(_tenant: Tenant, _subscriber: TailSubscriber, subscription: MqttSubscription, done: StoreDone): void {
    this.parts.log.debug({ filter: subscription.filter }, 'join');
    done(new MqttError(MqttReasonCode.IMPLEMENTATION_SPECIFIC_ERROR, 'nothing is read yet'));
  }

  /** UNSUBSCRIBE. False: it was no member. */
  leave(_tenant: Tenant, _subscriber: TailSubscriber, _filter: string): boolean {
    return false;
  }

  /** Leaves all: its connection has ended. What was sent to it at QoS 2 is to be `completed` by the session before. */
  drop(_tenant: Tenant, _subscriber: TailSubscriber): void {}

  /**
   * A persistent session has the subscription, connected or not: messages wait for its group in Pulsar when no member is
   * there. Counted: each `keep` is ended by calling what it returns.
   */
  keep(_tenant: Tenant, _filter: string): () => void {
    return () => undefined;
  }

  close(): void {}
}
