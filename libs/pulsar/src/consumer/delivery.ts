import type { BrokerEntry } from '../entry.js';
import type { AckedPosition, MessageFields } from '../wire/hot-commands.js';
import { BatchAckSet } from './batch-ack-set.js';

export type AckDone = (error?: Error) => void;

/** One entry as it was given to a consumer, and how far its messages are acknowledged. */
export class Delivery {
  private acks: BatchAckSet | undefined;
  private whole = false;
  private givenBack = false;
  private bytes: BrokerEntry | undefined;
  readonly ledgerId: number;
  readonly entryId: number;
  /** In batch format, perhaps with one message in it. */
  readonly isBatch: boolean;
  readonly numMessages: number;

  /** How often it was delivered before; counted by the broker's memory, on Shared and Key_Shared. */
  readonly redeliveryCount: number;

  constructor(
    entry: BrokerEntry,
    message: MessageFields,
    /** Grows whenever what was delivered before becomes void: reattached, redelivered, seeked. */
    readonly generation: number,
    /** Messages not acknowledged before: what the broker charged. */
    readonly charged: number,
    /** Charged by this entry and all before it of its generation. */
    readonly chargedThrough: number,
  ) {
    this.bytes = entry;
    this.ledgerId = entry.ledgerId;
    this.entryId = entry.entryId;
    this.isBatch = entry.isBatch;
    this.numMessages = entry.numMessages;
    this.redeliveryCount = message.redeliveryCount;
    if (message.ackSet !== undefined && entry.isBatch) {
      this.acks = new BatchAckSet(entry.numMessages, message.ackSet);
    }
  }

  /** Its bytes are a view on the socket's. Throws after `dropBytes`. */
  get entry(): BrokerEntry {
    if (this.bytes === undefined) throw new Error('the bytes of this delivery were dropped');
    return this.bytes;
  }

  /** For who has read it and keeps it until it is acknowledged: what the socket read is not kept with it. */
  dropBytes(): void {
    this.bytes = undefined;
  }

  /** False for a message of the batch that was acknowledged before: skip it. */
  isUnacked(batchIndex: number): boolean {
    if (this.whole) return false;
    return this.acks === undefined || this.acks.has(batchIndex);
  }

  /** Messages of it that wait for their acknowledgement. */
  get remaining(): number {
    if (this.whole || this.givenBack) return 0;
    return this.acks?.remaining ?? this.charged;
  }

  get isAcked(): boolean {
    return this.whole;
  }

  /** Messages newly acknowledged. */
  acknowledgeAll(): number {
    const { remaining } = this;
    this.whole = true;
    return remaining;
  }

  /**
   * The broker delivers what is left again. What of it is acknowledged nevertheless counts no more.
   *
   * @returns messages newly given back
   */
  giveBack(): number {
    const { remaining } = this;
    this.givenBack = true;
    return remaining;
  }

  /** Messages newly acknowledged: 1 or 0. */
  acknowledge(batchIndex: number): number {
    return this.withAcks((acks) => acks.acknowledge(batchIndex));
  }

  acknowledgeThrough(batchIndex: number): number {
    return this.withAcks((acks) => acks.acknowledgeThrough(batchIndex));
  }

  /** As ACK says it: with the set of what is left, if anything is. */
  position(): AckedPosition {
    const { ledgerId, entryId, numMessages, acks, whole } = this;
    if (acks === undefined || (whole && !acks.isPartial)) return { ledgerId, entryId };
    return { ledgerId, entryId, ackSet: acks.words(whole), batchSize: numMessages };
  }

  private withAcks(acknowledge: (acks: BatchAckSet) => number): number {
    if (this.whole) return 0;
    if (!this.isBatch) return this.acknowledgeAll();
    this.acks ??= new BatchAckSet(this.numMessages);
    const acknowledged = acknowledge(this.acks);
    if (this.acks.remaining === 0) this.whole = true;
    return this.givenBack ? 0 : acknowledged;
  }
}

/** What the broker counts of an entry: its messages that were not acknowledged before. */
export function chargedMessages(entry: BrokerEntry, ackSet: readonly bigint[] | undefined): number {
  if (ackSet === undefined || !entry.isBatch) return entry.numMessages;
  let unacked = 0;
  for (const word of ackSet) {
    for (let rest = word; rest > 0n; rest &= rest - 1n) unacked++;
  }
  return Math.min(unacked, entry.numMessages);
}
