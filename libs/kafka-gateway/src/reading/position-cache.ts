import type { EntryPosition } from '#libs/pulsar';

/** One entry: the offsets it holds and where it is. */
export interface KnownEntry extends EntryPosition {
  readonly baseOffset: number;
  readonly lastOffset: number;
}

/** Entries remembered of a partition; when there are so many, every second one is forgotten. */
const entriesMax = 1_024;
/** Offsets between two that are remembered at first; doubles with each forgetting. */
const spacingAtFirst = 256;

/** Some entries of a partition, so that most offsets are found without asking the broker. Pure bookkeeping. */
export class PositionCache {
  /** In offset order. */
  private entries: KnownEntry[] = [];
  private spacing = spacingAtFirst;
  /** The furthest entry that was seen. */
  private furthest: KnownEntry | undefined;

  /** The furthest entry known. */
  get last(): KnownEntry | undefined {
    return this.furthest;
  }

  /** Takes an entry that was read. */
  note(entry: KnownEntry): void {
    const { entries, furthest } = this;
    const { baseOffset, lastOffset, ledgerId, entryId } = entry;
    // A copy: what is given may hold the entry's bytes.
    const known = { baseOffset, lastOffset, ledgerId, entryId };
    if (furthest === undefined || lastOffset > furthest.lastOffset) this.furthest = known;
    const at = this.after(baseOffset);
    const before = entries[at - 1];
    if (before !== undefined && baseOffset - before.baseOffset < this.spacing) return;
    const behind = entries[at];
    if (behind !== undefined && behind.baseOffset - baseOffset < this.spacing) return;
    if (at === entries.length) entries.push(known);
    else entries.splice(at, 0, known);
    if (entries.length > entriesMax) this.thin();
  }

  /** The nearest known entry that begins at `offset` or before it. */
  atOrBefore(offset: number): KnownEntry | undefined {
    if (this.furthest !== undefined && this.furthest.baseOffset <= offset) return this.furthest;
    return this.entries[this.after(offset) - 1];
  }

  /** The offsets of the entry at this place, when it is the furthest one known. */
  atPosition({ ledgerId, entryId }: EntryPosition): KnownEntry | undefined {
    const { furthest } = this;
    return furthest?.ledgerId === ledgerId && furthest.entryId === entryId ? furthest : undefined;
  }

  clear(): void {
    this.entries = [];
    this.spacing = spacingAtFirst;
    this.furthest = undefined;
  }

  /** The place of the first entry that begins behind `offset`. */
  private after(offset: number): number {
    const { entries } = this;
    const last = entries[entries.length - 1];
    if (last === undefined || last.baseOffset <= offset) return entries.length;
    let low = 0;
    let high = entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((entries[middle] as KnownEntry).baseOffset <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private thin(): void {
    this.entries = this.entries.filter((_, at) => at % 2 === 0);
    this.spacing *= 2;
  }
}
