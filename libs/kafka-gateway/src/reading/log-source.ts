import type { BrokerEntry, EntryPosition } from '#libs/pulsar';

/** Where a reader begins: at this entry, or at the next that exists. */
export type LogStart = 'earliest' | 'latest' | EntryPosition;

export interface LogReader {
  /** False while no broker dispatches to it: it comes back by itself. */
  readonly attached: boolean;
  /** Asks for no more; what was asked for still arrives. */
  pause(): void;
  resume(): void;
  /** The last entry that can be dispatched; undefined: there is none. Rejects while it is not attached. */
  lastPosition(): Promise<EntryPosition | undefined>;
  close(): void;
}

export interface LogReaderOptions {
  /** Only what compaction left. */
  readonly compacted: boolean;
  /** Asks for nothing before `resume`. */
  readonly paused: boolean;
  /** Bytes on their way, about, at most. */
  readonly windowBytesMax: number;
  /** In the partition's order, each once. Its bytes are views on the socket's. */
  onEntry(entry: BrokerEntry): void;
  /** Bytes arrived that are no entry. Without it they are passed over. */
  readonly onCorrupt?: () => void;
  /** Nothing follows. */
  onClosed(error: unknown): void;
}

export interface LedgerList {
  /** In order, those without entries left out. */
  readonly ledgers: readonly { readonly ledgerId: number; readonly entries: number }[];
  /** The last entry that is stored, also when it is of an open transaction; undefined: there is none. */
  readonly last: EntryPosition | undefined;
  /** Of the last message at some time, where the broker says it: exact when nothing is stored any more. */
  readonly index: number | undefined;
  /** The last entry that was written, which may be gone; undefined: none was since the broker loaded the partition. */
  readonly lastWritten?: EntryPosition | undefined;
}

/** One partition in Pulsar, as its log reads it. What rejects rejects with PulsarError or PulsarAdminError. */
export interface LogSource {
  /** Offsets from one entry to the next, at least: 1 where they are counted, more where they are made from places. */
  readonly stride: number;
  open(start: LogStart, options: LogReaderOptions): Promise<LogReader>;
  /** Index of the last message of one entry and the number of its messages. */
  entryAt(
    position: EntryPosition,
  ): Promise<{ readonly index: number | undefined; readonly messages: number }>;
  /**
   * The entry that holds the message of this index; 'first': it is in the first entry or was there before it. Undefined
   * when the broker cannot say: beyond the end, nothing stored, Pulsar 4.0.
   */
  positionOfIndex(index: number): Promise<EntryPosition | 'first' | undefined>;
  /** The first entry that was stored at this time or later; the place after the last one when there is none. */
  positionOfTime(timestampMs: number): Promise<EntryPosition>;
  ledgers(): Promise<LedgerList>;
  /** The last compaction went up to the last entry and left nothing. */
  isCompactedToNothing(): Promise<boolean>;
}

export function isBefore(a: EntryPosition, b: EntryPosition): boolean {
  return a.ledgerId < b.ledgerId || (a.ledgerId === b.ledgerId && a.entryId < b.entryId);
}
