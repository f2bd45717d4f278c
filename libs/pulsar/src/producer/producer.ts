import type { Connection, Connector } from '../connection.js';
import type { OutgoingEntry } from '../entry.js';
import { PulsarError } from '../pulsar.errors.js';
import { TopicAttachment } from '../topic-attachment.js';
import { type AssignedBroker, ProducerAccessMode } from '../wire/commands.js';
import {
  fencedInPart,
  isStoredInPart,
  PendingEntries,
  PendingEntry,
  type SendDone,
} from './pending-entries.js';
import { type ProducerOptions, producerDefaults } from './producer.options.js';
import { ProducerSession, type ProducerSessionOwner, type ProducerSuccess } from './producer-session.js';
import {
  encodeSendFrame,
  entryBytes,
  entryReserveBytes,
  frameIsIntact,
  metadataBytesOf,
  type SendNumbers,
} from './send-frame.js';

export interface Producer {
  /** The given name, or the one that the broker made up. */
  readonly name: string;
  readonly topic: string;
  /** The last that the broker knew of this name at the latest (re)creation, -1 for none. Exact with deduplication. */
  readonly lastSequenceId: number;
  /** Of the access modes other than shared: grows with each owner of the topic. */
  readonly topicEpoch: number | undefined;
  /** True while frames go straight to a broker; otherwise they wait for one. */
  readonly attached: boolean;
  /** Bytes and entries without a receipt; at the bounds of the options `send` refuses. */
  readonly pendingBytes: number;
  readonly pendingEntries: number;
  /**
   * Sends an entry, pipelined. `done` is called exactly once: for entries that were taken in the order of the sends,
   * for an entry refused at once (over the bounds 'TooManyPending', too large 'EntryTooLarge', 'Closed', stored in part
   * by another 'ProducerFenced') before this returns. The entry's buffer belongs to the producer from now on, also after
   * an error. Throws nothing.
   */
  send(entry: OutgoingEntry, done: SendDone): void;
  /** Told once when the producer ends by itself: fenced, topic gone or terminated, no longer authorized. */
  onClosed(listener: (error: PulsarError) => void): void;
  /**
   * Takes no more, waits for the receipts of what it took ('now': fails it, also what an earlier call waits for), and
   * closes at the broker. Afterwards the broker has stored or refused all that was sent, and the name is free.
   */
  close(how?: 'flush' | 'now'): Promise<void>;
}

/**
 * A producer on one topic over all the connections it outlives.
 *
 * What was sent stays in `pending`, as the bytes that went to the socket, until its receipt. Whenever the broker side is
 * lost (disconnect, CLOSE_PRODUCER, a SEND_ERROR that may pass), the attachment opens the producer again, same name and
 * higher epoch, and everything pending is sent again in order with the same sequence ids: deduplication answers those it
 * stored before with a receipt of -1:-1. An entry that reaches its deadline fails, and all behind it, since order must
 * hold; then the producer is opened anew, so that nothing later overtakes what the old one may still be storing.
 */
export class TopicProducer implements Producer, ProducerSessionOwner {
  readonly topic: string;
  name: string;
  private readonly options: ProducerOptions & typeof producerDefaults;
  private readonly pending = new PendingEntries();
  private readonly attachment: TopicAttachment;
  private readonly producerId: number;
  private readonly numbers: SendNumbers;
  /** Open and attached: sends go to it. */
  private session: ProducerSession | undefined;
  /** Being opened, or queued for its turn. */
  private opening: ProducerSession | undefined;
  private closingSession: Promise<void> | undefined;
  private epoch = 0;
  private brokerLastSequenceId = -1;
  private nextSequenceId: number | undefined;
  private brokerTopicEpoch: number | undefined;
  private entryBytesMax = 0;
  private deadlineTimer: NodeJS.Timeout | undefined;
  private ended: PulsarError | undefined;
  private drained: (() => void) | undefined;
  private readonly closedListeners: ((error: PulsarError) => void)[] = [];

