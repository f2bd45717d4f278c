/** One Pulsar entry as Kafka's record batch (magic 2). Immutable; encoded once, shared by all fetchers. */
export interface StoredBatch {
  /** The index of the entry's first message. */
  readonly baseOffset: number;
  /** The index of the entry's last message: base offset + last offset delta, also where compaction emptied slots. */
  readonly lastOffset: number;
  /** 0 for an entry that gives no records: a legal empty batch, by which a consumer's position moves on. */
  readonly recordCount: number;
  /** The whole batch, its base offset in it. */
  readonly bytes: Buffer;
  /** Milliseconds since 1970; -1 without records. */
  readonly maxTimestamp: number;
  readonly ledgerId: number;
  readonly entryId: number;
}

/**
 * Why one entry cannot be served; Fetch stops there.
 * - `encrypted`: only its producer's and consumers' keys can read it
 * - `malformed`: its payload is not what its metadata says
 * - `too-large`: decompressed, it is over the cap
 * - `transactional-batch`: Pulsar gives such an entry one index, whatever the number of its messages
 * - `too-many-messages`: more than sparse offsets can tell apart in one entry
 * - `no-index`: the broker exposes no index, or did not when it was stored; or its place is beyond all sparse offsets
 */
export type EntryUnreadableCode =
  | 'encrypted'
  | 'malformed'
  | 'too-large'
  | 'transactional-batch'
  | 'too-many-messages'
  | 'no-index';

export class EntryUnreadable extends Error {
  readonly code: EntryUnreadableCode;

  constructor(code: EntryUnreadableCode, message: string) {
    super(message);
    this.name = 'EntryUnreadable';
    this.code = code;
  }
}
