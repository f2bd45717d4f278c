import type { Buffer } from 'node:buffer';
import type { AmqpComposite } from '#libs/amqp-codec';
import {
  type Delivery,
  type PulsarError,
  ReadyQueue,
  ReturnSchedule,
  SourceEntry,
  SourceWindow,
  SubscriptionPartition,
} from '#libs/pulsar';
import { asEndedError } from './source-errors.js';
import type { DeliveryOutcome, MessageSink, MessageSource, SettleDone } from '../node.js';
import type { SourcePlan, SubscriptionPlan } from '../nodes/node-plan.js';
import { Drain } from './drain.js';
import { EntryScreen, type EntryState } from './entry-screen.js';
import { bytesOf, type SentListener } from './source-delivery.js';
import type { SourceParts } from './source-parts.js';
import { SubscriptionDelivery } from './subscription-delivery.js';
import { SubscriptionOutcomes } from './subscription-outcomes.js';

/** Entries that wait to be given back, of one partition: at it, no more are asked for. */
const parkedMax = 5_000;
/** Pulsar gives what is delayed up to a tick early, a second by default. What is earlier, Pulsar does not delay at all. */
const earlyMsMax = 2_000;

interface EarlyEntry {
  readonly partition: SubscriptionPartition;
  readonly delivery: Delivery;
}

/**
 * A link's consumers of a Pulsar subscription, one of each partition. The broker is asked for what the link has credit for.
 *
 * What a message becomes:
 * ```
 *              arrived: expired, acknowledged before, not wanted ──▶ acknowledged
 *                │  └─ not for this link, but for others ──▶ given back, each time later
 *                ▼
 *   waiting for credit ── no credit for idleGiveBackMs ──▶ given back
 *                │ given
 *                ▼
 *          with the client ── released, modified ──▶ given back to Pulsar, comes again
 *                │   └─ rejected, too many deliveries ──▶ dead letter, then acknowledged
 *                └─ accepted ──▶ acknowledged
 * ```
 */
export class SubscriptionSource implements MessageSource<SubscriptionDelivery>, SentListener {
  readonly terminus: AmqpComposite<'source'>;
  private readonly partitions: SubscriptionPartition[] = [];
  private readonly ready = new ReadyQueue<SubscriptionDelivery>();
  /** A client is promised that it has nothing before its time. */
  private readonly early = new ReturnSchedule<EarlyEntry>((entries) => {
    for (const { partition, delivery } of entries) this.arrived(partition, delivery);
  });
  private readonly window: SourceWindow;
  private readonly screen: EntryScreen;
  private readonly outcomes: SubscriptionOutcomes;
  private credit = 0;
  private isGiving = false;
  private isClosed = false;
  private renewal: Promise<void> | undefined;
  private draining: Drain | undefined;
  private idle: NodeJS.Timeout | undefined;
  private unwatch: () => void = () => {};

  constructor(
    private readonly parts: SourceParts,
    private readonly plan: SourcePlan,
    private readonly subscription: SubscriptionPlan,
    private readonly sink: MessageSink,
  ) {
    this.terminus = plan.terminus;
    this.window = new SourceWindow(parts.waiting, parts.options.prefetchMessagesMax);
    this.screen = new EntryScreen(plan, parts.counters);
    this.outcomes = new SubscriptionOutcomes(parts, plan, subscription);
  }

  /** Rejects with PulsarError when one of the partitions cannot be consumed; then all are left. */
  async open(): Promise<void> {
    const { pulsarTopic, partitions } = this.plan.topic;
    try {
      await Promise.all(partitions.map((partition) => this.openPartition(partition)));
    } catch (error) {
      await this.close(false);
      throw error;
    }
    // What came before anybody heard of it is for this subscription too.
    this.unwatch = this.parts.watchPartitions(pulsarTopic, partitions.length, (partition) =>
      this.openPartition(partition, 'earliest'),
    );
  }

  setCredit(messages: number): void {
    this.credit = messages;
    this.give();
    this.ask();
  }

