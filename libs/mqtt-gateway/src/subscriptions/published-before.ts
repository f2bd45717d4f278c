import type { EntryPosition } from '#libs/pulsar';
import { isBefore } from '../reading/entry-order.js';

/** By partition: what is stored up to there was published before. Shared by all who subscribed meanwhile. */
export type PublishedBefore = Map<string, EntryPosition>;

interface StoredEntry {
  readonly position: EntryPosition;
  readonly atMs: number;
}

/** Where nothing is read of a partition for so long, its topic is not new: it will be read from its end. */
const unreadMsMax = 10_000;

/**
 * What this gateway published and has not read back yet, of one tenant. A client that subscribes after another one's PUBACK
 * would get that message, and a retained one twice: who subscribes is given nothing that was stored before.
 */
export class UnreadPublications {
  private readonly stored = new Map<string, StoredEntry>();
  private snapshot: PublishedBefore | undefined;

  constructor(private readonly now: () => number = Date.now) {}

  note(partition: string, position: EntryPosition): void {
    const last = this.stored.get(partition);
    if (last !== undefined && !isBefore(last.position, position)) return;
    this.stored.set(partition, { position, atMs: this.now() });
    this.snapshot = undefined;
  }

  /** All up to this entry was given to those who are subscribed. */
  passed(partition: string, position: EntryPosition): void {
    const last = this.stored.get(partition);
    if (last === undefined || isBefore(position, last.position)) return;
    this.stored.delete(partition);
    this.snapshot = undefined;
  }

  /** For a subscription that begins now; mostly nothing. */
  before(isRead: (partition: string) => boolean): PublishedBefore | undefined {
    if (this.stored.size === 0) return undefined;
    this.snapshot ??= this.take(isRead);
    return this.snapshot.size === 0 ? undefined : this.snapshot;
  }

  private take(isRead: (partition: string) => boolean): PublishedBefore {
    const snapshot: PublishedBefore = new Map();
    const oldest = this.now() - unreadMsMax;
    for (const [partition, { position, atMs }] of this.stored) {
      if (atMs < oldest && !isRead(partition)) this.stored.delete(partition);
      else snapshot.set(partition, position);
    }
    return snapshot;
  }
}

/** Whether an entry was published before; entries of a partition are asked about in their order. */
export function wasBefore(before: PublishedBefore, partition: string, position: EntryPosition): boolean {
  const last = before.get(partition);
  if (last === undefined) return false;
  if (!isBefore(last, position)) return true;
  before.delete(partition);
  return false;
}
