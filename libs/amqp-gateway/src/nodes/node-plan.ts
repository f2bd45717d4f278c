import type { AmqpComposite } from '#libs/amqp-codec';
import type { LinkSubscription } from '#libs/pulsar';
import type { AmqpIdentity } from '../connection/amqp-identity.js';
import type {
  MessageSink,
  MessageSource,
  MessageTarget,
  OutgoingDelivery,
  TransactionScope,
} from '../node.js';
import type { AmqpTopic } from './amqp-topic.js';

/** What messages of a topic a link wants. */
export interface MessageFilter {
  /** Never throws; a message that cannot be read does not match. Costs only what the filter asks about. */
  matches(delivery: OutgoingDelivery): boolean;
}

/** A link to a topic or queue that was found and may be sent to. */
export interface TargetPlan {
  readonly identity: AmqpIdentity;
  readonly containerId: string;
  readonly linkName: string;
  /** Its partitions change: they are read for each message. */
  readonly topic: AmqpTopic;
  /** `single`: each message is an entry of its own, a queue's, settled alone; `batched`: what comes together is one. */
  readonly entries: 'single' | 'batched';
  readonly terminus: AmqpComposite<'target'>;
  readonly transactions: TransactionScope;
}

/** A Pulsar subscription that a link is a consumer of. */
export interface SubscriptionPlan extends LinkSubscription {
  /**
   * What a filter does not match: `ack` where the subscription is its receivers' own, who all have the same filter; `leave`
   * on a queue, where it is somebody else's.
   */
  readonly unmatched: 'ack' | 'leave';
}

/** A link from a topic or queue that was found and may be received from. */
export interface SourcePlan {
  readonly identity: AmqpIdentity;
  readonly containerId: string;
  readonly linkName: string;
  readonly topic: AmqpTopic;
  /**
   * `subscription`: a consumer of it; `reader`: all that comes from now on, nothing stays in Pulsar; `browser`: what the
   * subscription has not acknowledged, once, and nothing is settled (distribution mode copy).
   */
  readonly reading:
    | { readonly kind: 'subscription'; readonly subscription: SubscriptionPlan }
    | { readonly kind: 'reader' }
    | { readonly kind: 'browser'; readonly subscription: string };
  readonly filter: MessageFilter | undefined;
  /** Whether messages that the link's own container sent are not for it. */
  readonly noLocal: boolean;
  /** Deliveries of one message before it is a dead letter; 0: no limit. */
  readonly deliveriesMax: number;
  readonly terminus: AmqpComposite<'source'>;
  readonly transactions: TransactionScope;
}

/** Opens what a link sends to. Rejects with AmqpError, PulsarError, PulsarAdminError. */
export interface TargetOpener {
  openTarget(plan: TargetPlan): Promise<MessageTarget>;
}

/** Opens what a link receives from. Rejects with AmqpError, PulsarError, PulsarAdminError. */
export interface SourceOpener {
  openSource(plan: SourcePlan, sink: MessageSink): Promise<MessageSource>;
}
