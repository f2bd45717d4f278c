export interface EntryPosition {
  readonly ledgerId: number;
  readonly entryId: number;
}

export interface FollowedEntry extends EntryPosition {
  /** Of the entry's last message; undefined where the broker does not expose it. */
  readonly index: number | undefined;
  readonly producerName: string;
  /** The lowest of the entry's messages. */
  readonly sequenceId: number;
  readonly highestSequenceId: number;
}

export interface EntryListener {
  /** Entries in the partition's order. */
  onEntry(entry: FollowedEntry): void;
  /** Nothing follows. */
  onError(error: unknown): void;
}

export interface EntryFollower {
  /** Several entries are asked for at a time. */
  readonly many: boolean;
  /** Nothing is delivered afterwards. */
  close(): void;
}

/** Reads entries of one partition without leaving a trace on it. */
export interface EntrySource {
  /** All entries from `start`, inclusive, until closed: one asked for at a time, or a window of them. */
  follow(start: EntryPosition, span: 'one' | 'many', listener: EntryListener): EntryFollower;
  /** Index of the last message of one entry; also inside open transactions. Rejects when it cannot be read. */
  readIndex(ledgerId: number, entryId: number): Promise<number | undefined>;
  /** Index of the first message that is still there; undefined when there is none or it cannot be had in time. */
  firstIndex(): Promise<number | undefined>;
  /** Undefined when the partition is empty. */
  lastPosition(): Promise<EntryPosition | undefined>;
}
