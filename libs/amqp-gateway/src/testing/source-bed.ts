import { Buffer } from 'node:buffer';
import { encodeDataHead } from '#libs/amqp-codec';
import { BatchBuilder, type OutgoingMessage, type Producer, singleEntry } from '#libs/pulsar';
import { silentLog } from '#libs/telemetry';
import { AmqpCounters } from '../amqp.counters.js';
import type { AmqpError } from '../amqp.errors.js';
import { type AmqpOptions, amqpOptionsSchema } from '../amqp.options.js';
import type { DeliveryOutcome, MessageSink, MessageSource, OutgoingDelivery } from '../node.js';
import type { MessageFilter, SourcePlan, SubscriptionPlan } from '../nodes/node-plan.js';
import { MessageSources } from '../sources/message-sources.js';
import { PublishBed } from './publish-bed.js';

/** A link without credit of its own: what it was given, as text of one data section. */
export class TestReceiver implements MessageSink {
  readonly given: { readonly text: string; readonly delivery: OutgoingDelivery; readonly whole: Buffer }[] =
    [];
  ended: AmqpError | undefined;
  source!: MessageSource;
  /** Settles each so, at once. */
  outcome: DeliveryOutcome | undefined;
  private credit = 0;

  get texts(): string[] {
    return this.given.map(({ text }) => text);
  }

  onDelivery(delivery: OutgoingDelivery): void {
    const whole = Buffer.concat(delivery.parts);
    this.given.push({ text: textOf(whole), delivery, whole });
    if (--this.credit < 0) throw new Error('more than there was credit for');
    delivery.sent();
    if (this.outcome !== undefined) this.source.settle(delivery, this.outcome, () => {});
  }

  onEnded(error: AmqpError): void {
    this.ended = error;
  }

  setCredit(messages: number): void {
    this.credit = messages;
    this.source.setCredit(messages);
  }

  /** Resolves when Pulsar has it. */
  settle(at: number, outcome: DeliveryOutcome): Promise<AmqpError | undefined> {
    const { delivery } = this.given[at]!;
    return new Promise((resolve) => this.source.settle(delivery, outcome, resolve));
  }

  drain(): Promise<void> {
    return new Promise((resolve) => this.source.drain(resolve));
  }
}

/** Sources on a real Pulsar, in a namespace of its own. */
export class SourceBed extends PublishBed {
  readonly counters = new AmqpCounters();
  readonly sources: MessageSources;
  private readonly opened: MessageSource[] = [];
  private readonly producers = new Map<string, Promise<Producer>>();

  constructor(prefix: string, options: Partial<AmqpOptions> = {}) {
    super(prefix);
    this.sources = this.gateway(options);
  }

  /** The sources of another gateway. */
  gateway(options: Partial<AmqpOptions> = {}): MessageSources {
    const { pulsar, counters } = this;
    const all = { ...amqpOptionsSchema.parse({}), ...options };
    return new MessageSources({ pulsar, counters, options: all, log: silentLog });
  }

  override async close(): Promise<void> {
    await Promise.all(this.opened.map((source) => source.close(false)));
    await Promise.all([...this.producers.values()].map(async (producer) => (await producer).close()));
    await this.sources.close();
    await super.close();
  }

  async topic(name: string, partitions = 1): Promise<string> {
    await this.pulsar.admin.createPartitionedTopic(this.pulsarTopic(name), partitions);
    return `${this.pulsarTopic(name)}-partition-0`;
  }

  /** Each an entry of its own. */
  async send(partition: string, ...messages: readonly (string | OutgoingMessage)[]): Promise<void> {
    const producer = await this.producer(partition);
    await Promise.all(messages.map((message) => stored(producer, singleEntry(outgoing(message)))));
  }

  async sendBatch(partition: string, ...messages: readonly (string | OutgoingMessage)[]): Promise<void> {
    const builder = new BatchBuilder({ capacityBytes: 1_024, payloadBytesMax: 1 << 20 });
    for (const message of messages) builder.append(outgoing(message));
    await stored(await this.producer(partition), builder.finish('none'));
  }

  /** An entry that says it is a batch and is none. */
  async sendUnreadable(partition: string, payload: Buffer): Promise<void> {
    const entry = singleEntry({ value: payload });
    const lie = { ...entry, numMessages: 3, metadata: { ...entry.metadata, numMessagesInBatch: 3 } };
    await stored(await this.producer(partition), lie);
  }

  async receive(
    name: string,
    reading: SourcePlan['reading'],
    plan: Partial<SourcePlan> = {},
    sources = this.sources,
  ): Promise<TestReceiver> {
    const partitions = await this.pulsar.partitions(this.pulsarTopic(name));
    const receiver = new TestReceiver();
    const { topic, identity, transactions } = this.plan(name, partitions);
    receiver.source = await sources.openSource(
      {
        ...{ identity, topic, reading, containerId: 'c1', linkName: 'l1', filter: undefined, noLocal: false },
        ...{ deliveriesMax: 0, transactions },
        terminus: { type: 'source', address: name } as SourcePlan['terminus'],
        ...plan,
      },
      receiver,
    );
    this.opened.push(receiver.source);
    return receiver;
  }

  private producer(topic: string): Promise<Producer> {
    let producer = this.producers.get(topic);
    if (producer === undefined) {
      producer = this.pulsar.createProducer({ topic, tenantKey: 'acme' });
      this.producers.set(topic, producer);
    }
    return producer;
  }
}

export function queueReading(plan: Partial<SubscriptionPlan> = {}): SourcePlan['reading'] {
  const subscription: SubscriptionPlan = {
    ...{ name: 'pulsegate.queue', type: 'Shared', position: 'earliest' },
    ...{ properties: { 'pulsegate.kind': 'amqp-queue' }, endsWhen: 'never', unmatched: 'leave' },
    ...plan,
  };
  return { kind: 'subscription', subscription };
}

/** Of a JMS durable subscriber. */
export function durableReading(plan: Partial<SubscriptionPlan> = {}): SourcePlan['reading'] {
  return queueReading({
    ...{ name: 'durable', type: 'Exclusive', position: 'latest', endsWhen: 'closed', unmatched: 'ack' },
    ...plan,
  });
}

/** What has this in its text. */
export function wants(text: string): MessageFilter {
  return { matches: ({ parts }) => textOf(Buffer.concat(parts)).includes(text) };
}

export const accepted: DeliveryOutcome = { type: 'accepted' };
export const released: DeliveryOutcome = { type: 'released' };
export const failed: DeliveryOutcome = { type: 'modified', deliveryFailed: true };

export function numbers(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, at) => String(from + at));
}

function outgoing(message: string | OutgoingMessage): OutgoingMessage {
  return typeof message === 'string' ? { value: Buffer.from(message) } : message;
}

function stored(producer: Producer, entry: Parameters<Producer['send']>[0]): Promise<void> {
  return new Promise((resolve, reject) => {
    producer.send(entry, (error) => (error === undefined ? resolve() : reject(error)));
  });
}

/** Of a message whose last section is one short data section. */
function textOf(whole: Buffer): string {
  const head = encodeDataHead(0).subarray(0, 3);
  const at = whole.lastIndexOf(head);
  return whole.toString('utf8', at + 5);
}
