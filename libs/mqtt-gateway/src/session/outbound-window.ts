import type { DeliveryOutcome, DeliveryRef, MqttDelivery } from './mqtt-delivery.js';
import { bytesOfDelivery } from './outbound-queue.js';

/**
 * A QoS 1 or 2 message on its way:
 *
 *     storing (QoS 2: its packet id is not durable yet) ─▶ ready ─▶ sent ─ PUBACK ─▶ gone
 *                                                                    └── PUBREC ─▶ received ─ PUBCOMP ─▶ gone
 *     sent ─ the connection ended ─▶ ready (to be sent again, with DUP)
 */
export interface InFlight {
  readonly packetId: number;
  readonly qos: 1 | 2;
  state: 'storing' | 'ready' | 'sent' | 'received';
  /** Undefined when it was received: only the packet id is left to finish. */
  delivery: MqttDelivery | undefined;
  readonly ref: DeliveryRef | undefined;
  readonly onDone: ((outcome: DeliveryOutcome) => void) | undefined;
  /** It was on a connection before this one. */
  dup: boolean;
  /** It counts against the Receive Maximum of this connection. */
  counted: boolean;
  /** PUBREL may be sent: that PUBREC came is durable. */
  releasable: boolean;
}

/** A message that the client had not acknowledged when its session was last in memory. */
export type RestoredInFlight =
  | { readonly packetId: number; readonly state: 'sent'; readonly delivery: MqttDelivery }
  /** QoS 2, PUBREC has come: only the packet id is left. */
  | { readonly packetId: number; readonly state: 'received'; readonly ref?: DeliveryRef };

/** The messages of a session that are on their way, in the order in which they were first sent (section 4.6). */
export class OutboundWindow {
  /** Until PUBACK or PUBREC. */
  readonly published = new Map<number, InFlight>();
  /** From PUBREC to PUBCOMP, in the order in which PUBREC came [MQTT-4.6.0-4]. */
  readonly received = new Map<number, InFlight>();
  /** Those that are not sent on this connection yet, in order: nothing overtakes them. */
  readonly #unsent: InFlight[] = [];
  /** Messages of this connection that the client has not finished. */
  counted = 0;
  bytes = 0;

  constructor(restored: readonly RestoredInFlight[] = []) {
    for (const each of restored) {
      const delivery = each.state === 'sent' ? each.delivery : undefined;
      const ref = each.state === 'sent' ? each.delivery.ref : each.ref;
      const inFlight: InFlight = {
        ...{ packetId: each.packetId, qos: delivery?.qos === 1 ? 1 : 2, state: 'sent', delivery, ref },
        ...{ onDone: delivery?.onDone, dup: true, counted: false, releasable: true },
      };
      this.add(inFlight);
      if (each.state === 'received') this.receive(inFlight);
    }
  }

  get size(): number {
    return this.published.size + this.received.size;
  }

  uses(packetId: number): boolean {
    return this.published.has(packetId) || this.received.has(packetId);
  }

  /** The next one to be sent; undefined when there is none, or its packet id is not durable yet. */
  get nextUnsent(): InFlight | undefined {
    const next = this.#unsent[0];
    return next?.state === 'ready' ? next : undefined;
  }

  get hasUnsent(): boolean {
    return this.#unsent.length > 0;
  }

  add(inFlight: InFlight): void {
    this.published.set(inFlight.packetId, inFlight);
    if (inFlight.delivery !== undefined) this.bytes += bytesOfDelivery(inFlight.delivery);
    if (inFlight.state !== 'sent') this.#unsent.push(inFlight);
    else this.#count(inFlight);
  }

  /** The first of the unsent ones was sent. */
  sent(): void {
    const inFlight = this.#unsent.shift()!;
    inFlight.state = 'sent';
    this.#count(inFlight);
  }

  /** PUBREC has come. */
  receive(inFlight: InFlight): void {
    this.published.delete(inFlight.packetId);
    this.#release(inFlight);
    inFlight.state = 'received';
    this.received.set(inFlight.packetId, inFlight);
  }

  remove(inFlight: InFlight): void {
    this.published.delete(inFlight.packetId);
    this.received.delete(inFlight.packetId);
    this.#release(inFlight);
    if (inFlight.counted) this.counted--;
    inFlight.counted = false;
    if (inFlight.state === 'ready' || inFlight.state === 'storing') {
      this.#unsent.splice(this.#unsent.indexOf(inFlight), 1);
    }
  }

  /** A new connection: nothing was sent on it yet. */
  rewind(): void {
    this.counted = 0;
    this.#unsent.length = 0;
    for (const inFlight of this.published.values()) {
      inFlight.counted = false;
      if (inFlight.state === 'sent') {
        inFlight.state = 'ready';
        inFlight.dup = true;
      }
      this.#unsent.push(inFlight);
    }
    for (const inFlight of this.received.values()) inFlight.counted = false;
  }

  #count(inFlight: InFlight): void {
    inFlight.counted = true;
    this.counted++;
  }

  #release(inFlight: InFlight): void {
    if (inFlight.delivery !== undefined) this.bytes -= bytesOfDelivery(inFlight.delivery);
    inFlight.delivery = undefined;
  }
}
