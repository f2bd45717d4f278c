import { Buffer } from 'node:buffer';
import {
  BatchBuilder,
  type BrokerEntry,
  type ConsumerOptions,
  Delivery,
  type OutgoingEntry,
  parseEntry,
  PulsarError,
  singleEntry,
  type TopicConsumer,
} from '#libs/pulsar';

/** An entry of a subscription, and who has it. */
interface StoredEntry {
  readonly position: { readonly ledgerId: number; readonly entryId: number };
  readonly entry: BrokerEntry;
  readonly unacked: Set<number>;
  holder: FakeConsumer | undefined;
  redeliveries: number;
}

/** Pulsar as far as a subscription's consumers see it: permits, acknowledgements, redelivery, lost connections. */
export class FakeSubscription {
  readonly entries: StoredEntry[] = [];
  readonly consumers = new Set<FakeConsumer>();
  /** Acknowledgements on their way when the connection is lost: whether the broker has heard of them. */
  hearsLostAcks = true;
  /** What consumers wait for before the broker hears that they leave. */
  closing: Promise<void> | undefined;
  /** Consumers that were closed. */
  leaving = 0;
  private isDispatching = false;
  private turn = 0;

  get backlog(): number {
    return this.entries.reduce((sum, { unacked }) => sum + unacked.size, 0);
  }

  /** As `PulsarClient`. */
  readonly pulsar = {
    subscribe: async (options: ConsumerOptions): Promise<TopicConsumer> => {
      await Promise.resolve();
      const consumer = new FakeConsumer(this, options);
      this.consumers.add(consumer);
      return consumer as unknown as TopicConsumer;
    },
    createReader: () => Promise.reject(new Error('there is no reader')),
  };

  /** One message is an entry that is no batch. */
  add(...texts: readonly string[]): void {
    const position = { ledgerId: 7, entryId: this.entries.length };
    const entry = storedEntry(texts, position);
    const unacked = new Set(texts.map((_, at) => at));
    this.entries.push({ position, entry, unacked, holder: undefined, redeliveries: 0 });
    this.dispatch();
  }

  /** All consumers lose their connection and come back. */
  cut(): void {
    for (const consumer of this.consumers) consumer.reattach();
    this.dispatch();
  }

  /** A broker was killed that had answered acknowledgements and not stored them. */
  forgetAcks(): void {
    for (const { unacked } of this.entries) unacked.add(0);
    this.cut();
  }

  at(delivery: { readonly entryId: number }): StoredEntry {
    return this.entries[delivery.entryId] as StoredEntry;
  }

  dispatch(): void {
    if (this.isDispatching) return;
    this.isDispatching = true;
    setImmediate(() => {
      this.isDispatching = false;
      this.dispatchAll();
    });
  }

  /** In turn, to who has permits. */
  private dispatchAll(): void {
    for (const stored of this.entries) {
      if (stored.holder !== undefined || stored.unacked.size === 0) continue;
      const ready = [...this.consumers].filter(({ grantedMessages }) => grantedMessages > 0);
      const consumer = ready[this.turn++ % Math.max(1, ready.length)];
      if (consumer === undefined) return;
      stored.holder = consumer;
      consumer.deliver(stored);
    }
  }
}

export class FakeConsumer {
  /** The most that was ever asked for at once. */
  grantedMax = 0;
  grantedMessages = 0;
  readonly attached = true;
  reattachedMs: number | undefined;
  private generation = 0;
  private acks: { readonly act: () => void; readonly done: ((error?: Error) => void) | undefined }[] = [];

  constructor(
    private readonly subscription: FakeSubscription,
    private readonly options: ConsumerOptions,
  ) {}

  grant(messages: number): void {
    this.grantedMessages += messages;
    this.grantedMax = Math.max(this.grantedMax, this.grantedMessages);
    this.subscription.dispatch();
  }

  holds(delivery: Delivery): boolean {
    return delivery.generation === this.generation;
  }

