import type { EntryPosition } from './entry-source.js';
import type { OffsetDone, ReceiptTracker } from './offset-tracker.js';
import { sparseEntriesMax, sparseOffset } from './sparse-offset.mapping.js';

/** From this entry of a ledger on, another ledger is asked for: long before offsets end. */
const turnAtEntry = sparseEntriesMax * 0.75;
/** Asked again after so many entries more, where the first time did not help. */
const turnAgainEntries = sparseEntriesMax / 16;

/** Where the broker exposes no index: a receipt says the offset, so nothing is held and nothing is read. */
export class SparseOffsetTracker implements ReceiptTracker {
  private last: EntryPosition | undefined;
  private turnAt = turnAtEntry;

  /** @param turnLedger makes Pulsar begin another ledger */
  constructor(private readonly turnLedger: () => void) {}

  get lastKnown(): EntryPosition | undefined {
    return this.last;
  }

  stored(ledgerId: number, entryId: number, _messages: number, done: OffsetDone): void {
    const { last } = this;
    if (last === undefined || last.ledgerId < ledgerId) {
      this.turnAt = turnAtEntry;
      this.last = { ledgerId, entryId };
    } else if (last.ledgerId === ledgerId && last.entryId < entryId) this.last = { ledgerId, entryId };
    if (entryId >= this.turnAt) {
      this.turnAt = entryId + turnAgainEntries;
      this.turnLedger();
    }
    const offset = sparseOffset(ledgerId, entryId);
    if (offset === undefined) done(-1, 'beyond-layout');
    else done(offset);
  }

  close(): void {}
}