  constructor(
    private readonly connector: Connector,
    options: ProducerOptions,
  ) {
    this.options = { ...producerDefaults, ...options };
    this.topic = options.topic;
    this.name = options.name ?? '';
    this.producerId = connector.nextProducerId();
    this.nextSequenceId = options.initialSequenceId;
    this.numbers = {
      producerId: this.producerId,
      producerName: Buffer.from(this.name),
      sequenceId: 0,
      highestSequenceId: undefined,
      publishTime: 0,
      numMessages: 1,
      txnidLeastBits: undefined,
      txnidMostBits: undefined,
      isChunk: undefined,
    };
    this.attachment = new TopicAttachment({
      connector,
      topic: options.topic,
      tenantKey: options.tenantKey,
      use: this.options.accessMode === 'shared' ? 'publish' : 'lease',
      firstAttachTimeoutMs: connector.operationTimeoutMs,
      backoff: options.backoff,
      open: (connection) => this.open(connection),
      onGivenUp: (error) => this.end(error),
    });
  }

  get lastSequenceId(): number {
    return this.brokerLastSequenceId;
  }

  get topicEpoch(): number | undefined {
    return this.brokerTopicEpoch;
  }

  get attached(): boolean {
    return this.session !== undefined;
  }

  get pendingBytes(): number {
    return this.pending.bytes;
  }

  get pendingEntries(): number {
    return this.pending.length;
  }

  /** Resolves when the producer may send: with wait-for-exclusive, when its turn has come. */
  start(): Promise<void> {
    return this.attachment.start();
  }

  send(entry: OutgoingEntry, done: SendDone): void {
    const sequenceId = entry.sequenceId ?? (this.nextSequenceId as number);
    const highestSequenceId =
      entry.highestSequenceId ??
      (entry.sequenceId === undefined ? sequenceId + entry.numMessages - 1 : sequenceId);
    this.number(entry, sequenceId, highestSequenceId);
    const metadataBytes = metadataBytesOf(entry, this.numbers);
    const { brokerLastSequenceId } = this;
    if (isStoredInPart(sequenceId, highestSequenceId, brokerLastSequenceId)) {
      this.end(fencedInPart(sequenceId, brokerLastSequenceId));
    }
    const refusal = this.refusal(entryBytes(entry, metadataBytes));
    const sentAt = performance.now();
    const expiresAt = this.options.sendTimeoutMs > 0 ? sentAt + this.options.sendTimeoutMs : Infinity;
    if (refusal !== undefined) {
      const refused = new PendingEntry(entry.buffer, sequenceId, highestSequenceId, expiresAt, done);
      this.finish(refused, refusal);
      return;
    }
    const frame = encodeSendFrame(entry, this.numbers, metadataBytes);
    this.nextSequenceId = highestSequenceId + 1;
    this.pending.push(new PendingEntry(frame, sequenceId, highestSequenceId, expiresAt, done, entry.memory));
    if (this.deadlineTimer === undefined && expiresAt !== Infinity) this.armDeadline(sentAt, expiresAt);
    this.session?.connection.send(frame);
  }

  onClosed(listener: (error: PulsarError) => void): void {
    this.closedListeners.push(listener);
  }

  async close(how: 'flush' | 'now' = 'flush'): Promise<void> {
    if (this.ended !== undefined) {
      if (how === 'now') this.failAll(this.ended);
      return;
    }
    this.ended = new PulsarError('Closed', 'the producer is closed');
    if (how === 'flush' && this.pending.length > 0) {
      await new Promise<void>((resolve) => {
        this.drained = resolve;
      });
    }
    const session = this.session ?? this.opening;
    this.attachment.close();
    this.session = undefined;
    clearTimeout(this.deadlineTimer);
    this.failAll(this.ended);
    await Promise.all([this.closingSession, session?.close()]);
  }

  // What the session tells.

