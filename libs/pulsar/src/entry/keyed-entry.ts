import type { OutgoingEntry } from './outgoing-entry.js';
import { BatchBuilder } from './batch-builder.js';
import { singleEntry } from './single-entry.js';

export interface KeyedRecord {
  readonly key: string;
  /** Null deletes the key; empty is refused, since compaction takes it for null. */
  readonly value: Buffer | null;
}

/** A broker's default for one entry, about: its own limit is checked when the entry is sent. */
const batchBytesMax = 5 * 1024 * 1024;

/** One entry of all records: they are stored together, or none is. @throws PulsarError 'EntryTooLarge' */
export function keyedEntry(records: readonly KeyedRecord[]): OutgoingEntry {
  const [first] = records;
  if (records.length === 1 && first !== undefined) return singleEntry(first);
  const builder = new BatchBuilder({ capacityBytes: 128 * records.length, payloadBytesMax: batchBytesMax });
  for (const record of records) builder.append(record);
  return builder.finish('none');
}
