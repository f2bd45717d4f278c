import {
  asPulsarError,
  EntryDecodeError,
  EntryFetches,
  isPulsarError,
  type OutgoingMessage,
  partitionTopicName,
  type Producer,
  PulsarAdminError,
  type PulsarClient,
  singleEntry,
} from '#libs/pulsar';
import type { Tenant } from '#libs/tenancy';
import { queueSubscription } from '../address.js';
import { queueProperties } from '../nodes/amqp-topic-registry.js';
import type { DeadLetter, DeadLetterStore } from './dead-letter.js';
import { deadLetterMessages, unreadableMessage } from './dead-letter.mapping.js';
import { deadLetterTopicOf } from './dead-letter-name.js';

export interface DeadLettersParts {
  readonly pulsar: Pick<PulsarClient, 'createProducer' | 'createReader' | 'partitions' | 'admin'>;
}

/** A dead-letter topic without letters for so long has no producer. */
const idleMs = 60_000;
/** Letters that are read and stored at the same time; others wait, and with them the outcomes of their deliveries. */
const storingMax = 64;
const earliest = { ledgerId: -1, entryId: -1 };

interface DeadLetterTopic {
  readonly tenantName: string;
  readonly producer: Promise<Producer>;
  storing: number;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Stores what nobody takes in the topic that Pulsar's own clients would take, `<topic>-<subscription>-DLQ`. The gateway makes
 * it, with the subscription of a queue: what is in it waits to be received from `/queues/<topic>-<subscription>-DLQ`.
 */
export class DeadLetters implements DeadLetterStore {
  private readonly topics = new Map<string, DeadLetterTopic>();
  private readonly waiting: (() => void)[] = [];
  private storing = 0;
  private readonly fetches: EntryFetches;

  constructor(private readonly parts: DeadLettersParts) {
    this.fetches = new EntryFetches(parts.pulsar);
  }

  async store(letter: DeadLetter): Promise<void> {
    if (this.storing >= storingMax) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.storing++;
    try {
      for (const message of await this.messagesOf(letter)) await this.send(letter, message);
    } finally {
      this.storing--;
      this.waiting.shift()?.();
    }
  }

  /** The tenant is not there any more: what is being stored of it is waited for. */
  endTenant({ name: tenantName }: Tenant): void {
    for (const [name, topic] of this.topics) {
      if (topic.tenantName !== tenantName) continue;
      clearTimeout(topic.timer);
      this.forget(name, topic);
    }
  }

  async close(): Promise<void> {
    const topics = [...this.topics.values()];
    this.topics.clear();
    for (const { timer } of topics) clearTimeout(timer);
    await Promise.allSettled(topics.map(async ({ producer }) => (await producer).close()));
  }

  private async messagesOf(letter: DeadLetter): Promise<readonly OutgoingMessage[]> {
    const { topic, partition, position } = letter;
    const entry = letter.entry ?? (await this.fetches.fetch(partition, topic.tenant.name, position));
    // It was trimmed meanwhile: there is nothing left to store.
    if (entry === undefined) return [];
    try {
      return deadLetterMessages(entry, letter);
    } catch (error) {
      if (!(error instanceof EntryDecodeError)) throw error;
      return [unreadableMessage(entry, letter)];
    }
  }

  private async send(letter: DeadLetter, message: OutgoingMessage): Promise<void> {
    const name = deadLetterTopicOf(letter.topic.pulsarTopic, letter.subscription);
    const topic = this.topics.get(name) ?? this.open(name, letter.topic.tenant.name);
    topic.storing++;
    clearTimeout(topic.timer);
    try {
      const producer = await topic.producer;
      await new Promise<void>((resolve, reject) => {
        producer.send(singleEntry(message), (error) => {
          if (error === undefined) resolve();
          else reject(error);
        });
      });
    } finally {
      topic.storing--;
      const isOpen = this.topics.get(name) === topic;
      if (topic.storing === 0 && isOpen)
        topic.timer = setTimeout(() => this.forget(name, topic), idleMs).unref();
    }
  }

  private open(name: string, tenantKey: string): DeadLetterTopic {
    const producer = this.produce(name, tenantKey);
    const topic: DeadLetterTopic = { tenantName: tenantKey, producer, storing: 0, timer: undefined };
    this.topics.set(name, topic);
    producer.then(
      (opened) => opened.onClosed(() => this.drop(name, topic)),
      () => this.drop(name, topic),
    );
    return topic;
  }

  private async produce(name: string, tenantKey: string): Promise<Producer> {
    const partitions = await this.partitionsOf(name);
    const { admin } = this.parts.pulsar;
    await unlessThere(admin.createSubscription(name, queueSubscription, earliest, { ...queueProperties }));
    const topic = partitions === 0 ? name : partitionTopicName(name, 0);
    return this.parts.pulsar.createProducer({ topic, tenantKey });
  }

  private async partitionsOf(name: string): Promise<number> {
    const { pulsar } = this.parts;
    try {
      return await pulsar.partitions(name);
    } catch (error) {
      if (!isPulsarError(error, 'TopicNotFound')) throw error;
      await unlessThere(pulsar.admin.createPartitionedTopic(name, 1));
      return pulsar.partitions(name);
    }
  }

  private drop(name: string, topic: DeadLetterTopic): void {
    if (this.topics.get(name) === topic) this.topics.delete(name);
  }

  private forget(name: string, topic: DeadLetterTopic): void {
    this.drop(name, topic);
    topic.producer.then(
      (producer) => producer.close(),
      () => undefined,
    );
  }
}

/** Another gateway may have made it. */
async function unlessThere(creation: Promise<void>): Promise<void> {
  try {
    await creation;
  } catch (error) {
    if (!(error instanceof PulsarAdminError && error.status === 409))
      throw asPulsarError(error, 'UnknownError');
  }
}
