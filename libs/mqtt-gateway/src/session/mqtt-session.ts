import type { TailSubscriber } from '../subscriptions/tail-subscriber.js';
import type { MqttDelivery } from './mqtt-delivery.js';
import type { SessionScope } from './session-scope.js';
import type { SessionSink } from './session-sink.js';
import type { SessionStore } from './session-store.js';

/** A message that the client had not acknowledged when its session was last in memory. */
export type RestoredInFlight =
  | { readonly packetId: number; readonly state: 'sent'; readonly delivery: MqttDelivery }
  /** QoS 2, PUBREC has come: only the packet id is left. */
  | { readonly packetId: number; readonly state: 'received'; readonly onDone?: MqttDelivery['onDone'] };

export interface MqttSessionOptions {
  readonly clientId: string;
  readonly store: SessionStore;
  readonly scope: SessionScope;
  /** In the order in which they were sent, and received. */
  readonly inFlight?: readonly RestoredInFlight[];
}

/** One session, with or without a connection. */
export class MqttSession implements TailSubscriber {
  readonly clientId: string;
  readonly store: SessionStore;

  constructor(options: MqttSessionOptions) {
    this.clientId = options.clientId;
    this.store = options.store;
  }

  get attached(): boolean {
    return false;
  }

  /** Sends again what is in flight: DUP and the original packet ids, in the original order [MQTT-4.4.0-1]. */
  attach(_sink: SessionSink): void {}

  /** The connection is gone: what was not sent is returned, what is in flight is kept. */
  detach(): void {}

  /** The session has ended: all that it holds is returned. */
  end(): void {}

  /** False: its queue is full, or it has no connection. */
  deliver(_delivery: MqttDelivery): boolean {
    return false;
  }

  whenRoom(_listener: () => void): void {}

  mayReceive(_topic: string): boolean {
    return false;
  }

  onWritable(): void {}
}
