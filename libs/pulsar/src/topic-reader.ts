import { randomBytes } from 'node:crypto';
import type { BackoffOptions } from './backoff.js';
import type { Connection, Connector } from './connection.js';
import { ConsumerSession, type ConsumerSessionOwner } from './consumer/consumer-session.js';
import { chargedForCorrupt } from './consumer/corrupt-entry.js';
import { FlowWindow } from './consumer/flow-window.js';
import { askTopicEnd } from './consumer/topic-end.js';
import { type BrokerEntry, EntryDecodeError, type EntryPosition, parseEntry } from './entry.js';
import { asPulsarError, PulsarError } from './pulsar.errors.js';
import { TopicAttachment } from './topic-attachment.js';
import {
  type AssignedBroker,
  earliestMessageId,
  latestMessageId,
  type MessageId,
  type MessageIdInit,
  SubscriptionType,
} from './wire/commands.js';
import type { MessageFields } from './wire/hot-commands.js';

export type ReaderStart =
  | 'earliest'
  /** What is stored after the reader was created. */
  | 'latest'
  /** This entry and what follows; the next one that exists when it was trimmed. */
  | EntryPosition
  /** The first entry of this time or later, by the broker's clock where it is kept, else by the producer's. */
  | { readonly publishTimeMs: number };

export interface ReaderOptions {
  /** One partition, or a topic without partitions. Never created. */
  readonly topic: string;
  readonly tenantKey: string;
  readonly start: ReaderStart;
  /** Only the latest entry of each key, up to where compaction has come. */
  readonly readCompacted?: boolean;
  /** Messages on their way, at most. Default 1 000. */
  readonly permits?: number;
  /** Bytes on their way, about, at most. Default 8 MiB. */
  readonly windowBytesMax?: number;
  /** Asked for before anything is known of the size of messages, which may be megabytes. Default 100. */
  readonly firstPermits?: number;
  /** Asks for nothing before `resume`. Default false. */
  readonly paused?: boolean;
  /** Default true. */
  readonly verifyChecksum?: boolean;
  readonly backoff?: BackoffOptions;
  /** Every entry once, in order, over all reconnects. Its bytes are a view on the socket's. */
  onEntry(entry: BrokerEntry): void;
  /** Bytes that are no entry: they are passed over. */
  onCorruptEntry?(position: EntryPosition, error: EntryDecodeError): void;
  /** Told once when the reader ends by itself: topic deleted, no longer authorized. */
  onClosed?(error: PulsarError): void;
}

interface EndWaiter extends EntryPosition {
  resolve(): void;
  reject(error: PulsarError): void;
}

const defaultPermits = 1_000;
const defaultWindowBytes = 8 * 1024 * 1024;

/**
 * Reads one topic by a non-durable exclusive subscription of its own: it costs no storage, holds back no data and
 * nobody else sees it. Over reconnects it goes on after the last entry it delivered.
 */
export class TopicReader implements ConsumerSessionOwner {
  readonly topic: string;
  private readonly attachment: TopicAttachment;
  private readonly window: FlowWindow;
  private readonly consumerId: number;
  private session: ConsumerSession | undefined;
  /** The next entry is the first after this; unset (-2) as long as `options.start` says where to begin. */
  private readonly after = { ledgerId: -2, entryId: -2 };
  private skipBeforeMs = 0;
  private endWaiters: EndWaiter[] = [];

  constructor(
    private readonly connector: Connector,
    private readonly options: ReaderOptions,
  ) {
    this.topic = options.topic;
    this.consumerId = connector.nextConsumerId();
    this.window = new FlowWindow({
      messagesMax: options.permits ?? defaultPermits,
      bytesMax: options.windowBytesMax ?? defaultWindowBytes,
      firstMessages: options.firstPermits,
    });
    if (options.paused) this.window.pause();
    this.attachment = new TopicAttachment({
      connector,
      topic: options.topic,
      tenantKey: options.tenantKey,
      use: 'dispatch',
      firstAttachTimeoutMs: connector.operationTimeoutMs,
      backoff: options.backoff,
      open: (connection) => this.open(connection),
      onGivenUp: (error) => this.ended(error),
    });
  }

