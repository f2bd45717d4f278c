import { EntryDecodeError, type EntryPosition, parseEntry } from '../entry.js';

/**
 * What the broker charged for an entry that cannot be read: with a wrong checksum its metadata still says the size of
 * the batch; with metadata that nobody can parse the broker itself counted one.
 */
export function chargedForCorrupt(
  frame: Buffer,
  start: number,
  end: number,
  position: EntryPosition,
): number {
  try {
    return parseEntry(frame, start, end, position, { verifyChecksum: false }).numMessages;
  } catch (error) {
    if (!(error instanceof EntryDecodeError)) throw error;
    return 1;
  }
}
