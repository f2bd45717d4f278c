import type { Rate } from '#libs/tenancy';

/** What adding up fractions may lose. */
const rounding = 1e-6;

/**
 * A token bucket that lends: a request is always let through and pays for itself by the wait that follows. So a request
 * larger than the burst is only slowed, and never stuck. Times are milliseconds of one clock that never goes back.
 */
export class TokenBucket {
  #ratePerMs = 0;
  #burst = 0;
  #debtMax = 0;
  #tokens = 0;
  #refilledAtMs: number;

  /** @param debtMsMax what it lends at most, as the time that it takes to pay back */
  constructor(rate: Rate, debtMsMax: number, nowMs: number) {
    this.set(rate, debtMsMax);
    this.#tokens = this.#burst;
    this.#refilledAtMs = nowMs;
  }

  /** Changes the rate; what was used, or is owed, stays. */
  set({ perSecond, burst }: Rate, debtMsMax: number): void {
    if (!(perSecond > 0) || !(burst >= 0)) {
      throw new RangeError(`rate ${perSecond}/s with a burst of ${burst} is no rate`);
    }
    this.#ratePerMs = perSecond / 1000;
    this.#burst = burst;
    this.#debtMax = this.#ratePerMs * debtMsMax;
    this.#tokens = Math.max(Math.min(this.#tokens, burst), -this.#debtMax);
  }

  /** Takes `n` tokens. Answers how many milliseconds the taker must now wait; 0 while tokens were left. */
  take(n: number, nowMs: number): number {
    this.refill(nowMs);
    this.#tokens = Math.max(this.#tokens - n, -this.#debtMax);
    return this.#waitMs();
  }

  /** Gives back what was taken for nothing. */
  put(n: number): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + n);
  }

  /** How long a taker must wait for what was taken before. */
  owedMs(nowMs: number): number {
    this.refill(nowMs);
    return this.#waitMs();
  }

  /** Takes `n` tokens when they are there; for what is refused and not slowed. */
  tryTake(n: number, nowMs: number): boolean {
    this.refill(nowMs);
    // One that holds less than this is asked for all that it can hold.
    if (this.#tokens + rounding < Math.min(n, this.#burst)) return false;
    this.#tokens -= n;
    return true;
  }

  /** Tokens at hand; negative is debt. */
  tokens(nowMs: number): number {
    this.refill(nowMs);
    return this.#tokens;
  }

  /** Nothing is remembered: a new one would do as well. */
  isFull(nowMs: number): boolean {
    return this.tokens(nowMs) >= this.#burst;
  }

  /** Adds what has come since it was last looked at, by the rate that is set. */
  refill(nowMs: number): void {
    const elapsedMs = nowMs - this.#refilledAtMs;
    if (elapsedMs <= 0) return;
    this.#tokens = Math.min(this.#burst, this.#tokens + elapsedMs * this.#ratePerMs);
    this.#refilledAtMs = nowMs;
  }

  #waitMs(): number {
    return this.#tokens >= 0 ? 0 : Math.ceil(-this.#tokens / this.#ratePerMs);
  }
}
