import type { BrokerEntry, EntryPosition } from '#libs/pulsar';
import type { TrackerTime } from '../mapping/offset-tracker.js';
import type { EntryUnreadable } from '../mapping/stored-batch.js';
import type { EntryBatches } from './entry-batches.js';
import type { LogSource, LogStart } from './log-source.js';
import type { ReadMemory } from './read-memory.js';
import type { ReadingCounters } from './reading-counters.js';

/** What its log sees of a stretch. */
export interface OwnedStretch {
  /** Whether a read from this offset on is the stretch's. */
  covers(offset: number): boolean;
  hasBeyond(offset: number): boolean;
}

/** The log that a stretch is of. */
export interface StretchOwner {
  readonly source: LogSource;
  readonly memory: ReadMemory;
  readonly counters: ReadingCounters;
  readonly time: TrackerTime;
  readonly compacted: boolean;
  readonly options: StretchOptions;
  newBatches(): EntryBatches;
  /** Where the entry is that holds this offset, or one shortly before it. Rejects with OFFSET_OUT_OF_RANGE. */
  locate(offset: number): Promise<LogStart>;
  /** An entry was read. */
  arrived(position: EntryPosition, baseOffset: number, lastOffset: number): void;
  /** The offset from which on another stretch has what follows; Infinity for none. */
  nextStart(stretch: OwnedStretch): number;
  /** The offset of the first record that is still there; undefined: there is none. */
  firstStored(): Promise<number | undefined>;
  /** The offset after the last record, whether compaction left it or not. */
  storedEnd(): Promise<number>;
  /** There is more to read, or nothing any more; once per turn of the event loop. */
  changed(stretch: OwnedStretch): void;
  /** The offsets begin anew: another topic has the name. */
  restarted(): void;
  unreadable(entry: BrokerEntry, error: EntryUnreadable): void;
}

export interface StretchOptions {
  /** Bytes kept in memory of one stretch, beyond what is read ahead. */
  readonly ringBytesMax: number;
  /** A read that has to wait for Pulsar is answered after so long, with nothing. */
  readonly waitMsMax: number;
  /** Without a broker for so long, reads are answered with an error. */
  readonly awayMsMax: number;
  /** After a failure reads are answered with its code for so long, without asking Pulsar. */
  readonly failureMs: number;
}
