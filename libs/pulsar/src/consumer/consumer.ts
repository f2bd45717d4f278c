import type { Connection, Connector } from '../connection.js';
import { type BrokerEntry, EntryDecodeError, type EntryPosition, parseEntry } from '../entry.js';
import { asPulsarError, PulsarError } from '../pulsar.errors.js';
import { TopicAttachment } from '../topic-attachment.js';
import type { TransactionId } from '../transactions/transaction.js';
import type { AssignedBroker, MessageId } from '../wire/commands.js';
import { encodeAck, type MessageFields } from '../wire/hot-commands.js';
import { AckGroup } from './ack-group.js';
import { type ConsumerOptions, consumerDefaults } from './consumer.options.js';
import { ConsumerSession, type ConsumerSessionOwner } from './consumer-session.js';
import { type AckDone, chargedMessages, Delivery } from './delivery.js';
import { chargedForCorrupt } from './corrupt-entry.js';
import { FlowWindow } from './flow-window.js';
import { GrantedPermits } from './granted-permits.js';
import { subscribeCommand } from './subscribe-command.js';
import { askTopicEnd, isAcknowledged } from './topic-end.js';
import { askTransactionalAck, type TransactionalAck } from './transactional-ack.js';

/** Ids in one REDELIVER_UNACKNOWLEDGED_MESSAGES, as the Java client. */
const redeliverMax = 1_000;

/**
 * A subscription's consumer over all the connections it outlives. Entries come whole; who takes them walks their
 * messages and acknowledges them one by one, by entry, or all up to one.
 *
 * `generation` tells deliveries apart that became void together: on reattachment, on `redeliverAll` and on a seek the
 * broker delivers again what is unacknowledged, and acknowledging an older delivery gives no more credit.
 */
export class TopicConsumer implements ConsumerSessionOwner {
  readonly topic: string;
  readonly subscription: string;
  /** When it was attached again last (`performance.now()`), for its owner to read; undefined: it was not lost yet. */
  reattachedMs: number | undefined;
  private readonly options: ConsumerOptions & typeof consumerDefaults;
  private readonly attachment: TopicAttachment;
  private readonly window: FlowWindow;
  /** Instead of the window, with `creditOn: 'grant'`. */
  private readonly permits: GrantedPermits | undefined;
  private readonly acks: AckGroup;
  private readonly consumerId: number;
  private session: ConsumerSession | undefined;
  private generation = 0;
  /** Exclusive and failover: messages of an older epoch were on their way when redelivery was asked for. */
  private epoch = 0;
  /** Charged messages of this generation, and those of them that were acknowledged or given back. */
  private charged = 0;
  private released = 0;
  private seeking: { resolve(): void; reject(error: PulsarError): void }[] = [];

  constructor(
    private readonly connector: Connector,
    options: ConsumerOptions,
  ) {
    this.options = { ...consumerDefaults, ...options };
    this.topic = options.topic;
    this.subscription = options.subscription;
    const consumerId = connector.nextConsumerId();
    this.consumerId = consumerId;
    const { permits, windowBytesMax, ackGroupMs, ackGroupMax, batchIndexAck, resendAcks } = this.options;
    this.window = new FlowWindow({ messagesMax: permits, bytesMax: windowBytesMax });
    if (options.paused) this.window.pause();
    if (options.creditOn === 'grant') this.permits = new GrantedPermits();
    this.acks = new AckGroup(
      { consumerId, groupMs: ackGroupMs, groupMax: ackGroupMax, batchIndexAck, resend: resendAcks },
      () => this.session?.connection,
    );
    this.attachment = new TopicAttachment({
      connector,
      topic: options.topic,
      tenantKey: options.tenantKey,
      use: 'dispatch',
      firstAttachTimeoutMs: connector.operationTimeoutMs,
      backoff: options.backoff,
      open: (connection) => this.open(connection),
      onGivenUp: (error) => {
        this.rejectSeeks(error);
        void this.acks.ended();
        options.onClosed?.(error);
      },
    });
  }

  /** True while a broker dispatches to it. */
  get attached(): boolean {
    return this.session !== undefined;
  }

  /** Whether what this delivery left unacknowledged is this consumer's: otherwise it is delivered again, perhaps to others. */
  holds(delivery: Delivery): boolean {
    return this.session !== undefined && delivery.generation === this.generation;
  }

  /** Messages delivered and neither acknowledged nor given back. */
  get unackedMessages(): number {
    return this.charged - this.released;
  }

  start(): Promise<void> {
    return this.attachment.start();
  }

  /** Asks for no more. What was asked for, up to the window, still arrives. */
  pause(): void {
    this.window.pause();
  }

  resume(): void {
    this.flow(this.window.resume());
  }

  /**
   * With `creditOn: 'grant'`: asks for so many messages more, now or as soon as it is attached. They are asked for once: a
   * message that comes and is given back is not asked for again.
   */
  grant(messages: number): void {
    if (this.permits !== undefined) this.flow(this.permits.grant(messages));
  }

