import type { Rate } from '#libs/tenancy';
import type { AllowanceSource } from './allowance.js';
import type { LimitCount } from './quota-counts.js';
import { TokenBucket } from './token-bucket.js';

/** How a limit acts. */
export interface LimitManner {
  readonly throttleMsMax: number;
  readonly dryRun: boolean;
}

/** One rate of one entity. */
export class QuotaBucket implements AllowanceSource {
  readonly #bucket: TokenBucket;
  #dryRun: boolean;
  /** What is at hand in one go: an answer that is larger is only slowed. */
  perSecond: number;
  lent = 0;

  constructor(
    rate: Rate,
    { throttleMsMax, dryRun }: LimitManner,
    private readonly count: LimitCount,
    nowMs: number,
  ) {
    // Debt beyond the longest wait would only lengthen the wait of who comes later, for what others did.
    this.#bucket = new TokenBucket(rate, throttleMsMax, nowMs);
    this.#dryRun = dryRun;
    this.perSecond = rate.perSecond;
  }

  set(rate: Rate, { throttleMsMax, dryRun }: LimitManner, nowMs: number): void {
    // Until now the former rate has paid back.
    this.#bucket.refill(nowMs);
    this.#bucket.set(rate, throttleMsMax);
    this.#dryRun = dryRun;
    this.perSecond = rate.perSecond;
  }

  get dryRun(): boolean {
    return this.#dryRun;
  }

  /**
   * Milliseconds to wait for what is taken by this.
   * @param longestMs what the taker waits at the most
   */
  take(n: number, nowMs: number, longestMs = Number.POSITIVE_INFINITY): number {
    const waitMs = Math.min(this.#bucket.take(n, nowMs), longestMs);
    if (waitMs === 0) return 0;
    if (this.#dryRun) {
      this.count.dryRun++;
      return 0;
    }
    this.count.slowed++;
    return waitMs;
  }

  /** The same of what may be refused. */
  tryTake(n: number, nowMs: number): boolean {
    if (this.#bucket.tryTake(n, nowMs)) return true;
    if (this.#dryRun) this.count.dryRun++;
    else this.count.refused++;
    return this.#dryRun;
  }

  /** Milliseconds until it is paid back, and takers need not wait. */
  owedMs(nowMs: number): number {
    return this.#dryRun ? 0 : this.#bucket.owedMs(nowMs);
  }

  tokens(nowMs: number): number {
    return this.#bucket.tokens(nowMs);
  }

  draw(n: number, nowMs: number): void {
    this.lent += n;
    this.#bucket.take(n, nowMs);
  }

  giveBack(drawn: number, left: number): void {
    // Sums of fractions are not exact.
    this.lent = Math.max(0, this.lent - drawn);
    this.#bucket.put(left);
  }

  isFull(nowMs: number): boolean {
    return this.#bucket.isFull(nowMs);
  }
}
