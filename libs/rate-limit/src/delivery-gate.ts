import type { QuotaHandle } from './quota-handle.js';
import { QuotaPause, type ThrottleCounters } from './quota-pause.js';

/** Counts of the tenant on one protocol. */
export interface DeliveryCounters extends ThrottleCounters {
  consumeMessages: number;
  consumeBytes: number;
}

/** Counts what one client is given, and is shut for as long as that was too much. */
export class DeliveryGate {
  readonly #pause: QuotaPause;

  /** @param onOpen it is open again */
  constructor(
    private readonly quota: QuotaHandle,
    private readonly counters: DeliveryCounters,
    onOpen: () => void,
  ) {
    this.#pause = new QuotaPause({
      owedMs: () => quota.owedOutMs(),
      limits: () => quota,
      counters,
      onEnd: onOpen,
    });
  }

  /** More may be given. */
  get isOpen(): boolean {
    return !this.#pause.holds;
  }

  delivered(bytes: number): void {
    const { counters } = this;
    counters.consumeMessages++;
    counters.consumeBytes += bytes;
    this.#pause.begin(this.quota.admitOut(bytes, 1));
  }

  close(): void {
    this.#pause.close();
  }
}
