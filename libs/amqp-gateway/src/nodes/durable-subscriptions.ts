import { type AmqpComposite, AmqpErrorCondition } from '#libs/amqp-codec';
import { type PulsarAdmin, PulsarAdminError, withoutPartition } from '#libs/pulsar';
import type { Tenant } from '#libs/tenancy';
import { AmqpError, asAmqpError } from '../amqp.errors.js';
import type { MessageSource } from '../node.js';
import type { AmqpTopic } from './amqp-topic.js';
import { volatileKind } from './link-subscription.js';
import type { SubscriptionPlan } from './node-plan.js';

/** What is needed of Pulsar's admin REST. */
export type SubscriptionAdmin = Pick<
  PulsarAdmin,
  'deleteSubscription' | 'partitionedTopics' | 'subscriptionProperties' | 'subscriptions' | 'topics'
>;

/** Topics that are looked at for a subscription whose topic nobody knows. */
const searchedMax = 5_000;
const searchesParallelMax = 16;
const rememberedMax = 10_000;

/**
 * Finds a durable subscription by its name alone, as JMS asks before it deletes one (`unsubscribe`): where this process saw
 * it last, else among all topics of the tenant.
 */
export class DurableSubscriptions {
  private readonly seen = new Map<string, string>();
  /** By tenant: its searches follow one another. */
  private readonly searches = new Map<string, Promise<unknown>>();

  /** @param perTopicMax of whichever protocol; clients of this one make none beyond */
  constructor(
    private readonly admin: SubscriptionAdmin,
    private readonly perTopicMax: number,
  ) {}

  /** A link of it was attached here. */
  remember(tenant: Tenant, subscription: string, pulsarTopic: string): void {
    const key = keyOf(tenant, subscription);
    this.seen.delete(key);
    this.seen.set(key, pulsarTopic);
    if (this.seen.size > rememberedMax) this.seen.delete(this.seen.keys().next().value as string);
  }

  /**
   * Full name of the topic that has it, not of a partition; undefined: there is none. Rejects with PulsarAdminError.
   *
   * @param mayReceive of a full name: others are not looked at
   */
  async topicOf(
    tenant: Tenant,
    subscription: string,
    mayReceive: (topic: string) => boolean,
  ): Promise<string | undefined> {
    const seen = this.seen.get(keyOf(tenant, subscription));
    if (seen !== undefined && mayReceive(seen) && (await this.has(seen, subscription))) return seen;
    const before = this.searches.get(tenant.name) ?? Promise.resolve();
    const search = before
      .catch(() => undefined)
      .then(() => this.search(tenant.pulsarNamespace, subscription, mayReceive));
    this.searches.set(tenant.name, search);
    try {
      return await search;
    } finally {
      if (this.searches.get(tenant.name) === search) this.searches.delete(tenant.name);
    }
  }

  /** A link on it that takes no messages: to be closed, which deletes it. */
  open(
    tenant: Tenant,
    subscription: string,
    pulsarTopic: string,
    terminus: AmqpComposite<'source'>,
  ): MessageSource {
    return {
      terminus,
      setCredit() {},
      drain: (done) => done(),
      settle: (_delivery, _outcome, done) => done(undefined),
      close: async (closed) => {
        if (!closed) return;
        this.seen.delete(keyOf(tenant, subscription));
        try {
          await this.admin.deleteSubscription(pulsarTopic, subscription);
        } catch (error) {
          if (error instanceof PulsarAdminError && error.status === 404) return;
          if (error instanceof PulsarAdminError && error.status === 412) throw inUse();
          throw asAmqpError(error);
        }
      },
    };
  }

  /**
   * Subscriptions that the gateway keeps for clients of other protocols are theirs. Rejects with AmqpError
   * `amqp:not-allowed`, PulsarAdminError. Resolves to whether it is there.
   */
  async requireOwnKind(
    { partitions }: AmqpTopic,
    subscription: string,
    endsWhen: SubscriptionPlan['endsWhen'] = 'never',
  ): Promise<boolean> {
    try {
      const properties = await this.admin.subscriptionProperties(partitions[0] as string, subscription);
      const kind = properties['pulsegate.kind'];
      // What is deleted with its last receiver was made for that.
      if (endsWhen === 'left' ? kind === volatileKind : kind === undefined || kind === 'amqp-subscription')
        return true;
    } catch (error) {
      if (error instanceof PulsarAdminError && error.status === 404) return false;
      throw error;
    }
    throw new AmqpError(AmqpErrorCondition.NOT_ALLOWED, 'the subscription is one of another kind');
  }

  /** What a client leaves holds back what Pulsar would remove. Rejects with AmqpError `amqp:resource-limit-exceeded`, PulsarAdminError. */
  async requireRoom({ pulsarTopic }: AmqpTopic): Promise<void> {
    const { length } = await this.admin.subscriptions(pulsarTopic);
    if (length < this.perTopicMax) return;
    const message = `a topic has at most ${this.perTopicMax} subscriptions`;
    throw new AmqpError(AmqpErrorCondition.RESOURCE_LIMIT_EXCEEDED, message);
  }

  private async search(
    namespace: string,
    subscription: string,
    mayReceive: (topic: string) => boolean,
  ): Promise<string | undefined> {
    const listed = await Promise.all([this.admin.partitionedTopics(namespace), this.admin.topics(namespace)]);
    const topics = new Set(listed.flat().map(withoutPartition).filter(mayReceive));
    if (topics.size > searchedMax) {
      const message = 'there are too many topics to look for a subscription by its name';
      throw new AmqpError(AmqpErrorCondition.RESOURCE_LIMIT_EXCEEDED, message);
    }
    let found: string | undefined;
    const left = topics.values();
    const look = async () => {
      for (const topic of left) {
        if (found !== undefined) return;
        if (await this.has(topic, subscription)) found = topic;
      }
    };
    await Promise.all(Array.from({ length: searchesParallelMax }, look));
    return found;
  }

  private async has(topic: string, subscription: string): Promise<boolean> {
    try {
      return (await this.admin.subscriptions(topic)).includes(subscription);
    } catch (error) {
      if (error instanceof PulsarAdminError && error.status === 404) return false;
      throw error;
    }
  }
}

function inUse(): AmqpError {
  return new AmqpError(AmqpErrorCondition.RESOURCE_LOCKED, 'the subscription has receivers');
}

function keyOf(tenant: Tenant, subscription: string): string {
  return `${tenant.name}/${subscription}`;
}
