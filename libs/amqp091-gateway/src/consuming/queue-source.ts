import {
  type Delivery,
  PulsarError,
  ReturnSchedule,
  SourceEntry,
  SourceWindow,
  type SubscriptionPartition,
} from '#libs/pulsar';
import type { DeadReason } from '../dead-letters/dead-letter.js';
import { expiryOf } from '../mapping/message-expiry.js';
import type { StoredMessage } from '../mapping/stored-message.mapping.js';
import type { GivenUse } from '../given/given-marks.js';
import { Burials } from './burials.js';
import type { ConsumingServices } from './consuming-services.js';
import { deliveryLimitOf } from './delivery-limit.js';
import { type MessageSource, QueueMessage } from './queue-message.js';
import { openPartitions, queuePartition, skipUnreadable, wasGivenBefore } from './queue-partition.js';
import type { QueueSourcePlan } from './queue-source-plan.js';
import { ReadyMessages } from './ready-messages.js';
import { unsettledMessages } from './unsettled-messages.js';

/** Whom a source gives messages to. */
export interface QueueSink {
  /** How many it takes now. */
  readonly room: number;
  /** It takes one, and settles it by the source's methods. */
  onMessage(message: QueueMessage): void;
  /** Pulsar does not give any more: the queue is gone, or may not be read. The source is closed. */
  onEnded(error: PulsarError): void;
}

/** Entries that are with the client or wait to be given back: at it, no more are asked for. */
const knownMax = 20_000;
/** Pulsar gives what is delayed up to a tick early, a second by default. What is earlier, Pulsar does not delay at all. */
const earlyMsMax = 2_000;
/** Of a queue with priorities: so many wait here at least, to be compared. */
const comparedMessages = 64;
/** Before a message comes again that could not be stored as a dead letter. */
const buryRetryMs = 1_000;

interface EarlyEntry {
  readonly partition: SubscriptionPartition;
  readonly delivery: Delivery;
}

/**
 * One consumer's messages of a queue: the broker is asked for as many as its sink has room for, so that nothing is kept from
 * others. What is not settled comes again, to whom Pulsar gives it.
 *
 *     arrived ── expired, too often ──▶ dead
 *        └─ ready ── no room for idleGiveBackMs ──▶ given back
 *             └─ with the client ── accept ──▶ acknowledged
 *                  ├─ requeue ──▶ given back, redelivered
 *                  └─ reject ──▶ dead: where dead letters go, or nowhere, then acknowledged
 */
export class QueueSource implements MessageSource {
  /** Its partitions, and how far each was given. */
  private readonly given = new Map<SubscriptionPartition, GivenUse>();
  private readonly ready: ReadyMessages;
  private readonly early = new ReturnSchedule<EarlyEntry>((entries) => {
    for (const { partition, delivery } of entries) this.arrived(partition, delivery, false);
  });
  private readonly window: SourceWindow;
  private readonly deliveryLimit: number;
  private readonly isQuorum: boolean;
  /** Nothing is asked of the broker before. */
  private isOpen = false;
  private isGiving = false;
  private isAsking = false;
  private isStopped = false;
  private isClosed = false;
  /** With the client, or on their way to where dead messages go. */
  private unsettled = 0;
  private readonly burials: Burials;
  private idle: NodeJS.Timeout | undefined;
  private unwatch: () => void = () => {};

  constructor(
    private readonly services: ConsumingServices,
    private readonly plan: QueueSourcePlan,
    private readonly sink: QueueSink,
  ) {
    const { type, maxPriority } = plan.queue.settings;
    this.burials = new Burials(services, plan);
    this.ready = new ReadyMessages(maxPriority ?? 0, () => this.give());
    this.window = new SourceWindow(services.waiting, services.parts.options.prefetchMessagesMax);
    this.isQuorum = type === 'quorum';
    this.deliveryLimit = deliveryLimitOf(plan.queue.settings);
  }

