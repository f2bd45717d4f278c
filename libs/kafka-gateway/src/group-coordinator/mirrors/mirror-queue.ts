import type { ClockTimer, CoordinatorClock } from '../coordinator-clock.js';

export interface MirrorQueueOptions {
  /** Entries that wait, at most; what comes above it is left to the sweep. */
  readonly entriesMax: number;
  readonly perSecondMax: number;
  /** Between two pieces of work of one key. */
  readonly keyIntervalMs: number;
  readonly parallelMax: number;
}

interface Waiting<Item> {
  readonly item: Item;
  dueAt: number;
}

const tickMs = 100;
/** Entries that are looked at in one tick, also those that are not due. */
const looksMax = 2_000;

/**
 * Work that has time: each key waits at most once, so that what changes often is done for its latest state only, and no
 * key twice within its interval. Bounded in number, rate and how much runs at a time.
 */
export class MirrorQueue<Item> {
  readonly #waiting = new Map<string, Waiting<Item>>();
  readonly #running = new Set<string>();
  readonly #doneAt = new Map<string, number>();
  #timer: ClockTimer | undefined;
  #credit = 0;
  #closed = false;

  constructor(
    private readonly options: MirrorQueueOptions,
    private readonly clock: CoordinatorClock,
    /** Never rejects. */
    private readonly work: (key: string, item: Item) => Promise<void>,
  ) {}

  get size(): number {
    return this.#waiting.size;
  }

  /** Asks for the key's work, after `delayMs` or its interval. False when there is no room. */
  add(key: string, item: Item, delayMs = 0): boolean {
    if (this.#closed) return false;
    if (this.#waiting.has(key)) return true;
    if (this.#waiting.size >= this.options.entriesMax) return false;
    const now = this.clock.now();
    const restsUntil = (this.#doneAt.get(key) ?? -Infinity) + this.options.keyIntervalMs;
    this.#waiting.set(key, { item, dueAt: Math.max(now + delayMs, restsUntil) });
    this.#timer ??= this.clock.after(tickMs, () => this.#tick());
    return true;
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#waiting.clear();
  }

  #tick(): void {
    this.#timer = undefined;
    const { perSecondMax, parallelMax, keyIntervalMs } = this.options;
    const now = this.clock.now();
    this.#credit = Math.min(perSecondMax, this.#credit + Math.max(1, (perSecondMax * tickMs) / 1_000));
    for (const [key, at] of this.#doneAt) {
      if (at + keyIntervalMs > now) break;
      this.#doneAt.delete(key);
    }
    let looks = 0;
    for (const [key, { item, dueAt }] of this.#waiting) {
      if (this.#credit < 1 || this.#running.size >= parallelMax || ++looks > looksMax) break;
      if (dueAt > now || this.#running.has(key)) continue;
      this.#credit--;
      this.#waiting.delete(key);
      this.#run(key, item);
    }
    if (this.#waiting.size > 0) this.#timer = this.clock.after(tickMs, () => this.#tick());
  }

  #run(key: string, item: Item): void {
    this.#running.add(key);
    void this.work(key, item).finally(() => {
      this.#running.delete(key);
      this.#doneAt.delete(key);
      this.#doneAt.set(key, this.clock.now());
    });
  }
}
