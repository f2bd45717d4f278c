import { AmqpErrorCondition } from '#libs/amqp-codec';
import { type PulsarAdmin, PulsarAdminError, partitionTopicName, topicCount } from '#libs/pulsar';
import type { RateLimits } from '#libs/rate-limit';
import { type Tenant, tenantAmqpDefaults } from '#libs/tenancy';
import { queueSubscription } from '../address.js';
import { AmqpError } from '../amqp.errors.js';
import type { AmqpTopic, AmqpTopics } from './amqp-topic.js';

/** What is needed of Pulsar's admin REST. */
export type AmqpTopicAdmin = Pick<
  PulsarAdmin,
  | 'createPartitionedTopic'
  | 'createSubscription'
  | 'createTopic'
  | 'deleteTopic'
  | 'partitionedMetadata'
  | 'partitionedTopics'
  | 'properties'
  | 'subscriptions'
  | 'topics'
>;

/** Kafka's `cleanup.policy` (docs/mapping.md). */
const cleanupPolicyProperty = 'pulsegate.kafka.cleanup.policy';
/** How long what is known of a topic is taken as true. */
const topicKnownMs = 30_000;
const topicsKnownMax = 20_000;

/** What the queue's subscription says of itself to who finds it in Pulsar. */
export const queueProperties: Readonly<Record<string, string>> = { 'pulsegate.kind': 'amqp-queue' };
/** The first message that is there. */
const earliest = { ledgerId: -1, entryId: -1 };

interface Known {
  readonly topic: AmqpTopic;
  readonly untilMs: number;
  /** It has the subscription of a queue. */
  queue: boolean;
}

/** Looks up topics once for all who ask, and makes them. */
export class AmqpTopicRegistry implements AmqpTopics {
  private readonly known = new Map<string, Known>();
  private readonly lookups = new Map<string, Promise<AmqpTopic | undefined>>();
  private readonly openings = new Map<string, Promise<AmqpTopic>>();

  constructor(
    private readonly admin: AmqpTopicAdmin,
    private readonly now: () => number = () => performance.now(),
    private readonly limits?: RateLimits,
  ) {}

  resolve(tenant: Tenant, name: string): Promise<AmqpTopic | undefined> {
    const key = keyOf(tenant, name);
    const known = this.known.get(key);
    if (known !== undefined && known.untilMs > this.now()) return Promise.resolve(known.topic);
    const running = this.lookups.get(key);
    if (running !== undefined) return running;
    const lookup = this.load(tenant, name)
      .then((topic) => {
        // Whoever invalidated meanwhile knows better than this answer.
        if (this.lookups.get(key) === lookup) this.remember(key, topic);
        return topic;
      })
      .finally(() => {
        if (this.lookups.get(key) === lookup) this.lookups.delete(key);
      });
    this.lookups.set(key, lookup);
    return lookup;
  }

  forTopic(tenant: Tenant, name: string, onMade = () => {}): Promise<AmqpTopic> {
    return this.once(`topic ${keyOf(tenant, name)}`, async () => {
      const { partitionsDefault } = tenant.amqp ?? tenantAmqpDefaults;
      return (await this.resolve(tenant, name)) ?? this.create(tenant, name, partitionsDefault, onMade);
    });
  }

  forQueue(tenant: Tenant, name: string, onMade = () => {}): Promise<AmqpTopic> {
    return this.once(`queue ${keyOf(tenant, name)}`, async () => {
      const { queuePartitions, autoCreateTopics } = tenant.amqp ?? tenantAmqpDefaults;
      const topic = (await this.resolve(tenant, name)) ?? (await this.create(tenant, name, queuePartitions));
      const known = this.known.get(keyOf(tenant, name));
      if (known?.queue) return topic;
      if (!autoCreateTopics) {
        const subscriptions = await this.admin.subscriptions(topic.pulsarTopic);
        if (!subscriptions.includes(queueSubscription)) throw notFound('queue');
      } else if (await this.makeQueue(topic)) onMade();
      if (known !== undefined) known.queue = true;
      return topic;
    });
  }

  invalidate(tenant: Tenant, name: string): void {
    this.known.delete(keyOf(tenant, name));
    this.lookups.delete(keyOf(tenant, name));
  }

