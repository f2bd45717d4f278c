import {
  type BrokerEntry,
  type EntryPosition,
  type Producer,
  type PulsarClient,
  singleEntry,
  type TopicReader,
} from '#libs/pulsar';
import { eachMessage, logTenantKey as tenantKey, makeLogTopic } from './log-topic.js';
import type { MembersLog, MembersLogListener, OpenMembersLog } from './members-log.js';

/** Signs of life that wait for a broker: old ones are worth nothing. */
const pendingEntriesMax = 64;

/** Between attempts to reach the log: who comes back much later than the others would be dead to them. */
const backoff = { initialMs: 100, maxMs: 1_000 } as const;

export interface PulsarMembersLogOptions {
  /** `tenant/namespace`. */
  readonly stateNamespace: string;
  /** A record that was not stored for so long is given up. */
  readonly sendTimeoutMs: number;
}

/** The members topic, `<stateNamespace>/gateways`: made when it is not there. */
export function pulsarMembersLog(pulsar: PulsarClient, options: PulsarMembersLogOptions): OpenMembersLog {
  const topic = `persistent://${options.stateNamespace}/gateways`;
  return async (listener) => {
    await makeLogTopic(pulsar.admin, topic);
    const last = await readPast(pulsar, topic, listener);
    const log = new PulsarMembersLog(listener);
    try {
      const { sendTimeoutMs } = options;
      log.writes(
        await pulsar.createProducer({ topic, tenantKey, backoff, pendingEntriesMax, sendTimeoutMs }),
      );
      log.reads(await pulsar.createReader(log.readerOptions(topic, last)));
    } catch (error) {
      await log.close();
      throw error;
    }
    return log;
  };
}

/** What compaction kept and what came after it. Gives the last position, if there is any. */
async function readPast(
  pulsar: PulsarClient,
  topic: string,
  listener: MembersLogListener,
): Promise<EntryPosition | undefined> {
  let last: EntryPosition | undefined;
  const reader = await pulsar.createReader({
    topic,
    tenantKey,
    start: 'earliest',
    readCompacted: true,
    onEntry: (entry) => {
      last = { ledgerId: entry.ledgerId, entryId: entry.entryId };
      deliver(entry, listener);
    },
  });
  try {
    await reader.reachEnd();
  } finally {
    await reader.close();
  }
  return last;
}

/**
 * From here on the log is read as it was written: an announcement is no state that compaction would keep, and one that
 * came while the reader was away must not be missed.
 */
class PulsarMembersLog implements MembersLog {
  #reader: TopicReader | undefined;
  #producer: Producer | undefined;
  #closed = false;

  constructor(private readonly listener: MembersLogListener) {}

  get attached(): boolean {
    return this.#reader?.attached === true;
  }

  readerOptions(topic: string, last: EntryPosition | undefined) {
    return {
      topic,
      tenantKey,
      backoff,
      start: last ?? ('earliest' as const),
      onEntry: (entry: BrokerEntry) => {
        const isKnown = entry.ledgerId === last?.ledgerId && entry.entryId === last.entryId;
        if (!isKnown && !this.#closed) deliver(entry, this.listener);
      },
      onClosed: (error: Error) => this.#ended(error),
    };
  }

  reads(reader: TopicReader): void {
    this.#reader = reader;
  }

  writes(producer: Producer): void {
    this.#producer = producer;
    producer.onClosed((error) => this.#ended(error));
  }

  append(key: string, value: Buffer, done: (error: unknown) => void = () => {}): void {
    this.#producer?.send(singleEntry({ key, value }), (error) => done(error));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([this.#producer?.close(), this.#reader?.close()]);
  }

  #ended(error: Error): void {
    if (this.#closed) return;
    void this.close();
    this.listener.onClosed(error.message);
  }
}

function deliver(entry: BrokerEntry, listener: MembersLogListener): void {
  const timestampMs = entry.brokerTimestamp ?? entry.publishTime;
  eachMessage(entry, ({ value }) => {
    if (value !== null) listener.onRecord(value, timestampMs);
  });
}
