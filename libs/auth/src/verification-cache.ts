import { createHmac, randomBytes } from 'node:crypto';

interface Entry<V> {
  readonly value: V;
  readonly expiresAtMs: number;
}

/**
 * Remembers what became of credentials, so that a client that connects again and again does not cost 50 ms of CPU each
 * time. Holds no secret: keys are digests under a key of this process. Oldest entries go first.
 */
export class VerificationCache<V> {
  readonly #key = randomBytes(32);
  readonly #entries = new Map<string, Entry<V>>();

  constructor(
    readonly entriesMax: number,
    readonly now: () => number,
  ) {}

  /** The entry's key; lengths are part of it, so that no two lists of parts share one. */
  key(...parts: readonly string[]): string {
    const digest = createHmac('sha256', this.#key);
    for (const part of parts) digest.update(`${part.length}:${part}`);
    return digest.digest('base64');
  }

  get(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.expiresAtMs > this.now()) return entry.value;
    this.#entries.delete(key);
    return undefined;
  }

  set(key: string, value: V, lifetimeMs: number): void {
    this.#entries.delete(key);
    if (this.#entries.size >= this.entriesMax) {
      const oldest = this.#entries.keys().next();
      if (!oldest.done) this.#entries.delete(oldest.value);
    }
    this.#entries.set(key, { value, expiresAtMs: this.now() + lifetimeMs });
  }

  clear(): void {
    this.#entries.clear();
  }

  get size(): number {
    return this.#entries.size;
  }
}
