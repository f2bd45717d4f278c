import type { Principal } from '../principal.js';

/** Fewest entries between two sweeps. */
const sweepMin = 1_024;

/**
 * Who is in with a token of which key. Holds nobody: who is not connected and not remembered any more is forgotten here
 * as well, so it is bounded by the connections and by what is remembered of tokens.
 */
export class TokenBearers {
  readonly #byKey = new Map<string, Set<WeakRef<Principal>>>();
  #size = 0;
  #sweepAt = sweepMin;

  add(key: string, principal: Principal): void {
    let bearers = this.#byKey.get(key);
    if (bearers === undefined) this.#byKey.set(key, (bearers = new Set()));
    bearers.add(new WeakRef(principal));
    this.#size++;
    if (this.#size >= this.#sweepAt) this.#sweep();
  }

  /** All who are still there, who are then forgotten. */
  take(key: string): Principal[] {
    const bearers = this.#byKey.get(key);
    if (bearers === undefined) return [];
    this.#byKey.delete(key);
    this.#size -= bearers.size;
    return [...bearers].map((each) => each.deref()).filter((each) => each !== undefined);
  }

  get size(): number {
    return this.#size;
  }

  /** Looks at all entries when they have doubled since the last time: a constant effort for each. */
  #sweep(): void {
    for (const [key, bearers] of this.#byKey) {
      for (const each of bearers) {
        if (each.deref() === undefined) bearers.delete(each);
      }
      if (bearers.size === 0) this.#byKey.delete(key);
    }
    this.#size = [...this.#byKey.values()].reduce((sum, { size }) => sum + size, 0);
    this.#sweepAt = Math.max(sweepMin, 2 * this.#size);
  }
}