  /** With `creditOn: 'grant'`: granted and not yet come. Negative when an entry brought more messages than were left. */
  get grantedMessages(): number {
    return this.permits?.outstanding ?? 0;
  }

  /** Acknowledges the whole entry. `done` is called with the broker's answer, or 'Disconnected': then it comes again; see `resendAcks`. */
  ack(delivery: Delivery, done?: AckDone): void {
    this.release(delivery, delivery.acknowledgeAll());
    this.acks.add(delivery, done);
  }

  /** Acknowledges one message of a batch. Until all are, brokers without batch-index acks deliver all of them again. */
  ackIndex(delivery: Delivery, batchIndex: number, done?: AckDone): void {
    this.release(delivery, delivery.acknowledge(batchIndex));
    this.acks.add(delivery, done);
  }

  /**
   * Exclusive and failover: acknowledges everything up to this entry, or up to one message of it. Not to be mixed with
   * the others on one consumer, or credit on acknowledgement is counted too low.
   */
  ackCumulative(delivery: Delivery, batchIndex?: number, done?: AckDone): void {
    if (batchIndex === undefined) delivery.acknowledgeAll();
    else delivery.acknowledgeThrough(batchIndex);
    this.release(delivery, Math.max(0, delivery.chargedThrough - delivery.remaining - this.released));
    this.acks.addCumulative(delivery, done);
  }

  /**
   * Acknowledges in a transaction that knows this subscription. Resolves when the broker has it: it is done with the
   * commit, then say so by `ackedInTransaction`; after an abort the broker delivers these again. Rejects with
   * 'TransactionConflict' where somebody else has acknowledged one of them.
   */
  async ackInTransaction(
    acks: readonly TransactionalAck[],
    id: TransactionId,
    timeoutMs?: number,
  ): Promise<void> {
    await askTransactionalAck(this.attachedSession().connection, this.consumerId, acks, id, timeoutMs);
  }

  /** The transaction was committed. */
  ackedInTransaction({ delivery, batchIndex }: TransactionalAck): void {
    const acked = batchIndex === undefined ? delivery.acknowledgeAll() : delivery.acknowledge(batchIndex);
    this.release(delivery, acked);
  }

  /** Shared and Key_Shared: the broker delivers these again at once, perhaps to another consumer. */
  redeliver(deliveries: readonly Delivery[]): void {
    for (let start = 0; start < deliveries.length; start += redeliverMax) {
      const some = deliveries.slice(start, start + redeliverMax);
      const messageIds = some.map(({ ledgerId, entryId }) => ({ ledgerId, entryId }));
      this.session?.connection.tell({
        redeliverUnacknowledgedMessages: { consumerId: this.consumerId, messageIds },
      });
      for (const delivery of some) this.release(delivery, delivery.giveBack());
    }
  }

  /** Everything unacknowledged is delivered again. */
  redeliverAll(): void {
    const { type } = this.options;
    const command = { consumerId: this.consumerId, consumerEpoch: this.epoch };
    if (type === 'exclusive' || type === 'failover') command.consumerEpoch = ++this.epoch;
    this.acks.flush();
    this.session?.connection.tell({ redeliverUnacknowledgedMessages: command });
    this.releaseMessages(this.unackedMessages);
    this.restart();
  }

  /**
   * Moves the subscription: to this entry (inclusive) or to the first of this time or later. Every consumer of the
   * subscription is disconnected and comes back; resolves when this one is back.
   */
  async seek(to: EntryPosition | { readonly publishTimeMs: number }): Promise<void> {
    const session = this.attachedSession();
    await this.acks.drained();
    const { consumerId } = this;
    const seek =
      'publishTimeMs' in to
        ? { consumerId, messagePublishTime: to.publishTimeMs }
        : { consumerId, messageId: { ledgerId: to.ledgerId, entryId: to.entryId } };
    await session.connection.request({ seek });
    // The broker closed the consumer before it answered; if it did not, this does.
    if (this.session === session) {
      await session.close();
      this.onSessionEnded(session, 'seek', undefined);
    }
    if (this.session !== undefined) return;
    await new Promise<void>((resolve, reject) => this.seeking.push({ resolve, reject }));
  }

  /** Deletes the subscription and ends this consumer; 'force' also when others are connected. */
  async unsubscribe(force = false): Promise<void> {
    const session = this.attachedSession();
    await this.acks.drained();
    await session.connection.request({ unsubscribe: { consumerId: this.consumerId, force } });
    await this.close();
  }

  /** The last message that can be dispatched; -1:-1 for an empty topic. */
  async lastMessageId(): Promise<MessageId> {
    const { lastMessageId } = await askTopicEnd(this.attachedSession().connection, this.consumerId);
    return lastMessageId;
  }

  /** Whether all that can be dispatched is acknowledged, by all consumers of the subscription together. */
  async hasNoBacklog(): Promise<boolean> {
    return isAcknowledged(await askTopicEnd(this.attachedSession().connection, this.consumerId));
  }

