import type { MqttSubscription } from './mqtt-subscription.js';
import type { SharedMessage } from './share-message.js';
import type { TailSubscriber } from './tail-subscriber.js';

/** Messages of a group that one member has and has not acknowledged: with more, it would keep what others could do. */
const givenMax = 128;

/** A session in a group. */
export class SharedMember {
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
}
