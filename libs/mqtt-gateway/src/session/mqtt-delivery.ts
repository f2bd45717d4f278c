import type { MqttQos } from '#libs/mqtt-codec';
import type { MqttMessage } from '../message.js';

/** A message on its way to one session. */
export interface MqttDelivery {
  /** Owned: it stays as it is for as long as the delivery is kept. Shared by all sessions that get it. */
  readonly message: MqttMessage;
  /** The lower of what was published and what was subscribed [MQTT-3.8.4-8]. */
  readonly qos: MqttQos;
  /** The flag to send: of a retained message, or of one published so to a subscription with Retain As Published. */
  readonly retain: boolean;
  /** Of all subscriptions that match [MQTT-3.3.4-4]. */
  readonly subscriptionIdentifiers: readonly number[];
  /** What the session's store knows it by; undefined where nothing is stored of it. */
  readonly ref?: DeliveryRef;
  /**
   * Called once by the session, for who waits for the end of it. `completed`: the client has it, refused it, or it can not be
   * sent to it; `returned`: it was not, and may go to another session.
   */
  readonly onDone?: (outcome: DeliveryOutcome) => void;
}

export type DeliveryOutcome = 'completed' | 'returned';

/** Made by the session store and opaque to all others. */
export interface DeliveryRef {
  readonly sequence: number;
}
