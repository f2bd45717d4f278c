import {
  type BrokerEntry,
  type Delivery,
  EntryDecodeError,
  MessageCursor,
  type PulsarClient,
  PulsarError,
  type TopicConsumer,
} from '#libs/pulsar';
import { expiryOf } from '../mapping/message-expiry.js';
import { messageFromPulsar, type StoredMessage } from '../mapping/stored-message.mapping.js';
import { headConsumerName, queueSubscription, queueSubscriptionProperties } from '../queues/queues.js';
import type { Queue } from '../topology/queue.js';

/** A message at the head of a queue, which nobody else is given as long as it is here. */
export interface HeadMessage {
  readonly delivery: Delivery;
  /** -1 of an entry that is no batch. */
  readonly batchIndex: number;
  readonly stored: StoredMessage;
  /** Milliseconds since 1970; Infinity: never. */
  readonly endsAtMs: number;
}

export interface HeadReaderParts {
  readonly pulsar: Pick<PulsarClient, 'subscribe'>;
  readonly tenantKey: string;
  readonly queue: Queue;
  /** The partition: full name of a Pulsar topic. */
  readonly topic: string;
  /** An entry that is no message of anybody's; it is acknowledged. */
  onUnreadable(): void;
}

/** Whoever consumes the queue has messages before this. */
const priorityLevel = 1_000;
const decompressedBytesMax = 64 * 1024 * 1024;
/** What one reader is sent at once, about. */
const bytesMax = 4 * 1024 * 1024;
const messagesMax = 512;
/** What is ready comes within so long, one behind the other. */
const gapMs = 20;
/** There is something, but it may be with consumers. */
const firstMsMax = 500;
const meanWeight = 1 / 16;
/** Checksum, lengths and the broker's own metadata of an entry, at most about. */
const entryBytes = 28;

/**
 * Takes messages from the head of a queue: its oldest that no consumer was given. What is neither acknowledged nor taken any
 * more goes back when the reader is closed, and does not count as delivered.
 */
export class HeadReader {
  private consumer: TopicConsumer | undefined;
  private arrived: HeadMessage[] = [];
  private wake: (() => void) | undefined;
  private lost: PulsarError | undefined;
  /** Of entries as they are stored, and of what of them is no body; 0: nothing came yet. */
  private meanBytes = 0;
  private meanOverhead = 0;

  private constructor(private readonly parts: HeadReaderParts) {}

  /** Rejects with PulsarError. */
  static async open(parts: HeadReaderParts): Promise<HeadReader> {
    const reader = new HeadReader(parts);
    reader.consumer = await parts.pulsar.subscribe({
      ...{ topic: parts.topic, tenantKey: parts.tenantKey, subscription: queueSubscription, type: 'shared' },
      ...{ initialPosition: 'earliest', consumerName: headConsumerName, priorityLevel },
      properties: Object.entries(queueSubscriptionProperties).map(([key, value]) => ({ key, value })),
      ...{ creditOn: 'grant', resendAcks: true },
      onEntry: (delivery) => reader.read(delivery),
      onCorruptEntry: () => parts.onUnreadable(),
      // It does not come back: where the queue is being deleted, it would make the subscription again.
      onDetached: () => reader.end(new PulsarError('Disconnected', 'the head of the queue has moved')),
      onClosed: (error) => reader.end(error),
    });
    return reader;
  }

  /** Bytes that a stored message has beside its body, about; 0: none came yet. */
  get overheadBytes(): number {
    return this.meanOverhead;
  }

  /**
   * Resolves to some from the head on, in their order: those that were put back, or up to so many others; to none where all
   * are gone or with consumers. Rejects with PulsarError.
   */
  async take(count: number): Promise<readonly HeadMessage[]> {
    const { consumer } = this;
    if (this.lost !== undefined) throw this.lost;
    if (consumer === undefined) return [];
    if (this.arrived.length > 0) return this.takeArrived();
    const room = this.meanBytes === 0 ? 1 : Math.floor(bytesMax / this.meanBytes);
    const wanted = Math.max(1, Math.min(count, messagesMax, room));
    const missing = wanted - Math.max(0, consumer.grantedMessages);
    if (missing > 0) consumer.grant(missing);
    if (!(await this.comes(gapMs)) && !(await consumer.hasNoBacklog())) await this.comes(firstMsMax);
    while (this.arrived.length < wanted && this.arrived.length > 0 && (await this.comes(gapMs)));
    if (this.lost !== undefined) throw this.lost;
    return this.takeArrived();
  }

