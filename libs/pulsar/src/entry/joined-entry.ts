import { lendEntryMemory } from './entry-memory.js';
import { entryHeadroomBytes, type OutgoingEntry } from './outgoing-entry.js';

/**
 * The messages of several entries as one, copied: batches without compression lie behind one another as they are. Sequence
 * ids are taken from the first and the last one; of other metadata there is none.
 */
export function joinEntries(entries: readonly OutgoingEntry[]): OutgoingEntry {
  let payloadBytes = 0;
  let numMessages = 0;
  for (const entry of entries) {
    payloadBytes += entry.payloadEnd - entry.payloadStart;
    numMessages += entry.numMessages;
  }
  const payloadEnd = entryHeadroomBytes + payloadBytes;
  const memory = lendEntryMemory(payloadEnd);
  const { buffer } = memory;
  let at = entryHeadroomBytes;
  for (const entry of entries) at += entry.buffer.copy(buffer, at, entry.payloadStart, entry.payloadEnd);
  const metadata = { numMessagesInBatch: numMessages };
  const { sequenceId } = entries[0]!;
  const { highestSequenceId } = entries.at(-1)!;
  return {
    ...{ buffer, memory, payloadStart: entryHeadroomBytes, payloadEnd, numMessages, metadata },
    ...{ sequenceId, highestSequenceId },
  };
}