  /** Sends the acknowledgements that wait, then leaves the subscription. */
  async close(): Promise<void> {
    await this.acks.ended();
    const session = this.session;
    this.session = undefined;
    this.attachment.close();
    this.rejectSeeks(new PulsarError('Closed', 'the consumer was closed'));
    await session?.close();
  }

  // What the session tells.

  onMessage(
    session: ConsumerSession,
    frame: Buffer,
    message: MessageFields,
    start: number,
    end: number,
  ): void {
    if (this.session !== session) return;
    let entry: BrokerEntry;
    try {
      entry = parseEntry(frame, start, end, message, this.options);
    } catch (error) {
      if (!(error instanceof EntryDecodeError)) throw error;
      this.rejectCorrupt(session, message, error);
      this.passOver(chargedForCorrupt(frame, start, end, message));
      return;
    }
    const charged = chargedMessages(entry, message.ackSet);
    this.window.arrived(charged, end - start);
    if (message.consumerEpoch !== undefined && message.consumerEpoch < this.epoch) {
      this.passOver(charged);
      return;
    }
    this.charged += charged;
    this.permits?.arrived(charged);
    if (this.options.creditOn === 'arrival') this.flow(this.window.taken(charged));
    this.deliver(new Delivery(entry, message, this.generation, charged, this.charged));
  }

  onSessionEnded(session: ConsumerSession, reason: string, assigned: AssignedBroker | undefined): void {
    if (this.session !== session) return;
    this.session = undefined;
    this.acks.lost();
    this.options.onDetached?.();
    this.attachment.lost(reason, assigned);
  }

  onActiveChange(active: boolean): void {
    this.options.onActiveChange?.(active);
  }

  onEndOfTopic(): void {
    this.options.onEndOfTopic?.();
  }

  private async open(connection: Connection): Promise<void> {
    const session = new ConsumerSession(connection, this.consumerId, this);
    await session.open(subscribeCommand(this.options, this.consumerId, this.epoch));
    if (this.attachment.state === 'closed') {
      await session.close();
      return;
    }
    if (session.ended) throw new PulsarError('Disconnected', 'closed by the broker while opening');
    this.session = session;
    if (this.generation > 0) this.reattachedMs = performance.now();
    this.restart();
    this.acks.reattached();
    session.flow(this.permits === undefined ? this.window.start() : this.permits.start());
    for (const waiter of this.seeking.splice(0)) waiter.resolve();
  }

  /** A consumer whose taker fails ends; the connection, which others share, goes on. */
  private deliver(delivery: Delivery): void {
    try {
      this.options.onEntry(delivery);
    } catch (thrown) {
      const { topic, subscription } = this;
      const fields = { event: 'pulsar-consumer-callback-threw', topic, subscription, error: thrown };
      this.connector.log.error(fields, 'a consumer is closed: its callback threw');
      void this.close();
      this.options.onClosed?.(asPulsarError(thrown, 'UnknownError'));
    }
  }

  /** Acknowledged, so that bytes that nobody can read do not come for ever; the Java client does the same. */
  private rejectCorrupt(session: ConsumerSession, message: MessageFields, error: EntryDecodeError): void {
    const position = { ledgerId: message.ledgerId, entryId: message.entryId };
    const { topic, subscription, consumerId } = this;
    const fields = { event: 'pulsar-corrupt-entry', topic, subscription, ...position, reason: error.message };
    this.connector.log.warn(fields, 'acknowledged an entry that cannot be read');
    session.connection.send(encodeAck({ consumerId, ackType: 0, messageIds: [position] }));
    this.options.onCorruptEntry?.(position, error);
  }

  /** Messages came of which nobody hears: they are asked for again. */
  private passOver(messages: number): void {
    this.flow(this.permits === undefined ? this.window.taken(messages) : messages);
  }

  /** What was delivered so far is void. */
  private restart(): void {
    this.generation++;
    this.charged = 0;
    this.released = 0;
  }

  private release(delivery: Delivery, messages: number): void {
    if (delivery.generation === this.generation) this.releaseMessages(messages);
  }

  private releaseMessages(messages: number): void {
    this.released += messages;
    if (this.options.creditOn === 'ack') this.flow(this.window.taken(messages));
  }

  private rejectSeeks(error: PulsarError): void {
    for (const waiter of this.seeking.splice(0)) waiter.reject(error);
  }

  private flow(permits: number): void {
    this.session?.flow(permits);
  }

  private attachedSession(): ConsumerSession {
    if (this.session === undefined) {
      throw new PulsarError('Disconnected', 'the consumer is not attached to a broker');
    }
    return this.session;
  }
}

/** Resolves when the broker dispatches. Rejects with its PulsarError: 'ConsumerBusy', 'TopicNotFound' and so on. */
export async function createConsumer(connector: Connector, options: ConsumerOptions): Promise<TopicConsumer> {
  const consumer = new TopicConsumer(connector, options);
  await consumer.start();
  return consumer;
}
