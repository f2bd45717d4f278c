import { type PulsarAdmin, PulsarAdminError, partitionTopicName } from '#libs/pulsar';
import type { Queue } from '../topology/queue.js';
import type { Amqp091Scope } from '../topology/scope.js';
import { queueTopic } from './queue-topic.js';
import { type Queues, queueSubscription, queueSubscriptionProperties } from './queues.js';

/** What is needed of Pulsar's admin REST. */
export type QueueAdmin = Pick<
  PulsarAdmin,
  | 'createPartitionedTopic'
  | 'createSubscription'
  | 'deletePartitionedTopic'
  | 'deleteSubscription'
  | 'partitionedMetadata'
  | 'properties'
  | 'stats'
  | 'subscriptions'
>;

/** A topic that was made for a queue, and that nobody else made: it goes with the queue. */
const madeProperty = 'pulsegate.made-for';
const madeForQueue = 'amqp-queue';
const earliest = { ledgerId: -1, entryId: -1 };
/** How long it is taken as true that a queue's topic and subscription are there. */
const knownMs = 30_000;
const knownMax = 20_000;

/** Queues in Pulsar, by its admin REST. */
export class PulsarQueues implements Queues {
  private readonly knownUntil = new Map<string, number>();
  private readonly preparing = new Map<string, Promise<string>>();

  constructor(
    private readonly admin: QueueAdmin,
    private readonly now: () => number = () => performance.now(),
  ) {}

  async prepare(scope: Amqp091Scope, { name }: Pick<Queue, 'name'>): Promise<string> {
    const topic = queueTopic(scope, name);
    const knownUntil = this.knownUntil.get(topic);
    if (knownUntil !== undefined && knownUntil > this.now()) return topic;
    let preparing = this.preparing.get(topic);
    if (preparing === undefined) {
      preparing = this.make(topic).finally(() => this.preparing.delete(topic));
      this.preparing.set(topic, preparing);
    }
    return preparing;
  }

  async exists(scope: Amqp091Scope, name: string): Promise<boolean> {
    return (await this.find(queueTopic(scope, name))) !== undefined;
  }

  async use(scope: Amqp091Scope, { name }: Queue): Promise<{ messages: number; consumers: number }> {
    const topic = queueTopic(scope, name);
    const found = await this.find(topic);
    let messages = 0;
    let consumers = 0;
    for (const partition of found?.partitions ?? []) {
      const stats = await this.admin.stats(partition).catch(unless(404));
      const subscription = stats?.subscriptions[queueSubscription];
      messages += subscription?.msgBacklog ?? 0;
      consumers += subscription?.consumers.length ?? 0;
    }
    return { messages, consumers };
  }

  async remove(scope: Amqp091Scope, queue: Queue): Promise<number> {
    const topic = queueTopic(scope, queue.name);
    this.knownUntil.delete(topic);
    const found = await this.find(topic);
    if (found === undefined) return 0;
    const { messages } = await this.use(scope, queue);
    const subscriptions = await this.admin.subscriptions(topic).catch(unless(404));
    const isOnlyOurs = (subscriptions ?? []).every((each) => each === queueSubscription);
    if (found.isMade && isOnlyOurs) {
      await this.admin.deletePartitionedTopic(topic, { force: true }).catch(unless(404));
    } else {
      await this.admin.deleteSubscription(topic, queueSubscription, { force: true }).catch(unless(404));
    }
    return messages;
  }

  private async make(topic: string): Promise<string> {
    if ((await this.find(topic)) === undefined) {
      await this.admin.createPartitionedTopic(topic, 1, { [madeProperty]: madeForQueue }).catch(unless(409));
    }
    await this.admin
      .createSubscription(topic, queueSubscription, earliest, { ...queueSubscriptionProperties })
      .catch(unless(409));
    this.knownUntil.delete(topic);
    this.knownUntil.set(topic, this.now() + knownMs);
    if (this.knownUntil.size > knownMax) this.knownUntil.delete(this.knownUntil.keys().next().value!);
    return topic;
  }

  private async find(topic: string): Promise<FoundTopic | undefined> {
    try {
      const { partitions, properties } = await this.admin.partitionedMetadata(topic);
      if (partitions > 0) {
        const isMade = properties?.[madeProperty] === madeForQueue;
        return {
          partitions: Array.from({ length: partitions }, (_, each) => partitionTopicName(topic, each)),
          isMade,
        };
      }
      // Without partitions it is there when it has properties, even none.
      await this.admin.properties(topic);
      return { partitions: [topic], isMade: false };
    } catch (error) {
      return unless(404)(error);
    }
  }
}

interface FoundTopic {
  readonly partitions: readonly string[];
  readonly isMade: boolean;
}

/** Passes over an answer of this status. */
function unless(status: number): (error: unknown) => undefined {
  return (error) => {
    if (!(error instanceof PulsarAdminError) || error.status !== status) throw error;
  };
}
