import type { CoordinatorClock } from '../coordinator-clock.js';
import type { ClassicMember } from './classic-member.js';
import type { ClassicMembership } from './classic-membership.js';
import { ClassicTimer } from './classic-timer.js';

/** What a group does when something did not come in time. */
export interface ClassicTimeouts {
  /** Nothing was heard of these within their session timeouts. */
  membersSilent(members: readonly ClassicMember[]): void;
  /** An id that was given out was not used. */
  pendingWent(): void;
  joinTimeUp(): void;
  syncTimeUp(): void;
}

const never = Number.POSITIVE_INFINITY;

/** All that one classic group waits for, each with its end, as the clock's uptime; one timer for all of it. */
export class ClassicDeadlines {
  readonly #timer: ClassicTimer;
  #joinEndsAt = never;
  #syncEndsAt = never;
  #stopped = false;

  constructor(
    private readonly clock: CoordinatorClock,
    private readonly members: ClassicMembership,
    private readonly timeouts: ClassicTimeouts,
  ) {
    this.#timer = new ClassicTimer(clock, () => this.#due());
  }

  /** A sign of life: the member's session starts anew. */
  touch(member: ClassicMember, timeoutMs = member.sessionTimeoutMs): void {
    member.expiresAt = this.clock.uptime() + timeoutMs;
    this.#timer.before(member.expiresAt);
  }

  addPending(memberId: string, timeoutMs: number): void {
    const until = this.clock.uptime() + timeoutMs;
    this.members.addPending(memberId, until);
    this.#timer.before(until);
  }

  endJoinIn(ms: number): void {
    this.#joinEndsAt = this.clock.uptime() + ms;
    this.#timer.before(this.#joinEndsAt);
  }

  joinEnded(): void {
    this.#joinEndsAt = never;
  }

  endSyncIn(ms: number): void {
    this.#syncEndsAt = this.clock.uptime() + ms;
    this.#timer.before(this.#syncEndsAt);
  }

  syncEnded(): void {
    this.#syncEndsAt = never;
  }

  /** Some deadlines went with their members: the timer is set to what is left. */
  reset(): void {
    this.#timer.stop();
    this.#timer.before(this.#next());
  }

  /** For good. */
  stop(): void {
    this.#stopped = true;
    this.#timer.stop();
  }

  /** Does all that is due, and gives when something is next. */
  #due(): number {
    const now = this.clock.uptime();
    let gone = 0;
    for (const [memberId, until] of this.members.pending) {
      if (until <= now && this.members.removePending(memberId)) gone++;
    }
    if (gone > 0) this.timeouts.pendingWent();
    const silent = [...this.members.members()].filter((each) => each.mayExpire && each.expiresAt <= now);
    if (silent.length > 0) this.timeouts.membersSilent(silent);
    if (this.#joinEndsAt <= now) {
      this.joinEnded();
      this.timeouts.joinTimeUp();
    }
    if (this.#syncEndsAt <= now) {
      this.syncEnded();
      this.timeouts.syncTimeUp();
    }
    return this.#next();
  }

  #next(): number {
    if (this.#stopped) return never;
    let next = Math.min(this.#joinEndsAt, this.#syncEndsAt);
    for (const until of this.members.pending.values()) next = Math.min(next, until);
    for (const member of this.members.members()) {
      if (member.mayExpire) next = Math.min(next, member.expiresAt);
    }
    return next;
  }
}
