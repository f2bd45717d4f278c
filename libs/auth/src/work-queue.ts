/** The queue is full: whoever asks now is refused at once. */
export class WorkQueueFull extends Error {
  override readonly name = 'WorkQueueFull';
}

/** Runs asynchronous work, so many at a time, and lets so many wait. */
export class WorkQueue {
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(
    readonly runningMax: number,
    readonly waitingMax: number,
  ) {}

  /** @throws WorkQueueFull */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.runningMax) {
      if (this.#waiting.length >= this.waitingMax) throw new WorkQueueFull('too much work is waiting');
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running++;
    }
    try {
      return await work();
    } finally {
      // Who waits takes over the place, so that nobody who comes between can.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}
