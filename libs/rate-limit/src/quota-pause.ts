/** Who hears of each pause; counts of the tenant on one protocol. */
export interface ThrottleCounters {
  throttles: number;
  throttledMs: number;
}

/** What a pause asks of the limits that it is for. */
export interface PausedLimits {
  /** The longest pause. */
  readonly throttleMsMax: number;
  /** Calls `look` whenever limits were changed, until what it answers is called. */
  watch(look: () => void): () => void;
}

export interface QuotaPauseOptions {
  /** Milliseconds until what was used, by whomever, is paid back. */
  owedMs(): number;
  readonly limits: () => PausedLimits | undefined;
  readonly counters?: ThrottleCounters;
  onBegin?(): void;
  onEnd(): void;
  readonly now?: () => number;
}

/**
 * The time in which a client is slowed: until what it used is paid back. Others may use up more meanwhile, and then it lasts
 * longer, but never longer than the longest pause: each client gets on. When limits are changed meanwhile it is as long as
 * they say now.
 */
export class QuotaPause {
  #timer: NodeJS.Timeout | undefined;
  #beganAtMs = 0;
  #unwatch: (() => void) | undefined;
  #looksSoon = false;
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
    const { counters, limits, onBegin } = this.options;
    if (counters !== undefined) {
      counters.throttles++;
      counters.throttledMs += waitMs;
    }
    this.#beganAtMs = this.#now();
    this.#wait(waitMs);
    this.#unwatch = limits()?.watch(() => this.#lookSoon());
    onBegin?.();
  }

  /** `onEnd` is not called. */
  close(): void {
    clearTimeout(this.#timer);
    this.#end();
  }

  #wait(waitMs: number): void {
    this.#timer = setTimeout(() => this.#over(), waitMs).unref();
  }

  /** Not at once: who changes limits goes on before their clients do. Only once, however often they are changed by then. */
  #lookSoon(): void {
    if (this.#looksSoon) return;
    this.#looksSoon = true;
    clearTimeout(this.#timer);
    this.#wait(0);
  }

  #over(): void {
    const { owedMs, limits, onEnd } = this.options;
    this.#looksSoon = false;
    const leftMs = Math.floor(this.#beganAtMs + (limits()?.throttleMsMax ?? 0) - this.#now());
    const stillMs = Math.min(owedMs(), leftMs);
    if (stillMs > 0) {
      this.#wait(stillMs);
      return;
    }
    this.#end();
    onEnd();
  }

  #end(): void {
    this.#timer = undefined;
    this.#looksSoon = false;
    this.#unwatch?.();
    this.#unwatch = undefined;
  }
}
