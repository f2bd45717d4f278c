import type { WatchedPermission } from '#libs/auth';
import type { PulsarError } from '#libs/pulsar';
import type { ConsumerRegistration } from '../keepers/queue-keeper.js';
import type { ChannelDeliveries } from './channel-deliveries.js';
import type { ConsumingServices } from './consuming-services.js';
import type { QueueMessage } from './queue-message.js';
import { type QueueSink, QueueSource } from './queue-source.js';
import type { QueueSourcePlan } from './queue-source-plan.js';

export interface QueueConsumerPlan extends QueueSourcePlan {
  readonly tag: string;
  readonly noAck: boolean;
  readonly exclusive: boolean;
  /** 0: no limit of its own. */
  readonly prefetch: number;
}

/**
 * One consumer of a channel (basic.consume).
 *
 *     waiting (another is the single active one) ──▶ active ── cancelled ──▶ what the client has can be settled
 */
export class QueueConsumer implements QueueSink {
  private source: QueueSource | undefined;
  private registration: ConsumerRegistration | undefined;
  private unacked = 0;
  private unwatch: () => void = () => {};
  private isStarted = false;
  private isOver = false;

  constructor(
    private readonly services: ConsumingServices,
    private readonly deliveries: ChannelDeliveries,
    readonly plan: QueueConsumerPlan,
    /** The queue is gone, or Pulsar gives no more of it, since it was started. */
    private readonly onGone: (consumer: QueueConsumer) => void,
  ) {}

  /** The queue can be gone before it is started. */
  get hasEnded(): boolean {
    return this.isOver;
  }

  get room(): number {
    if (!this.isStarted || this.isOver) return 0;
    const { room } = this.deliveries;
    const { prefetch, noAck } = this.plan;
    return noAck || prefetch === 0 ? room : Math.max(0, Math.min(room, prefetch - this.unacked));
  }

  /** Rejects with Amqp091Error or PulsarError where it cannot be a consumer of the queue. */
  async open(): Promise<void> {
    const { topology, queue, exclusive } = this.plan;
    const registration = await this.services.parts.keeper.register(topology, queue, {
      exclusive,
      onActive: (isActive) => this.activeChanged(isActive),
      onQueueGone: () => this.gone(),
    });
    if (this.isOver) {
      await registration.leave();
      return;
    }
    this.registration = registration;
    if (!registration.isActive) return;
    try {
      await this.attach();
    } catch (error) {
      await this.cancel();
      throw error;
    }
  }

  /** It ends when it is not allowed any more. */
  watch(live: WatchedPermission): void {
    if (!this.isOver) this.unwatch = this.services.live.add(live);
  }

  /** The client knows of it: messages may come. */
  start(): void {
    this.isStarted = true;
    this.roomChanged();
  }

  roomChanged(): void {
    this.source?.roomChanged();
  }

  onMessage(message: QueueMessage): void {
    const { tag, noAck } = this.plan;
    const { exchange = '', routingKey = '' } = message.stored ?? {};
    const isGiven = this.deliveries.give(
      message,
      (deliveryTag) => ({
        ...{ name: 'basic.deliver', consumerTag: tag, deliveryTag },
        ...{ redelivered: message.isAgain, exchange, routingKey },
      }),
      noAck,
      noAck ? undefined : this.settled,
    );
    if (isGiven && !noAck) this.unacked++;
  }

  onEnded(error: PulsarError): void {
    const { queue, tag } = this.plan;
    const fields = { event: 'amqp091-consumer-ended', queue: queue.name, tag, error };
    this.services.parts.log.debug(fields, 'a consumer is cancelled: Pulsar gives no more');
    void this.gone();
  }

  /**
   * What the client has stays with it; nothing more comes. Resolves when others may take its place: what is published from then
   * on is not on its way to this one, and comes to others as if it were not the first time. Never rejects.
   */
  async cancel(): Promise<void> {
    if (this.isOver) return;
    this.isOver = true;
    this.unwatch();
    const stopped = this.source?.stop();
    if (this.plan.queue.settings.singleActiveConsumer) await stopped;
    await Promise.all([this.registration?.leave(), stopped]);
  }

  /** There is nothing that could be settled any more: the channel has given back what it had, or the queue is gone. */
  async close(): Promise<void> {
    this.isOver = true;
    this.unwatch();
    const closed = this.source?.close();
    // The one that is next is given messages after those that this one gave back.
    if (this.plan.queue.settings.singleActiveConsumer) await closed;
    await Promise.all([this.registration?.leave(), closed]);
  }

  private readonly settled = (): void => {
    this.unacked--;
  };

  private async attach(): Promise<void> {
    const source = new QueueSource(this.services, this.plan, this);
    this.source = source;
    await source.open();
    if (this.isOver || this.source !== source) await source.stop();
    else source.roomChanged();
  }

  private async activeChanged(isActive: boolean): Promise<void> {
    if (this.isOver) return;
    if (!isActive) {
      const { source } = this;
      this.source = undefined;
      await source?.stop();
      return;
    }
    // Who told it does not wait for Pulsar.
    this.attach().catch((error: PulsarError) => this.onEnded(error));
  }

  private async gone(): Promise<void> {
    if (this.isOver) return;
    // What the client has is nowhere any more.
    const closed = this.close();
    if (this.isStarted) this.onGone(this);
    await closed;
  }
}
