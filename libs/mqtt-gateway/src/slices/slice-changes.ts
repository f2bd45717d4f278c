import type { Buffer } from 'node:buffer';
import type { KeyedRecord } from '#libs/pulsar';

/** Made when it is written: what is in memory then counts. Null: the record is gone. */
type Encode = () => Buffer | null;

/**
 * In which order what was changed is written where it is too much for one entry: a log that ends in between is whole.
 * A position comes after what it passes; what is deleted may be needed until then.
 */
export const changeRanks = { record: 0, progress: 1, position: 2, deletion: 3 } as const;
export type ChangeRank = keyof typeof changeRanks;

/** What is in memory and not in the log: keys, each with what its record will be. Pure. */
export class SliceChanges {
  readonly #ranks: readonly Map<string, Encode>[] = Object.values(changeRanks).map(() => new Map());

  get isEmpty(): boolean {
    return this.#ranks.every(({ size }) => size === 0);
  }

  set(rank: Exclude<ChangeRank, 'deletion'>, key: string, encode: Encode): void {
    this.#ranks[changeRanks.deletion]?.delete(key);
    this.#ranks[changeRanks[rank]]?.set(key, encode);
  }

  delete(rank: Exclude<ChangeRank, 'deletion'>, key: string): void {
    this.#ranks[changeRanks[rank]]?.delete(key);
    this.#ranks[changeRanks.deletion]?.set(key, deleted);
  }

  /** All of it as entries to be written in this order; one entry unless it is more than `bytesMax`. Nothing is changed any more. */
  take(bytesMax: number): KeyedRecord[][] {
    const entries: KeyedRecord[][] = [];
    let entry: KeyedRecord[] = [];
    let bytes = 0;
    for (const changes of this.#ranks) {
      for (const [key, encode] of changes) {
        const value = encode();
        const size = key.length + (value?.length ?? 0) + overheadBytes;
        if (entry.length > 0 && bytes + size > bytesMax) {
          entries.push(entry);
          entry = [];
          bytes = 0;
        }
        entry.push({ key, value });
        bytes += size;
      }
      changes.clear();
    }
    if (entry.length > 0) entries.push(entry);
    return entries;
  }
}

/** Of one record in an entry, about. */
const overheadBytes = 32;

const deleted: Encode = () => null;
