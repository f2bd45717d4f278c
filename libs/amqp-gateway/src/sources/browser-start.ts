import type { EntryPosition, PulsarAdmin } from '#libs/pulsar';

/** What a subscription of a partition has not acknowledged. */
export interface BrowserStart {
  /** All up to it is acknowledged; ledger -1: nothing is. */
  readonly after: EntryPosition;
  isAcknowledged(position: EntryPosition): boolean;
}

interface Range {
  readonly after: EntryPosition;
  readonly through: EntryPosition;
}

/** Acknowledged ranges behind the first that is not: as many are looked at. */
const rangesMax = 10_000;
const rangePattern = /\((-?\d+):(-?\d+)\.\.(-?\d+):(-?\d+)\]/g;

/** Rejects with PulsarAdminError. */
export async function browserStart(
  admin: Pick<PulsarAdmin, 'internalStats'>,
  partition: string,
  subscription: string,
): Promise<BrowserStart> {
  const { cursors } = await admin.internalStats(partition);
  const cursor = cursors[subscription];
  if (cursor === undefined) return { after: { ledgerId: -1, entryId: -1 }, isAcknowledged: () => false };
  const [ledgerId, entryId] = cursor.markDeletePosition.split(':').map(Number);
  const ranges = rangesOf(cursor.individuallyDeletedMessages ?? '');
  return {
    after: { ledgerId: ledgerId ?? -1, entryId: entryId ?? -1 },
    isAcknowledged: (position) => isIn(ranges, position),
  };
}

function rangesOf(text: string): readonly Range[] {
  const ranges: Range[] = [];
  for (const match of text.matchAll(rangePattern)) {
    if (ranges.length === rangesMax) break;
    const [afterLedger, afterEntry, ledgerId, entryId] = match.slice(1).map(Number) as [
      number,
      number,
      number,
      number,
    ];
    ranges.push({
      after: { ledgerId: afterLedger, entryId: afterEntry },
      through: { ledgerId, entryId },
    });
  }
  return ranges;
}

/** They are in order. */
function isIn(ranges: readonly Range[], position: EntryPosition): boolean {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isAfter(position, (ranges[middle] as Range).through)) low = middle + 1;
    else high = middle;
  }
  const range = ranges[low];
  return range !== undefined && isAfter(position, range.after);
}

export function isAfter(one: EntryPosition, other: EntryPosition): boolean {
  return one.ledgerId > other.ledgerId || (one.ledgerId === other.ledgerId && one.entryId > other.entryId);
}