  /** One that nobody has yet: it has no partitions, so that there is one thing to delete. */
  async createTemporary(
    tenant: Tenant,
    name: string,
    of: 'queue' | 'topic',
    properties: Readonly<Record<string, string>>,
  ): Promise<AmqpTopic> {
    const pulsarTopic = fullName(tenant, name);
    await this.requireCreation(tenant, 1);
    await this.admin.createTopic(pulsarTopic, { ...properties });
    const topic = { tenant, name, pulsarTopic, partitions: [pulsarTopic], compacted: false };
    try {
      if (of === 'queue') await this.makeQueue(topic);
    } catch (error) {
      // The error is what counts; what is left is swept.
      await this.admin.deleteTopic(pulsarTopic, { force: true }).catch(() => undefined);
      throw error;
    }
    return topic;
  }

  async deleteTemporary(tenant: Tenant, name: string): Promise<void> {
    this.invalidate(tenant, name);
    await this.admin.deleteTopic(fullName(tenant, name), { force: true }).catch(unless(404));
  }

  private async create(
    tenant: Tenant,
    name: string,
    partitions: number,
    onMade?: () => void,
  ): Promise<AmqpTopic> {
    const { autoCreateTopics } = tenant.amqp ?? tenantAmqpDefaults;
    if (!autoCreateTopics) throw notFound('topic');
    await this.requireCreation(tenant, partitions);
    if (await isNew(this.admin.createPartitionedTopic(fullName(tenant, name), partitions))) onMade?.();
    this.invalidate(tenant, name);
    const topic = await this.resolve(tenant, name);
    if (topic === undefined) throw notFound('topic');
    return topic;
  }

  private async requireCreation(tenant: Tenant, partitions: number): Promise<void> {
    const count = () => topicCount(this.admin, tenant.pulsarNamespace);
    const refusal = await this.limits?.of(tenant).creations.refusal(1, partitions, count);
    if (refusal === undefined) return;
    const message =
      refusal.quota === 'topics'
        ? `there are at most ${refusal.topicsMax} topics and queues`
        : 'topics and queues are created faster than they may be';
    throw new AmqpError(AmqpErrorCondition.RESOURCE_LIMIT_EXCEEDED, message);
  }

  /** Resolves to whether it was none before. */
  private makeQueue({ pulsarTopic }: AmqpTopic): Promise<boolean> {
    return isNew(
      this.admin.createSubscription(pulsarTopic, queueSubscription, earliest, { ...queueProperties }),
    );
  }

  private async once(key: string, open: () => Promise<AmqpTopic>): Promise<AmqpTopic> {
    const running = this.openings.get(key);
    if (running !== undefined) return running;
    const opening = open().finally(() => this.openings.delete(key));
    this.openings.set(key, opening);
    return opening;
  }

  private remember(key: string, topic: AmqpTopic | undefined): void {
    this.known.delete(key);
    if (topic === undefined) return;
    this.known.set(key, { topic, untilMs: this.now() + topicKnownMs, queue: false });
    if (this.known.size > topicsKnownMax) this.known.delete(this.known.keys().next().value as string);
  }

  private async load(tenant: Tenant, name: string): Promise<AmqpTopic | undefined> {
    const pulsarTopic = fullName(tenant, name);
    try {
      const { partitions, properties } = await this.admin.partitionedMetadata(pulsarTopic);
      const known = partitions > 0 ? properties : await this.admin.properties(pulsarTopic);
      const compacted = known?.[cleanupPolicyProperty]?.split(',').includes('compact') ?? false;
      return { tenant, name, pulsarTopic, partitions: partitionsOf(pulsarTopic, partitions), compacted };
    } catch (error) {
      return unless(404)(error);
    }
  }
}

function partitionsOf(pulsarTopic: string, count: number): readonly string[] {
  if (count === 0) return [pulsarTopic];
  return Array.from({ length: count }, (_, partition) => partitionTopicName(pulsarTopic, partition));
}

function fullName(tenant: Tenant, name: string): string {
  return `persistent://${tenant.pulsarNamespace}/${name}`;
}

/** No tenant's name contains a slash. */
function keyOf(tenant: Tenant, name: string): string {
  return `${tenant.name}/${name}`;
}

function notFound(what: 'topic' | 'queue'): AmqpError {
  return new AmqpError(AmqpErrorCondition.NOT_FOUND, `there is no such ${what}`);
}

/** False where it was there before. */
async function isNew(creation: Promise<void>): Promise<boolean> {
  return (await creation.then(() => true).catch(unless(409))) === true;
}

/** Passes over an answer of this status. */
function unless(status: number): (error: unknown) => undefined {
  return (error) => {
    if (!(error instanceof PulsarAdminError) || error.status !== status) throw error;
  };
}
