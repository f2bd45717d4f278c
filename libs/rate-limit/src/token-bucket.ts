export interface TokenBucketOptions {
  /** Tokens that come back per second; more than 0. */
  readonly ratePerSecond: number;
  /** Tokens that can be saved up. */
  readonly burst: number;
  /** How far below zero a bucket can go; default: without bound. */
  readonly debtMax?: number;
}

/**
 * A token bucket that lends: a request is always let through and pays for itself by the wait that follows. So a request
 * larger than the burst is only slowed, and never stuck.
 */
export class TokenBucket {
  readonly #ratePerMs: number;
  readonly #burst: number;
  readonly #debtMax: number;
  readonly #now: () => number;
  #tokens: number;
  #refilledAtMs: number;

  /** @param now a clock in milliseconds that never goes back */
  constructor(options: TokenBucketOptions, now: () => number = () => performance.now()) {
    if (!(options.ratePerSecond > 0) || !(options.burst >= 0)) {
      throw new RangeError(`rate ${options.ratePerSecond}/s with a burst of ${options.burst} is no rate`);
    }
    this.#ratePerMs = options.ratePerSecond / 1000;
    this.#burst = options.burst;
    this.#debtMax = options.debtMax ?? Number.POSITIVE_INFINITY;
    this.#now = now;
    this.#tokens = options.burst;
    this.#refilledAtMs = now();
  }

  /** Takes `n` tokens. Answers how many milliseconds the taker must now wait; 0 while tokens were left. */
  take(n: number): number {
    this.#refill();
    this.#tokens = Math.max(this.#tokens - n, -this.#debtMax);
    return this.#tokens >= 0 ? 0 : Math.ceil(-this.#tokens / this.#ratePerMs);
  }

  /** Tokens at hand; negative is debt. */
  get tokens(): number {
    this.#refill();
    return this.#tokens;
  }

  #refill(): void {
    const nowMs = this.#now();
    const elapsedMs = nowMs - this.#refilledAtMs;
    if (elapsedMs <= 0) return;
    this.#tokens = Math.min(this.#burst, this.#tokens + elapsedMs * this.#ratePerMs);
    this.#refilledAtMs = nowMs;
  }
}
