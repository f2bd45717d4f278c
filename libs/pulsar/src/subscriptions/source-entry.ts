import type { Delivery } from '../consumer/delivery.js';
import type { EntryPosition } from '../entry.js';

/**
 * An entry of which messages are with a link, wait for its credit, or wait to be given back. It outlives attachments: what
 * the broker gives again because its consumer was cut off is not given to the client again.
 */
export class SourceEntry implements EntryPosition {
  readonly ledgerId: number;
  readonly entryId: number;
  /** The client has seen some of it. */
  wasGiven = false;
  /** The client said that it failed at some of it. */
  hasFailed = false;
  /** Of a batch: its messages that are neither acknowledged nor given back. */
  private readonly open: Set<number> | undefined;
  private isOpen: boolean;

  /**
   * @param delivery the latest
   * @param wanted messages of it that are for the link; of an entry that is no batch: -1
   * @param isReturned messages of it are for others: the entry goes back when the rest is settled
   */
  constructor(
    public delivery: Delivery,
    wanted: readonly number[],
    public isReturned: boolean,
  ) {
    this.ledgerId = delivery.ledgerId;
    this.entryId = delivery.entryId;
    this.open = delivery.isBatch ? new Set(wanted) : undefined;
    this.isOpen = wanted.length > 0;
  }

  /** Whether messages of it are not settled. */
  get isUnsettled(): boolean {
    return this.isOpen;
  }

  isUnsettledAt(batchIndex: number): boolean {
    return this.open === undefined ? this.isOpen : this.open.has(batchIndex);
  }

  /** The broker gave it again: with messages that were given back, and those are for the link again. */
  comesAgain(delivery: Delivery, wanted: readonly number[], isReturned: boolean): void {
    this.delivery = delivery;
    this.isReturned = isReturned;
    for (const batchIndex of wanted) this.open?.add(batchIndex);
    if (wanted.length > 0) this.isOpen = true;
  }

  /** @returns false when it was settled before */
  settle(batchIndex: number, isReturned: boolean): boolean {
    if (!this.isUnsettledAt(batchIndex)) return false;
    this.open?.delete(batchIndex);
    this.isOpen = this.open !== undefined && this.open.size > 0;
    if (isReturned) this.isReturned = true;
    return true;
  }
}
