import { Amqp091Error } from '#libs/amqp091-codec';
import {
  isPulsarError,
  type PulsarAdmin,
  PulsarAdminError,
  partitionTopicName,
  topicCount,
} from '#libs/pulsar';
import type { CreationRefusal, RateLimits } from '#libs/rate-limit';
import type { Queue } from '../topology/queue.js';
import { undeclaredUid } from '../topology/queue-operations.js';
import { notFound } from '../topology/refusals.js';
import { type Amqp091Scope, ownVhost } from '../topology/scope.js';
import { queueTopic } from './queue-topic.js';
import {
  gatewayConsumerPrefix,
  headConsumerName,
  type Queues,
  queueConsumerName,
  type ReadyCount,
  queueSubscription,
  queueSubscriptionProperties,
  type StoredQueue,
} from './queues.js';

/** What is needed of Pulsar's admin REST. */
export type QueueAdmin = Pick<
  PulsarAdmin,
  | 'createPartitionedTopic'
  | 'createSubscription'
  | 'deletePartitionedTopic'
  | 'deleteSubscription'
  | 'partitionedMetadata'
  | 'partitionedTopics'
  | 'properties'
  | 'skipAll'
  | 'stats'
  | 'subscriptions'
  | 'topics'
>;

/** A topic that was made for a queue, and that nobody else made: it goes with the queue. */
const madeProperty = 'pulsegate.made-for';
const madeForQueue = 'amqp-queue';
const earliest = { ledgerId: -1, entryId: -1 };
/** How long it is taken as true that a queue's topic and subscription are there. */
const knownMs = 30_000;
const knownMax = 20_000;

interface Prepared {
  /** Of the declaration: another gateway may have deleted what an earlier one had. */
  readonly uid: string;
  readonly untilMs: number;
}

/** Deletes so many, at most, that nobody was given. Resolves to how many; rejects with PulsarError. */
export type DrainQueue = (
  scope: Amqp091Scope,
  queue: Queue,
  partition: string,
  count: number,
) => Promise<number>;

/** Queues in Pulsar, by its admin REST. */
export class PulsarQueues implements Queues {
  private readonly prepared = new Map<string, Prepared>();
  private readonly preparing = new Map<string, Promise<string>>();

  constructor(
    private readonly admin: QueueAdmin,
    private readonly drain: DrainQueue,
    private readonly limits?: RateLimits,
    private readonly now: () => number = () => performance.now(),
  ) {}

  async prepare(scope: Amqp091Scope, { name, uid }: Pick<Queue, 'name' | 'uid'>): Promise<string> {
    const topic = queueTopic(scope, name);
    const known = this.prepared.get(topic);
    if (known !== undefined && known.uid === uid && known.untilMs > this.now()) return topic;
    const key = `${topic} ${uid}`;
    let preparing = this.preparing.get(key);
    if (preparing === undefined) {
      const gone = notFound('queue', name, scope.vhost);
      preparing = asked(this.make(topic, uid, gone)).finally(() => this.preparing.delete(key));
      this.preparing.set(key, preparing);
    }
    return preparing;
  }

  /** Why the topic of a new queue may not be made now; undefined: it may, and is counted. Topics are those of the tenant's own namespace. */
  async refusal(scope: Amqp091Scope, name: string): Promise<CreationRefusal | undefined> {
    const { tenant, vhost, pulsarNamespace } = scope;
    const count = () => topicCount(this.admin, pulsarNamespace);
    const refusal = await this.limits?.of(tenant).creations.refusal(vhost === ownVhost ? 1 : 0, 1, count);
    if (refusal?.quota === 'topics' && (await this.exists(scope, name))) return undefined;
    return refusal;
  }

  async exists(scope: Amqp091Scope, name: string): Promise<boolean> {
    return (await asked(this.find(queueTopic(scope, name)))) !== undefined;
  }

  use(scope: Amqp091Scope, { name }: Pick<Queue, 'name'>): Promise<StoredQueue> {
    return asked(this.count(queueTopic(scope, name)));
  }

  ready(scope: Amqp091Scope, { name }: Queue, consumerName?: string): Promise<ReadyCount> {
    return asked(this.count(queueTopic(scope, name), consumerName));
  }

