/** Thrown by what waited while its address used its last failure up. */
export class TooManyFailures extends Error {
  override readonly name = 'TooManyFailures';
}

export interface FailureLimitOptions {
  /** Failures that an address may have at once. */
  readonly burst: number;
  /** How many of them it gets back per minute. */
  readonly perMinute: number;
  /** Addresses that are remembered. */
  readonly addressesMax: number;
}

interface Allowance {
  left: number;
  atMs: number;
}

/** Counts failed authentications per address. An address without allowance is refused before anything is verified. */
export class FailureLimit {
  readonly #options: FailureLimitOptions;
  readonly #now: () => number;
  // In the order of last failures: the first is forgotten first.
  readonly #allowances = new Map<string, Allowance>();

  constructor(options: FailureLimitOptions, now: () => number) {
    this.#options = options;
    this.#now = now;
  }

  exhausted(address: string): boolean {
    const allowance = this.#allowances.get(address);
    return allowance !== undefined && this.#refilled(allowance) < 1;
  }

  failed(address: string): void {
    const allowance = this.#allowances.get(address);
    const left = allowance === undefined ? this.#options.burst : this.#refilled(allowance);
    this.#allowances.delete(address);
    if (this.#allowances.size >= this.#options.addressesMax) {
      const first = this.#allowances.keys().next();
      if (!first.done) this.#allowances.delete(first.value);
    }
    this.#allowances.set(address, { left: Math.max(0, left - 1), atMs: this.#now() });
  }

  get size(): number {
    return this.#allowances.size;
  }

  #refilled({ left, atMs }: Allowance): number {
    return Math.min(this.#options.burst, left + ((this.#now() - atMs) * this.#options.perMinute) / 60_000);
  }
}
