import type { MqttDelivery } from '../session/mqtt-delivery.js';

/** Who is given what matches its subscriptions. */
export interface TailSubscriber {
  readonly clientId: string;
  /** False: it has no room, the delivery is not taken. */
  deliver(delivery: MqttDelivery): boolean;
  /** Some subscription may not be allowed any more as it was granted: `mayReceive` is to be asked for all of them. */
  readonly permissionsChanged?: boolean;
  /** Asked for each message of a subscription that is `checked`. */
  mayReceive(topic: string): boolean;
  /** Calls once when there may be room again, after `deliver` answered false. */
  whenRoom(listener: () => void): void;
}
