import type { SliceLog } from '#libs/cluster';
import type { KeyedRecord, PulsarError } from '#libs/pulsar';

/** The log of a slice in memory: receipts come at once, or when they are let go. */
export class MemorySliceLog implements SliceLog {
  readonly entries: (readonly KeyedRecord[])[] = [];
  #held: (() => void)[] | undefined;

  append(records: readonly KeyedRecord[], done: (error: PulsarError | undefined) => void): void {
    this.entries.push(records);
    if (this.#held === undefined) done(undefined);
    else this.#held.push(() => done(undefined));
  }

  /** From here on no receipt comes. */
  hold(): void {
    this.#held ??= [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const receipt of held) receipt();
  }

  /** What a new holder reads. Compacted: of each key the last, where it was last written, and no tombstones. */
  records(compacted: boolean, entries = this.entries.length): KeyedRecord[] {
    const all = this.entries.slice(0, entries).flat();
    if (!compacted) return all;
    const last = new Map(all.map(({ key }, index) => [key, index]));
    return all.filter(({ key, value }, index) => last.get(key) === index && value !== null);
  }
}