  /** True while a broker dispatches to it. */
  get attached(): boolean {
    return this.session !== undefined;
  }

  /** The last entry delivered; before the first of a reader that began at `latest`: the one after which it began. */
  get position(): EntryPosition | undefined {
    return this.positioned ? { ledgerId: this.after.ledgerId, entryId: this.after.entryId } : undefined;
  }

  start(): Promise<void> {
    return this.attachment.start();
  }

  /** Asks for no more. What was asked for, up to the window, still arrives. */
  pause(): void {
    this.window.pause();
  }

  resume(): void {
    const permits = this.window.resume();
    this.session?.flow(permits);
  }

  /**
   * The last message that can be dispatched (open transactions hide what follows them); -1:-1 for an empty topic.
   * Rejects with a retriable PulsarError while no broker serves the topic.
   */
  async lastMessageId(): Promise<MessageId> {
    const session = this.session;
    if (session === undefined)
      throw new PulsarError('Disconnected', 'the reader is not attached to a broker');
    const { lastMessageId } = await askTopicEnd(session.connection, this.consumerId);
    return lastMessageId;
  }

  /** Resolves when all has been delivered that could be dispatched at the time of the call. Rejects when closed. */
  async reachEnd(): Promise<void> {
    const last = await this.lastMessageId();
    if (last.ledgerId < 0 || !isAfter(last, this.after)) return;
    await new Promise<void>((resolve, reject) => {
      this.endWaiters.push({ ledgerId: last.ledgerId, entryId: last.entryId, resolve, reject });
    });
  }

  async close(): Promise<void> {
    const session = this.session;
    this.session = undefined;
    this.attachment.close();
    this.rejectWaiters(new PulsarError('Closed', 'the reader was closed'));
    await session?.close();
  }

  onMessage(
    session: ConsumerSession,
    frame: Buffer,
    message: MessageFields,
    start: number,
    end: number,
  ): void {
    let entry: BrokerEntry | undefined;
    let messages: number;
    try {
      entry = parseEntry(frame, start, end, message, this.options);
      messages = entry.numMessages;
    } catch (error) {
      if (!(error instanceof EntryDecodeError)) throw error;
      messages = chargedForCorrupt(frame, start, end, message);
      this.passOver(message, error);
    }
    if (entry !== undefined && this.isNew(entry)) {
      this.advance(entry);
      this.deliver(entry);
    }
    if (this.endWaiters.length > 0) this.resolveWaiters();
    if (this.session !== session) return;
    this.window.arrived(messages, end - start);
    session.flow(this.window.taken(messages));
  }

  onSessionEnded(session: ConsumerSession, reason: string, assigned: AssignedBroker | undefined): void {
    if (this.session !== session) return;
    this.session = undefined;
    this.attachment.lost(reason, assigned);
  }

  private async open(connection: Connection): Promise<void> {
    const subscription = `pulsegate-reader-${randomBytes(6).toString('hex')}`;
    const { start } = this.options;
    const seekMs = !this.positioned && typeof start === 'object' && 'publishTimeMs' in start;
    if (seekMs) await this.seekToTime(connection, subscription, start.publishTimeMs);
    const session = await this.subscribe(connection, subscription, this.startPosition());
    if (start === 'latest' && !this.positioned) {
      // Where "latest" was: after a disconnect before the first entry, what came in between must not be missed.
      const { consumerMarkDeletePosition } = await askTopicEnd(session.connection, this.consumerId);
      if (consumerMarkDeletePosition !== undefined && consumerMarkDeletePosition.ledgerId >= 0) {
        this.advance(consumerMarkDeletePosition);
      }
    }
    if (this.attachment.state === 'closed') {
      await session.close();
      return;
    }
    if (session.ended) throw new PulsarError('Disconnected', 'closed by the broker while opening');
    this.session = session;
    session.flow(this.window.start());
  }

