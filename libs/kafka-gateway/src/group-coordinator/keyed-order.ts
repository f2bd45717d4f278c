/**
 * Work that first needs to know something, in the order in which it came, for each key: what needs no look-up does not
 * overtake what waits for one.
 */
export class KeyedOrder {
  readonly #tails = new Map<string, Promise<void>>();

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
    // A look-up that fails ends its own work only.
    if (known instanceof Promise) known.catch(() => {});
    const begun = (async () => {
      await before;
      const value = await known;
      return { result: start(value) };
    })();
    const tail = begun.then(
      () => {},
      () => {},
    );
    this.#tails.set(key, tail);
    void tail.then(() => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    });
    return begun.then(({ result }) => result);
  }
}
