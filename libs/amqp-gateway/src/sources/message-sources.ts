import { PartitionWatch, type PulsarClient, SubscriptionMemories, WaitingBytes } from '#libs/pulsar';
import type { Log } from '#libs/telemetry';
import type { Tenant } from '#libs/tenancy';
import type { AmqpCounters } from '../amqp.counters.js';
import type { AmqpOptions } from '../amqp.options.js';
import { DeadLetters } from '../dead-letters/dead-letters.js';
import type { MessageSink, MessageSource } from '../node.js';
import type { SourceOpener, SourcePlan } from '../nodes/node-plan.js';
import { browserStart } from './browser-start.js';
import { LeftSubscriptions } from './left-subscriptions.js';
import { ReaderSource } from './reader-source.js';
import type { SourceParts } from './source-parts.js';
import { SubscriptionSource } from './subscription-source.js';

export interface MessageSourcesServices {
  readonly pulsar: Pick<
    PulsarClient,
    'subscribe' | 'createReader' | 'createProducer' | 'partitions' | 'admin'
  >;
  readonly options: AmqpOptions;
  readonly counters: AmqpCounters;
  readonly log: Log;
}

const partitionsIntervalMs = 30_000;
const leftAnswerMs = 1_000;
/** As long as who was cut off takes to come back. */
const leftRetryMs = 10_000;
const batchReturnMs = 1_000;
/** Messages of all links that wait for credit or for their sockets. */
const waitingBytesMax = 128 * 1024 * 1024;

/** What the sender links of a process receive from. */
export class MessageSources implements SourceOpener {
  private readonly parts: SourceParts;
  private readonly partitions: PartitionWatch;
  private readonly memories: SubscriptionMemories;
  private readonly deadLetters: DeadLetters;
  private readonly leftSubscriptions: LeftSubscriptions;

  constructor(private readonly services: MessageSourcesServices) {
    const { pulsar, options, counters, log } = services;
    this.partitions = new PartitionWatch({ pulsar, log, intervalMs: partitionsIntervalMs });
    this.memories = new SubscriptionMemories(options.ackMemoryMs);
    this.deadLetters = new DeadLetters({ pulsar });
    this.leftSubscriptions = new LeftSubscriptions({
      ...{ admin: pulsar.admin, log, answerMs: leftAnswerMs, retryMs: leftRetryMs },
      isUsed: (partition, subscription) => this.memories.isUsed(partition, subscription),
    });
    this.parts = {
      ...{ pulsar, options, counters, log },
      deadLetters: this.deadLetters,
      leftSubscriptions: this.leftSubscriptions,
      batchReturnMs,
      waiting: new WaitingBytes(waitingBytesMax),
      useOf: (partition, subscription) => this.memories.use(partition, subscription),
      watchPartitions: (topic, known, onPartition) => this.partitions.watch(topic, known, onPartition),
    };
  }

  async openSource(plan: SourcePlan, sink: MessageSink): Promise<MessageSource> {
    const { reading } = plan;
    if (reading.kind === 'subscription') {
      const source = new SubscriptionSource(this.parts, plan, reading.subscription, sink);
      await source.open();
      return source;
    }
    const { admin } = this.services.pulsar;
    const starts =
      reading.kind === 'browser'
        ? await Promise.all(
            plan.topic.partitions.map((partition) => browserStart(admin, partition, reading.subscription)),
          )
        : undefined;
    const source = new ReaderSource(this.parts, plan, sink, starts);
    await source.open();
    return source;
  }

  /** Looks for new partitions now; otherwise at intervals. */
  lookForPartitions(): Promise<void> {
    return this.partitions.look();
  }

  /** The tenant is not there any more. */
  endTenant(tenant: Tenant): void {
    this.deadLetters.endTenant(tenant);
  }

  /** Waits until what was rejected is stored. The links have closed their sources before. */
  async close(): Promise<void> {
    this.partitions.close();
    this.leftSubscriptions.close();
    this.memories.close();
    await this.deadLetters.close();
  }
}
