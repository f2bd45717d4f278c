import { createHmac, randomBytes } from 'node:crypto';

export interface VerificationCacheOptions {
  readonly entriesMax: number;
  readonly positiveTtlMs: number;
  readonly negativeTtlMs: number;
}

interface Entry {
  readonly verified: boolean;
  readonly expiresAtMs: number;
}

/**
 * Remembers which user and password were right or wrong, so that a client that connects again and again does not cost
 * 50 ms of CPU each time. Holds no password: keys are digests under a key of this process. Oldest entries go first.
 */
export class VerificationCache {
  readonly #key = randomBytes(32);
  readonly #entries = new Map<string, Entry>();

  constructor(
    readonly options: VerificationCacheOptions,
    readonly now: () => number,
  ) {}

  /** The entry's key; lengths are part of it, so that no two pairs of user and password share one. */
  key(user: string, password: string): string {
    return createHmac('sha256', this.#key).update(`${user.length}:${user}${password}`).digest('base64');
  }

  get(key: string): boolean | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.expiresAtMs > this.now()) return entry.verified;
    this.#entries.delete(key);
    return undefined;
  }

  set(key: string, verified: boolean): void {
    const { entriesMax, positiveTtlMs, negativeTtlMs } = this.options;
    this.#entries.delete(key);
    if (this.#entries.size >= entriesMax) {
      const oldest = this.#entries.keys().next();
      if (!oldest.done) this.#entries.delete(oldest.value);
    }
    const expiresAtMs = this.now() + (verified ? positiveTtlMs : negativeTtlMs);
    this.#entries.set(key, { verified, expiresAtMs });
  }

  get size(): number {
    return this.#entries.size;
  }
}
