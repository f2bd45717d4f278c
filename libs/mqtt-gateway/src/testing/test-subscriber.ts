import type { DeliveryOutcome, MqttDelivery } from '../session/mqtt-delivery.js';
import type { MqttSubscription } from '../subscriptions/mqtt-subscription.js';
import type { TailSubscriber } from '../subscriptions/tail-subscriber.js';

/** A session that keeps what it gets. */
export class TestSubscriber implements TailSubscriber {
  readonly got: MqttDelivery[] = [];
  denied = '';
  throws = false;
  /** Deliveries that it takes. */
  room = Number.POSITIVE_INFINITY;
  /** Acknowledges at once. */
  acknowledges = true;
  private waiting: (() => void)[] = [];

  constructor(readonly clientId: string) {}

  deliver(delivery: MqttDelivery): boolean {
    if (this.throws) throw new Error('a bug');
    if (this.room <= 0) return false;
    this.room--;
    this.got.push(delivery);
    if (this.acknowledges || delivery.qos === 0) delivery.onDone?.('completed');
    return true;
  }

  mayReceive(topic: string): boolean {
    return topic !== this.denied;
  }

  whenRoom(listener: () => void): void {
    this.waiting.push(listener);
  }

  makeRoom(room: number): void {
    this.room = room;
    for (const listener of this.waiting.splice(0)) listener();
  }

  finish(outcome: DeliveryOutcome): void {
    for (const delivery of this.got) delivery.onDone?.(outcome);
  }

  get payloads(): string[] {
    return this.got.map(({ message }) => message.payload.toString());
  }
}

export function subscriptionTo(filter: string, options: Partial<MqttSubscription> = {}): MqttSubscription {
  return {
    filter,
    qos: 1,
    noLocal: false,
    retainAsPublished: false,
    retainHandling: 0,
    identifier: undefined,
    checked: false,
    ...options,
  };
}
