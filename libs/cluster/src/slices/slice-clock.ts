export interface ClockTimer {
  cancel(): void;
}

/** Time as a slice of state knows it; tests pass one that they turn by hand. */
export interface SliceClock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds for deadlines: only differences mean something. Stands still while timers do, and ignores who sets the clock. */
  uptime(): number;
  /** Calls `fn` once after `ms`, unless cancelled. Does not keep the process alive. */
  after(ms: number, fn: () => void): ClockTimer;
}

/** Longest delay of one timer of Node; more is taken in steps. */
const delayMsMax = 0x7fffffff;

export const systemSliceClock: SliceClock = {
  now: () => Date.now(),
  uptime: () => performance.now(),
  after(ms, fn) {
    let timer: NodeJS.Timeout;
    const wait = (left: number) => {
      const step = Math.min(left, delayMsMax);
      timer = setTimeout(() => (left > step ? wait(left - step) : fn()), step).unref();
    };
    wait(Math.max(0, ms));
    return { cancel: () => clearTimeout(timer) };
  },
};

interface PausableTimer extends ClockTimer {
  leftMs: number;
  startedAt: number;
  readonly fn: () => void;
  running: ClockTimer | undefined;
}

/**
 * The timers of one slice. They stand still while the slice may not answer: a member whose heartbeats were refused
 * since Pulsar was away has not been silent.
 */
export class PausableClock implements SliceClock {
  readonly #timers = new Set<PausableTimer>();
  #paused = false;
  #pausedAt = 0;
  /** How long it stood still, in all. */
  #stoodMs = 0;

  constructor(private readonly clock: SliceClock) {}

  now(): number {
    return this.clock.now();
  }

  uptime(): number {
    return (this.#paused ? this.#pausedAt : this.clock.uptime()) - this.#stoodMs;
  }

  after(ms: number, fn: () => void): ClockTimer {
    const timer: PausableTimer = {
      leftMs: Math.max(0, ms),
      startedAt: this.clock.uptime(),
      fn,
      running: undefined,
      cancel: () => {
        timer.running?.cancel();
        this.#timers.delete(timer);
      },
    };
    this.#timers.add(timer);
    if (!this.#paused) this.#run(timer);
    return timer;
  }

  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#pausedAt = this.clock.uptime();
    for (const timer of this.#timers) {
      timer.running?.cancel();
      timer.leftMs = Math.max(0, timer.leftMs - (this.#pausedAt - timer.startedAt));
    }
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#stoodMs += this.clock.uptime() - this.#pausedAt;
    for (const timer of this.#timers) this.#run(timer);
  }

  #run(timer: PausableTimer): void {
    timer.startedAt = this.clock.uptime();
    timer.running = this.clock.after(timer.leftMs, () => {
      this.#timers.delete(timer);
      timer.fn();
    });
  }
}