  private async subscribe(
    connection: Connection,
    subscription: string,
    startMessageId: MessageIdInit,
  ): Promise<ConsumerSession> {
    const session = new ConsumerSession(connection, this.consumerId, this);
    await session.open({
      topic: this.topic,
      subscription,
      subType: SubscriptionType.exclusive,
      consumerId: this.consumerId,
      durable: false,
      startMessageId,
      readCompacted: this.options.readCompacted ?? false,
      forceTopicCreation: false,
    });
    return session;
  }

  /** A seek closes the consumer, but leaves the subscription of that name where the seek put it. */
  private async seekToTime(connection: Connection, subscription: string, timeMs: number): Promise<void> {
    const session = await this.subscribe(connection, subscription, latestMessageId);
    await connection.request({ seek: { consumerId: this.consumerId, messagePublishTime: timeMs } });
    await session.close();
    this.skipBeforeMs = timeMs;
  }

  private startPosition(): MessageIdInit {
    const { start } = this.options;
    if (this.positioned) return this.after;
    if (start === 'latest') return latestMessageId;
    // A subscription that a seek left behind ignores this; one that had to be made anew skips by time.
    if (start === 'earliest' || 'publishTimeMs' in start) return earliestMessageId;
    return { ledgerId: start.ledgerId, entryId: start.entryId };
  }

  /** A reader whose taker fails ends; the connection, which others share, goes on. */
  private deliver(entry: BrokerEntry): void {
    try {
      this.options.onEntry(entry);
    } catch (thrown) {
      const fields = { event: 'pulsar-reader-callback-threw', topic: this.topic, error: thrown };
      this.connector.log.error(fields, 'a reader is closed: its callback threw');
      void this.close();
      this.options.onClosed?.(asPulsarError(thrown, 'UnknownError'));
    }
  }

  private resolveWaiters(): void {
    const waiters = this.endWaiters;
    this.endWaiters = waiters.filter((waiter) => isAfter(waiter, this.after));
    for (const waiter of waiters) {
      if (!isAfter(waiter, this.after)) waiter.resolve();
    }
  }

  private rejectWaiters(error: PulsarError): void {
    const waiters = this.endWaiters;
    this.endWaiters = [];
    for (const waiter of waiters) waiter.reject(error);
  }

  private ended(error: PulsarError): void {
    this.rejectWaiters(error);
    this.options.onClosed?.(error);
  }

  private get positioned(): boolean {
    return this.after.ledgerId !== -2;
  }

  private advance(position: EntryPosition): void {
    this.after.ledgerId = position.ledgerId;
    this.after.entryId = position.entryId;
  }

  private isNew(entry: BrokerEntry): boolean {
    if (!isAfter(entry, this.after)) return false;
    if (this.skipBeforeMs === 0) return true;
    if ((entry.brokerTimestamp ?? entry.publishTime) < this.skipBeforeMs) return false;
    this.skipBeforeMs = 0;
    return true;
  }

  private passOver(message: MessageFields, error: EntryDecodeError): void {
    const position = { ledgerId: message.ledgerId, entryId: message.entryId };
    if (!isAfter(position, this.after)) return;
    this.advance(position);
    const fields = { event: 'pulsar-corrupt-entry', topic: this.topic, ...position, reason: error.message };
    this.connector.log.warn(fields, 'passed over an entry that cannot be read');
    this.options.onCorruptEntry?.(position, error);
  }
}

/** Positions of one topic: ledgers grow. */
function isAfter(position: EntryPosition, other: EntryPosition): boolean {
  return (
    position.ledgerId > other.ledgerId ||
    (position.ledgerId === other.ledgerId && position.entryId > other.entryId)
  );
}

/** Resolves when the broker dispatches. Rejects with its PulsarError when it cannot be: 'TopicNotFound' and so on. */
export async function createReader(connector: Connector, options: ReaderOptions): Promise<TopicReader> {
  const reader = new TopicReader(connector, options);
  await reader.start();
  return reader;
}
