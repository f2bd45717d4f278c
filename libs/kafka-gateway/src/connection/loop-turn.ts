/** So long one turn of the event loop may go on with the same kind of work before all others have theirs. */
const turnMsMax = 50;
/** What one callback of the event loop took less than this for does not count. */
const countedMsMin = 1;

/**
 * Work that is cut into pieces, so that a request with a thousand batches to decompress does not keep the process from
 * its other connections, timers and health checks. Counted over all connections: many small ones are as long as one.
 */
class LoopTurn {
  #startedMs: number | undefined;
  #waiting: Promise<void> = Promise.resolve();

  /** To be asked between two pieces: true when the rest should wait for `next`. */
  get isOver(): boolean {
    const now = performance.now();
    if (this.#startedMs !== undefined) return now - this.#startedMs > turnMsMax;
    this.#startedMs = now;
    process.nextTick(this.#afterCallback);
    return false;
  }

  #nextTurn(): Promise<void> {
    return new Promise((resolve) => {
      setImmediate(() => {
        this.#startedMs = undefined;
        resolve();
      });
    });
  }

  /** An immediate makes the loop go round once more, so what took next to nothing is forgotten without one. */
  readonly #afterCallback = (): void => {
    if (performance.now() - (this.#startedMs ?? 0) < countedMsMin) this.#startedMs = undefined;
    else setImmediate(() => (this.#startedMs = undefined));
  };

  /** When everything else that was ready has run; of those that wait, one in each turn, in the order of the calls. */
  next(): Promise<void> {
    this.#waiting = this.#waiting.then(() => this.#nextTurn());
    return this.#waiting;
  }
}

/** One for the process: what a turn takes is the same whoever asked for it. */
export const loopTurn = new LoopTurn();
