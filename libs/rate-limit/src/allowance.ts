import type { DrawnAhead, Period } from './period.js';

/** What an {@link Allowance} is taken from. Times are milliseconds. */
export interface AllowanceSource {
  readonly perSecond: number;
  readonly dryRun: boolean;
  /** Of what was drawn, not given back or used up yet. */
  readonly lent: number;
  /** How long the taker is to wait. */
  take(n: number, nowMs: number): number;
  owedMs(nowMs: number): number;
  /** What is left; 0 or less: nothing. */
  tokens(nowMs: number): number;
  /** Takes no more than is left. */
  draw(n: number, nowMs: number): void;
  /** Of what was drawn, `left` was not used. */
  giveBack(drawn: number, left: number): void;
}

/** Of what is left so much is drawn: others need some at the same time, too. */
const drawnPart = 1 / 8;
/** It is not worth while for fewer like the one that was taken, */
const drawnTakesMin = 8;
/** nor for who takes so few in that time: after it the next asks draw nothing. */
const drawnTakesWorth = 4;
const asksBetween = 32;

/**
 * What one connection takes of one kind, from all that limits it. Where there is enough, it draws some for a few
 * milliseconds: so many messages are charged at once, each costs a subtraction, and nobody gets more than there is.
 */
export class Allowance implements DrawnAhead {
  #drawn = 0;
  #left: number;
  /** What was taken when it drew first. */
  #taken = 0;
  /** Asks that draw nothing. */
  #pass = 1;

  constructor(
    private readonly sources: readonly AllowanceSource[],
    private readonly period: Period,
  ) {
    this.#left = sources.length === 0 ? Number.POSITIVE_INFINITY : 0;
  }

  get isLimited(): boolean {
    return this.sources.length > 0;
  }

  /** What may be taken in a second, by the smallest limit. */
  get perSecond(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const { perSecond, dryRun } of this.sources) if (!dryRun) least = Math.min(least, perSecond);
    return least;
  }

  /** How long the taker is to wait. */
  take(n: number): number {
    // None of what owes something was drawn from, so of no more than that there is need to ask.
    if (n < this.#left) {
      this.#left -= n;
      return 0;
    }
    return this.#ask(n);
  }

  /** How long to wait for what was taken before, by whomever. */
  owedMs(): number {
    if (this.#left > 0) return 0;
    const nowMs = this.period.now();
    let waitMs = 0;
    for (const source of this.sources) waitMs = Math.max(waitMs, source.owedMs(nowMs));
    return waitMs;
  }

  giveBack(): void {
    if (this.#drawn === 0) return;
    if (this.#drawn - this.#left < this.#taken * drawnTakesWorth) this.#pass = asksBetween;
    for (const source of this.sources) source.giveBack(this.#drawn, this.#left);
    this.#drawn = 0;
    this.#left = 0;
  }

  #ask(n: number): number {
    const { sources, period } = this;
    const nowMs = period.now();
    for (const source of sources) if (source.lent > 0 && source.tokens(nowMs) < n) period.recall();
    let waitMs = 0;
    for (const source of sources) waitMs = Math.max(waitMs, source.take(n, nowMs));
    if (this.#pass > 0) this.#pass--;
    else if (waitMs === 0) this.#draw(n, nowMs);
    return waitMs;
  }

  #draw(n: number, nowMs: number): void {
    const { sources } = this;
    let least = Number.POSITIVE_INFINITY;
    for (const source of sources) least = Math.min(least, source.tokens(nowMs));
    const drawn = least * drawnPart;
    if (drawn < n * drawnTakesMin) return;
    for (const source of sources) source.draw(drawn, nowMs);
    if (this.#drawn === 0) {
      this.#taken = n;
      this.period.add(this);
    }
    this.#drawn += drawn;
    this.#left += drawn;
  }
}
