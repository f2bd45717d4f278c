import type { EntryPosition } from '#libs/pulsar';

/** Before all entries of a topic. */
export const beforeAll: EntryPosition = { ledgerId: -1, entryId: -1 };

/** Of one topic, where ledgers grow. */
export function isBefore(position: EntryPosition, other: EntryPosition): boolean {
  return (
    position.ledgerId < other.ledgerId ||
    (position.ledgerId === other.ledgerId && position.entryId < other.entryId)
  );
}
