import { encodeAcknowledgement, MqttReasonCode, noProperties } from '#libs/mqtt-codec';
import { hasExpired } from '../message.js';
import type { DropReason } from '../mqtt.counters.js';
import { MqttError } from '../mqtt.errors.js';
import type { TailSubscriber } from '../subscriptions/tail-subscriber.js';
import type { MqttDelivery } from './mqtt-delivery.js';
import { OutboundQueue } from './outbound-queue.js';
import { type InFlight, OutboundWindow, type RestoredInFlight } from './outbound-window.js';
import { PacketIds } from './packet-ids.js';
import type { SessionScope } from './session-scope.js';
import type { SessionSink } from './session-sink.js';
import type { SessionStore } from './session-store.js';
import { OutboundAliases } from './topic-aliases.js';

export interface MqttSessionOptions {
  readonly clientId: string;
  readonly store: SessionStore;
  readonly scope: SessionScope;
  /** In the order in which they were sent, and received. */
  readonly inFlight?: readonly RestoredInFlight[];
}

/** PUBLISH in {@link MqttCounters}. */
const PUBLISH = 3;
const PUBREL = 6;

/**
 * One session: what is sent to a client, whether its session ends with the connection or not.
 *
 *     asleep ── attach ──▶ connected ── detach ──▶ asleep
 *       └───── end ─────▶ ended ◀───── end ──────────┘
 *
 * A delivery waits in the queue, then (QoS 1 and 2) is in the window until the client has finished with it:
 *
 *     deliver ─▶ queue ─┬─ QoS 0 ─────────────────────────▶ sent
 *                       └─ QoS 1, 2 ─▶ window (OutboundWindow has its states) ─▶ completed
 *
 * Order: nothing overtakes in the queue, and what the window has to send goes before the queue [MQTT-4.6.0-1, -6].
 * Memory: queue and window are made with the first message that needs them; an idle session is this object.
 */
export class MqttSession implements TailSubscriber {
  readonly clientId: string;
  readonly store: SessionStore;
  readonly #scope: SessionScope;
  #sink: SessionSink | undefined;
  #writable = false;
  #pumping = false;
  #queue: OutboundQueue | undefined;
  #window: OutboundWindow | undefined;
  #packetIds: PacketIds | undefined;
  #aliases: OutboundAliases | undefined;
  #forRoom: (() => void)[] | undefined;
  #onStored: ((error?: MqttError) => void) | undefined;

  constructor({ clientId, store, scope, inFlight }: MqttSessionOptions) {
    this.clientId = clientId;
    this.store = store;
    this.#scope = scope;
    if (inFlight === undefined || inFlight.length === 0) return;
    this.#window = new OutboundWindow(inFlight);
    this.#packetIds = new PacketIds();
    for (const { packetId } of inFlight) this.#packetIds.startAfter(packetId);
  }

  get attached(): boolean {
    return this.#sink !== undefined;
  }

  /** Deliveries that wait to be sent. */
  get queued(): number {
    return this.#queue?.length ?? 0;
  }

  /** QoS 1 and 2 messages that the client has not finished. */
  get inFlight(): number {
    return this.#window?.size ?? 0;
  }

