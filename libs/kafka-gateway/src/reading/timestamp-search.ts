import { type RecordBatch, RecordCursor, recordsBytes, splitRecordSets } from '#libs/kafka-codec';
import type { BrokerEntry } from '#libs/pulsar';
import type { TrackerTime } from '../mapping/offset-tracker.js';
import { EntryUnreadable, type StoredBatch } from '../mapping/stored-batch.js';
import type { EntryBatches } from './entry-batches.js';
import { isBefore, type LogSource, type LogStart } from './log-source.js';
import type { LogBounds, OffsetAndTimestamp } from './partition-log.js';

/** What the search needs of the log. */
export interface SearchedLog {
  readonly compacted: boolean;
  bounds(): Promise<LogBounds>;
  locate(offset: number): Promise<LogStart>;
}

export interface TimestampSearchOptions {
  /** One search reads no more than this. */
  readonly bytesMax: number;
  readonly timeMsMax: number;
  /** The largest timestamp is looked for among so many of the last offsets. */
  readonly lastOffsets: number;
  readonly decompressedBytesMax: number;
}

export const timestampSearchDefaults: TimestampSearchOptions = {
  bytesMax: 64 * 1024 * 1024,
  timeMsMax: 5_000,
  lastOffsets: 1_000,
  decompressedBytesMax: 256 * 1024 * 1024,
};

const windowBytesMax = 1024 * 1024;

/** How a scan ended: the visitor had enough, all was read, or a bound was reached. */
type ScanEnd = 'stopped' | 'end' | 'bound';

/** Finds records by their timestamps: from a position on it reads forward, within bounds. */
export class TimestampSearch {
  constructor(
    private readonly log: SearchedLog,
    private readonly source: LogSource,
    private readonly newBatches: () => EntryBatches,
    private readonly time: TrackerTime,
    private readonly options: TimestampSearchOptions = timestampSearchDefaults,
  ) {}

  /** See `PartitionLog.offsetForTimestamp`. */
  async find(timestampMs: number): Promise<OffsetAndTimestamp | undefined> {
    const { start, end } = await this.log.bounds();
    if (start >= end) return undefined;
    const from = await this.source.positionOfTime(Math.max(0, timestampMs));
    let found: OffsetAndTimestamp | undefined;
    let next = start;
    const how = await this.scan(from, (batch) => {
      next = batch.lastOffset + 1;
      if (batch.maxTimestamp < timestampMs) return false;
      found = this.recordIn(batch, (offset, timestamp) => offset >= start && timestamp >= timestampMs);
      return found !== undefined;
    });
    // All up to there are earlier, so nothing that was asked for is left out.
    return how === 'bound' ? { offset: next, timestamp: timestampMs } : found;
  }

  /** See `PartitionLog.maxTimestamp`. */
  async max(): Promise<OffsetAndTimestamp | undefined> {
    const { start, end } = await this.log.bounds();
    if (start >= end) return undefined;
    const from = await this.log.locate(Math.max(start, end - this.options.lastOffsets));
    let largest: StoredBatch | undefined;
    await this.scan(from, (batch) => {
      if (batch.recordCount > 0 && batch.maxTimestamp > (largest?.maxTimestamp ?? -1)) largest = batch;
      return false;
    });
    if (largest === undefined) return undefined;
    const { maxTimestamp } = largest;
    return this.recordIn(largest, (_, timestamp) => timestamp === maxTimestamp);
  }

  private recordIn(
    { bytes }: StoredBatch,
    wanted: (offset: number, timestamp: number) => boolean,
  ): OffsetAndTimestamp | undefined {
    const batch = splitRecordSets(bytes)[0] as RecordBatch;
    if (batch.control) return undefined;
    const cursor = new RecordCursor(
      recordsBytes(batch, this.options.decompressedBytesMax),
      batch.recordCount,
    );
    while (cursor.next()) {
      const offset = Number(batch.baseOffset) + cursor.offsetDelta;
      // Of LogAppendTime topics the batch's time is that of all its records.
      const timestamp =
        batch.timestampType === 'append' ? batch.maxTimestamp : batch.baseTimestamp + cursor.timestampDelta;
      if (wanted(offset, timestamp)) return { offset, timestamp };
    }
    return undefined;
  }

  private async scan(from: LogStart, visit: (batch: StoredBatch) => boolean): Promise<ScanEnd> {
    const ending = Promise.withResolvers<ScanEnd>();
    // The topic may be deleted while the reader is opened, before anybody awaits this.
    ending.promise.catch(() => undefined);
    const { bytesMax, timeMsMax } = this.options;
    const batches = this.newBatches();
    let last: { ledgerId: number; entryId: number } | undefined;
    let at = { ledgerId: -1, entryId: -1 };
    let bytes = 0;
    let over = false;
    const end = (how: ScanEnd) => {
      over = true;
      ending.resolve(how);
    };
    const onEntry = (entry: BrokerEntry) => {
      if (over) return;
      at = { ledgerId: entry.ledgerId, entryId: entry.entryId };
      const batch = readable(batches, entry);
      bytes += batch?.bytes.length ?? 0;
      if (batch !== undefined && visit(batch)) end('stopped');
      else if (last !== undefined && !isBefore(at, last)) end('end');
      else if (bytes > bytesMax) end('bound');
    };
    const timer = this.time.setTimer(() => end('bound'), timeMsMax);
    try {
      const reader = await this.source.open(from, {
        compacted: this.log.compacted,
        paused: true,
        windowBytesMax,
        onEntry,
        onClosed: (error) => ending.reject(error),
      });
      try {
        last = await reader.lastPosition();
        const isAtEnd = last === undefined || (typeof from !== 'string' && isBefore(last, from));
        if (isAtEnd) return 'end';
        reader.resume();
        return await ending.promise;
      } finally {
        over = true;
        reader.close();
      }
    } finally {
      this.time.clearTimer(timer);
    }
  }
}

/** Who searches passes over what cannot be served; who reads stops there. */
function readable(batches: EntryBatches, entry: BrokerEntry): StoredBatch | undefined {
  try {
    return batches.batchOf(entry);
  } catch (error) {
    if (error instanceof EntryUnreadable) return undefined;
    throw error;
  }
}