  ack(delivery: Delivery, done?: (error?: Error) => void): void {
    const { unacked } = this.subscription.at(delivery);
    delivery.acknowledgeAll();
    this.later(() => unacked.clear(), done);
  }

  ackIndex(delivery: Delivery, batchIndex: number, done?: (error?: Error) => void): void {
    const { unacked } = this.subscription.at(delivery);
    delivery.acknowledge(batchIndex);
    // As the broker reads it: an acknowledgement without a set is of the whole entry.
    const isWhole = delivery.position().ackSet === undefined;
    this.later(() => (isWhole ? unacked.clear() : unacked.delete(batchIndex)), done);
  }

  redeliver(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) {
      delivery.giveBack();
      const stored = this.subscription.at(delivery);
      if (stored.holder !== this) continue;
      stored.holder = undefined;
      stored.redeliveries++;
    }
    this.subscription.dispatch();
  }

  redeliverAll(): void {
    this.letGo();
    this.generation++;
    this.subscription.dispatch();
  }

  hasNoBacklog(): Promise<boolean> {
    return Promise.resolve(this.subscription.backlog === 0);
  }

  async close(): Promise<void> {
    this.flush();
    this.subscription.leaving++;
    await this.subscription.closing;
    this.subscription.consumers.delete(this);
    this.letGo();
    this.subscription.dispatch();
  }

  reattach(): void {
    const error = new PulsarError('Disconnected', 'cut');
    for (const { act, done } of this.options.resendAcks ? this.acks : this.acks.splice(0)) {
      if (this.subscription.hearsLostAcks) act();
      if (!this.options.resendAcks) done?.(error);
    }
    this.options.onDetached?.();
    this.generation++;
    this.reattachedMs = performance.now();
    this.grantedMessages = Math.max(0, this.grantedMessages);
    this.letGo();
    this.flush();
  }

  deliver(stored: StoredEntry): void {
    const { position, entry, unacked, redeliveries } = stored;
    const charged = unacked.size;
    this.grantedMessages -= charged;
    const ackSet = [...unacked].reduce((set, at) => set | (1n << BigInt(at)), 0n);
    const fields = {
      ...{ consumerId: 1, ...position, partition: -1, batchIndex: -1, consumerEpoch: undefined },
      ...{ redeliveryCount: this.options.type === 'shared' ? redeliveries : 0, ackSet: [ackSet] },
    };
    this.options.onEntry(new Delivery(entry, fields, this.generation, charged, charged));
  }

  private letGo(): void {
    for (const stored of this.subscription.entries) if (stored.holder === this) stored.holder = undefined;
  }

  private later(act: () => void, done: ((error?: Error) => void) | undefined): void {
    this.acks.push({ act, done });
    if (this.acks.length === 1) setImmediate(() => this.flush());
  }

  private flush(): void {
    for (const { act, done } of this.acks.splice(0)) {
      act();
      done?.();
    }
  }
}

function storedEntry(
  texts: readonly string[],
  position: { readonly ledgerId: number; readonly entryId: number },
): BrokerEntry {
  const name = Buffer.from('producer-1');
  const head = [0x0a, name.length, ...name, 0x10, 7, 0x18, 1];
  if (texts.length === 1)
    return parsed(singleEntry({ value: Buffer.from(texts[0] as string) }), head, position);
  const builder = new BatchBuilder({ capacityBytes: 1_024, payloadBytesMax: 1 << 20 });
  for (const text of texts) builder.append({ value: Buffer.from(text) });
  return parsed(builder.finish('none'), [...head, 0x58, texts.length], position);
}

function parsed(
  { buffer, payloadStart, payloadEnd }: OutgoingEntry,
  metadata: readonly number[],
  position: { readonly ledgerId: number; readonly entryId: number },
): BrokerEntry {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(metadata.length);
  const frame = Buffer.concat([size, Buffer.from(metadata), buffer.subarray(payloadStart, payloadEnd)]);
  return parseEntry(frame, 0, frame.length, position);
}
