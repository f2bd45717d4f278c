import type { Buffer } from 'node:buffer';
import { type AmqpComposite, type AmqpDeliveryState, encodeFrame } from '#libs/amqp-codec';
import { serialAdd, serialDistance } from './serial-number.js';

export const acceptedState: AmqpComposite<'accepted'> = { type: 'accepted' };

/** Ranges of ids that grow while ids come in order; others are put in order when it is taken. */
class IdRanges {
  /** First and last of each range in turn. */
  #bounds: number[] = [];

  add(id: number): void {
    const bounds = this.#bounds;
    const end = bounds.length - 1;
    if (end > 0 && serialAdd(bounds[end]!, 1) === id) bounds[end] = id;
    else bounds.push(id, id);
  }

  /** The fewest ranges, each once. */
  take(): readonly number[] {
    const bounds = this.#bounds;
    if (bounds.length > 0) this.#bounds = [];
    return bounds.length <= 2 ? bounds : merged(bounds);
  }
}

function merged(bounds: readonly number[]): number[] {
  const ranges: (readonly [number, number])[] = [];
  for (let i = 0; i < bounds.length; i += 2) ranges.push([bounds[i]!, bounds[i + 1]!]);
  ranges.sort(([a], [b]) => serialDistance(b, a));
  const merged: number[] = [];
  for (const [first, last] of ranges) {
    const end = merged.length - 1;
    if (end > 0 && serialAdd(merged[end]!, 1) === first) merged[end] = last;
    else merged.push(first, last);
  }
  return merged;
}

/**
 * Dispositions of one turn. Those that say the same of deliveries next to each other are one frame (AMQP 2.6.12); most are: what
 * Pulsar confirms with one receipt.
 */
export class DispositionBatch {
  readonly #accepted = new IdRanges();
  /** Accepted, and not settled: the client is to settle them. */
  readonly #acceptedFirst = new IdRanges();
  #others: Buffer[] = [];

  /** @param role of us (AMQP 2.8.1): true where we receive */
  constructor(
    private readonly channel: number,
    private readonly role: boolean,
  ) {}

  add(deliveryId: number, state: AmqpDeliveryState, settled: boolean): void {
    if (state.type !== 'accepted') {
      this.#others.push(this.#encode(deliveryId, deliveryId, state, settled));
    } else if (settled) this.#accepted.add(deliveryId);
    else this.#acceptedFirst.add(deliveryId);
  }

  /** Gives the frames and forgets them. */
  take(send: (frame: Buffer) => void): void {
    this.#takeRanges(this.#acceptedFirst.take(), false, send);
    this.#takeRanges(this.#accepted.take(), true, send);
    const others = this.#others;
    if (others.length === 0) return;
    this.#others = [];
    for (const frame of others) send(frame);
  }

  #takeRanges(bounds: readonly number[], settled: boolean, send: (frame: Buffer) => void): void {
    for (let i = 0; i < bounds.length; i += 2) {
      send(this.#encode(bounds[i]!, bounds[i + 1]!, acceptedState, settled));
    }
  }

  #encode(first: number, last: number, state: AmqpDeliveryState, settled: boolean): Buffer {
    const range = first === last ? { first } : { first, last };
    return encodeFrame(this.channel, {
      ...{ type: 'disposition', role: this.role, ...range, settled, state },
    });
  }
}