  /** Rejects with PulsarError when the queue cannot be consumed. */
  async open(): Promise<void> {
    try {
      const end = await openPartitions(this.services, this.plan, (topic) => this.openPartition(topic));
      if (this.isStopped) end();
      else this.unwatch = end;
      this.isOpen = true;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** The sink has room, or none any more. */
  roomChanged(): void {
    this.give();
    this.askSoon();
  }

  /** Whether nothing is to be expected now. Rejects with PulsarError. */
  async hasNothing(): Promise<boolean> {
    if (this.ready.length > 0) return false;
    const answers = await Promise.all(
      Array.from(this.given.keys(), ({ attachedConsumer }) => attachedConsumer?.hasNoBacklog() ?? true),
    );
    return answers.every((answer) => answer) && this.ready.length === 0;
  }

  /** Messages that came and were not settled. */
  get held(): number {
    return this.ready.length + this.early.size + this.unsettled;
  }

  /** Its bytes are not needed here any more. */
  sent(message: QueueMessage): void {
    if (message.stored === undefined) return;
    message.stored = undefined;
    if (!this.isClosed) this.window.left(message.bytes);
  }

  accept(message: QueueMessage): void {
    if (this.ended(message, false)) message.partition.accept(message.origin, message.batchIndex, ignored);
    this.closeWhenDone();
  }

  /** It comes again, to this consumer or another one. */
  requeue(message: QueueMessage, delayMs = 0): void {
    if (message.wasGiven && message.redeliveries >= this.deliveryLimit)
      this.reject(message, 'delivery_limit');
    else this.comesAgain(message, delayMs);
  }

  private comesAgain(message: QueueMessage, delayMs: number): void {
    const { partition, origin, redeliveries, wasGiven } = message;
    if (this.ended(message, true)) {
      if (wasGiven) {
        origin.hasFailed = true;
        partition.memory.failed(origin, redeliveries + 1);
      }
      partition.giveBack(origin, delayMs);
    }
    this.closeWhenDone();
  }

  /** Nobody is to have it any more. */
  reject(message: QueueMessage, reason: DeadReason): void {
    const accept = () => this.accept(message);
    const isBuried = this.burials.bury(message, reason, accept, () => this.comesAgain(message, buryRetryMs));
    if (isBuried) return;
    this.services.parts.counters.messagesDropped++;
    this.accept(message);
  }

  /**
   * Gives no more. What is with the client can be settled, then the source closes itself. Resolves when the broker has back
   * what the client had not been given. Never rejects.
   */
  async stop(): Promise<void> {
    if (this.isStopped) return;
    this.isStopped = true;
    this.unwatch();
    for (const { partition, delivery } of this.early.takeAll()) this.arrived(partition, delivery, false);
    this.giveBackReady();
    if (this.unsettled === 0) {
      await this.close();
      return;
    }
    for (const partition of this.given.keys()) partition.giveBackNow();
    // A question that it answers after what came before it.
    await this.hasNothing().catch(() => {});
  }

  /** What is not settled comes again. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.isStopped = true;
    this.unwatch();
    clearTimeout(this.idle);
    this.early.clear();
    this.giveBackReady();
    this.window.close();
    for (const partition of this.given.keys()) partition.giveBackNow();
    const closing = this.leave();
    this.services.leaves(closing);
    await closing;
  }

  /** What is on its way to where dead messages go is acknowledged first: it would go there again. */
  private async leave(): Promise<void> {
    await this.burials.over();
    try {
      await Promise.all(Array.from(this.given.keys(), (partition) => partition.close(false, true)));
    } catch (error) {
      this.services.parts.log.debug({ event: 'amqp091-consumer-close', error }, 'a consumer did not leave');
    }
    for (const given of this.given.values()) given.leave();
  }

  private async openPartition(topic: string): Promise<void> {
    const { services, plan } = this;
    const given = await services.parts.given.use(topic, plan.queue.exclusive);
    if (this.isClosed) {
      given.leave();
      return;
    }
    const partition = queuePartition(services, plan, topic, {
      onEntry: (from, delivery, cameBefore) => this.arrived(from, delivery, cameBefore),
      onClosed: (error) => this.lost(error),
      onDetached: () => given.brokerLost(),
    });
    this.given.set(partition, given);
    await partition.open();
    await given.attached();
    this.askSoon();
  }

  private arrived(partition: SubscriptionPartition, delivery: Delivery, cameBefore: boolean): void {
    if (this.isClosed) return;
    const { deliverAtTime } = delivery.entry;
    if (deliverAtTime !== undefined && this.isEarly(partition, delivery, deliverAtTime)) return;
    const known = partition.known.get(delivery);
    if (known !== undefined) partition.cameAgain();
    // Of a batch that is with the client, messages that were given back come again with the others.
    const isWanted = known === undefined || (known.isUnsettled && known.isReturned);
    if (isWanted) this.read(partition, delivery, known, cameBefore);
    else known.delivery = delivery;
    if (this.isStopped) this.giveBackReady();
    else {
      this.give();
      this.askSoon();
    }
  }

  /** True: it comes again when its time has come. */
  private isEarly(partition: SubscriptionPartition, delivery: Delivery, deliverAtTime: number): boolean {
    const earlyMs = deliverAtTime - Date.now();
    if (earlyMs <= 0 || earlyMs > earlyMsMax || this.isStopped) return false;
    this.early.add({ partition, delivery }, earlyMs);
    return true;
  }

  private read(
    partition: SubscriptionPartition,
    delivery: Delivery,
    known: SourceEntry | undefined,
    cameBefore: boolean,
  ): void {
    const { queue } = this.plan;
    const { indexes, messages, error } = unsettledMessages(partition, delivery, known, queue.name);
    if (error !== undefined && indexes.length === 0)
      skipUnreadable(this.services.parts, partition, delivery, error);
    if (indexes.length === 0) {
      if (delivery.entry.isMarker) partition.skip(delivery, -1);
      return;
    }
    const redeliveries = partition.memory.redeliveriesOf(delivery);
    const { publishTime } = delivery.entry;
    const given = this.given.get(partition)!;
    const isAgain = redeliveries > 0 || wasGivenBefore(partition, given, delivery, cameBefore);
    delivery.dropBytes();
    const entry = known ?? new SourceEntry(delivery, indexes, false);
    known?.comesAgain(delivery, indexes, false);
    partition.known.set(delivery, entry);
    for (const [at, batchIndex] of indexes.entries()) {
      const stored = messages[at] as StoredMessage;
      const message = new QueueMessage(this, partition, entry, batchIndex, redeliveries, isAgain, stored);
      message.endsAtMs = expiryOf(stored, publishTime, queue.settings);
      this.take(message);
    }
  }

  private take(message: QueueMessage): void {
    this.window.arrived(message.bytes);
    if (!message.hasEnded && message.redeliveries <= this.deliveryLimit) this.ready.push(message);
    else {
      this.unsettled++;
      this.reject(message, message.hasEnded ? 'expired' : 'delivery_limit');
    }
  }

  /** Gives what there is room for. The sink may settle, or change its room, while it is given something. */
  private give(): void {
    if (this.isGiving || this.isStopped) return;
    this.isGiving = true;
    while (!this.isStopped && this.sink.room > 0) {
      const message = this.ready.shift();
      if (message === undefined) break;
      const { origin, partition } = message;
      if (!partition.holds(origin)) {
        partition.giveUp(origin, message.batchIndex);
        this.window.left(message.bytes);
        continue;
      }
      this.unsettled++;
      if (message.hasEnded) {
        this.reject(message, 'expired');
        continue;
      }
      origin.wasGiven = true;
      message.wasGiven = true;
      this.given.get(partition)!.given(origin);
      if (this.isQuorum && message.redeliveries > 0) message.countDeliveries();
      this.sink.onMessage(message);
    }
    this.isGiving = false;
  }

  /** Once for all that is settled in a turn of the event loop. */
  private askSoon(): void {
    if (this.isAsking || this.isStopped || !this.isOpen) return;
    this.isAsking = true;
    queueMicrotask(() => {
      this.isAsking = false;
      this.ask();
    });
  }

  private ask(): void {
    if (this.isStopped) return;
    const { room } = this.sink;
    const compared = this.plan.queue.settings.maxPriority === undefined ? 0 : comparedMessages;
    const wanted = room > 0 ? Math.max(room, compared) : 0;
    const target = this.window.messages(wanted - this.ready.length - this.early.size);
    for (const partition of this.given.keys()) partition.fill(partition.known.size >= knownMax ? 0 : target);
    if (room > 0 || this.ready.length === 0) {
      clearTimeout(this.idle);
      this.idle = undefined;
      return;
    }
    this.idle ??= setTimeout(() => {
      this.idle = undefined;
      if (this.sink.room === 0) this.giveBackReady();
    }, this.services.parts.options.idleGiveBackMs).unref();
  }

  private giveBackReady(): void {
    for (const { origin, partition, batchIndex, bytes } of this.ready.takeAll()) {
      this.window.left(bytes);
      if (origin.settle(batchIndex, true)) partition.giveBack(origin, 0);
    }
  }

  private ended(message: QueueMessage, isReturned: boolean): boolean {
    this.unsettled--;
    this.sent(message);
    const { origin, batchIndex } = message;
    return origin.settle(batchIndex, isReturned);
  }

  private closeWhenDone(): void {
    if (this.isStopped && !this.isClosed && this.unsettled === 0) void this.close();
  }

  private lost(error: PulsarError): void {
    if (this.isClosed) return;
    void this.close();
    this.sink.onEnded(error);
  }
}

/** What Pulsar did not hear of comes again, and is acknowledged again. */
function ignored(): void {}
