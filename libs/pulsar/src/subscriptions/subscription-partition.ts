import type { PulsarClient } from '../client.js';
import type { TopicConsumer } from '../consumer/consumer.js';
import type { AckDone, Delivery } from '../consumer/delivery.js';
import { PulsarError } from '../pulsar.errors.js';
import { PositionMap } from './position-map.js';
import { ReturnSchedule } from './return-schedule.js';
import type { SourceEntry } from './source-entry.js';
import type { SubscriptionUse } from './subscription-memories.js';
import type { SubscriptionMemory } from './subscription-memory.js';

/** The level of who asks for no other on a queue: there is as much room before it as behind it. */
export const queuePriorityLevel = 100;

/** The subscription that a link receives from. */
export interface LinkSubscription {
  readonly name: string;
  readonly type: 'Shared' | 'Exclusive';
  /**
   * When it is deleted, unless it has other receivers: `closed`, with a link that is closed rather than detached (AMQP 2.6.4),
   * a durable one of JMS; `left`, with its last receiver, however that ends, a shared one of JMS that is not durable.
   */
  readonly endsWhen: 'never' | 'closed' | 'left';
  /** Where it begins when it is not there yet. */
  readonly position: 'earliest' | 'latest';
  /** For who finds it in Pulsar. */
  readonly properties: Readonly<Record<string, string>>;
  /** Of a shared one: lower is served first. Default 0. */
  readonly priorityLevel?: number | undefined;
  readonly consumerName?: string | undefined;
}

export interface SubscriptionPartitionParts {
  readonly pulsar: Pick<PulsarClient, 'subscribe'>;
  readonly tenantKey: string;
  readonly subscription: LinkSubscription;
  readonly use: SubscriptionUse;
  /** Exclusive: a released message of a batch waits so long for the rest of its entry to be settled. */
  readonly batchReturnMs: number;
  /** @param cameBefore it, or an entry behind it, came to this process before; means nothing of what is delayed */
  onEntry(partition: SubscriptionPartition, delivery: Delivery, cameBefore: boolean): void;
  /** Bytes came that are no entry; they are acknowledged. */
  onCorruptEntry(): void;
  onClosed(error: PulsarError): void;
  /** The broker let it go, and may give all again that is not acknowledged: to it, or to others. */
  onDetached?(): void;
  /** Deletes the subscription that nobody in this process uses any more. See `LeftSubscriptions.end`. */
  endLeft(isCertain: boolean): Promise<void>;
}

/** What is given back after acknowledgements of the same entry: those wait for each other a moment. */
const afterAcksMs = 20;

/** One partition of a link's subscription: its consumer, and the entries that are not settled. */
export class SubscriptionPartition {
  /** Entries of which messages wait for credit, are with the client, or wait to be given back. */
  readonly known = new PositionMap<SourceEntry>();
  readonly memory: SubscriptionMemory;
  private readonly returns = new ReturnSchedule<SourceEntry>((entries) => this.returnNow(entries));
  private readonly partials = new ReturnSchedule<SourceEntry>((entries) => this.returnPartial(entries));
  private consumer: TopicConsumer | undefined;
  /** Grows with each consumer: what one brings while it is being left, Pulsar gives to others. */
  private consumers = 0;
  private isClosed = false;
  /** After the broker was asked for all again: those of them that are known. */
  private expectedAgain = 0;

  constructor(
    private readonly parts: SubscriptionPartitionParts,
    readonly topic: string,
  ) {
    this.memory = parts.use.memory;
  }

  private get isShared(): boolean {
    return this.parts.subscription.type === 'Shared';
  }

