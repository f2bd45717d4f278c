import type { EntryPosition } from '#libs/pulsar';
import type { StoredBatch } from '../mapping/stored-batch.js';

/** What one read gives. */
export interface LogRead {
  /** In offset order; the first may begin before the offset that was asked for. None: at the end of the log. */
  readonly batches: readonly StoredBatch[];
  /** Kafka's code for why nothing follows the batches; undefined: all is well. A code that Fetch may answer with. */
  readonly error?: number;
  /** Of all batches together. */
  readonly bytes: number;
}

export interface LogBounds {
  /** Offset of the first record that is still there, also after DeleteRecords; `end` when there is none. */
  readonly start: number;
  /** The offset after the last record; 0 for a topic that never had one. */
  readonly end: number;
}

export interface OffsetAndTimestamp {
  readonly offset: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
}

/**
 * What one partition stores, as Kafka's log. Offsets are the broker's entry index, or sparse ones made from places, so
 * every gateway gives the same.
 * Shared by all who read the partition through this process. What rejects rejects with KafkaError, PulsarError or
 * PulsarAdminError.
 */
export interface PartitionLog {
  /**
   * What is stored from `offset` on: the batch that contains it first. From memory when it is there, else a promise that
   * never rejects and takes a bounded time. `bytesMax` is kept, except that the first batch always comes when `minOne`.
   */
  read(offset: number, bytesMax: number, minOne: boolean): LogRead | Promise<LogRead>;

  /** As known without asking: what was read, receipts of this process; undefined before anything was learnt. */
  readonly knownEnd: number | undefined;
  readonly knownStart: number | undefined;

  /** Asks the broker: what was acknowledged before the call, by whichever gateway, is below `end`. */
  bounds(): Promise<LogBounds>;

  /**
   * Calls `wake` once: when there is something to read beyond `offset` (the next offset of somebody who has read all),
   * or when the log cannot be read any more, which the next `read` tells. Returns the way to cancel.
   */
  whenBeyond(offset: number, wake: () => void): () => void;

  /**
   * The first record whose timestamp is `timestampMs` or later, from the time on at which it was stored; undefined when
   * there is none. The search is bounded: where it ends without result, it gives the offset up to which it has come.
   */
  offsetForTimestamp(timestampMs: number): Promise<OffsetAndTimestamp | undefined>;

  /** The largest timestamp among the last records (a bounded number), and the record that has it first. */
  maxTimestamp(): Promise<OffsetAndTimestamp | undefined>;

  /** The entry that holds this offset; undefined when there is none. */
  positionOf(offset: number): Promise<EntryPosition | undefined>;
}
