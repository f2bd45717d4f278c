import type { MqttDelivery } from '../session/mqtt-delivery.js';

/** Who is given what matches its subscriptions. */
export interface TailSubscriber {
  readonly clientId: string;
  /** False: it has no room, the delivery is not taken. */
  deliver(delivery: MqttDelivery): boolean;
  /** Asked for each message of a subscription that is `checked`. */
  mayReceive(topic: string): boolean;
  /** Calls once when there may be room again, after `deliver` answered false. */
  whenRoom(listener: () => void): void;
}
