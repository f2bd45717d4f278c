/** Something that will be answered; `undefined` while it is not. */
export interface Pending<A> {
  answer: A | undefined;
}

/** Kafka answers the requests of one connection in their order, whichever is ready first. */
export class ResponseOrder<P extends Pending<unknown>> {
  readonly #pending: P[] = [];

  constructor(private readonly release: (pending: P) => void) {}

  get size(): number {
    return this.#pending.length;
  }

  add(pending: P): void {
    this.#pending.push(pending);
  }

  /** Releases from the front everything that has its answer. */
  flush(): void {
    while (this.#pending.length > 0 && this.#pending[0]!.answer !== undefined)
      this.release(this.#pending.shift()!);
  }

  /** Gives what was left. */
  clear(): P[] {
    return this.#pending.splice(0);
  }
}
