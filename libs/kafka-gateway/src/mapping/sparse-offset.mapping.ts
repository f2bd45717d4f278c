import type { BrokerEntry, EntryPosition } from '#libs/pulsar';

/**
 * Offsets where the broker exposes no index: ledger, entry and the message's place in it, in one number.
 *
 *   offset = ledger * 2^28 + entry * 2^10 + place
 *
 * It fits a safe integer, so it is exact wherever Kafka's int64 is. An offset is a pure function of one entry, and they
 * rise in the partition's order; between two entries they leap.
 */
const entryBits = 18;
const placeBits = 10;

/** Messages of one entry that have offsets, and so the distance from one entry to the next. */
export const sparseMessagesMax: number = 2 ** placeBits;
export const sparseEntriesMax: number = 2 ** entryBits;
export const sparseLedgersMax: number = 2 ** (53 - entryBits - placeBits);

const ledgerRange = sparseMessagesMax * sparseEntriesMax;

export interface SparsePlace extends EntryPosition {
  /** Of the message in its entry; may be beyond the last one, as in the offset after it. */
  readonly batchIndex: number;
}

/** The offset of an entry's first message; undefined when ledger or entry are beyond what offsets can tell. */
export function sparseOffset(ledgerId: number, entryId: number): number | undefined {
  if (ledgerId < 0 || ledgerId >= sparseLedgersMax || entryId < 0 || entryId >= sparseEntriesMax) {
    return undefined;
  }
  return ledgerId * ledgerRange + entryId * sparseMessagesMax;
}

/** @param offset 0 to 2^53-1 */
export function sparsePlace(offset: number): SparsePlace {
  const inLedger = offset % ledgerRange;
  return {
    ledgerId: Math.floor(offset / ledgerRange),
    entryId: Math.floor(inLedger / sparseMessagesMax),
    batchIndex: inLedger % sparseMessagesMax,
  };
}

/** Gives a stored entry's messages their offsets as indexes; those beyond the layout have none. */
export function numberSparsely(entry: BrokerEntry): void {
  const first = sparseOffset(entry.ledgerId, entry.entryId);
  if (first === undefined) entry.index = undefined;
  else entry.numberFrom(first, sparseMessagesMax);
}
