import type { PulsarClient, SubscriptionUse, WaitingBytes } from '#libs/pulsar';
import type { Log } from '#libs/telemetry';
import type { AmqpCounters } from '../amqp.counters.js';
import type { AmqpOptions } from '../amqp.options.js';
import type { DeadLetterStore } from '../dead-letters/dead-letter.js';
import type { LeftSubscriptions } from './left-subscriptions.js';

/** What the sources of a process have in common. */
export interface SourceParts {
  readonly pulsar: Pick<PulsarClient, 'subscribe' | 'createReader'>;
  readonly options: AmqpOptions;
  readonly counters: AmqpCounters;
  readonly deadLetters: DeadLetterStore;
  readonly waiting: WaitingBytes;
  readonly leftSubscriptions: Pick<LeftSubscriptions, 'end'>;
  /** A released message of a batch waits so long for the rest of its entry to be settled, in ms. */
  readonly batchReturnMs: number;
  readonly log: Log;
  /** One for all who use a subscription of a partition at the same time, or shortly after each other. */
  useOf(partition: string, subscription: string): SubscriptionUse;
  /** Tells of each partition that a topic has beyond the first `known`. Returns the way to hear no more. */
  watchPartitions(
    topic: string,
    known: number,
    onPartition: (partition: string) => Promise<void>,
  ): () => void;
}
