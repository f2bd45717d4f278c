import type { SourceEntry, SubscriptionPartition } from '#libs/pulsar';
import { withDeliveryCount } from '../mapping/delivery-count.js';
import type { StoredMessage } from '../mapping/stored-message.mapping.js';
import type { DeadReason } from '../dead-letters/dead-letter.js';

/** Where messages come from, and what becomes of them. */
export interface MessageSource {
  /** Its bytes are not needed here any more. */
  sent(message: QueueMessage): void;
  accept(message: QueueMessage): void;
  /** It comes again, to this consumer or another one. */
  requeue(message: QueueMessage, delayMs?: number): void;
  /** Nobody is to have it any more. */
  reject(message: QueueMessage, reason: DeadReason): void;
}

/** A message of a queue that waits for its consumer, or is with the client. */
export class QueueMessage {
  /** With the client: it was given to whom the source gives. */
  wasGiven = false;
  /** Undefined after it was sent. */
  stored: StoredMessage | undefined;
  /** Milliseconds since 1970; Infinity: never. */
  endsAtMs = Infinity;
  readonly bytes: number;
  readonly priority: number;

  constructor(
    readonly source: MessageSource,
    readonly partition: SubscriptionPartition,
    readonly origin: SourceEntry,
    /** -1 of an entry that is no batch. */
    readonly batchIndex: number,
    /** Deliveries of it that failed, before this one. */
    readonly redeliveries: number,
    /** A client may have been given it before. */
    readonly isAgain: boolean,
    stored: StoredMessage,
  ) {
    this.stored = stored;
    this.bytes = stored.body.length + stored.properties.length;
    this.priority = stored.basic.priority ?? 0;
  }

  /** It waited here for too long. */
  get hasEnded(): boolean {
    return this.endsAtMs !== Infinity && this.endsAtMs <= Date.now();
  }

  /** Says in a header how often it was delivered before. */
  countDeliveries(): void {
    if (this.stored !== undefined) this.stored = withDeliveryCount(this.stored, this.redeliveries);
  }
}
