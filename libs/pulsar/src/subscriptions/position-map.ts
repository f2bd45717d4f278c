import type { EntryPosition } from '../entry.js';

/** What is known of entries of one partition, by ledger and entry, without a string per entry. */
export class PositionMap<T> {
  private readonly ledgers = new Map<number, Map<number, T>>();
  private count = 0;

  get size(): number {
    return this.count;
  }

  get({ ledgerId, entryId }: EntryPosition): T | undefined {
    return this.ledgers.get(ledgerId)?.get(entryId);
  }

  set({ ledgerId, entryId }: EntryPosition, value: T): void {
    let entries = this.ledgers.get(ledgerId);
    if (entries === undefined) {
      entries = new Map();
      this.ledgers.set(ledgerId, entries);
    }
    const before = entries.size;
    entries.set(entryId, value);
    this.count += entries.size - before;
  }

  delete({ ledgerId, entryId }: EntryPosition): void {
    const entries = this.ledgers.get(ledgerId);
    if (entries === undefined || !entries.delete(entryId)) return;
    this.count--;
    if (entries.size === 0) this.ledgers.delete(ledgerId);
  }

  *values(): IterableIterator<T> {
    for (const entries of this.ledgers.values()) yield* entries.values();
  }

  clear(): void {
    this.ledgers.clear();
    this.count = 0;
  }
}