  /** Sends again what is in flight: DUP and the original packet ids, in the original order [MQTT-4.4.0-1]. */
  attach(sink: SessionSink): void {
    if (this.#sink !== undefined) this.detach();
    this.#sink = sink;
    this.#writable = true;
    this.#aliases = sink.topicAliasMaximum > 0 ? new OutboundAliases(sink.topicAliasMaximum) : undefined;
    const window = this.#window;
    if (window !== undefined) {
      window.rewind();
      this.#pump();
      for (const inFlight of window.received.values()) {
        if (inFlight.releasable) this.#sendPubrel(inFlight.packetId, MqttReasonCode.SUCCESS);
      }
    }
    // Who has more for it waits for that since there was no connection.
    this.#tellRoom();
  }

  /**
   * The connection is gone: what was not sent is returned, what is in flight is kept. QoS 1 messages that others may have
   * instead are returned too; QoS 2 ones stay with this client [MQTT-4.8.2-4].
   */
  detach(): void {
    this.#sink = undefined;
    this.#writable = false;
    this.#aliases = undefined;
    this.#forRoom = undefined;
    this.#returnQueue();
    if (this.#window === undefined) return;
    for (const inFlight of [...this.#window.published.values()]) {
      const { onDone, qos, state } = inFlight;
      if (onDone === undefined || (qos === 2 && state === 'sent')) continue;
      this.#window.remove(inFlight);
      onDone('returned');
    }
  }

  /** The session has ended: all that it holds is returned, but what a client may have at QoS 2 [MQTT-4.8.2-5]. */
  end(): void {
    this.detach();
    const window = this.#window;
    this.#window = undefined;
    if (window === undefined) return;
    for (const { onDone } of window.published.values()) onDone?.('completed');
    for (const { onDone } of window.received.values()) onDone?.('completed');
  }

  /** False: its queue is full, or it has no connection; the delivery is not taken. */
  deliver(delivery: MqttDelivery): boolean {
    if (this.#sink === undefined) return false;
    const isNext = this.#writable && this.queued === 0 && this.#window?.hasUnsent !== true;
    if (delivery.qos === 0 && isNext) {
      this.#sendAtMostOnce(delivery);
      return true;
    }
    this.#queue ??= new OutboundQueue();
    if (this.#queue.isFull(this.#scope, this.#window?.bytes ?? 0)) return false;
    this.#queue.push(delivery);
    this.#pump();
    return true;
  }

  /** A delivery was not taken, and nobody keeps it. */
  overflowed(): void {
    if (this.#sink === undefined) this.#scope.counters.dropped.detached++;
    else this.#dropped('queue-full');
  }

  whenRoom(listener: () => void): void {
    (this.#forRoom ??= []).push(listener);
  }

  get permissionsChanged(): boolean {
    return this.#sink?.permissionsChanged === true;
  }

  mayReceive(topic: string): boolean {
    return this.#sink?.mayReceive(topic) === true;
  }

  onWritable(): void {
    if (this.#sink === undefined) return;
    this.#writable = true;
    this.#pump();
  }

  /** Whatever its reason code says, the message is not sent again [MQTT-4.4.0-2]. @throws MqttError for a QoS 2 message */
  onPuback(packetId: number): void {
    const inFlight = this.#sentWith(packetId);
    if (inFlight === undefined) {
      this.#scope.counters.strayAcknowledgements++;
      return;
    }
    if (inFlight.qos !== 1) throw wrongAnswer('PUBACK', packetId);
    this.#complete(inFlight);
    this.#pump();
  }

  /** @throws MqttError for a QoS 1 message */
  onPubrec(packetId: number, reasonCode: number): void {
    const inFlight = this.#sentWith(packetId);
    if (inFlight === undefined) {
      this.#onPubrecAgain(packetId, reasonCode);
      return;
    }
    if (inFlight.qos !== 2) throw wrongAnswer('PUBREC', packetId);
    if (reasonCode >= 0x80) {
      this.#complete(inFlight);
      this.#pump();
      return;
    }
    this.#window!.receive(inFlight);
    this.store.received(packetId, (error) => {
      if (error !== undefined) {
        this.#sink?.lost(error);
        return;
      }
      inFlight.releasable = true;
      // `attach` of another connection may have come between; it leaves this one to us.
      const held = this.#window?.received.get(packetId) === inFlight;
      if (held) this.#sendPubrel(packetId, MqttReasonCode.SUCCESS);
    });
  }

  onPubcomp(packetId: number): void {
    const inFlight = this.#window?.received.get(packetId);
    if (inFlight === undefined) {
      this.#scope.counters.strayAcknowledgements++;
      return;
    }
    this.#complete(inFlight);
    this.#pump();
  }

  /** Sends what may be sent now. Not reentrant: what is called here may deliver, or detach. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      while (this.#writable && this.#step());
    } finally {
      this.#pumping = false;
    }
    this.#tellRoom();
  }

  /** False: nothing can be sent now. */
  #step(): boolean {
    const window = this.#window;
    const { receiveMaximum } = this.#sink!;
    if (window?.hasUnsent) {
      const next = window.nextUnsent;
      if (next !== undefined && window.counted < receiveMaximum) {
        this.#sendInFlight(window, next);
        return true;
      }
      if (window.size >= receiveMaximum) return false;
      // Only QoS 2 ones are being stored: the next of them need not wait until these are.
      return next === undefined && this.#queue?.head?.qos === 2 && this.#admit(this.#queue);
    }
    const head = this.#queue?.head;
    if (head === undefined) return false;
    if (head.qos === 0) {
      this.#queue!.shift();
      this.#sendAtMostOnce(head);
      return true;
    }
    return (window?.size ?? 0) < receiveMaximum && this.#admit(this.#queue!);
  }

  /** The head of the queue gets a packet id and a place in the window. */
  #admit(queue: OutboundQueue): boolean {
    const delivery = queue.shift()!;
    const unwanted = this.#unwanted(delivery);
    if (unwanted !== undefined) {
      this.#drop(delivery, undefined, unwanted);
      return true;
    }
    this.#window ??= new OutboundWindow();
    this.#packetIds ??= new PacketIds();
    const window = this.#window;
    const qos = delivery.qos as 1 | 2;
    const packetId = this.#packetIds.next(window);
    const { ref, onDone } = delivery;
    const inFlight: InFlight = {
      packetId,
      qos,
      state: qos === 1 ? 'ready' : 'storing',
      delivery,
      ref,
      onDone,
      dup: false,
      counted: false,
      releasable: false,
    };
    window.add(inFlight);
    if (qos === 1) {
      this.#onStored ??= (error) => error && this.#sink?.lost(error);
      this.store.sending(ref, packetId, 1, this.#onStored);
      return true;
    }
    this.store.sending(ref, packetId, 2, (error) => {
      if (error !== undefined) {
        this.#sink?.lost(error);
        return;
      }
      if (inFlight.state !== 'storing') return;
      inFlight.state = 'ready';
      this.#pump();
    });
    return true;
  }

  /** Why it is not sent any more. */
  #unwanted({ message }: MqttDelivery): DropReason | undefined {
    if (message.expiresAtMs !== undefined && hasExpired(message, this.#scope.nowMs())) return 'expired';
    const sink = this.#sink!;
    return sink.permissionsChanged && !sink.mayReceive(message.topic) ? 'not-permitted' : undefined;
  }

  #sendAtMostOnce(delivery: MqttDelivery): void {
    const unwanted = this.#unwanted(delivery);
    if (unwanted !== undefined) this.#drop(delivery, undefined, unwanted);
    else if (!this.#sendPublish(delivery, 0, false)) this.#drop(delivery, undefined, 'too-large');
    else this.#finish(delivery, undefined);
  }

  #sendInFlight(window: OutboundWindow, inFlight: InFlight): void {
    const { delivery, packetId, dup } = inFlight;
    if (this.#sendPublish(delivery!, packetId, dup)) {
      window.sent();
      return;
    }
    window.remove(inFlight);
    this.#drop(delivery!, packetId, 'too-large');
  }

  /** False: it is larger than the client, or MQTT, allows, and was not sent. */
  #sendPublish(delivery: MqttDelivery, packetId: number, dup: boolean): boolean {
    const sink = this.#sink!;
    const { counters, encoder } = this.#scope;
    const { topic } = delivery.message;
    const alias = this.#aliases?.of(topic);
    const nowMs = delivery.message.expiresAtMs === undefined ? 0 : this.#scope.nowMs();
    const encoded = encoder.encode(delivery, sink.level, packetId, nowMs, dup, alias);
    if (encoded === undefined || encoded.bytes > sink.maximumPacketSizeBytes) return false;
    if (alias !== undefined) this.#aliases!.sent(topic, alias);
    counters.packetsSent[PUBLISH]!++;
    counters.publishesSent[delivery.qos]!++;
    sink.traffic.publishMessagesSent++;
    sink.traffic.publishBytesSent += delivery.message.payload.length;
    if (!sink.sendPublish(encoded.parts, encoded.bytes)) this.#writable = false;
    return true;
  }

  #sendPubrel(packetId: number, reasonCode: number): void {
    const sink = this.#sink;
    if (sink === undefined) return;
    this.#scope.counters.packetsSent[PUBREL]!++;
    const packet = { type: 'pubrel', packetId, reasonCode, properties: noProperties } as const;
    sink.sendBytes(encodeAcknowledgement(packet, sink.level));
  }

  /** A PUBREC for what was received already is answered again; one for an unknown packet id is told so. */
  #onPubrecAgain(packetId: number, reasonCode: number): void {
    const received = this.#window?.received.get(packetId);
    if (received === undefined) this.#scope.counters.strayAcknowledgements++;
    if (reasonCode >= 0x80 || received?.releasable === false) return;
    const answer =
      received === undefined ? MqttReasonCode.PACKET_IDENTIFIER_NOT_FOUND : MqttReasonCode.SUCCESS;
    this.#sendPubrel(packetId, answer);
  }

  #sentWith(packetId: number): InFlight | undefined {
    const inFlight = this.#window?.published.get(packetId);
    return inFlight?.state === 'sent' ? inFlight : undefined;
  }

  #complete(inFlight: InFlight): void {
    this.#window!.remove(inFlight);
    this.store.completed(inFlight.ref, inFlight.packetId);
    inFlight.onDone?.('completed');
  }

  /** What cannot be sent counts as delivered [MQTT-3.1.2-25]. */
  #drop(delivery: MqttDelivery, packetId: number | undefined, reason: DropReason): void {
    this.#dropped(reason);
    this.#finish(delivery, packetId);
  }

  #dropped(reason: DropReason): void {
    this.#scope.counters.dropped[reason]++;
    if (this.#sink !== undefined) this.#sink.traffic.publishMessagesDropped++;
  }

  #finish({ ref, onDone }: MqttDelivery, packetId: number | undefined): void {
    if (ref !== undefined || packetId !== undefined) this.store.completed(ref, packetId);
    onDone?.('completed');
  }

  #tellRoom(): void {
    const listeners = this.#forRoom;
    if (listeners === undefined || this.#sink === undefined) return;
    if (this.#queue?.isHalfEmpty(this.#scope) === false) return;
    this.#forRoom = undefined;
    for (const listener of listeners) listener();
  }

  #returnQueue(): void {
    const queue = this.#queue;
    this.#queue = undefined;
    for (let next = queue?.shift(); next !== undefined; next = queue!.shift()) next.onDone?.('returned');
  }
}

function wrongAnswer(packet: string, packetId: number): MqttError {
  const message = `${packet} for packet id ${packetId}, which was sent at another QoS`;
  return new MqttError(MqttReasonCode.PROTOCOL_ERROR, message);
}
