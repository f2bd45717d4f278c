import type { MqttDelivery } from '../session/mqtt-delivery.js';

/** Who subscribed: a session, as retained messages and `$SYS` see it. */
export interface RetainedReceiver {
  readonly clientId: string;
  /** False: nothing is delivered until `resume` of its replay. */
  hasRoom(): boolean;
  /** False: it was not taken, and is offered again after `resume`. */
  deliver(delivery: MqttDelivery): boolean;
  /** Asked for each message of a `checked` subscription. */
  mayReceive(topic: string): boolean;
}
