import type { MqttSubscription } from '../subscriptions/mqtt-subscription.js';
import type { PublishRequest } from '../publishing/publisher.js';
import type { MqttError } from '../mqtt.errors.js';
import type { DeliveryRef } from './mqtt-delivery.js';

export type StoreDone = (error?: MqttError) => void;

/**
 * What must outlive the connection of a session. Two kinds: of sessions that end with their connection, in memory, where
 * `done` is called before the method returns; and of persistent ones, in the log of their slice, where it is called after
 * Pulsar's receipt. In order of the calls; exactly once; an error means that the session is lost here (another gateway has
 * it, or Pulsar is away for too long) and its connection is to be closed.
 */
export interface SessionStore {
  /** Adds, or replaces the subscription with the same filter. `done` when messages published from now on are delivered. */
  subscribe(subscription: MqttSubscription, done: StoreDone): void;
  /** Whether there was such a subscription is what `done` tells. */
  unsubscribe(filter: string, done: (error: MqttError | undefined, existed: boolean) => void): void;
  readonly subscriptions: ReadonlyMap<string, MqttSubscription>;

  /** QoS 2 in: packet ids of messages that are, or are being, stored and not yet released. */
  holds(packetId: number): boolean;
  /**
   * Publishes once, whatever happens: `done` after Pulsar's receipt, when PUBREC may be sent. Called for a packet id that is
   * held (a client's repetition), it publishes nothing and `done` tells how the first call ended.
   */
  receive(packetId: number, publish: PublishRequest, done: (error?: MqttError) => void): void;
  /** PUBREL: `done` when the packet id is free, and PUBCOMP may be sent. */
  release(packetId: number, done: StoreDone): void;

  /** QoS 1 and 2 out. QoS 2: `done` before PUBLISH is sent with this packet id for the first time. */
  sending(ref: DeliveryRef | undefined, packetId: number, qos: 1 | 2, done: StoreDone): void;
  /** QoS 2 out: PUBREC has come, `done` before PUBREL is sent. */
  received(packetId: number, done: StoreDone): void;
  /** PUBACK or PUBCOMP has come, the client refused it, it expired or was dropped: it is not delivered again. */
  completed(ref: DeliveryRef | undefined, packetId: number | undefined): void;
}
