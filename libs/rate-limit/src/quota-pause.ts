/** Who hears of each pause; counts of the tenant on one protocol. */
export interface ThrottleCounters {
  throttles: number;
  throttledMs: number;
}

export interface QuotaPauseOptions {
  /** Milliseconds until what was used, by whomever, is paid back. */
  owedMs(): number;
  /** The longest pause. */
  readonly throttleMsMax: () => number;
  readonly counters?: ThrottleCounters;
  onBegin?(): void;
  onEnd(): void;
  readonly now?: () => number;
}

/**
 * The time in which a client is slowed: until what it used is paid back. Others may use up more meanwhile, and then it lasts
 * longer, but never longer than the longest pause: each client gets on.
 */
export class QuotaPause {
  #timer: NodeJS.Timeout | undefined;
  #beganAtMs = 0;
  readonly #now: () => number;

  constructor(private readonly options: QuotaPauseOptions) {
    this.#now = options.now ?? (() => performance.now());
  }

  get holds(): boolean {
    return this.#timer !== undefined;
  }

  /** Nothing for 0, nor while it is paused already. */
  begin(waitMs: number): void {
    if (waitMs === 0 || this.holds) return;
    const { counters, onBegin } = this.options;
    if (counters !== undefined) {
      counters.throttles++;
      counters.throttledMs += waitMs;
    }
    this.#beganAtMs = this.#now();
    this.#wait(waitMs);
    onBegin?.();
  }

  /** `onEnd` is not called. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wait(waitMs: number): void {
    this.#timer = setTimeout(() => this.#over(), waitMs).unref();
  }

  #over(): void {
    const { owedMs, throttleMsMax, onEnd } = this.options;
    const leftMs = Math.floor(this.#beganAtMs + throttleMsMax() - this.#now());
    const stillMs = Math.min(owedMs(), leftMs);
    if (stillMs > 0) {
      this.#wait(stillMs);
      return;
    }
    this.#timer = undefined;
    onEnd();
  }
}
