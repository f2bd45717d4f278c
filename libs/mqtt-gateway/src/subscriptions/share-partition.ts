import {
  asPulsarError,
  type ConsumerOptions,
  type Delivery,
  type PulsarClient,
  type PulsarError,
  type PulsarLog,
  type TopicConsumer,
} from '#libs/pulsar';
import { ReadEntry, type ReadTopic } from '../reading/read-entry.js';
import type { MqttMessage } from '../message.js';
import { SharedEntry } from './share-entry.js';

export interface SharedPartitionParts {
  readonly pulsar: Pick<PulsarClient, 'subscribe'>;
  readonly log: PulsarLog;
  readonly topic: ReadTopic;
  readonly subscription: Pick<ConsumerOptions, 'subscription' | 'properties' | 'initialPosition'>;
  /** Whether it is for the group. */
  wants(message: MqttMessage): boolean;
  /** The message's bytes are views on the entry's. */
  onMessage(message: MqttMessage, entry: SharedEntry, index: number): void;
}

/** Messages that Pulsar gives to one gateway of a group before they are acknowledged: the rest is for the others. */
const permits = 256;
const windowBytesMax = 2 * 1024 * 1024;

/** Entries that are remembered, at most, before those are forgotten that are done. */
const entriesMax = 10_000;

const retryFirstMs = 500;
const retryMaxMs = 30_000;

/**
 * This gateway's part in one partition of a group: a consumer of the group's Shared subscription.
 *
 * ```
 *            opened, members are there
 *   resting ────────────────────────────▶ active ── the last member left: closed, so that Pulsar gives what is
 *      ▲  a consumer that asks for nothing,  │       unacknowledged to others ──┐
 *      │  so that the subscription is used   │                                  │
 *      └─────────────────────────────────────┴──────────────────────────────────┘      any ── close() ──▶ closed
 * ```
 */
export class SharedPartition {
  /** Rejects when the first attempt failed; others follow. */
  readonly opened: Promise<void>;
  private consumer: TopicConsumer | undefined;
  private entries = new Map<string, SharedEntry>();
  /** What is done one after the other: opening, closing. */
  private work: Promise<unknown>;
  private retryMs = retryFirstMs;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  /** @param active members are there */
  constructor(
    private readonly parts: SharedPartitionParts,
    readonly partition: string,
    private active: boolean,
  ) {
    this.opened = this.open();
    this.work = this.opened.catch(() => undefined);
  }

  /** The first member came. */
  activate(): void {
    this.active = true;
    this.consumer?.resume();
  }

  /** The last member left: nothing that was given is heard of any more. */
  rest(): void {
    this.active = false;
    this.entries = new Map();
    this.enqueue(async () => {
      await this.leave();
      if (!this.closed) await this.open();
    });
  }

  /** Leaves the subscription, which stays. Resolves when what was acknowledged is. */
  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    this.entries = new Map();
    this.enqueue(() => this.leave());
    await this.work;
  }

  /** Deletes the subscription, unless another gateway uses it, and closes. */
  unsubscribe(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.enqueue(async () => {
      // Refused while others are attached: then it is theirs to delete.
      await this.consumer?.unsubscribe().catch(() => undefined);
      await this.leave();
    });
  }

  private enqueue(step: () => Promise<void>): void {
    this.work = this.work.then(step).catch(() => undefined);
  }

  private async leave(): Promise<void> {
    const { consumer } = this;
    this.consumer = undefined;
    await consumer?.close().catch(() => undefined);
  }

  private async open(): Promise<void> {
    const { parts } = this;
    let consumer: TopicConsumer | undefined;
    try {
      consumer = await parts.pulsar.subscribe({
        ...parts.subscription,
        topic: this.partition,
        tenantKey: parts.topic.tenant.name,
        type: 'shared',
        permits,
        windowBytesMax,
        creditOn: 'ack',
        // What arrived before this knows its consumer could not be acknowledged.
        paused: true,
        onEntry: (delivery) => this.arrived(delivery),
        onClosed: (error) => this.ended(error),
      });
    } catch (error) {
      const failure = asPulsarError(error, 'UnknownError');
      this.again(failure);
      throw failure;
    }
    this.consumer = consumer;
    this.retryMs = retryFirstMs;
    if (this.closed) await this.leave();
    else if (this.active) consumer.resume();
  }

  private ended(error: PulsarError): void {
    this.consumer = undefined;
    if (error.code === 'TopicNotFound') this.entries.clear();
    this.again(error);
  }

  private again(error: PulsarError): void {
    if (this.closed || error.code === 'Closed') return;
    const fields = { event: 'mqtt-share-again', partition: this.partition, reason: error.message };
    this.parts.log.warn(fields, 'a partition cannot be read for a shared subscription and is tried again');
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.enqueue(async () => {
        if (!this.closed && this.consumer === undefined) await this.open();
      });
    }, this.retryMs);
    this.timer.unref();
    this.retryMs = Math.min(this.retryMs * 2, retryMaxMs);
  }

  private arrived(delivery: Delivery): void {
    if (this.closed || !this.active) return;
    const { parts } = this;
    const { ledgerId, entryId } = delivery.entry;
    const place = `${ledgerId}:${entryId}`;
    const known = this.entries.get(place);
    if (known !== undefined) {
      known.comesAgain(delivery);
      return;
    }
    if (this.entries.size >= entriesMax) this.forgetDone();
    const { messages } = new ReadEntry(parts.topic, delivery.entry);
    const { entries } = this;
    const entry = new SharedEntry(delivery, messages.length, this, () => {
      if (entries.get(place) === entry) entries.delete(place);
    });
    entries.set(place, entry);
    const wanted: number[] = [];
    for (const [index, message] of messages.entries()) {
      if (message !== undefined && delivery.isUnacked(index) && parts.wants(message)) wanted.push(index);
    }
    entry.completeAllBut(wanted);
    for (const index of wanted) {
      parts.onMessage(messages[index] as MqttMessage, entry, index);
    }
  }

  /** Their acknowledgements were lost with a connection, and the broker did not give them again: it has them. */
  private forgetDone(): void {
    for (const [place, entry] of this.entries) if (entry.isDone) this.entries.delete(place);
  }

  ack(delivery: Delivery, done: (error?: Error) => void): void {
    if (this.consumer === undefined) done(asPulsarError(new Error('not attached'), 'Disconnected'));
    else this.consumer.ack(delivery, done);
  }

  ackIndex(delivery: Delivery, batchIndex: number): void {
    this.consumer?.ackIndex(delivery, batchIndex);
  }
}
