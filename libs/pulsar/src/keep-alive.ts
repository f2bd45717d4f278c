/** How often the clock is looked at within one keep-alive period. */
const ticksPerPeriod = 4;

export interface KeepAliveHooks {
  ping(): void;
  silent(silentMs: number): void;
}

/**
 * Watches one connection: a PING when nothing came for `keepAliveMs`, its end when nothing came for twice as long.
 * Time in which this process itself did not run is not held against the broker.
 */
export class KeepAlive {
  readonly #keepAliveMs: number;
  readonly #hooks: KeepAliveHooks;
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;
  #heardAtMs: number;
  #pingedAtMs: number;
  #tickedAtMs: number;

  constructor(keepAliveMs: number, hooks: KeepAliveHooks, now: () => number = () => performance.now()) {
    this.#keepAliveMs = keepAliveMs;
    this.#hooks = hooks;
    this.#now = now;
    this.#heardAtMs = this.#pingedAtMs = this.#tickedAtMs = now();
    this.#timer = setInterval(() => this.tick(), keepAliveMs / ticksPerPeriod);
    this.#timer.unref();
  }

  heard(): void {
    this.#heardAtMs = this.#now();
  }

  tick(): void {
    const now = this.#now();
    const lateMs = now - this.#tickedAtMs - this.#keepAliveMs / ticksPerPeriod;
    this.#tickedAtMs = now;
    if (lateMs > this.#keepAliveMs / 2) this.#heardAtMs = now;
    const silentMs = now - this.#heardAtMs;
    if (silentMs >= 2 * this.#keepAliveMs) this.#hooks.silent(silentMs);
    else if (silentMs >= this.#keepAliveMs && now - this.#pingedAtMs >= this.#keepAliveMs) {
      this.#pingedAtMs = now;
      this.#hooks.ping();
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
