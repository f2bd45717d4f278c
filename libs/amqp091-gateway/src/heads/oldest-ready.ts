import {
  EntryFetches,
  type EntryPosition,
  MessageCursor,
  type PulsarAdmin,
  type PulsarClient,
} from '#libs/pulsar';
import { expiryOf } from '../mapping/message-expiry.js';
import { messageFromPulsar } from '../mapping/stored-message.mapping.js';
import { headConsumerName, queueSubscription } from '../queues/queues.js';
import type { Queue } from '../topology/queue.js';
import { storedBytes } from './head-reader.js';

export interface OldestReadyParts {
  readonly pulsar: Pick<PulsarClient, 'createReader'>;
  readonly admin: Pick<PulsarAdmin, 'stats' | 'unacknowledgedAt'>;
}

/** What is known without taking anything from consumers. */
export interface OldestState {
  /** The oldest that is ready ends then, milliseconds since 1970; Infinity: never; undefined: none is ready. */
  readonly endsAtMs: number | undefined;
  /** Nobody has one either. */
  readonly isEmpty: boolean;
}

const decompressedBytesMax = 64 * 1024 * 1024;

/**
 * When the oldest ready message of a queue ends, read beside the subscription: to take it, and give it back when its time has not
 * come, would let consumers have the next ones before it. What consumers have counts as older than what is ready: nearly always
 * it is.
 */
export class OldestReady {
  /** Bytes that a stored message has beside its body, about; 0: none was read yet. */
  overheadBytes = 0;
  private readonly fetches: EntryFetches;
  private last: (EntryPosition & { readonly topic: string; readonly endsAtMs: number }) | undefined;

  constructor(
    private readonly parts: OldestReadyParts,
    private readonly tenantKey: string,
    private readonly queue: Queue,
  ) {
    this.fetches = new EntryFetches(parts.pulsar);
  }

  /**
   * Rejects with PulsarError, PulsarAdminError or EntryDecodeError.
   *
   * @param topic full name of a partition
   */
  async look(topic: string): Promise<OldestState> {
    const { admin } = this.parts;
    const subscription = (await admin.stats(topic)).subscriptions[queueSubscription];
    const held = (subscription?.consumers ?? [])
      .filter(({ consumerName }) => consumerName !== headConsumerName)
      .reduce((sum, { unackedMessages = 0 }) => sum + Math.max(0, unackedMessages), 0);
    const position = await admin.unacknowledgedAt(topic, queueSubscription, held + 1);
    if (position === undefined) return { endsAtMs: undefined, isEmpty: held === 0 };
    const { last } = this;
    const isKnown =
      last?.topic === topic && last.ledgerId === position.ledgerId && last.entryId === position.entryId;
    const endsAtMs = isKnown ? last.endsAtMs : await this.endOf(topic, position);
    this.last = { ...position, topic, endsAtMs };
    return { endsAtMs, isEmpty: false };
  }

  /** What is no message of anybody's is to be looked at, and goes. */
  private async endOf(topic: string, position: EntryPosition): Promise<number> {
    const entry = await this.fetches.fetch(topic, this.tenantKey, position);
    if (entry === undefined || entry.isMarker) return 0;
    const cursor = new MessageCursor(entry, { decompressedBytesMax });
    while (cursor.next()) {
      const stored = messageFromPulsar(cursor, this.queue.name, Date.now());
      if (stored === undefined) continue;
      this.overheadBytes = Math.max(0, storedBytes(entry) - stored.body.length);
      return expiryOf(stored, entry.publishTime, this.queue.settings);
    }
    return 0;
  }
}
