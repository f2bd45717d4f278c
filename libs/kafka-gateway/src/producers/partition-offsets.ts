import type { SendReceipt } from '#libs/pulsar';
import { DuplicateSearch, type DuplicateSearchOptions } from '../mapping/duplicate-search.js';
import type { EntryPosition, EntrySource } from '../mapping/entry-source.js';
import {
  type OffsetCounters,
  type OffsetDone,
  OffsetTracker,
  type OffsetTrackerOptions,
  type ReceiptTracker,
  systemTime,
} from '../mapping/offset-tracker.js';

const logStartRefreshMs = 60_000;

/** From receipts to offsets: one per partition, for all its producers. */
export class PartitionOffsets {
  private readonly duplicates: DuplicateSearch;

  private logStart = -1;
  private logStartReadAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly source: EntrySource,
    tracking: OffsetTrackerOptions,
    searching: DuplicateSearchOptions,
    private readonly counters: OffsetCounters,
    private readonly tracker: ReceiptTracker = new OffsetTracker(source, tracking, systemTime, counters),
  ) {
    this.duplicates = new DuplicateSearch(source, searching);
  }

  /** The last entry that is known now: whatever is sent from here on is stored behind it. */
  get lastKnown(): EntryPosition | undefined {
    return this.tracker.lastKnown;
  }

  /** A record of offset 0 was just stored, so the log starts there. */
  startsAtZero(): void {
    if (this.logStart < 0) this.logStart = 0;
  }

  /**
   * The offset of the first record that is still there, -1 while it is not known. What it says may be
   * `logStartRefreshMs` old: retention moves it at any time.
   */
  logStartOffset(now: number): number {
    if (now - this.logStartReadAt >= logStartRefreshMs) {
      this.logStartReadAt = now;
      this.source.firstIndex().then(
        (index) => {
          if (index !== undefined) this.logStart = index;
        },
        () => undefined,
      );
    }
    return this.logStart;
  }

  /**
   * @param sentAfter `lastKnown` of before the first attempt to send the entry
   * @param done called once, perhaps at once
   */
  learn(
    receipt: SendReceipt,
    producerName: string,
    messages: number,
    sentAfter: EntryPosition | undefined,
    done: OffsetDone,
  ): void {
    if (receipt.ledgerId >= 0) {
      this.tracker.stored(receipt.ledgerId, receipt.entryId, messages, done);
      return;
    }
    const { counters } = this;
    counters.duplicates++;
    this.duplicates.find(producerName, receipt.sequenceId, sentAfter, (baseOffset) => {
      if (baseOffset < 0) counters.unknown++;
      done(baseOffset);
    });
  }

  close(): void {
    this.tracker.close();
    this.duplicates.close();
  }
}