  drain(done: () => void): void {
    this.draining?.end();
    this.give();
    if (this.credit === 0 || this.isClosed) {
      done();
      return;
    }
    this.ask();
    this.draining = new Drain({
      waitMs: this.parts.options.drainWaitMs,
      hasNothing: () => this.hasNothing(),
      onOver: () => {
        this.draining = undefined;
        done();
      },
    });
  }

  settle(
    delivery: SubscriptionDelivery,
    outcome: DeliveryOutcome,
    done: SettleDone,
    transactionId?: Buffer,
  ): void {
    delivery.sent();
    if (transactionId === undefined) this.outcomes.settle(delivery, outcome, done);
    else this.outcomes.enlist(delivery, outcome, done, transactionId);
  }

  async close(closed: boolean, orderly = false): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.credit = 0;
    clearTimeout(this.idle);
    this.unwatch();
    this.draining?.end();
    this.ready.takeAll();
    this.early.clear();
    this.window.close();
    await this.outcomes.close();
    await this.renewal;
    await Promise.all(this.partitions.map((partition) => partition.close(closed, orderly)));
  }

  onSent(bytes: number): void {
    if (this.isClosed) return;
    this.window.left(bytes);
    this.ask();
  }

  private async openPartition(topic: string, position = this.subscription.position): Promise<void> {
    if (this.isClosed) return;
    const { pulsar, counters } = this.parts;
    const partition = new SubscriptionPartition(
      {
        pulsar,
        tenantKey: this.plan.topic.tenant.name,
        subscription: this.subscription,
        batchReturnMs: this.parts.batchReturnMs,
        use: this.parts.useOf(topic, this.subscription.name),
        endLeft: (isCertain) => this.parts.leftSubscriptions.end(topic, this.subscription.name, isCertain),
        onEntry: (from, delivery) => this.arrived(from, delivery),
        onCorruptEntry: () => {
          counters.unreadable++;
        },
        onClosed: (error) => this.ended(error),
      },
      topic,
    );
    this.partitions.push(partition);
    await partition.open(position);
    this.ask();
  }

  private arrived(partition: SubscriptionPartition, delivery: Delivery): void {
    if (this.isClosed) return;
    const { deliverAtTime } = delivery.entry;
    if (deliverAtTime !== undefined && this.isEarly(partition, delivery, deliverAtTime)) return;
    const known = partition.known.get(delivery);
    if (known !== undefined) partition.cameAgain();
    // Of a batch that is with the client, messages that were given back come again with the others.
    if (known === undefined || (known.isUnsettled && known.isReturned)) this.read(partition, delivery, known);
    else known.delivery = delivery;
    this.draining?.arrived();
    this.give();
    this.ask();
  }

  /** True: it comes again when its time has come. */
  private isEarly(partition: SubscriptionPartition, delivery: Delivery, deliverAtTime: number): boolean {
    const earlyMs = deliverAtTime - Date.now();
    if (earlyMs <= 0 || earlyMs > earlyMsMax) return false;
    this.early.add({ partition, delivery }, earlyMs);
    return true;
  }

  private read(partition: SubscriptionPartition, delivery: Delivery, known: SourceEntry | undefined): void {
    const { memory } = partition;
    const redeliveries = memory.redeliveriesOf(delivery);
    // Of one that is with the client in part, it says itself what becomes of the rest.
    if (known === undefined && this.outcomes.isOver(partition, delivery, redeliveries)) return;
    const state: EntryState = {
      isSettledOrHeld: (at) => !delivery.isUnacked(at) || known?.isUnsettledAt(at) === true,
      isAcknowledged: (at) => memory.isAcknowledged(delivery, at),
    };
    const isExcluded = this.outcomes.exclusions.isExcluded(delivery);
    const shown = redeliveries === 0 && partition.mayComeAgain(delivery) ? 1 : redeliveries;
    const screened = this.screen.screen(delivery.entry, state, shown, this.subscription.unmatched);
    const { wanted, skipped, fault } = screened;
    if (fault !== undefined && wanted.length === 0) {
      this.outcomes.unreadable(partition, delivery, fault);
      return;
    }
    if (wanted.length === 0 && !screened.isForOthers && known === undefined) {
      partition.skip(delivery, -1);
      return;
    }
    for (const batchIndex of skipped) partition.skip(delivery, batchIndex);
    delivery.dropBytes();
    const isForOthers = screened.isForOthers || isExcluded;
    const entry = known ?? new SourceEntry(delivery, isExcluded ? [] : wanted, isForOthers);
    known?.comesAgain(delivery, isExcluded ? [] : wanted, isForOthers);
    partition.known.set(delivery, entry);
    if (!isExcluded) {
      for (const [at, batchIndex] of wanted.entries()) {
        const parts = screened.parts[at] as readonly Buffer[];
        this.ready.push(new SubscriptionDelivery(this, partition, entry, batchIndex, redeliveries, parts));
        this.window.arrived(bytesOf(parts));
      }
    }
    if (isForOthers) this.outcomes.leaveToOthers(partition, entry);
  }

  /** Gives what there is credit for. The link may settle, or set its credit, while it is given something. */
  private give(): void {
    if (this.isGiving) return;
    this.isGiving = true;
    while (this.credit > 0) {
      const delivery = this.ready.shift();
      if (delivery === undefined) break;
      const { origin, partition } = delivery;
      if (!partition.holds(origin)) {
        partition.giveUp(origin, delivery.batchIndex);
        this.window.left(delivery.bytes);
        continue;
      }
      this.credit--;
      origin.wasGiven = true;
      this.outcomes.given++;
      this.sink.onDelivery(delivery);
    }
    this.isGiving = false;
    if (this.credit === 0) this.draining?.end();
  }

  /** Asks the broker for what there is credit for, of each partition: nobody knows which has messages. */
  private ask(): void {
    if (this.isClosed || this.isGiving) return;
    const target = this.window.messages(this.credit - this.ready.length - this.early.size);
    for (const partition of this.partitions) partition.fill(partition.parked >= parkedMax ? 0 : target);
    if (this.credit > 0) {
      clearTimeout(this.idle);
      this.idle = undefined;
    } else if (this.holdsWhatOthersWant()) this.waitIdle();
  }

  private holdsWhatOthersWant(): boolean {
    if (this.subscription.type !== 'Shared') return false;
    return this.ready.length > 0 || this.partitions.some(({ granted }) => granted > 0);
  }

  private waitIdle(): void {
    this.idle ??= setTimeout(() => {
      this.idle = undefined;
      if (this.credit === 0 && !this.isClosed) this.giveBackIdle();
    }, this.parts.options.idleGiveBackMs).unref();
  }

  /** The client wants nothing at present: others may. */
  private giveBackIdle(): void {
    const waiting = this.ready.takeAll();
    for (const { bytes } of waiting) this.window.left(bytes);
    // One that may end while a receiver is away for a moment is not left for that.
    if (this.outcomes.isIdle && this.subscription.endsWhen !== 'left') {
      this.early.clear();
      // Pulsar has no way to take back what was granted, but with the consumer.
      this.renewal ??= Promise.all(this.partitions.map((partition) => partition.renew()))
        .then(
          () => undefined,
          (error) => this.ended(error),
        )
        .finally(() => {
          this.renewal = undefined;
          this.ask();
        });
      return;
    }
    for (const { partition, origin, batchIndex } of waiting) {
      if (origin.settle(batchIndex, true)) partition.giveBack(origin, 0);
    }
  }

  private async hasNothing(): Promise<boolean> {
    const consumers = this.partitions.map(({ attachedConsumer }) => attachedConsumer);
    const answers = await Promise.all(consumers.map((consumer) => consumer?.hasNoBacklog() ?? true));
    return answers.every((answer) => answer);
  }

  private ended(error: PulsarError): void {
    if (this.isClosed) return;
    void this.close(false);
    this.sink.onEnded(asEndedError(error));
  }
}
