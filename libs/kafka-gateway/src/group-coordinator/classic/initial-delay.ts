/**
 * How long the first rebalance of a group waits for members that start at the same time (KIP-134): a delay, and another
 * one whenever somebody came during the last, up to the rebalance timeout in all.
 */
export class InitialDelay {
  #joined = false;
  #currentMs: number;
  #leftMs: number;

  constructor(
    private readonly delayMs: number,
    rebalanceTimeoutMs: number,
  ) {
    this.#currentMs = delayMs;
    this.#leftMs = Math.max(rebalanceTimeoutMs - delayMs, 0);
  }

  /** Somebody came. */
  joined(): void {
    this.#joined = true;
  }

  /** A delay is over: how long the next one is, in ms; 0 when there is none. */
  extension(): number {
    if (!this.#joined) return 0;
    this.#joined = false;
    const next = Math.min(this.delayMs, this.#leftMs);
    this.#leftMs = Math.max(this.#leftMs - this.#currentMs, 0);
    this.#currentMs = next;
    return next;
  }
}
