import type { AllowanceSource } from './allowance.js';
import type { QuotaBucket } from './quota-bucket.js';
import { TokenBucket } from './token-bucket.js';

/** How often it is looked who takes how much. */
const lookMs = 250;
/** What a part saves up. */
const burstSeconds = 0.25;

/**
 * What each may have so that all get as much as they want, or as the others: who wants less than an equal part leaves the
 * rest to the others (max-min fairness).
 * @param wants in a second; Infinity: more than it has
 */
export function fairPart(wants: readonly number[], perSecond: number): number {
  let left = perSecond;
  const ascending = wants.toSorted((a, b) => a - b);
  for (const [at, want] of ascending.entries()) {
    const part = left / (ascending.length - at);
    if (want >= part) return part;
    left -= want;
  }
  return perSecond;
}

/**
 * One limit that tenants share. While nothing is left of it, only those wait for it who have more than their fair part, and
 * for no longer than that takes.
 */
export class FairParts {
  /** Of those that have taken something of late. */
  readonly #parts = new Set<TenantPart>();
  #lookedAtMs: number;
  #perSecond: number;

  /** @param debtMsMax as the bucket's */
  constructor(
    readonly bucket: QuotaBucket,
    private readonly debtMsMax: number,
    nowMs: number,
  ) {
    this.#lookedAtMs = nowMs;
    this.#perSecond = bucket.perSecond;
  }

  /** A part for all connections of one tenant. */
  part(nowMs: number): TenantPart {
    return new TenantPart(this, new TokenBucket(this.#rate, this.debtMsMax, nowMs));
  }

  /** Something is taken of a part. */
  taken(part: TenantPart, nowMs: number): void {
    if (!this.#parts.has(part)) {
      this.#parts.add(part);
      part.own.set(this.#rate, this.debtMsMax);
    }
    if (nowMs - this.#lookedAtMs >= lookMs) this.#look(nowMs);
  }

  #look(nowMs: number): void {
    const perMs = 1_000 / (nowMs - this.#lookedAtMs);
    this.#lookedAtMs = nowMs;
    const wants: number[] = [];
    for (const part of this.#parts) {
      const used = part.takeUsed(nowMs);
      if (used > 0) wants.push(used * perMs);
      else this.#parts.delete(part);
    }
    this.#perSecond = fairPart(wants, this.bucket.perSecond);
    for (const { own } of this.#parts) own.set(this.#rate, this.debtMsMax);
  }

  get #rate() {
    return { perSecond: this.#perSecond, burst: this.#perSecond * burstSeconds };
  }
}

/** A limit of the gateway as the connections of one tenant meet it. */
export class TenantPart implements AllowanceSource {
  #used = 0;
  #hasWaited = false;

  /** @param own what the tenant has of its part */
  constructor(
    readonly parts: FairParts,
    readonly own: TokenBucket,
  ) {}

  get perSecond(): number {
    return this.parts.bucket.perSecond;
  }

  get dryRun(): boolean {
    return this.parts.bucket.dryRun;
  }

  get lent(): number {
    return this.parts.bucket.lent;
  }

  take(n: number, nowMs: number): number {
    this.#used += n;
    this.parts.taken(this, nowMs);
    const waitMs = this.parts.bucket.take(n, nowMs, this.own.take(n, nowMs));
    if (waitMs > 0) this.#hasWaited = true;
    return waitMs;
  }

  owedMs(nowMs: number): number {
    const owedMs = this.parts.bucket.owedMs(nowMs);
    return owedMs === 0 ? 0 : Math.min(owedMs, this.own.owedMs(nowMs));
  }

  tokens(nowMs: number): number {
    return this.parts.bucket.tokens(nowMs);
  }

  draw(n: number, nowMs: number): void {
    this.#used += n;
    this.own.take(n, nowMs);
    this.parts.bucket.draw(n, nowMs);
  }

  giveBack(drawn: number, left: number): void {
    this.#used -= left;
    this.own.put(left);
    this.parts.bucket.giveBack(drawn, left);
  }

  /** What was used since the last call; Infinity: it would have been more. */
  takeUsed(nowMs: number): number {
    const used = this.#hasWaited || this.own.owedMs(nowMs) > 0 ? Number.POSITIVE_INFINITY : this.#used;
    this.#used = 0;
    this.#hasWaited = false;
    return used;
  }
}