  remove(scope: Amqp091Scope, { name }: Queue): Promise<number> {
    return asked(this.delete(queueTopic(scope, name)));
  }

  purge(scope: Amqp091Scope, queue: Queue): Promise<number> {
    return asked(this.skip(scope, queue));
  }

  private async make(topic: string, uid: string, gone: Error): Promise<string> {
    if ((await this.find(topic)) === undefined) {
      if (uid === undeclaredUid) throw gone;
      await this.admin.createPartitionedTopic(topic, 1, { [madeProperty]: madeForQueue }).catch(unless(409));
    }
    await this.admin
      .createSubscription(topic, queueSubscription, earliest, { ...queueSubscriptionProperties })
      .catch(unless(409));
    this.prepared.delete(topic);
    this.prepared.set(topic, { uid, untilMs: this.now() + knownMs });
    if (this.prepared.size > knownMax) this.prepared.delete(this.prepared.keys().next().value!);
    return topic;
  }

  private async count(topic: string, ofConsumer?: string): Promise<QueueCount> {
    const found = await this.find(topic);
    const all = { messages: 0, bytes: 0, consumers: 0, foreignConsumers: 0, given: 0 };
    for (const partition of found?.partitions ?? []) {
      const one = await this.countOne(partition, ofConsumer);
      all.messages += one.messages;
      all.bytes += one.bytes;
      all.consumers += one.consumers;
      all.foreignConsumers += one.foreignConsumers;
      all.given += one.given;
    }
    return all;
  }

  private async countOne(
    partition: string,
    ofConsumer?: string,
  ): Promise<QueueCount & { readonly isInUse: boolean }> {
    const stats = await this.admin.stats(partition).catch(unless(404));
    const subscription = stats?.subscriptions[queueSubscription];
    const { msgBacklog = 0, msgDelayed = 0, backlogSize = 0 } = subscription ?? {};
    const attached = subscription?.consumers ?? [];
    // What is delayed is not in the queue yet.
    let ready = msgBacklog - msgDelayed;
    let consumers = 0;
    let foreignConsumers = 0;
    let given = 0;
    for (const { consumerName, unackedMessages = 0 } of attached) {
      if (consumerName === headConsumerName) continue;
      ready -= unackedMessages;
      if (consumerName !== undefined && consumerName === ofConsumer) given += unackedMessages;
      if (consumerName === queueConsumerName) consumers++;
      else if (consumerName?.startsWith(gatewayConsumerPrefix) !== true) foreignConsumers++;
    }
    const messages = Math.max(0, ready);
    const bytes = messages === 0 ? 0 : (backlogSize / msgBacklog) * messages;
    const isInUse = msgDelayed > 0 || attached.length > 0;
    return { messages, bytes, consumers, foreignConsumers, given, isInUse };
  }

  private async skip(scope: Amqp091Scope, queue: Queue): Promise<number> {
    const found = await this.find(queueTopic(scope, queue.name));
    let gone = 0;
    for (const partition of found?.partitions ?? []) {
      const { messages, isInUse } = await this.countOne(partition);
      if (isInUse) gone += await this.drain(scope, queue, partition, messages);
      else {
        await this.admin.skipAll(partition, queueSubscription);
        gone += messages;
      }
    }
    return gone;
  }

  private async delete(topic: string): Promise<number> {
    this.prepared.delete(topic);
    const found = await this.find(topic);
    if (found === undefined) return 0;
    const { messages } = await this.count(topic);
    const subscriptions = await this.admin.subscriptions(topic).catch(unless(404));
    const isOnlyOurs = (subscriptions ?? []).every((each) => each === queueSubscription);
    if (found.isMade && isOnlyOurs) {
      await this.admin.deletePartitionedTopic(topic, { force: true }).catch(unless(404));
    } else {
      await this.admin.deleteSubscription(topic, queueSubscription, { force: true }).catch(unless(404));
    }
    return messages;
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

interface QueueCount extends StoredQueue, ReadyCount {}

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

/** What Pulsar does not answer is a fault that passes. */
async function asked<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof PulsarAdminError) && !isPulsarError(error)) throw error;
    const away = new Amqp091Error('internal-error', 'Pulsar cannot be asked for the queue now');
    away.cause = error;
    throw away;
  }
}
