import type { TenantLimits } from '#libs/tenancy';
import { TokenBucket } from './token-bucket.js';

/** Below the request timeout of every client that we know (30 s is the usual one). */
export const throttleMsMaxDefault = 10_000;
const produceBurstSecondsDefault = 1;

/** What one tenant may do per second, over all its connections to this process. */
export class TenantLimiter {
  readonly #bytes: TokenBucket | undefined;
  readonly #messages: TokenBucket | undefined;
  /** The longest that a connection is slowed. */
  readonly throttleMsMax: number;

  constructor(limits: TenantLimits, now?: () => number) {
    this.throttleMsMax = limits.throttleMsMax ?? throttleMsMaxDefault;
    const burstSeconds = limits.produceBurstSeconds ?? produceBurstSecondsDefault;
    this.#bytes = this.#bucket(limits.produceBytesPerSecond, burstSeconds, now);
    this.#messages = this.#bucket(limits.produceMessagesPerSecond, burstSeconds, now);
  }

  /**
   * Charges a produce that is let through. Answers for how many milliseconds the connection must then be slowed (0 =
   * not at all, at most `throttleMsMax`).
   */
  admitProduce(bytes: number, messages: number): number {
    if (this.#bytes === undefined && this.#messages === undefined) return 0;
    const waitMs = Math.max(this.#bytes?.take(bytes) ?? 0, this.#messages?.take(messages) ?? 0);
    return Math.min(waitMs, this.throttleMsMax);
  }

  /** False: nothing is ever throttled, so callers need not count messages first. */
  get limited(): boolean {
    return this.#bytes !== undefined || this.#messages !== undefined;
  }

  #bucket(ratePerSecond: number | undefined, burstSeconds: number, now?: () => number) {
    if (ratePerSecond === undefined) return undefined;
    // Debt beyond the longest wait would only lengthen the wait of who comes later, for what others did.
    const debtMax = (ratePerSecond * this.throttleMsMax) / 1000;
    return new TokenBucket({ ratePerSecond, burst: ratePerSecond * burstSeconds, debtMax }, now);
  }
}