  /** Nothing is left, with consumers either. Rejects with PulsarError. */
  async isEmpty(): Promise<boolean> {
    return (await this.consumer?.hasNoBacklog()) ?? false;
  }

  /** They are the first that are taken next. */
  putBack(messages: readonly HeadMessage[]): void {
    this.arrived = [...messages, ...this.arrived];
  }

  /** It is gone from the queue. */
  acknowledge({ delivery, batchIndex }: HeadMessage): void {
    if (batchIndex < 0) this.consumer?.ack(delivery);
    else this.consumer?.ackIndex(delivery, batchIndex);
  }

  async close(): Promise<void> {
    const { consumer } = this;
    this.consumer = undefined;
    this.arrived = [];
    await consumer?.close();
  }

  private takeArrived(): readonly HeadMessage[] {
    const taken = this.arrived;
    this.arrived = [];
    return taken;
  }

  /** False: nothing more came in time. */
  private async comes(waitMs: number): Promise<boolean> {
    const before = this.arrived.length;
    if (this.lost !== undefined || this.consumer === undefined) return false;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      timer = setTimeout(resolve, waitMs).unref();
    });
    clearTimeout(timer);
    this.wake = undefined;
    return this.arrived.length > before;
  }

  /** What came before goes to others, or comes again. */
  private end(error: PulsarError): void {
    if (this.lost !== undefined) return;
    this.lost = error;
    this.arrived = [];
    this.wake?.();
    void this.consumer?.close();
  }

  private read(delivery: Delivery): void {
    const { entry } = delivery;
    // Pulsar gives what is delayed a little too early: it is not in the queue yet.
    if (entry.deliverAtTime !== undefined && entry.deliverAtTime > Date.now()) return;
    if (entry.isMarker) {
      this.consumer?.ack(delivery);
      return;
    }
    try {
      this.readMessages(delivery);
    } catch (error) {
      if (!(error instanceof EntryDecodeError)) throw error;
      this.parts.onUnreadable();
      this.consumer?.ack(delivery);
    }
    this.wake?.();
  }

  private readMessages(delivery: Delivery): void {
    const { entry } = delivery;
    const { queue } = this.parts;
    const nowMs = Date.now();
    const cursor = new MessageCursor(entry, { decompressedBytesMax });
    let bodyBytes = 0;
    while (cursor.next()) {
      const { batchIndex } = cursor;
      if (!delivery.isUnacked(batchIndex)) continue;
      const stored = messageFromPulsar(cursor, queue.name, nowMs);
      if (stored === undefined) {
        this.consumer?.ackIndex(delivery, batchIndex);
        continue;
      }
      bodyBytes += stored.body.length;
      const endsAtMs = expiryOf(stored, entry.publishTime, queue.settings);
      this.arrived.push({ delivery, batchIndex, stored, endsAtMs });
    }
    this.measure(storedBytes(entry), bodyBytes);
  }

  private measure(bytes: number, bodyBytes: number): void {
    const overhead = Math.max(0, bytes - bodyBytes);
    const isFirst = this.meanBytes === 0;
    this.meanBytes += isFirst ? bytes : (bytes - this.meanBytes) * meanWeight;
    this.meanOverhead += isFirst ? overhead : (overhead - this.meanOverhead) * meanWeight;
  }
}

/** Of an entry in Pulsar, about. */
export function storedBytes({
  payload,
  metadataBytes,
}: Pick<BrokerEntry, 'payload' | 'metadataBytes'>): number {
  return entryBytes + payload.length + metadataBytes.length;
}
