/**
 * Work that first needs to know something, in the order in which it came, for each key: what needs no look-up does not
 * overtake what waits for one.
 */
export class KeyedOrder {
  readonly #tails = new Map<string, Promise<unknown>>();

  /** Keys with work that waits. */
  get size(): number {
    return this.#tails.size;
  }

  /** Calls `start` with what `known` gives; at once when it is known and nothing of the key waits. */
  run<Known, Result>(
    key: string,
    known: Known | Promise<Known>,
    start: (known: Known) => Result | Promise<Result>,
  ): Result | Promise<Result> {
    const before = this.#tails.get(key);
    if (before === undefined && !(known instanceof Promise)) return start(known);
    const turn = Promise.all([known, before]).then(([value]) => value);
    // A look-up that fails ends its own work only; what follows has its turn.
    const tail = turn.catch(() => {});
    this.#tails.set(key, tail);
    void tail.then(() => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    });
    return turn.then(start);
  }
}
