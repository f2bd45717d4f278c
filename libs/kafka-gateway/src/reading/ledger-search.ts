import type { EntryPosition } from '#libs/pulsar';
import type { LedgerList, LogSource } from './log-source.js';

/** Entries that one search reads; 60 are enough for a million ledgers of a million entries. */
const readsMax = 128;

/**
 * The first entry whose last message has this index or a later one, by reading single entries: for brokers that cannot
 * say it (Pulsar 4.0). Undefined when there is none, or when it is not found within the bounds.
 */
export async function searchLedgers(source: LogSource, offset: number): Promise<EntryPosition | undefined> {
  const { ledgers } = await source.ledgers();
  let reads = 0;
  const indexAt = async (position: EntryPosition): Promise<number> => {
    if (++reads > readsMax) throw new SearchTooLong();
    // Entries that were stored before the broker kept an index come before all others.
    return (await source.entryAt(position)).index ?? -1;
  };
  try {
    const ledger = await ledgerOf(ledgers, offset, indexAt);
    if (ledger === undefined) return undefined;
    let low = 0;
    let high = ledger.entries - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((await indexAt({ ledgerId: ledger.ledgerId, entryId: middle })) < offset) low = middle + 1;
      else high = middle;
    }
    return { ledgerId: ledger.ledgerId, entryId: low };
  } catch (error) {
    if (error instanceof SearchTooLong) return undefined;
    throw error;
  }
}

/** The first ledger whose last entry is not before `offset`. */
async function ledgerOf(
  ledgers: LedgerList['ledgers'],
  offset: number,
  indexAt: (position: EntryPosition) => Promise<number>,
): Promise<LedgerList['ledgers'][number] | undefined> {
  let low = 0;
  let high = ledgers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const { ledgerId, entries } = ledgers[middle]!;
    if ((await indexAt({ ledgerId, entryId: entries - 1 })) < offset) low = middle + 1;
    else high = middle;
  }
  return ledgers[low];
}

class SearchTooLong extends Error {}
