/**
 * For what reads a state, and changes it by what it read: one after the other for the same key, in the order of the calls;
 * different keys do not wait for each other. Keys are forgotten with the last of their calls.
 */
export class KeyedTurns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Keys that somebody has a turn of, or waits for. */
  get size(): number {
    return this.#last.size;
  }

  /** Calls when it is its turn, at once where nobody is before it, and gives what it gives. A call that fails holds up nobody. */
  run<T>(key: string, call: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const result = before === undefined ? call() : before.then(call, call);
    this.#last.set(key, result);
    const forget = () => {
      if (this.#last.get(key) === result) this.#last.delete(key);
    };
    result.then(forget, forget);
    return result;
  }
}
