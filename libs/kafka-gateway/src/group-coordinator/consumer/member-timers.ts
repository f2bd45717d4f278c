import type { ClockTimer, CoordinatorClock } from '../coordinator-clock.js';

/**
 * What a member may let pass: its `session`, the revocation it was told (`revocation`), and, where it speaks the classic
 * protocol, joining again (`join`) and fetching its assignment (`sync`).
 */
export type MemberTimer = 'session' | 'revocation' | 'join' | 'sync';

/** The timers of a group's members: one of each kind for each. */
export class MemberTimers {
  readonly #timers = new Map<string, Map<MemberTimer, ClockTimer>>();

  constructor(private readonly clock: CoordinatorClock) {}

  set(memberId: string, kind: MemberTimer, ms: number, expired: () => void): void {
    let timers = this.#timers.get(memberId);
    if (timers === undefined) this.#timers.set(memberId, (timers = new Map()));
    timers.get(kind)?.cancel();
    const timer = this.clock.after(ms, () => {
      if (this.#timers.get(memberId)?.get(kind) !== timer) return;
      this.#timers.get(memberId)?.delete(kind);
      expired();
    });
    timers.set(kind, timer);
  }

  has(memberId: string, kind: MemberTimer): boolean {
    return this.#timers.get(memberId)?.has(kind) ?? false;
  }

  cancel(memberId: string, kind: MemberTimer): void {
    this.#timers.get(memberId)?.get(kind)?.cancel();
    this.#timers.get(memberId)?.delete(kind);
  }

  cancelAll(memberId: string): void {
    for (const timer of this.#timers.get(memberId)?.values() ?? []) timer.cancel();
    this.#timers.delete(memberId);
  }

  close(): void {
    for (const memberId of [...this.#timers.keys()]) this.cancelAll(memberId);
  }
}
