import type { EntryMemory } from '../entry.js';
import { PulsarError } from '../pulsar.errors.js';

/** What became of one entry. Both position ids are -1: deduplication knew it, so it is stored already. */
export interface SendReceipt {
  readonly ledgerId: number;
  readonly entryId: number;
  /** The lowest of the entry's messages. */
  readonly sequenceId: number;
  readonly highestSequenceId: number;
}

/** Called exactly once per entry. With an error the receipt's position is -1:-1 and means nothing. */
export type SendDone = (error: PulsarError | undefined, receipt: SendReceipt) => void;

const noFrame = Buffer.alloc(0);

/** One entry that waits for its receipt; afterwards it is the receipt. */
export class PendingEntry implements SendReceipt {
  ledgerId = -1;
  entryId = -1;
  /** The outcome is known, though entries before it still wait. */
  settled = false;
  error: PulsarError | undefined = undefined;

  constructor(
    /** The whole SEND frame as it goes to the socket, now and on a resend. */
    public frame: Buffer,
    readonly sequenceId: number,
    readonly highestSequenceId: number,
    /** Of `performance.now()`, in ms. */
    readonly expiresAt: number,
    readonly done: SendDone,
    /** What the frame lies in; absent once it was sent a second time: a socket may then still hold the first. */
    public memory?: EntryMemory,
  ) {}

  /** Lets go of the bytes: whoever keeps the receipt does not keep them. What is stored gives its memory to the next. */
  release(error: PulsarError | undefined): void {
    this.frame = noFrame;
    if (error === undefined) this.memory?.release();
    this.memory = undefined;
  }
}

/** The entries in flight, oldest first: a ring that grows to its bound and never shrinks. */
export class PendingEntries {
  private ring: (PendingEntry | undefined)[] = new Array(64);
  private first = 0;
  private count = 0;
  private heldBytes = 0;

  get length(): number {
    return this.count;
  }

  /** Bytes of all frames. */
  get bytes(): number {
    return this.heldBytes;
  }

  push(entry: PendingEntry): void {
    if (this.count === this.ring.length) this.grow();
    this.ring[(this.first + this.count) & (this.ring.length - 1)] = entry;
    this.count++;
    this.heldBytes += entry.frame.length;
  }

  peek(): PendingEntry | undefined {
    return this.ring[this.first];
  }

  shift(): PendingEntry | undefined {
    const entry = this.ring[this.first];
    if (entry === undefined) return undefined;
    this.ring[this.first] = undefined;
    this.first = (this.first + 1) & (this.ring.length - 1);
    this.count--;
    this.heldBytes -= entry.frame.length;
    return entry;
  }

  at(position: number): PendingEntry {
    return this.ring[(this.first + position) & (this.ring.length - 1)] as PendingEntry;
  }

  /** The last entry not yet settled whose lowest sequence id this is. */
  findLast(sequenceId: number): PendingEntry | undefined {
    for (let position = this.count - 1; position >= 0; position--) {
      const entry = this.at(position);
      if (entry.sequenceId === sequenceId && !entry.settled) return entry;
    }
    return undefined;
  }

  /** The first entry not yet settled whose highest sequence id this is: what a SEND_ERROR names. */
  findByHighest(highestSequenceId: number): PendingEntry | undefined {
    for (let position = 0; position < this.count; position++) {
      const entry = this.at(position);
      if (entry.highestSequenceId === highestSequenceId && !entry.settled) return entry;
    }
    return undefined;
  }

  /** The first not yet settled of which the broker has a part. */
  storedInPart(brokerLastSequenceId: number): PendingEntry | undefined {
    for (let position = 0; position < this.count; position++) {
      const entry = this.at(position);
      const { sequenceId, highestSequenceId, settled } = entry;
      if (!settled && isStoredInPart(sequenceId, highestSequenceId, brokerLastSequenceId)) return entry;
    }
    return undefined;
  }

  private grow(): void {
    const larger: (PendingEntry | undefined)[] = new Array(this.ring.length * 2);
    for (let position = 0; position < this.count; position++) larger[position] = this.at(position);
    this.ring = larger;
    this.first = 0;
  }
}

/**
 * Another producer of the name stored the entry's first messages while this one was away. Deduplication would drop the
 * entry for them, with the messages that nobody stored, and answer as if all were.
 */
export function isStoredInPart(
  sequenceId: number,
  highestSequenceId: number,
  brokerLastSequenceId: number,
): boolean {
  return sequenceId <= brokerLastSequenceId && brokerLastSequenceId < highestSequenceId;
}

export function fencedInPart(sequenceId: number, brokerLastSequenceId: number): PulsarError {
  const reason = `of the entry from ${sequenceId} on, another stored what is up to ${brokerLastSequenceId}`;
  return new PulsarError('ProducerFenced', reason);
}
