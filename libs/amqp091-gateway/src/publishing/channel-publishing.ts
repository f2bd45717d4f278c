import type { ClusterView } from '#libs/cluster';
import type { Metrics } from '#libs/telemetry';
import { DirectReplies } from '../replies/direct-replies.js';
import { CatchUps } from './catch-ups.js';
import { ConnectionIntake, type PublishingConnection } from './connection-intake.js';
import { HeldBudget } from './held-budget.js';
import { MessagePublisher } from './message-publisher.js';
import { QueuePublishers, type QueuePublishersServices } from './queue-publishers.js';
import { UndeclaredQueues } from './undeclared-queues.js';

export interface ChannelPublishingServices extends QueuePublishersServices {
  readonly cluster: ClusterView;
  readonly metrics: Metrics;
}

/** What publishing counts: plain numbers, read on each scrape. */
export class PublishCounters {
  /** Not stored: their publishers were told with basic.nack, if they wanted to know. */
  refused = 0;
  /** Came to no queue, and back. */
  returned = 0;
  /** Came to no queue, which nobody wanted to know. */
  unroutable = 0;
}

/** What the channels of all connections need to publish. */
export class ChannelPublishing {
  readonly publisher: MessagePublisher;
  readonly replies: DirectReplies;
  readonly undeclared = new UndeclaredQueues();
  readonly catchUps = new CatchUps();
  readonly counters = new PublishCounters();
  readonly #held: HeldBudget;
  readonly #intakes = new WeakMap<PublishingConnection, ConnectionIntake>();

  constructor(private readonly services: ChannelPublishingServices) {
    this.replies = new DirectReplies(services.cluster, services.metrics);
    this.publisher = new MessagePublisher(new QueuePublishers(services), this.replies);
    this.#held = new HeldBudget(services.options.transactionBytesMaxPerProcess);
    this.#register(services.metrics);
  }

  intakeOf(connection: PublishingConnection): ConnectionIntake {
    let intake = this.#intakes.get(connection);
    if (intake === undefined) {
      intake = new ConnectionIntake(connection, this.services.options, this.#held);
      this.#intakes.set(connection, intake);
    }
    return intake;
  }

  close(): Promise<void> {
    return this.publisher.queues.close();
  }

  #register(metrics: Metrics): void {
    const { counters } = this;
    metrics.counter({
      name: 'pulsegate_amqp091_publishes_refused_total',
      help: 'Messages of AMQP 0-9-1 clients that were not stored.',
      read: () => counters.refused,
    });
    metrics.counter({
      name: 'pulsegate_amqp091_publishes_returned_total',
      help: 'Mandatory messages of AMQP 0-9-1 clients that came to no queue.',
      read: () => counters.returned,
    });
    metrics.counter({
      name: 'pulsegate_amqp091_publishes_unroutable_total',
      help: 'Other messages of AMQP 0-9-1 clients that came to no queue.',
      read: () => counters.unroutable,
    });
  }
}
