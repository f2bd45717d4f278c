import {
  type Delivery,
  EntryDecodeError,
  MessageCursor,
  type SourceEntry,
  type SubscriptionPartition,
} from '#libs/pulsar';
import { messageFromPulsar, type StoredMessage } from '../mapping/stored-message.mapping.js';

/** Messages of one entry that are to be given to a client. */
export interface UnsettledMessages {
  /** -1 of an entry that is no batch. */
  readonly indexes: readonly number[];
  /** In the same order. */
  readonly messages: readonly StoredMessage[];
  /** What came after them, if anything, cannot be read. */
  readonly error: EntryDecodeError | undefined;
}

/** What an entry may become when it is decompressed: Pulsar's largest messages, in batches of well compressed ones. */
const decompressedBytesMax = 64 * 1024 * 1024;

/**
 * What of an entry is neither acknowledged nor with the client. What was acknowledged before is acknowledged again.
 *
 * @param known what is known of it already
 */
export function unsettledMessages(
  partition: SubscriptionPartition,
  delivery: Delivery,
  known: SourceEntry | undefined,
  queue: string,
): UnsettledMessages {
  const indexes: number[] = [];
  const messages: StoredMessage[] = [];
  try {
    const nowMs = Date.now();
    const cursor = new MessageCursor(delivery.entry, { decompressedBytesMax });
    while (!delivery.entry.isMarker && cursor.next()) {
      const { batchIndex } = cursor;
      if (!delivery.isUnacked(batchIndex) || known?.isUnsettledAt(batchIndex) === true) continue;
      const isAcked = partition.memory.isAcknowledged(delivery, batchIndex);
      const message = isAcked ? undefined : messageFromPulsar(cursor, queue, nowMs);
      if (message === undefined) {
        partition.skip(delivery, batchIndex);
        continue;
      }
      indexes.push(batchIndex);
      messages.push(message);
    }
  } catch (error) {
    if (!(error instanceof EntryDecodeError)) throw error;
    return { indexes, messages, error };
  }
  return { indexes, messages, error: undefined };
}