  onReceipt(sequenceId: number, ledgerId: number, entryId: number): void {
    const head = this.pending.peek();
    if (head === undefined) return;
    const isDuplicate = ledgerId < 0;
    if (head.sequenceId === sequenceId && !head.settled && !isDuplicate) {
      head.ledgerId = ledgerId;
      head.entryId = entryId;
      head.settled = true;
      this.completeSettled();
    } else if (isDuplicate) {
      // The broker answers a duplicate without waiting for the writes before it.
      const entry = head.sequenceId === sequenceId ? head : this.pending.findLast(sequenceId);
      if (entry !== undefined) entry.settled = true;
      this.completeSettled();
    } else if (sequenceId > head.sequenceId && this.session !== undefined) {
      this.recover(`receipt for ${sequenceId} while ${head.sequenceId} is the oldest`);
    }
  }

  onSendError(sequenceId: number, error: PulsarError): void {
    const entry = this.pending.findByHighest(sequenceId);
    if (error.code === 'ProducerFenced' || error.code === 'TopicTerminatedError') {
      this.end(error);
    } else if (error.code === 'ProducerBlockedQuotaExceededException') {
      this.failAll(error);
      this.recover(error.message);
    } else if (
      entry !== undefined &&
      (error.code === 'NotAllowedError' || (error.code === 'ChecksumError' && !frameIsIntact(entry.frame)))
    ) {
      entry.settled = true;
      entry.error = error;
      this.completeSettled();
    } else {
      this.recover(error.message);
    }
  }

  onQueued(): void {
    this.options.onQueued?.();
  }

  onSessionEnded(session: ProducerSession, reason: string, assigned: AssignedBroker | undefined): void {
    if (this.session === session) this.session = undefined;
    this.attachment.lost(reason, assigned);
  }

  private async open(connection: Connection): Promise<void> {
    await this.closingSession;
    if (this.hasLeft()) return;
    const session = new ProducerSession(connection, this.producerId, this);
    this.opening = session;
    const { name, accessMode, properties, transactional } = this.options;
    const knownName = this.name;
    const success = await session.open({
      topic: this.topic,
      producerId: this.producerId,
      ...(knownName === '' ? {} : { producerName: knownName }),
      userProvidedProducerName: name !== undefined,
      epoch: this.epoch++,
      metadata: properties ? [...properties] : undefined,
      producerAccessMode: ProducerAccessMode[accessMode],
      topicEpoch: this.brokerTopicEpoch,
      txnEnabled: transactional,
    });
    this.opening = undefined;
    if (this.hasLeft()) {
      await session.close();
      return;
    }
    this.opened(session, success);
  }

  /** A method, so that the compiler does not take the state of before an await for the state after it. */
  private hasLeft(): boolean {
    return this.attachment.state === 'closed';
  }

  private opened(session: ProducerSession, success: ProducerSuccess): void {
    const { numbers, pending } = this;
    if (this.brokerTopicEpoch !== undefined && success.topicEpoch !== this.brokerTopicEpoch) {
      // Somebody else owned the topic in between: what is pending must not be stored after what they wrote.
      void session.close();
      throw new PulsarError('ProducerFenced', `the topic's epoch is ${success.topicEpoch} now`);
    }
    this.brokerLastSequenceId = success.lastSequenceId ?? -1;
    const cut = pending.storedInPart(this.brokerLastSequenceId);
    if (cut !== undefined) {
      void session.close();
      throw fencedInPart(cut.sequenceId, this.brokerLastSequenceId);
    }
    this.brokerTopicEpoch = success.topicEpoch;
    this.nextSequenceId ??= this.brokerLastSequenceId + 1;
    if (this.name === '') {
      this.name = success.producerName;
      numbers.producerName = Buffer.from(this.name);
    }
    this.entryBytesMax = session.connection.maxMessageSize - entryReserveBytes;
    if (session.ended) return;
    this.session = session;
    for (let position = 0; position < pending.length; position++) {
      const entry = pending.at(position);
      if (entry.settled) continue;
      entry.memory = undefined;
      session.connection.send(entry.frame);
    }
  }

