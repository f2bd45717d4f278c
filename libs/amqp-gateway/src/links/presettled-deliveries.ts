import type { MessageSource, OutgoingDelivery } from '../node.js';
import { accepted } from './own-outcomes.js';

/** What was sent settled, at most once: the source is told when the operating system has it, together with others of its turn. */
export class PresettledDeliveries {
  #deliveries: OutgoingDelivery[] = [];

  /** True: it is the first, and `flushed` is to be called when it has left. */
  add(delivery: OutgoingDelivery): boolean {
    return this.#deliveries.push(delivery) === 1;
  }

  /** @param source undefined: it is closed, and they come again */
  flushed(source: MessageSource | undefined): void {
    const deliveries = this.#deliveries;
    this.#deliveries = [];
    if (source === undefined) return;
    for (const each of deliveries) source.settle(each, accepted, ignored);
  }
}

function ignored(): void {}
