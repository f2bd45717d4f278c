import type { ClockTimer, CoordinatorClock } from '../coordinator-clock.js';

/**
 * The one timer of a group. Deadlines are plain numbers where they belong; a deadline that moves later, which is what a
 * heartbeat does, costs nothing: the timer fires too early once, and is set anew to what is next then.
 */
export class ClassicTimer {
  #timer: ClockTimer | undefined;
  #firesAt = Number.POSITIVE_INFINITY;

  constructor(
    private readonly clock: CoordinatorClock,
    /** Does what is due and gives when something is next, as the clock's uptime. */
    private readonly fire: () => number,
  ) {}

  /** Something is due at `at`, as the clock's uptime. */
  before(at: number): void {
    if (at >= this.#firesAt) return;
    this.#timer?.cancel();
    this.#firesAt = at;
    this.#timer = this.clock.after(Math.max(0, at - this.clock.uptime()), () => {
      this.stop();
      this.before(this.fire());
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#firesAt = Number.POSITIVE_INFINITY;
  }
}
