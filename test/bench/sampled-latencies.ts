import { median } from './statistics.js';

export interface Latencies {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** One of so many messages has its time taken. */
const sampled = 64;

/** From a message's way out to its confirmation, of one client; messages are numbered. */
export class SampledLatencies {
  readonly #sentAt = new Map<number, number>();
  readonly #timesMs: number[] = [];

  sent(number: number): void {
    if (number % sampled === 0) this.#sentAt.set(number, performance.now());
  }

  confirmed(number: number): void {
    const began = this.#sentAt.get(number);
    if (began === undefined) return;
    this.#timesMs.push(performance.now() - began);
    this.#sentAt.delete(number);
  }

  static ofAll(clients: readonly SampledLatencies[]): Latencies {
    const sorted = clients.flatMap((each) => each.#timesMs).sort((one, other) => one - other);
    return { p50Ms: median(sorted), p99Ms: sorted[Math.floor(sorted.length * 0.99)]! };
  }
}
