import type { BrokerEntry, PulsarClient } from '#libs/pulsar';
import type { EntryFollower, EntryListener, EntryPosition, EntrySource } from './entry-source.js';

/** Messages asked for at a time when many entries are read. */
const manyPermits = 1_000;

/** An empty partition, or one behind an open transaction, dispatches nothing. */
const firstEntryTimeoutMs = 2_000;

/** The entries of one partition, by non-durable readers and the admin API. */
export class PulsarEntrySource implements EntrySource {
  constructor(
    private readonly pulsar: PulsarClient,
    private readonly topic: string,
    private readonly tenantKey: string,
    /** Gives each entry its index where the broker shows none. */
    private readonly number: (entry: BrokerEntry) => void = () => {},
  ) {}

  follow(start: EntryPosition, span: 'one' | 'many', listener: EntryListener): EntryFollower {
    let closed = false;
    const opening = this.pulsar.createReader({
      topic: this.topic,
      tenantKey: this.tenantKey,
      start: { ledgerId: start.ledgerId, entryId: start.entryId },
      permits: span === 'one' ? 1 : manyPermits,
      // Only positions and numbers are read, and the broker has checked the bytes.
      verifyChecksum: false,
      onEntry: (entry: BrokerEntry) => {
        if (closed) return;
        this.number(entry);
        listener.onEntry(entry);
      },
      onClosed: (error) => {
        if (!closed) listener.onError(error);
      },
    });
    opening.catch((error) => {
      if (!closed) listener.onError(error);
    });
    return {
      many: span === 'many',
      close: () => {
        if (closed) return;
        closed = true;
        opening.then((reader) => reader.close()).catch(() => undefined);
      },
    };
  }

  async readIndex(ledgerId: number, entryId: number): Promise<number | undefined> {
    const { index } = await this.pulsar.admin.entry(this.topic, ledgerId, entryId);
    return index;
  }

  async firstIndex(): Promise<number | undefined> {
    const first = Promise.withResolvers<number | undefined>();
    const timer = setTimeout(() => first.resolve(undefined), firstEntryTimeoutMs).unref();
    const reader = await this.pulsar.createReader({
      topic: this.topic,
      tenantKey: this.tenantKey,
      start: 'earliest',
      permits: 1,
      onEntry: (entry) => {
        this.number(entry);
        first.resolve(entry.firstIndex);
      },
      onClosed: () => first.resolve(undefined),
    });
    try {
      return await first.promise;
    } finally {
      clearTimeout(timer);
      await reader.close();
    }
  }

  async lastPosition(): Promise<EntryPosition | undefined> {
    const reader = await this.pulsar.createReader({
      topic: this.topic,
      tenantKey: this.tenantKey,
      start: 'latest',
      permits: 1,
      onEntry: () => {},
    });
    try {
      const { ledgerId, entryId } = await reader.lastMessageId();
      return ledgerId < 0 ? undefined : { ledgerId, entryId };
    } finally {
      await reader.close();
    }
  }
}