  private number(entry: OutgoingEntry, sequenceId: number, highestSequenceId: number): void {
    const { numbers } = this;
    const { metadata } = entry;
    numbers.sequenceId = sequenceId;
    numbers.highestSequenceId = highestSequenceId === sequenceId ? undefined : highestSequenceId;
    numbers.publishTime = Date.now();
    numbers.numMessages = entry.numMessages;
    numbers.txnidLeastBits = metadata.txnidLeast;
    numbers.txnidMostBits = metadata.txnidMost;
    numbers.isChunk = metadata.chunkId !== undefined;
  }

  private refusal(bytes: number): PulsarError | undefined {
    if (this.ended !== undefined) return this.ended;
    if (bytes > this.entryBytesMax) {
      return new PulsarError('EntryTooLarge', `an entry of ${bytes} bytes, ${this.entryBytesMax} allowed`);
    }
    const { pendingBytesMax, pendingEntriesMax } = this.options;
    if (this.pending.length >= pendingEntriesMax || this.pending.bytes + bytes > pendingBytesMax) {
      return new PulsarError('TooManyPending', `${this.pending.length} entries, ${this.pending.bytes} bytes`);
    }
    return undefined;
  }

  private completeSettled(): void {
    for (let head = this.pending.peek(); head?.settled; head = this.pending.peek()) {
      this.pending.shift();
      this.finish(head, head.error);
    }
    if (this.pending.length === 0) this.drained?.();
  }

  private finish(entry: PendingEntry, error: PulsarError | undefined): void {
    entry.release(error);
    try {
      entry.done(error, entry);
    } catch (thrown) {
      const fields = { event: 'pulsar-send-callback-threw', topic: this.topic, error: thrown };
      this.connector.log.error(fields, 'a send callback threw');
    }
  }

  /** Fails what is pending now, in order; what the callbacks send stays. */
  private failAll(error: PulsarError): void {
    for (let left = this.pending.length; left > 0; left--) {
      const entry = this.pending.shift();
      if (entry === undefined) break;
      if (entry.settled) this.finish(entry, entry.error);
      else this.finish(entry, error);
    }
    if (this.pending.length === 0) this.drained?.();
  }

  /** Closes the producer at the broker, keeping the connection that others share, and opens it again. */
  private recover(reason: string): void {
    const session = this.session;
    if (session === undefined) return;
    this.session = undefined;
    this.closingSession = session.close();
    this.attachment.lost(reason);
  }

  private armDeadline(now: number, expiresAt: number): void {
    this.deadlineTimer = setTimeout(() => this.onDeadline(), Math.max(1, expiresAt - now)).unref();
  }

  private onDeadline(): void {
    this.deadlineTimer = undefined;
    const head = this.pending.peek();
    if (head === undefined) return;
    const now = performance.now();
    if (head.expiresAt > now) {
      this.armDeadline(now, head.expiresAt);
      return;
    }
    const { sendTimeoutMs } = this.options;
    this.recover('send timeout');
    this.failAll(new PulsarError('Timeout', `no receipt in ${sendTimeoutMs} ms`));
  }

  private end(error: PulsarError): void {
    if (this.ended === undefined) {
      this.ended = error;
      for (const listener of this.closedListeners) listener(error);
    }
    const session = this.session;
    this.session = undefined;
    this.attachment.close(error);
    clearTimeout(this.deadlineTimer);
    this.failAll(error);
    void session?.close();
  }
}

/** Resolves when the producer may send. Rejects with the broker's PulsarError when it cannot be made. */
export async function createProducer(connector: Connector, options: ProducerOptions): Promise<Producer> {
  const producer = new TopicProducer(connector, options);
  await producer.start();
  return producer;
}
