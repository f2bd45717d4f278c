import type { SendReceipt } from '#libs/pulsar';
import { DuplicateSearch, type DuplicateSearchOptions } from '../mapping/duplicate-search.js';
import type { EntryPosition, EntrySource } from '../mapping/entry-source.js';
import { type OffsetDone, OffsetTracker, type OffsetTrackerOptions } from '../mapping/offset-tracker.js';

/** From receipts to offsets: one per partition, for all its producers. */
export class PartitionOffsets {
  private readonly tracker: OffsetTracker;
  private readonly duplicates: DuplicateSearch;

  constructor(source: EntrySource, tracking: OffsetTrackerOptions, searching: DuplicateSearchOptions) {
    this.tracker = new OffsetTracker(source, tracking);
    this.duplicates = new DuplicateSearch(source, searching);
  }

  /** The last entry that is known now: whatever is sent from here on is stored behind it. */
  get lastKnown(): EntryPosition | undefined {
    return this.tracker.lastKnown;
  }

  /** Gaps that had to be read since the partition was opened. */
  get gaps(): number {
    return this.tracker.gaps;
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
    if (receipt.ledgerId >= 0) this.tracker.stored(receipt.ledgerId, receipt.entryId, messages, done);
    else this.duplicates.find(producerName, receipt.sequenceId, messages, sentAfter, done);
  }

  close(): void {
    this.tracker.close();
    this.duplicates.close();
  }
}
