import type { ClockTimer, SliceClock } from './slice-clock.js';

interface Waiting extends ClockTimer {
  readonly at: number;
  readonly fn: () => void;
}

/** Time that stands still until the test moves it. */
export class ManualClock implements SliceClock {
  readonly #waiting = new Set<Waiting>();

  constructor(private current = 1_700_000_000_000) {}

  /** Timers that were neither called nor cancelled. */
  get timers(): number {
    return this.#waiting.size;
  }

  now(): number {
    return this.current;
  }

  uptime(): number {
    return this.current;
  }

  after(ms: number, fn: () => void): ClockTimer {
    const waiting: Waiting = {
      at: this.current + Math.max(0, ms),
      fn,
      cancel: () => this.#waiting.delete(waiting),
    };
    this.#waiting.add(waiting);
    return waiting;
  }

  /** Moves on by `ms` and calls what is due on the way, in order of time, at its time. */
  advance(ms: number): void {
    const until = this.current + ms;
    for (;;) {
      let next: Waiting | undefined;
      for (const each of this.#waiting)
        if (each.at <= until && (next === undefined || each.at < next.at)) next = each;
      if (next === undefined) break;
      this.#waiting.delete(next);
      this.current = Math.max(this.current, next.at);
      next.fn();
    }
    this.current = until;
  }
}
