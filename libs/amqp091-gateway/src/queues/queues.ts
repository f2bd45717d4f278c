import type { Queue } from '../topology/queue.js';
import type { QueueStore } from '../topology/queue-store.js';
import type { Amqp091Scope } from '../topology/scope.js';

/** The subscription that makes a queue of a Pulsar topic. AMQP 0-9-1 and 1.0 share it. */
export const queueSubscription = 'pulsegate.queue';

/** What the queue's subscription says of itself to who finds it in Pulsar. */
export const queueSubscriptionProperties: Readonly<Record<string, string>> = {
  'pulsegate.kind': 'amqp-queue',
};

/** Names of Pulsar consumers that gateways have for themselves and for their clients begin so: the queue's keeper counts those. */
export const gatewayConsumerPrefix = 'pulsegate.';

/** Of consumers of clients. */
export const queueConsumerName = 'pulsegate.consumer';

/** How names of Pulsar consumers begin by which clients get single messages: RabbitMQ does not count these as consumers. */
export const getConsumerPrefix = 'pulsegate.get.';

/** Names of Pulsar consumers by which the gateway looks at the heads of queues: they are nobody's. */
export const headConsumerName = 'pulsegate.head';

/** What Pulsar says of a queue. */
export interface StoredQueue {
  /** Those that nobody has been given. */
  readonly messages: number;
  /** Attached by clients of 0-9-1, as far as they are given messages. */
  readonly consumers: number;
  /** Of other protocols, and Pulsar's own. */
  readonly foreignConsumers: number;
}

export interface ReadyCount {
  readonly messages: number;
  readonly bytes: number;
  /** Of the consumer that was asked about; they may still be on their way to it. */
  readonly given: number;
}

/** Where the messages of queues are: the Pulsar topics, and their one subscription. */
export interface Queues extends Omit<QueueStore, 'use'> {
  use(scope: Amqp091Scope, queue: Pick<Queue, 'name'>): Promise<StoredQueue>;
  /**
   * Makes topic and subscription where they are not there: what is stored from then on waits for consumers. Of a queue that
   * nobody declared only the subscription. Known for a short time, so it may be asked before each use.
   *
   * Rejects with Amqp091Error: `internal-error` while Pulsar does not answer, `not-found` where an undeclared queue is gone.
   *
   * @returns `persistent://tenant/namespace/name`
   */
  prepare(scope: Amqp091Scope, queue: Pick<Queue, 'name' | 'uid'>): Promise<string>;
  /**
   * What nobody has been given, and its bytes as they are stored.
   *
   * @param consumerName of a Pulsar consumer: how many it was sent and did not acknowledge is said, too
   */
  ready(scope: Amqp091Scope, queue: Queue, consumerName?: string): Promise<ReadyCount>;
  /** Deletes what nobody has been given. Resolves to how many. */
  purge(scope: Amqp091Scope, queue: Queue): Promise<number>;
}
