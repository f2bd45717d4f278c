import { Buffer } from 'node:buffer';
import { type MqttPacket, MqttPacketDecoder, type PublishPacket } from '#libs/mqtt-codec';
import type { MqttMessage } from '../message.js';
import { MqttCounters } from '../mqtt.counters.js';
import type { MqttError } from '../mqtt.errors.js';
import type { DeliveryRef, MqttDelivery } from '../session/mqtt-delivery.js';
import { PublishEncoder } from '../session/publish-encoder.js';
import type { SessionScope } from '../session/session-scope.js';
import type { SessionSink } from '../session/session-sink.js';
import type { SessionStore, StoreDone } from '../session/session-store.js';
import { TenantTraffic } from '../system-topics/tenant-traffic.js';

/** A client that keeps what it is sent, decoded. */
export class FakeSink implements SessionSink {
  level: SessionSink['level'] = 5;
  receiveMaximum = 100;
  maximumPacketSizeBytes = 1_000_000;
  topicAliasMaximum = 0;
  /** What `sendBytes` answers. */
  room = true;
  permissionsChanged = false;
  readonly traffic = new TenantTraffic();
  readonly losses: MqttError[] = [];
  readonly chunks: (readonly Buffer[])[] = [];
  #decoder: MqttPacketDecoder | undefined;
  #packets: MqttPacket[] = [];

  constructor(settings: Partial<SessionSink> & { readonly room?: boolean } = {}) {
    Object.assign(this, settings);
  }

  sendBytes(bytes: Buffer | readonly Buffer[]): boolean {
    const parts = Buffer.isBuffer(bytes) ? [bytes] : bytes;
    this.chunks.push(parts);
    const packetBytesMax = 10_000_000;
    this.#decoder ??= new MqttPacketDecoder({
      connectBytesMax: packetBytesMax,
      packetBytesMax,
      serverLevel: this.level,
    });
    this.#packets.push(...this.#decoder.push(Buffer.concat(parts)));
    return this.room;
  }

  sendPublish(parts: readonly Buffer[]): boolean {
    return this.sendBytes(parts);
  }

  mayReceive(): boolean {
    return true;
  }

  lost(error: MqttError): void {
    this.losses.push(error);
  }

  /** What was sent since the last call. */
  take(): MqttPacket[] {
    return this.#packets.splice(0);
  }

  takePublishes(): PublishPacket[] {
    return this.take().filter((packet) => packet.type === 'publish');
  }
}

/** Keeps what is told of it; answers at once, or when it is let go. */
export class FakeSessionStore implements SessionStore {
  readonly subscriptions = new Map();
  /** Calls of `sending` at QoS 2 and `received` wait in {@link waiting}. */
  holds2 = false;
  readonly waiting: StoreDone[] = [];
  readonly sent: { ref: DeliveryRef | undefined; packetId: number; qos: 1 | 2 }[] = [];
  readonly receivedIds: number[] = [];
  readonly completions: { ref: DeliveryRef | undefined; packetId: number | undefined }[] = [];

  subscribe(_subscription: unknown, done: StoreDone): void {
    done();
  }

  unsubscribe(_filter: string, done: (error: MqttError | undefined, existed: boolean) => void): void {
    done(undefined, false);
  }

  holds(): boolean {
    return false;
  }

  receive(_packetId: number, _publish: unknown, done: StoreDone): void {
    done();
  }

  release(_packetId: number, done: StoreDone): void {
    done();
  }

  sending(ref: DeliveryRef | undefined, packetId: number, qos: 1 | 2, done: StoreDone): void {
    this.sent.push({ ref, packetId, qos });
    if (this.holds2 && qos === 2) this.waiting.push(done);
    else done();
  }

  received(packetId: number, done: StoreDone): void {
    this.receivedIds.push(packetId);
    if (this.holds2) this.waiting.push(done);
    else done();
  }

  completed(ref: DeliveryRef | undefined, packetId: number | undefined): void {
    this.completions.push({ ref, packetId });
  }
}

export function fakeScope(settings: Partial<SessionScope> = {}): SessionScope {
  return {
    outboundQueueMessagesMax: 1_000,
    outboundQueueBytesMax: 1_000_000,
    counters: new MqttCounters(),
    encoder: new PublishEncoder(),
    nowMs: () => 1_000_000,
    ...settings,
  };
}

export function messageOf(payload: string, settings: Partial<MqttMessage> = {}): MqttMessage {
  return {
    topic: 'a/b',
    payload: Buffer.from(payload),
    qos: 2,
    retain: false,
    properties: {},
    expiresAtMs: undefined,
    publisherId: 'publisher',
    ...settings,
  };
}

export function deliveryOf(
  payload: string,
  qos: MqttDelivery['qos'],
  settings: Partial<MqttDelivery> = {},
): MqttDelivery {
  return { message: messageOf(payload), qos, retain: false, subscriptionIdentifiers: [], ...settings };
}