  /** Rejects with PulsarError. */
  async open(position = this.parts.subscription.position): Promise<void> {
    const { pulsar, tenantKey, subscription, use } = this.parts;
    // Whom this process lets go does not keep the next one out.
    // Nor does it get what others left behind, of a subscription that ends with them.
    if (!this.isShared || subscription.endsWhen === 'left') await use.left();
    if (this.isClosed) return;
    const serial = ++this.consumers;
    const consumer = await pulsar.subscribe({
      topic: this.topic,
      tenantKey,
      subscription: subscription.name,
      type: this.isShared ? 'shared' : 'exclusive',
      initialPosition: position,
      ...(subscription.priorityLevel !== undefined && { priorityLevel: subscription.priorityLevel }),
      ...(subscription.consumerName !== undefined && { consumerName: subscription.consumerName }),
      properties: Object.entries(subscription.properties).map(([key, value]) => ({ key, value })),
      creditOn: 'grant',
      resendAcks: true,
      onEntry: (delivery) => {
        if (serial !== this.consumers) return;
        this.parts.onEntry(this, delivery, this.memory.arrived(delivery));
      },
      onCorruptEntry: () => this.parts.onCorruptEntry(),
      onDetached: () => {
        this.memory.countsLost();
        this.parts.onDetached?.();
      },
      onClosed: (error) => {
        this.consumer = undefined;
        if (!this.isClosed) this.parts.onClosed(error);
      },
    });
    if (!this.isClosed) {
      this.consumer = consumer;
      return;
    }
    await consumer.close();
    if (subscription.endsWhen === 'left') await this.parts.endLeft(true);
  }

  /** Entries that wait to be given back. */
  get parked(): number {
    return this.returns.size;
  }

  get attachedConsumer(): TopicConsumer | undefined {
    return this.consumer;
  }

  /** Asked of the broker and not yet come. */
  get granted(): number {
    return this.consumer?.grantedMessages ?? 0;
  }

  /** The client is told that it may have been delivered before, which nobody knows. */
  mayComeAgain(delivery: Delivery): boolean {
    // What is delayed comes when its time has come, and not in order.
    return this.isShared && this.memory.mayComeAgain(delivery) && delivery.entry.deliverAtTime === undefined;
  }

  /** Asks for more, up to so many on their way; not for each single one. */
  fill(target: number): void {
    const { consumer } = this;
    if (consumer === undefined || target === 0) return;
    // What was given back comes before what is asked for now.
    this.returns.flush();
    const wanted = target + this.expectedAgain;
    const missing = wanted - consumer.grantedMessages;
    if (missing > 0 && missing * 2 >= wanted) consumer.grant(missing);
  }

  /** False: its consumer was cut off since, and others may have it. */
  holds(entry: SourceEntry): boolean {
    return this.consumer?.holds(entry.delivery) === true;
  }

  /** A message was not given to the client and comes again, to whom Pulsar gives it. */
  giveUp(entry: SourceEntry, batchIndex: number): void {
    entry.settle(batchIndex, true);
    if (!entry.isUnsettled && this.known.get(entry) === entry) this.known.delete(entry);
  }

  /** The broker gave again what was not settled. */
  cameAgain(): void {
    if (this.expectedAgain > 0) this.expectedAgain--;
  }

  /** Acknowledges what was never given to the client: expired, not wanted, acknowledged before. */
  skip(delivery: Delivery, batchIndex: number): void {
    if (batchIndex < 0) this.consumer?.ack(delivery);
    else this.consumer?.ackIndex(delivery, batchIndex);
  }

  /** The client's, or the gateway's instead of it. */
  accept(entry: SourceEntry, batchIndex: number, done: AckDone): void {
    const { consumer, memory } = this;
    const { delivery } = entry;
    memory.acknowledged(entry, batchIndex);
    if (entry.isUnsettled || entry.isReturned) {
      if (consumer === undefined) done(notAttached());
      else consumer.ackIndex(delivery, batchIndex, done);
      if (!entry.isUnsettled) this.giveBack(entry, afterAcksMs);
      return;
    }
    this.known.delete(entry);
    memory.forget(entry);
    // Of a batch, what is left is all that others had not acknowledged.
    if (delivery.isBatch) memory.acknowledged(entry, -1);
    if (consumer === undefined) done(notAttached());
    else consumer.ack(delivery, done);
  }

  /** Pulsar has acknowledged it with a transaction. */
  accepted(entry: SourceEntry, batchIndex: number): void {
    this.memory.acknowledged(entry, batchIndex);
    if (entry.isUnsettled) return;
    if (entry.isReturned) this.giveBack(entry, afterAcksMs);
    else this.known.delete(entry);
  }

