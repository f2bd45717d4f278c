export interface BackoffOptions {
  /** Delay before the first retry, in ms. */
  readonly initialMs: number;
  /** No delay is longer, in ms. */
  readonly maxMs: number;
}

const defaultBackoff: BackoffOptions = { initialMs: 100, maxMs: 5_000 };

/**
 * Delays that double from `initialMs` to `maxMs`, each shortened by a random part of up to a quarter, so that the
 * thousand producers that lost one broker do not come back in one instant.
 */
export class Backoff {
  private nextMs: number;

  constructor(
    private readonly options: BackoffOptions = defaultBackoff,
    private readonly random: () => number = Math.random,
  ) {
    this.nextMs = options.initialMs;
  }

  /** The delay before the next attempt, in ms. */
  next(): number {
    const delayMs = this.nextMs;
    this.nextMs = Math.min(this.nextMs * 2, this.options.maxMs);
    return Math.round(delayMs * (1 - this.random() / 4));
  }

  /** After a success. */
  reset(): void {
    this.nextMs = this.options.initialMs;
  }
}
