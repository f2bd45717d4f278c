import { type EntryPosition, PulsarAdminError } from '#libs/pulsar';
import {
  numberSparsely,
  sparseMessagesMax,
  sparseOffset,
  sparsePlace,
} from '../mapping/sparse-offset.mapping.js';
import { TopicHasNoOffsets } from '../producers/append-errors.js';
import {
  isBefore,
  type LedgerList,
  type LogReader,
  type LogReaderOptions,
  type LogSource,
  type LogStart,
} from './log-source.js';

/** A partition whose broker exposes no index: the places of entries are their offsets. */
export class SparseLogSource implements LogSource {
  readonly stride: number = sparseMessagesMax;

  constructor(private readonly inner: LogSource) {}

  open(start: LogStart, options: LogReaderOptions): Promise<LogReader> {
    return this.inner.open(start, {
      ...options,
      onEntry: (entry) => {
        numberSparsely(entry);
        options.onEntry(entry);
      },
    });
  }

  async entryAt(position: EntryPosition) {
    const { messages } = await this.inner.entryAt(position);
    const first = sparseOffset(position.ledgerId, position.entryId);
    if (first === undefined) throw new TopicHasNoOffsets('beyond-layout');
    const numbered = Math.max(1, Math.min(messages, sparseMessagesMax));
    return { index: first + numbered - 1, messages: numbered };
  }

  /** The offset says it; the list of ledgers, which entry is the next where there is none. */
  async positionOfIndex(index: number): Promise<EntryPosition | 'first' | undefined> {
    const { ledgers, last } = await this.inner.ledgers();
    const first = ledgers[0];
    if (first === undefined || last === undefined) return undefined;
    const place = sparsePlace(index);
    if (place.ledgerId < first.ledgerId) return 'first';
    let found = existing(ledgers, place);
    // Of an entry that is not there brokers say 500 and nothing else.
    const holds = found !== undefined && !isBefore(place, found);
    if (holds && place.batchIndex > 0 && (await this.endsBefore(place, place.batchIndex))) {
      found = existing(ledgers, { ledgerId: place.ledgerId, entryId: place.entryId + 1 });
    }
    return found === undefined || isBefore(last, found) ? undefined : found;
  }

  positionOfTime(timestampMs: number): Promise<EntryPosition> {
    return this.inner.positionOfTime(timestampMs);
  }

  async ledgers(): Promise<LedgerList> {
    const list = await this.inner.ledgers();
    const { lastWritten } = list;
    const next = lastWritten && sparseOffset(lastWritten.ledgerId, lastWritten.entryId + 1);
    return { ...list, index: next === undefined ? undefined : next - 1 };
  }

  isCompactedToNothing(): Promise<boolean> {
    return this.inner.isCompactedToNothing();
  }

  /** Whether an entry has no message at this place of it, or is not there any more. */
  private async endsBefore(position: EntryPosition, batchIndex: number): Promise<boolean> {
    try {
      return (await this.entryAt(position)).messages <= batchIndex;
    } catch (error) {
      if (error instanceof PulsarAdminError && error.status === 404) return true;
      throw error;
    }
  }
}

/** The entry itself, or the next one that is stored. */
function existing(
  ledgers: LedgerList['ledgers'],
  { ledgerId, entryId }: EntryPosition,
): EntryPosition | undefined {
  for (const ledger of ledgers) {
    if (ledger.ledgerId < ledgerId) continue;
    if (ledger.ledgerId > ledgerId) return { ledgerId: ledger.ledgerId, entryId: 0 };
    if (entryId < ledger.entries) return { ledgerId, entryId };
  }
  return undefined;
}
