import type { EntryPosition, InternalStats } from '#libs/pulsar';

export type CursorStats = InternalStats['cursors'][string];

/** What a broker says of what it has given, to whomever. */
export interface DispatchedBefore extends EntryPosition {
  /** Of what was published before it (milliseconds since 1970) the broker does not know: it was loaded or begun then. 0: all is known. */
  readonly unknownBeforeMs: number;
}

/** All up to this entry was dispatched; the broker's own knowledge begins when it loaded the topic. */
export function dispatchedBefore(cursor: CursorStats | undefined): DispatchedBefore {
  // There is no subscription yet: nobody was given anything.
  if (cursor === undefined) return { ledgerId: -1, entryId: -1, unknownBeforeMs: 0 };
  const [ledgerId = -1, entryId = -1] = cursor.readPosition.split(':').map(Number);
  const before = { ledgerId, entryId: entryId - 1 };
  // Made since then, and never used.
  if (cursor.state === 'Open' && cursor.messagesConsumedCounter === 0)
    return { ...before, unknownBeforeMs: 0 };
  const sinceMs = Date.parse(cursor.lastLedgerSwitchTimestamp ?? '');
  return { ...before, unknownBeforeMs: Number.isNaN(sinceMs) ? Date.now() : sinceMs };
}