  /**
   * Others may have it, or this link again. Pulsar gives entries back whole: on a shared subscription others would get what
   * the client still has of a batch, and both accept it. There it waits for the rest of its entry.
   */
  giveBack(entry: SourceEntry, delayMs: number): void {
    if (!entry.isUnsettled) this.returns.add(entry, delayMs);
    else if (!this.isShared) this.partials.add(entry, this.parts.batchReturnMs);
  }

  /** What is to be given back without a delay is given back at once. */
  giveBackNow(): void {
    this.returns.flush();
  }

  /** A consumer that asked for nothing instead of one that asked for messages which nobody wants any more. */
  async renew(): Promise<void> {
    const { consumer } = this;
    if (consumer === undefined) return;
    this.consumer = undefined;
    this.consumers++;
    this.forgetAll();
    await consumer.close();
    if (!this.isClosed) await this.open('earliest');
  }

  /** @param closed whether a subscription that ends with its link ends, unless others use it */
  async close(closed: boolean, orderly: boolean): Promise<void> {
    if (this.isClosed) return;
    const { consumer } = this;
    this.isClosed = true;
    this.consumer = undefined;
    // What was given back counts as whoever gave it back said.
    for (const entry of this.known.values()) {
      if (!entry.wasGiven || !entry.isUnsettled) continue;
      if (orderly) this.memory.left(entry);
      else this.memory.correct(entry, 1);
    }
    this.forgetAll();
    await this.leave(consumer, closed);
  }

  private async leave(consumer: TopicConsumer | undefined, closed: boolean): Promise<void> {
    const { use, subscription } = this.parts;
    const { endsWhen } = subscription;
    const isCertain = consumer !== undefined && isLongAttached(consumer);
    const leaving = leave(consumer, closed && endsWhen === 'closed');
    const left = use.leave(leaving, endsWhen === 'left' ? () => this.parts.endLeft(isCertain) : undefined);
    await (endsWhen === 'left' ? left : leaving);
  }

  private forgetAll(): void {
    this.known.clear();
    this.returns.clear();
    this.partials.clear();
    this.expectedAgain = 0;
  }

  private returnNow(entries: readonly SourceEntry[]): void {
    for (const entry of entries) {
      this.known.delete(entry);
      this.count(entry);
    }
    if (this.isShared) {
      this.consumer?.redeliver(entries.map(({ delivery }) => delivery));
      return;
    }
    this.expectedAgain = this.known.size;
    this.consumer?.redeliverAll();
  }

  /** Exclusive: messages that the client still has come again with them, and are known then. */
  private returnPartial(entries: readonly SourceEntry[]): void {
    const some = entries.filter((entry) => entry.isUnsettled && this.known.get(entry) === entry);
    if (some.length === 0) return;
    for (const entry of some) this.count(entry);
    this.expectedAgain = this.known.size;
    this.consumer?.redeliverAll();
  }

  /** How its next delivery is to be counted, beside what Pulsar counts: on shared subscriptions whatever is given back. */
  private count(entry: SourceEntry): void {
    if (this.isShared && !entry.hasFailed) this.memory.correct(entry, -1);
    if (!this.isShared && entry.hasFailed) this.memory.correct(entry, 1);
  }
}

async function leave(consumer: TopicConsumer | undefined, isDeleted: boolean): Promise<void> {
  // Refused while others are attached: then it is theirs to delete.
  if (isDeleted) await consumer?.unsubscribe().catch(() => undefined);
  await consumer?.close();
}

/** So long after an unload all who were attached before are attached again. */
const allBackMs = 10_000;

/** Whether the broker knows of all receivers there are: it has closed none of them lately. */
function isLongAttached({ attached, reattachedMs = -allBackMs }: TopicConsumer): boolean {
  return attached && performance.now() - reattachedMs >= allBackMs;
}

function notAttached(): PulsarError {
  return new PulsarError('Disconnected', 'the consumer has ended: what is not acknowledged comes again');
}
