import { type EntryPosition, PulsarAdminError, type PulsarClient, type TopicReader } from '#libs/pulsar';
import {
  isBefore,
  type LedgerList,
  type LogReader,
  type LogReaderOptions,
  type LogSource,
  type LogStart,
} from './log-source.js';

/** Messages on their way: the window in bytes is what limits. */
const permitsMax = 20_000;
/** Asked for before anything is known of the size of messages, which may be megabytes: one for so much of the window. */
const firstMessageBytes = 256 * 1024;

/** Pulsar's own cursor, at the last entry that a compaction took in. */
const compactionCursor = '__compaction';

/** One partition, by non-durable readers and the admin API. */
export class PulsarLogSource implements LogSource {
  readonly stride = 1;

  constructor(
    private readonly pulsar: PulsarClient,
    private readonly topic: string,
    private readonly tenantKey: string,
  ) {}

  async open(start: LogStart, options: LogReaderOptions): Promise<LogReader> {
    const reader = await this.pulsar.createReader({
      topic: this.topic,
      tenantKey: this.tenantKey,
      start: typeof start === 'string' ? start : { ledgerId: start.ledgerId, entryId: start.entryId },
      readCompacted: options.compacted,
      paused: options.paused,
      permits: permitsMax,
      firstPermits: Math.ceil(options.windowBytesMax / firstMessageBytes),
      windowBytesMax: options.windowBytesMax,
      onEntry: options.onEntry,
      onCorruptEntry: options.onCorrupt,
      onClosed: options.onClosed,
    });
    return new OpenLogReader(reader);
  }

  async entryAt({ ledgerId, entryId }: EntryPosition) {
    const { index, numMessages } = await this.pulsar.admin.entry(this.topic, ledgerId, entryId);
    return { index, messages: numMessages ?? 1 };
  }

  async positionOfIndex(index: number): Promise<EntryPosition | 'first' | undefined> {
    try {
      const { ledgerId, entryId } = await this.pulsar.admin.messageIdByIndex(this.topic, index);
      return ledgerId < 0 ? 'first' : { ledgerId, entryId };
    } catch (error) {
      // 404 beyond the end and from brokers that lack the call, 500 when all ledgers were trimmed, 401 and 403 where
      // the gateway's role may not peek. What is really wrong shows in what is tried instead.
      if (error instanceof PulsarAdminError) return undefined;
      throw error;
    }
  }

  async positionOfTime(timestampMs: number): Promise<EntryPosition> {
    const { ledgerId, entryId } = await this.pulsar.admin.messageIdByTimestamp(this.topic, timestampMs);
    return { ledgerId, entryId };
  }

  async ledgers(): Promise<LedgerList> {
    const stats = await this.pulsar.admin.internalStats(this.topic);
    const last = positionIn(stats.lastConfirmedEntry);
    const index = Number(stats.properties?.index);
    const ledgers = stats.ledgers.map(({ ledgerId, entries }) => ({
      ledgerId,
      // The ledger that is written to shows none.
      entries: ledgerId === last?.ledgerId ? last.entryId + 1 : entries,
    }));
    const filled = ledgers.filter(({ entries }) => entries > 0);
    return {
      ledgers: filled,
      // It also names an entry whose ledger was trimmed.
      last: filled.some(({ ledgerId }) => ledgerId === last?.ledgerId) ? last : lastOf(filled),
      index: Number.isSafeInteger(index) ? index : undefined,
      lastWritten: last,
    };
  }

  async isCompactedToNothing(): Promise<boolean> {
    const { compactedLedger, cursors, lastConfirmedEntry } = await this.pulsar.admin.internalStats(
      this.topic,
    );
    if (compactedLedger === undefined || compactedLedger.ledgerId < 0 || compactedLedger.entries > 0)
      return false;
    const last = positionIn(lastConfirmedEntry);
    const horizon = positionIn(cursors[compactionCursor]?.markDeletePosition ?? '');
    return last !== undefined && horizon !== undefined && !isBefore(horizon, last);
  }
}

class OpenLogReader implements LogReader {
  constructor(private readonly reader: TopicReader) {}

  get attached(): boolean {
    return this.reader.attached;
  }

  pause(): void {
    this.reader.pause();
  }

  resume(): void {
    this.reader.resume();
  }

  async lastPosition(): Promise<EntryPosition | undefined> {
    const { ledgerId, entryId } = await this.reader.lastMessageId();
    return ledgerId < 0 || entryId < 0 ? undefined : { ledgerId, entryId };
  }

  close(): void {
    void this.reader.close();
  }
}

function positionIn(text: string): EntryPosition | undefined {
  const [ledgerId = -1, entryId = -1] = text.split(':').map(Number);
  return ledgerId >= 0 && entryId >= 0 ? { ledgerId, entryId } : undefined;
}

function lastOf(ledgers: LedgerList['ledgers']): EntryPosition | undefined {
  const last = ledgers.at(-1);
  return last === undefined ? undefined : { ledgerId: last.ledgerId, entryId: last.entries - 1 };
}
