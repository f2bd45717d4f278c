import type { QuotaHandle } from './quota-handle.js';
import { QuotaPause } from './quota-pause.js';

/** Counts of the tenant on one protocol. */
export interface DeliveryCounters {
  consumeMessages: number;
  consumeBytes: number;
  throttles: number;
  throttledMs: number;
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
      throttleMsMax: () => quota.throttleMsMax,
      onBegin: () => {},
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
    const waitMs = this.quota.admitOut(bytes, 1);
    if (waitMs === 0 || this.#pause.holds) return;
    counters.throttles++;
    counters.throttledMs += waitMs;
    this.#pause.begin(waitMs);
  }

  close(): void {
    this.#pause.close();
  }
}
