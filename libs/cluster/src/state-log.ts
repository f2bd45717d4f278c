import type { Buffer } from 'node:buffer';
import type { EntryPosition, KeyedRecord } from '#libs/pulsar';

/** Keys that start so are the log's own. */
export const reservedKeyPrefix = 'pulsegate.';

/** A place in the log: that of one entry. */
export type LogPosition = EntryPosition;

export interface StateLogListener {
  /**
   * Every record in the log's order: first the last one of each key, then all that follows. Null: the key is gone.
   * `value` is a view that does not outlive the call.
   */
  onRecord(key: string, value: Buffer | null): void;
  /** All up to and with this entry was given. */
  onRead(position: LogPosition): void;
  /** Told once when it ends by itself. */
  onClosed(reason: string): void;
}

/** A log that all gateways append to and read in the same order; of each key the last record is kept. */
export interface StateLog {
  /** False while nothing can be read. */
  readonly attached: boolean;
  /**
   * In one entry: all of them, or none. `done` without an error: they are stored, at `position`; after an error they may
   * be, or not.
   */
  append(records: readonly KeyedRecord[], done: (error: unknown, position: LogPosition) => void): void;
  /** Resolves when all was given that is stored at the time of the call. Rejects while nothing can be read. */
  reachEnd(): Promise<void>;
  /** What was appended and has no receipt fails. */
  close(): Promise<void>;
}

/**
 * Resolves when all was given that was stored before the call. Rejects when the log cannot be read or written now: what
 * was given until then is to be forgotten.
 */
export type OpenStateLog = (listener: StateLogListener) => Promise<StateLog>;

export function isBefore(position: LogPosition, other: LogPosition): boolean {
  return (
    position.ledgerId < other.ledgerId ||
    (position.ledgerId === other.ledgerId && position.entryId < other.entryId)
  );
}
