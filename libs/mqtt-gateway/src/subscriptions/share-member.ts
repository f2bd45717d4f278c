import type { MqttQos } from '#libs/mqtt-codec';
import type { MqttDelivery } from '../session/mqtt-delivery.js';
import type { MqttSubscription } from './mqtt-subscription.js';
import type { MessageHolder, SharedMessage } from './share-message.js';
import type { TailSubscriber } from './tail-subscriber.js';

/** Messages of a group that one member has and has not acknowledged: with more, it would keep what others could do. */
const givenMax = 128;

/** A session in a group. */
export class SharedMember implements MessageHolder {
  readonly given = new Set<SharedMessage>();
  /** Its session said so, and has not said otherwise since. */
  isFull = false;

  constructor(
    readonly subscriber: TailSubscriber,
    public options: MqttSubscription,
  ) {}

  get identifiers(): readonly number[] {
    const { identifier } = this.options;
    return identifier === undefined ? [] : [identifier];
  }

  get hasRoom(): boolean {
    return !this.isFull && this.given.size < givenMax;
  }

  mayReceive(topic: string): boolean {
    const { options, subscriber } = this;
    const isOpen = !options.checked && subscriber.permissionsChanged !== true;
    return isOpen || subscriber.mayReceive(topic);
  }

  /** False: there is no room. */
  give(message: SharedMessage): boolean {
    const { options } = this;
    const delivery: MqttDelivery = {
      message: message.message,
      qos: Math.min(options.qos, message.message.qos) as MqttQos,
      retain: options.retainAsPublished && message.message.retain,
      subscriptionIdentifiers: this.identifiers,
      onDone: (outcome) => message.ended(this, outcome),
    };
    message.taken(this);
    return this.subscriber.deliver(delivery) || message.refused(this);
  }
}
