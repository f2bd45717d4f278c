import type { StoredBatch } from '../mapping/stored-batch.js';

/** Dropped places at the front of the array that are kept until there are so many: shifting each time would be slow. */
const slackMax = 256;

/** What a batch takes in memory beyond its bytes, measured; matters where entries are small. */
export const batchOverheadBytes = 256;

/** What a batch takes in memory. */
export function memoryOf({ bytes }: StoredBatch): number {
  return bytes.length + batchOverheadBytes;
}

/**
 * Batches in offset order with nothing left out between `start` and `end`. Who reads fastest sets the demand: what it
 * was given is behind, what nobody asked for yet is ahead. Pure bookkeeping.
 */
export class BatchRing {
  /** Whoever asks for this offset or a later one below `end` finds it here. */
  start: number;
  /** The offset after the last batch. */
  end: number;
  /** Of all batches, in memory. */
  bytes = 0;
  /** Of those that nobody was given yet. */
  aheadBytes = 0;
  private batches: (StoredBatch | undefined)[] = [];
  /** Where the first batch is in the array. */
  private first = 0;
  /** Where the first batch is that nobody was given yet. */
  private demanded = 0;

  /** @param offset where the first batch is to begin, or shortly before */
  constructor(offset: number) {
    this.start = offset;
    this.end = offset;
  }

  get length(): number {
    return this.batches.length - this.first;
  }

  get last(): StoredBatch | undefined {
    return this.batches[this.batches.length - 1];
  }

  get firstBatch(): StoredBatch | undefined {
    return this.batches[this.first];
  }

  push(batch: StoredBatch): void {
    // An entry is served as a whole, also to who asked for an offset in the middle of it.
    if (this.length === 0 && batch.baseOffset < this.start) this.start = batch.baseOffset;
    this.batches.push(batch);
    this.end = batch.lastOffset + 1;
    this.bytes += memoryOf(batch);
    this.aheadBytes += memoryOf(batch);
  }

  /** The batch that holds `offset`, or the first behind it. */
  at(offset: number): StoredBatch | undefined {
    return this.batches[this.find(offset)];
  }

  /** From the batch that holds `offset` on, up to `bytesMax`; one at least when `minOne`. They count as asked for. */
  take(offset: number, bytesMax: number, minOne: boolean): StoredBatch[] {
    const taken: StoredBatch[] = [];
    let left = bytesMax;
    let at = this.find(offset);
    for (; at < this.batches.length; at++) {
      const batch = this.batches[at] as StoredBatch;
      left -= batch.bytes.length;
      if (left < 0 && !(minOne && taken.length === 0)) break;
      taken.push(batch);
    }
    this.demand(at);
    return taken;
  }

  /** Somebody asks for what follows all of them: none is ahead any more. */
  passAll(): void {
    this.demand(this.batches.length);
  }

  /** Lets go of the first batch; false when there is none, or when it was not asked for yet and only those may go. */
  dropFirst(demandedOnly: boolean): boolean {
    const batch = this.batches[this.first];
    if (batch === undefined || (demandedOnly && this.first >= this.demanded)) return false;
    if (this.first >= this.demanded) this.demand(this.first + 1);
    this.batches[this.first++] = undefined;
    this.bytes -= memoryOf(batch);
    this.start = batch.lastOffset + 1;
    if (this.first > slackMax && this.first * 2 > this.batches.length) this.compact();
    return true;
  }

  clear(): void {
    this.batches = [];
    this.first = 0;
    this.demanded = 0;
    this.start = this.end;
    this.bytes = 0;
    this.aheadBytes = 0;
  }

  private demand(upTo: number): void {
    for (; this.demanded < upTo; this.demanded++) {
      const batch = this.batches[this.demanded];
      if (batch !== undefined) this.aheadBytes -= memoryOf(batch);
    }
  }

  private compact(): void {
    this.batches = this.batches.slice(this.first);
    this.demanded -= this.first;
    this.first = 0;
  }

  /** The place of the first batch whose last offset is not below `offset`. */
  private find(offset: number): number {
    let low = this.first;
    let high = this.batches.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.batches[middle] as StoredBatch).lastOffset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
