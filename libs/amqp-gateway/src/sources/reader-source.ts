import type { Buffer } from 'node:buffer';
import type { AmqpComposite } from '#libs/amqp-codec';
import { type BrokerEntry, type PulsarError, type ReaderStart, ReadyQueue, SourceWindow } from '#libs/pulsar';
import type { DeliveryOutcome, MessageSink, MessageSource, SettleDone } from '../node.js';
import type { SourcePlan } from '../nodes/node-plan.js';
import type { BrowserStart } from './browser-start.js';
import { Drain } from './drain.js';
import { EntryScreen, type EntryState } from './entry-screen.js';
import { ReaderPartition } from './reader-partition.js';
import { bytesOf, SourceDelivery, type SentListener } from './source-delivery.js';
import { asEndedError } from './source-errors.js';
import type { SourceParts } from './source-parts.js';

/** The end of a topic is known, so nothing but its broker's silence is waited for. */
const drainMsMax = 2_000;

class ReaderDelivery extends SourceDelivery {
  isSettled = false;

  constructor(
    source: ReaderSource,
    readonly partition: ReaderPartition,
    readonly ledgerId: number,
    readonly entryId: number,
    batchIndex: number,
    redeliveries: number,
    parts: readonly Buffer[],
  ) {
    super(source, batchIndex, redeliveries, parts, bytesOf(parts));
  }
}

/**
 * A link's own readers of a topic, one of each partition: nothing stays in Pulsar of who reads. What the client gives back is
 * read again from the topic and comes to it again, for it is for nobody else; what it rejects is gone for it.
 *
 * As a browser (AMQP 3.5.3, distribution mode copy) it begins at what a subscription has not acknowledged, and no outcome
 * means anything.
 */
export class ReaderSource implements MessageSource<ReaderDelivery>, SentListener {
  readonly terminus: AmqpComposite<'source'>;
  private readonly partitions: ReaderPartition[] = [];
  private readonly ready = new ReadyQueue<ReaderDelivery>();
  private readonly window: SourceWindow;
  private readonly screen: EntryScreen;
  private credit = 0;
  private isGiving = false;
  private isPaused = true;
  private isClosed = false;
  private draining: Drain | undefined;
  private unwatch: () => void = () => {};

  /** @param starts of a browser: in the order of the topic's partitions */
  constructor(
    private readonly parts: SourceParts,
    private readonly plan: SourcePlan,
    private readonly sink: MessageSink,
    private readonly starts?: readonly BrowserStart[],
  ) {
    this.terminus = plan.terminus;
    this.window = new SourceWindow(parts.waiting, parts.options.prefetchMessagesMax);
    this.screen = new EntryScreen(plan, parts.counters);
  }

  /** Rejects with PulsarError when one of the partitions cannot be read. */
  async open(): Promise<void> {
    const { pulsarTopic, partitions } = this.plan.topic;
    try {
      await Promise.all(
        partitions.map((topic, at) => this.openPartition(topic, this.startAt(at), this.starts?.[at])),
      );
    } catch (error) {
      await this.close();
      throw error;
    }
    if (this.starts !== undefined) return;
    this.unwatch = this.parts.watchPartitions(pulsarTopic, partitions.length, (partition) =>
      this.openPartition(partition, 'earliest', undefined),
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
      waitMs: drainMsMax,
      hasNothing: async () => {
        await Promise.all(this.partitions.map((partition) => partition.reachEnd()));
        return true;
      },
      onOver: () => {
        this.draining = undefined;
        done();
      },
    });
  }

  settle(delivery: ReaderDelivery, outcome: DeliveryOutcome, done: SettleDone, transactionId?: Buffer): void {
    delivery.sent();
    if (transactionId === undefined) {
      this.finish(delivery, outcome);
      done(undefined);
      return;
    }
    this.plan.transactions.enlist(transactionId, {
      acknowledgement: undefined,
      onEnd: (error) => {
        if (error === undefined) this.finish(delivery, outcome);
        done(error);
      },
    });
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.credit = 0;
    this.unwatch();
    this.draining?.end();
    this.ready.takeAll();
    this.window.close();
    await Promise.all(this.partitions.map((partition) => partition.close()));
  }

  onSent(bytes: number): void {
    if (this.isClosed) return;
    this.window.left(bytes);
    this.ask();
  }

  private startAt(at: number): ReaderStart {
    const start = this.starts?.[at];
    if (start === undefined) return 'latest';
    return start.after.ledgerId < 0 ? 'earliest' : start.after;
  }

  private async openPartition(
    topic: string,
    start: ReaderStart,
    browser: BrowserStart | undefined,
  ): Promise<void> {
    if (this.isClosed) return;
    const partition: ReaderPartition = new ReaderPartition({
      ...{ pulsar: this.parts.pulsar, log: this.parts.log, topic, start, browser },
      tenantKey: this.plan.topic.tenant.name,
      permits: this.parts.options.prefetchMessagesMax,
      isPaused: () => this.isPaused,
      onEntry: (entry, state, redeliveries) => this.arrived(partition, entry, state, redeliveries),
      onClosed: (error) => this.ended(error),
    });
    this.partitions.push(partition);
    await partition.open();
  }

  private arrived(
    partition: ReaderPartition,
    entry: BrokerEntry,
    state: EntryState | undefined,
    redeliveries: number,
  ): void {
    if (this.isClosed) return;
    const { wanted, parts, fault } = this.screen.screen(entry, state, redeliveries, 'ack');
    if (fault !== undefined) this.parts.counters.unreadable++;
    const { ledgerId, entryId } = entry;
    for (const [at, batchIndex] of wanted.entries()) {
      const sections = parts[at] as readonly Buffer[];
      this.ready.push(
        new ReaderDelivery(this, partition, ledgerId, entryId, batchIndex, redeliveries, sections),
      );
      this.window.arrived(bytesOf(sections));
    }
    this.draining?.arrived();
    this.give();
    this.ask();
  }

  private give(): void {
    if (this.isGiving) return;
    this.isGiving = true;
    while (this.credit > 0) {
      const delivery = this.ready.shift();
      if (delivery === undefined) break;
      this.credit--;
      this.sink.onDelivery(delivery);
    }
    this.isGiving = false;
    if (this.credit === 0) this.draining?.end();
  }

  /** Readers go on while there is credit; they keep nothing from others. */
  private ask(): void {
    if (this.isClosed || this.isGiving) return;
    const isPaused = this.window.messages(this.credit - this.ready.length) === 0;
    if (isPaused === this.isPaused) return;
    this.isPaused = isPaused;
    for (const partition of this.partitions) partition.setPaused(isPaused);
  }

  private finish(delivery: ReaderDelivery, outcome: DeliveryOutcome): void {
    if (this.starts !== undefined || this.isClosed || delivery.isSettled) return;
    delivery.isSettled = true;
    if (outcome.type === 'accepted') return;
    const isRefused =
      outcome.type === 'rejected' || (outcome.type === 'modified' && outcome.undeliverableHere === true);
    if (isRefused) {
      this.parts.counters.dropped++;
      return;
    }
    const hasFailed = outcome.type === 'modified' && outcome.deliveryFailed === true;
    delivery.partition.readAgain(delivery, delivery.batchIndex, delivery.redeliveries + (hasFailed ? 1 : 0));
  }

  private ended(error: PulsarError): void {
    if (this.isClosed) return;
    void this.close();
    this.sink.onEnded(asEndedError(error));
  }
}
