/** How many look at heads of queues at the same time, of one process; the others wait for their turn. */
export class HeadSlots {
  private readonly waiting: (() => void)[] = [];
  private taken = 0;

  constructor(private readonly slotsMax: number) {}

  /** Resolves to what `work` does. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.taken < this.slotsMax) this.taken++;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.taken--;
      else next();
    }
  }
}
