import type { Buffer } from 'node:buffer';
import type { EntryPosition } from '#libs/pulsar';
import { parseRecord, recordValue } from './record-value.js';

/** `pos/<partition>`: all up to this entry is in the queue, or done, for every session of the slice. */
export function encodePositionRecord({ ledgerId, entryId }: EntryPosition): Buffer {
  return recordValue({ l: ledgerId, e: entryId });
}

export function decodePositionRecord(value: Buffer): EntryPosition {
  const { l, e } = parseRecord<{ readonly l: number; readonly e: number }>(value);
  return { ledgerId: l, entryId: e };
}
