// One partition's log in memory, as Fetch and the offset APIs see it, without a broker.
import { encodeRecordBatch, KafkaErrorCode } from '#libs/kafka-codec';
import type { EntryPosition } from '#libs/pulsar';
import type { StoredBatch } from '../mapping/stored-batch.js';
import type { LogBounds, LogRead, OffsetAndTimestamp, PartitionLog } from '../reading/partition-log.js';

/** A batch of records with these values; `bytes` pads the first one. */
export function fakeBatch(baseOffset: number, count: number, bytes = 0): StoredBatch {
  const records = Array.from({ length: Math.max(1, count) }, (_, index) => ({
    timestamp: 1_000 + baseOffset + index,
    offsetDelta: index,
    key: null,
    value: Buffer.alloc(index === 0 ? bytes : 0, 'x'),
  }));
  return {
    baseOffset,
    lastOffset: baseOffset + Math.max(1, count) - 1,
    recordCount: count,
    bytes: encodeRecordBatch(records, { baseOffset: BigInt(baseOffset) }),
    maxTimestamp: 1_000 + baseOffset + Math.max(1, count) - 1,
    ledgerId: 1,
    entryId: baseOffset,
  };
}

/** Reads are answered at once, or with `later` when the test calls `release`. */
export class FakeLog implements PartitionLog {
  readonly batches: StoredBatch[] = [];
  readonly reads: { offset: number; bytesMax: number; minOne: boolean }[] = [];
  readonly waiting = new Set<{ offset: number; wake: () => void }>();
  start = 0;
  error: number | undefined;
  later = false;
  #held: (() => void)[] = [];

  /** Appends a batch of so many records and wakes who waits for it. */
  append(count = 1, bytes = 0): StoredBatch {
    const batch = fakeBatch(this.knownEnd, count, bytes);
    this.batches.push(batch);
    this.wake();
    return batch;
  }

  wake(): void {
    for (const waiting of [...this.waiting]) {
      if (this.error === undefined && waiting.offset >= this.knownEnd) continue;
      this.waiting.delete(waiting);
      waiting.wake();
    }
  }

  fail(error: number): void {
    this.error = error;
    this.wake();
  }

  release(): void {
    for (const release of this.#held.splice(0)) release();
  }

  read(offset: number, bytesMax: number, minOne: boolean): LogRead | Promise<LogRead> {
    this.reads.push({ offset, bytesMax, minOne });
    if (!this.later) return this.#read(offset, bytesMax, minOne);
    return new Promise((resolve) => {
      this.#held.push(() => resolve(this.#read(offset, bytesMax, minOne)));
    });
  }

  get knownEnd(): number {
    return (this.batches.at(-1)?.lastOffset ?? -1) + 1;
  }

  get knownStart(): number {
    return this.start;
  }

  async bounds(): Promise<LogBounds> {
    return { start: this.start, end: this.knownEnd };
  }

  whenBeyond(offset: number, wake: () => void): () => void {
    const waiting = { offset, wake };
    this.waiting.add(waiting);
    this.wake();
    return () => this.waiting.delete(waiting);
  }

  async offsetForTimestamp(timestampMs: number): Promise<OffsetAndTimestamp | undefined> {
    const offset = Math.max(this.start, timestampMs - 1_000);
    return offset < this.knownEnd ? { offset, timestamp: 1_000 + offset } : undefined;
  }

  async maxTimestamp(): Promise<OffsetAndTimestamp | undefined> {
    const offset = this.knownEnd - 1;
    return offset < this.start ? undefined : { offset, timestamp: 1_000 + offset };
  }

  async positionOf(offset: number): Promise<EntryPosition | undefined> {
    return offset < this.knownEnd ? { ledgerId: 1, entryId: offset } : undefined;
  }

  #read(offset: number, bytesMax: number, minOne: boolean): LogRead {
    if (this.error !== undefined) return { batches: [], bytes: 0, error: this.error };
    if (offset < this.start || offset > this.knownEnd) {
      return { batches: [], bytes: 0, error: KafkaErrorCode.OFFSET_OUT_OF_RANGE };
    }
    const batches: StoredBatch[] = [];
    let bytes = 0;
    for (const batch of this.batches) {
      if (batch.lastOffset < offset) continue;
      if (bytes + batch.bytes.length > bytesMax && !(minOne && batches.length === 0)) break;
      bytes += batch.bytes.length;
      batches.push(batch);
    }
    return { batches, bytes };
  }
}
