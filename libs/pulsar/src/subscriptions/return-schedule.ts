/** Times are rounded up to it, so that many share a timer. */
const stepMs = 10;

/** Things that are given back later: one timer, whatever their number. */
export class ReturnSchedule<T> {
  private readonly due = new Map<number, T[]>();
  private timer: NodeJS.Timeout | undefined;
  private timerAt = Infinity;
  private count = 0;

  constructor(private readonly giveBack: (things: readonly T[]) => void) {}

  get size(): number {
    return this.count;
  }

  /** After 0 ms: when this turn of the event loop is over. */
  add(thing: T, delayMs: number): void {
    const at = delayMs === 0 ? 0 : Math.ceil((performance.now() + delayMs) / stepMs) * stepMs;
    const things = this.due.get(at);
    if (things === undefined) this.due.set(at, [thing]);
    else things.push(thing);
    this.count++;
    if (at < this.timerAt) this.wait(at);
  }

  /** What is to be given back without a delay goes now. */
  flush(): void {
    const things = this.due.get(0);
    if (things === undefined) return;
    this.due.delete(0);
    this.count -= things.length;
    this.giveBack(things);
  }

  clear(): void {
    clearTimeout(this.timer);
    this.timerAt = Infinity;
    this.due.clear();
    this.count = 0;
  }

  /** They are not given back by it any more. */
  takeAll(): T[] {
    const all = [...this.due.values()].flat();
    this.clear();
    return all;
  }

  private wait(at: number): void {
    clearTimeout(this.timer);
    this.timerAt = at;
    const delayMs = at === 0 ? 0 : Math.max(0, at - performance.now());
    this.timer = setTimeout(() => this.fire(), delayMs).unref();
  }

  private fire(): void {
    this.timerAt = Infinity;
    const now = performance.now();
    const back: T[] = [];
    let next = Infinity;
    for (const [at, things] of this.due) {
      if (at <= now) {
        this.due.delete(at);
        for (const thing of things) back.push(thing);
      } else next = Math.min(next, at);
    }
    this.count -= back.length;
    if (next < Infinity) this.wait(next);
    if (back.length > 0) this.giveBack(back);
  }
}
