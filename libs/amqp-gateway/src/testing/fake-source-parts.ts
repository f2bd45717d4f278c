import { SubscriptionMemories, WaitingBytes } from '#libs/pulsar';
import { Buffer } from 'node:buffer';
import { silentLog } from '#libs/telemetry';
import type { Tenant } from '#libs/tenancy';
import { AmqpCounters } from '../amqp.counters.js';
import { type AmqpOptions, amqpOptionsSchema } from '../amqp.options.js';
import { deadLetterMessages } from '../dead-letters/dead-letter.mapping.js';
import type { DeadLetter } from '../dead-letters/dead-letter.js';
import type { MessageSink, OutgoingDelivery } from '../node.js';
import type { SourcePlan, SubscriptionPlan } from '../nodes/node-plan.js';
import type { SourceParts } from '../sources/source-parts.js';
import { SubscriptionSource } from '../sources/subscription-source.js';
import { noTransactions } from '../transactions/no-transactions.js';
import type { FakeSubscription } from './fake-subscription.js';

const tenant: Tenant = {
  ...{ name: 'acme', pulsarNamespace: 'acme/n', limits: {} },
  kafka: { autoCreateTopics: false, partitionsDefault: 1, messageBytesMax: 1_000_000 },
};

/** One process's sources on a subscription that is not Pulsar's. */
export class FakeSourceParts implements SourceParts {
  readonly counters = new AmqpCounters();
  readonly waiting = new WaitingBytes(1 << 30);
  readonly batchReturnMs = 3;
  readonly topic: SourcePlan['topic'] = {
    ...{ tenant, name: 't', pulsarTopic: 'persistent://acme/n/t', compacted: false },
    partitions: ['persistent://acme/n/t'],
  };
  readonly log = silentLog;
  readonly letters: DeadLetter[] = [];
  /** Of those that came with their entry. */
  readonly letterTexts: string[] = [];
  /** Thrown instead of storing a dead letter. */
  letterFault: Error | undefined;
  readonly options: AmqpOptions;
  readonly pulsar: SourceParts['pulsar'];
  private readonly memories = new SubscriptionMemories(60_000);

  constructor(
    readonly subscription: FakeSubscription,
    options: Partial<AmqpOptions> = {},
  ) {
    this.options = { ...amqpOptionsSchema.parse({}), idleGiveBackMs: 10, drainWaitMs: 20, ...options };
    this.pulsar = subscription.pulsar;
  }

  readonly deadLetters = {
    store: async (letter: DeadLetter): Promise<void> => {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.letterFault !== undefined) throw this.letterFault;
      this.letters.push(letter);
      if (letter.entry === undefined) return;
      for (const { value } of deadLetterMessages(letter.entry, letter)) this.letterTexts.push(String(value));
    },
  };

  /** Subscriptions that were left, each with whether it was certain that no others are there. */
  readonly left: [subscription: string, isCertain: boolean][] = [];
  readonly leftSubscriptions = {
    end: async (_partition: string, subscription: string, isCertain: boolean): Promise<void> => {
      this.left.push([subscription, isCertain]);
    },
  };

  useOf(partition: string, subscription: string) {
    return this.memories.use(partition, subscription);
  }

  watchPartitions() {
    return () => {};
  }

  async open(
    sink: MessageSink,
    subscription: Partial<SubscriptionPlan> = {},
    plan: Partial<SourcePlan> = {},
  ): Promise<SubscriptionSource> {
    const all: SubscriptionPlan = {
      ...{ name: 's', type: 'Shared', position: 'earliest', properties: {} },
      ...{ endsWhen: 'never', unmatched: 'leave' },
      ...subscription,
    };
    const source = new SubscriptionSource(this, { ...planOf(all, this.topic), ...plan }, all, sink);
    await source.open();
    return source;
  }
}

function planOf(subscription: SubscriptionPlan, topic: SourcePlan['topic']): SourcePlan {
  return {
    ...{ identity: undefined as never, containerId: 'c', linkName: 'l', filter: undefined, noLocal: false },
    topic,
    reading: { kind: 'subscription', subscription },
    ...{
      deliveriesMax: 0,
      terminus: { type: 'source' } as SourcePlan['terminus'],
      transactions: noTransactions.openScope(undefined as never),
    },
  };
}

/** The text of a delivery that has not been sent. */
export function textOf({ parts }: OutgoingDelivery): string {
  return (parts.at(-1) as Buffer).toString();
}
