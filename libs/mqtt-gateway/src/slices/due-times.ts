/** Something that is due at a time. */
export interface Due {
  /** Kept by {@link DueTimes}; 0: it is in none. */
  dueSecond: number;
}

/** What is due when, to the second, at a cost that does not depend on how much waits. Pure. */
export class DueTimes<T extends Due> {
  readonly #seconds = new Map<number, Set<T>>();

  /** Instead of what it was. */
  set(item: T, atMs: number): void {
    this.delete(item);
    const second = Math.max(1, Math.ceil(atMs / 1_000));
    item.dueSecond = second;
    let items = this.#seconds.get(second);
    if (items === undefined) this.#seconds.set(second, (items = new Set()));
    items.add(item);
  }

  delete(item: T): void {
    const items = this.#seconds.get(item.dueSecond);
    if (items?.delete(item) && items.size === 0) this.#seconds.delete(item.dueSecond);
    item.dueSecond = 0;
  }

  /** Takes out what is due, the earliest first. */
  due(nowMs: number): T[] {
    const now = Math.floor(nowMs / 1_000);
    const seconds = [...this.#seconds.keys()].filter((second) => second <= now).sort((a, b) => a - b);
    const due = seconds.flatMap((second) => [...(this.#seconds.get(second) ?? [])]);
    for (const item of due) this.delete(item);
    return due;
  }
}
