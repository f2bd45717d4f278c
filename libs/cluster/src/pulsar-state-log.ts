import {
  type BrokerEntry,
  type KeyedRecord,
  keyedEntry,
  type Producer,
  PulsarAdminError,
  type PulsarClient,
  PulsarError,
  type TopicReader,
} from '#libs/pulsar';
import { eachMessage, logTenantKey as tenantKey, makeLogTopic } from './log-topic.js';
import {
  isBefore,
  type LogPosition,
  reservedKeyPrefix,
  type OpenStateLog,
  type StateLog,
  type StateLogListener,
} from './state-log.js';

/** Of the records that mark where a gateway began to read; compaction keeps the last of all gateways. */
const markKey = `${reservedKeyPrefix}mark`;
const mark: KeyedRecord = { key: markKey, value: Buffer.from('mark') };

const backoff = { initialMs: 100, maxMs: 1_000 } as const;
/** Until the first answer of a broker that has the whole past to give. */
const replayMsMax = 30_000;

export interface PulsarStateLogOptions {
  /** `persistent://tenant/namespace/topic`, compacted; made when it is not there. */
  readonly topic: string;
  /** A record without a receipt for so long is given up. */
  readonly sendTimeoutMs: number;
  /** Records without a receipt. */
  readonly pendingEntriesMax: number;
}

/**
 * A compacted topic as a log of state. The past is read as compaction left it, up to a mark of this gateway's own: what
 * was stored before it was called is before the mark. What follows is read as it was written, since compaction takes
 * tombstones away, and a key whose tombstone was missed would live on.
 */
export function pulsarStateLog(pulsar: PulsarClient, options: PulsarStateLogOptions): OpenStateLog {
  const { topic, sendTimeoutMs, pendingEntriesMax } = options;
  return async (listener) => {
    await makeLogTopic(pulsar.admin, topic);
    const log = new PulsarStateLog(pulsar, topic, listener);
    try {
      log.writes(
        await pulsar.createProducer({ topic, tenantKey, backoff, pendingEntriesMax, sendTimeoutMs }),
      );
      await log.replay();
      await log.follow();
    } catch (error) {
      await log.close();
      throw error;
    }
    return log;
  };
}

class PulsarStateLog implements StateLog {
  #producer: Producer | undefined;
  #reader: TopicReader | undefined;
  #read: LogPosition | undefined;
  #closed = false;

  constructor(
    private readonly pulsar: PulsarClient,
    private readonly topic: string,
    private readonly listener: StateLogListener,
  ) {}

  get attached(): boolean {
    return this.#reader?.attached === true;
  }

  writes(producer: Producer): void {
    this.#producer = producer;
    producer.onClosed((error) => this.#ended(error));
  }

  append(records: readonly KeyedRecord[], done: (error: unknown, position: LogPosition) => void): void {
    this.#producer!.send(keyedEntry(records), (error, receipt) => {
      const { ledgerId, entryId } = receipt;
      if (error !== undefined || ledgerId >= 0) done(error, { ledgerId, entryId });
      // Deduplication knew it, where an operator switched that on, and does not say where it is: before the mark.
      else this.append([mark], done);
    });
  }

  async reachEnd(): Promise<void> {
    if (this.#reader === undefined) throw new PulsarError('Closed', 'the log is not followed');
    await this.#reader.reachEnd();
  }

  /** @throws PulsarError when a compaction ended meanwhile: tombstones may be missing then */
  async replay(): Promise<void> {
    const compacted = await this.#compactedLedger();
    const markedAt = await new Promise<LogPosition>((resolve, reject) => {
      this.append([mark], (error, position) => (error ? reject(error) : resolve(position)));
    });
    await this.#readPast(markedAt);
    if ((await this.#compactedLedger()) !== compacted) {
      throw new PulsarError('ServiceNotReady', 'the topic was compacted while it was read');
    }
  }

  async follow(): Promise<void> {
    const reader = await this.pulsar.createReader({
      topic: this.topic,
      tenantKey,
      backoff,
      start: this.#read!,
      onEntry: (entry) => this.#take(entry),
      onClosed: (error) => this.#ended(error),
    });
    this.#reader = reader;
    if (this.#closed) await reader.close();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([this.#producer?.close('now'), this.#reader?.close()]);
  }

  /** Until the mark was passed: compaction may have replaced it by that of another gateway, which is later. */
  async #readPast(markedAt: LogPosition): Promise<void> {
    const { promise: passed, resolve, reject } = Promise.withResolvers<void>();
    const reader = await this.pulsar.createReader({
      topic: this.topic,
      tenantKey,
      start: 'earliest',
      readCompacted: true,
      onEntry: (entry) => {
        this.#take(entry);
        if (!isBefore(entry, markedAt)) resolve();
      },
      onClosed: reject,
    });
    const late = new PulsarError('Timeout', `not read in ${replayMsMax} ms`);
    const timer = setTimeout(() => reject(late), replayMsMax);
    try {
      await passed;
    } finally {
      clearTimeout(timer);
      await reader.close();
    }
  }

  #take(entry: BrokerEntry): void {
    if (this.#closed || (this.#read !== undefined && !isBefore(this.#read, entry))) return;
    eachMessage(entry, ({ key, value }) => {
      if (key !== null && key !== markKey) this.listener.onRecord(key, value);
    });
    this.#read = { ledgerId: entry.ledgerId, entryId: entry.entryId };
    this.listener.onRead(this.#read);
  }

  /** What the last compaction left; undefined where this role may not ask. */
  async #compactedLedger(): Promise<number | undefined> {
    try {
      return (await this.pulsar.admin.internalStats(this.topic)).compactedLedger?.ledgerId;
    } catch (error) {
      if (error instanceof PulsarAdminError && (error.status === 401 || error.status === 403))
        return undefined;
      throw error;
    }
  }

  #ended(error: Error): void {
    if (this.#closed) return;
    void this.close();
    this.listener.onClosed(error.message);
  }
}
