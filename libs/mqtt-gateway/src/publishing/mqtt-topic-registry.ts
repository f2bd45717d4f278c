import type { ClusterView } from '#libs/cluster';
import { MqttReasonCode } from '#libs/mqtt-codec';
import type { PulsarAdmin } from '#libs/pulsar';
import { PulsarAdminError, partitionTopicName, topicCount, withoutPartition } from '#libs/pulsar';
import type { RateLimits } from '#libs/rate-limit';
import { type MqttTopicRule, type Tenant, tenantMqttDefaults } from '#libs/tenancy';
import { TopicMapping } from '../mapping/topic.mapping.js';
import { MqttError } from '../mqtt.errors.js';
import type { MqttTopic, MqttTopics, TopicUser } from './mqtt-topic.js';

/** What is needed of Pulsar's admin REST. */
export type MqttTopicAdmin = Pick<
  PulsarAdmin,
  | 'createPartitionedTopic'
  | 'partitionedMetadata'
  | 'partitionedTopics'
  | 'properties'
  | 'setProperties'
  | 'topics'
>;

/** The topic property that says that MQTT clients publish to it; written before the first message. */
export const mqttTopicProperty = 'pulsegate.mqtt';
/** Kafka's `cleanup.policy` (docs/mapping.md). */
const cleanupPolicyProperty = 'pulsegate.kafka.cleanup.policy';

/** How long what is known of a topic is taken as true. */
const topicKnownMs = 30_000;
const topicsKnownMax = 20_000;
/** Look-ups of one listing side by side. */
const lookupsParallelMax = 16;
/** How long the number of a tenant's topics is taken as true, when there seem to be too many. */
const countKnownMs = 10_000;

const announcement = 'mqtt-topic';

interface Known {
  readonly topic: MqttTopic;
  readonly untilMs: number;
}

interface TopicCount {
  /** Names of the Pulsar topics that MQTT clients publish to. */
  readonly names: Set<string>;
  readonly countedMs: number;
}

/** The Pulsar topics that MQTT's topics are on: looked up, made and marked (docs/mapping.md). */
export class MqttTopicRegistry implements MqttTopics {
  /** By the rules: a tenant that is removed and comes again may have others. */
  private readonly mappings = new WeakMap<readonly MqttTopicRule[], TopicMapping>();
  private readonly known = new Map<string, Known>();
  private readonly lookups = new Map<string, Promise<MqttTopic | undefined>>();
  private readonly openings = new Map<string, Promise<MqttTopic>>();
  private readonly counts = new Map<string, Promise<TopicCount>>();
  private readonly listeners = new Set<(tenant: string, name: string) => void>();
  private readonly unfollow: () => void;

  constructor(
    private readonly admin: MqttTopicAdmin,
    private readonly cluster: Pick<ClusterView, 'announce' | 'onAnnouncement'>,
    private readonly now: () => number = () => performance.now(),
    private readonly limits?: RateLimits,
  ) {
    this.unfollow = cluster.onAnnouncement(announcement, (payload) => {
      const { tenant, name } = JSON.parse(payload) as { tenant: string; name: string };
      this.known.delete(keyOf(tenant, name));
      for (const listener of this.listeners) listener(tenant, name);
    });
  }

  close(): void {
    this.unfollow();
    this.listeners.clear();
  }

  mapping(tenant: Tenant): TopicMapping {
    const { topics } = tenant.mqtt ?? tenantMqttDefaults;
    let mapping = this.mappings.get(topics);
    if (mapping === undefined) {
      mapping = new TopicMapping(topics);
      this.mappings.set(topics, mapping);
    }
    return mapping;
  }

  onBecameMqtt(listener: (tenant: string, name: string) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  invalidate(tenant: Tenant, name: string): void {
    this.known.delete(keyOf(tenant.name, name));
    this.lookups.delete(keyOf(tenant.name, name));
  }

  resolve(tenant: Tenant, name: string): Promise<MqttTopic | undefined> {
    const key = keyOf(tenant.name, name);
    const known = this.known.get(key);
    if (known !== undefined && known.untilMs > this.now()) return Promise.resolve(known.topic);
    const running = this.lookups.get(key);
    if (running !== undefined) return running;
    const lookup = this.load(tenant, name).then((topic) => {
      // Whoever invalidated meanwhile knows better than this answer.
      if (this.lookups.get(key) === lookup) this.remember(key, topic);
      return topic;
    });
    this.lookups.set(key, lookup);
    const forget = () => {
      if (this.lookups.get(key) === lookup) this.lookups.delete(key);
    };
    lookup.then(forget, forget);
    return lookup;
  }

  forPublishing(tenant: Tenant, name: string, by?: TopicUser): Promise<MqttTopic> {
    const key = keyOf(tenant.name, name);
    const running = this.openings.get(key);
    if (running !== undefined) return running;
    const opening = this.open(tenant, name, by).finally(() => this.openings.delete(key));
    this.openings.set(key, opening);
    return opening;
  }

  private async open(tenant: Tenant, name: string, by?: TopicUser): Promise<MqttTopic> {
    const found = await this.resolve(tenant, name);
    if (found?.ofMqtt) return found;
    const { topicsMax, autoCreateTopics, partitionsDefault } = tenant.mqtt ?? tenantMqttDefaults;
    if (found === undefined && !autoCreateTopics) {
      throw new MqttError(MqttReasonCode.TOPIC_NAME_INVALID, `there is no Pulsar topic ${name}`);
    }
    await this.requireRoom(tenant, name, topicsMax);
    const pulsarTopic = `persistent://${tenant.pulsarNamespace}/${name}`;
    const properties = { [mqttTopicProperty]: 'true' };
    if (found === undefined) {
      await this.requireCreation(tenant, partitionsDefault);
      try {
        await this.admin.createPartitionedTopic(pulsarTopic, partitionsDefault, properties);
        by?.log?.changed('topic.create', name, by.clientId);
      } catch (error) {
        if (!isStatus(error, 409)) throw error;
        await this.admin.setProperties(pulsarTopic, properties);
      }
    } else {
      await this.admin.setProperties(pulsarTopic, properties);
    }
    return this.opened(tenant, name);
  }

  private async requireCreation(tenant: Tenant, partitions: number): Promise<void> {
    const count = () => topicCount(this.admin, tenant.pulsarNamespace);
    const refusal = await this.limits?.of(tenant).creations.refusal(1, partitions, count);
    if (refusal === undefined) return;
    const message =
      refusal.quota === 'topics'
        ? `the tenant has at most ${refusal.topicsMax} topics`
        : 'topics are created faster than they may be';
    throw new MqttError(MqttReasonCode.QUOTA_EXCEEDED, message);
  }

  /** It is MQTT's now: all gateways are to know. */
  private async opened(tenant: Tenant, name: string): Promise<MqttTopic> {
    this.invalidate(tenant, name);
    const topic = await this.resolve(tenant, name);
    if (topic === undefined) {
      const message = `the Pulsar topic ${name} was deleted meanwhile`;
      throw new MqttError(MqttReasonCode.IMPLEMENTATION_SPECIFIC_ERROR, message);
    }
    this.cluster.announce(announcement, JSON.stringify({ tenant: tenant.name, name }));
    for (const listener of this.listeners) listener(tenant.name, name);
    return topic;
  }

  /** Two gateways that make topics at the same moment may go over it by one. */
  private async requireRoom(tenant: Tenant, name: string, topicsMax: number): Promise<void> {
    let count = await this.countOf(tenant);
    if (count.names.size >= topicsMax && this.now() - count.countedMs >= countKnownMs) {
      this.counts.delete(tenant.name);
      count = await this.countOf(tenant);
    }
    if (count.names.size >= topicsMax && !count.names.has(name)) {
      const message = `as many Pulsar topics as MQTT may use (mqtt.topicsMax, ${topicsMax}) are in use`;
      throw new MqttError(MqttReasonCode.QUOTA_EXCEEDED, message);
    }
    count.names.add(name);
  }

  private countOf(tenant: Tenant): Promise<TopicCount> {
    let count = this.counts.get(tenant.name);
    if (count === undefined) {
      count = this.count(tenant);
      this.counts.set(tenant.name, count);
      count.catch(() => this.counts.delete(tenant.name));
    }
    return count;
  }

  private async count(tenant: Tenant): Promise<TopicCount> {
    const { pulsarNamespace } = tenant;
    const [partitioned, all] = await Promise.all([
      this.admin.partitionedTopics(pulsarNamespace),
      this.admin.topics(pulsarNamespace),
    ]);
    const prefix = `persistent://${pulsarNamespace}/`;
    const listed = new Set(
      [...partitioned, ...all].map((topic) => withoutPartition(topic).slice(prefix.length)),
    );
    const left = listed.values();
    const names = new Set<string>();
    const lookUp = async () => {
      for (const name of left) if ((await this.resolve(tenant, name))?.marked) names.add(name);
    };
    await Promise.all(Array.from({ length: lookupsParallelMax }, lookUp));
    return { names, countedMs: this.now() };
  }

  private remember(key: string, topic: MqttTopic | undefined): void {
    this.known.delete(key);
    if (topic === undefined) return;
    this.known.set(key, { topic, untilMs: this.now() + topicKnownMs });
    if (this.known.size > topicsKnownMax) this.known.delete(this.known.keys().next().value as string);
  }

  private async load(tenant: Tenant, name: string): Promise<MqttTopic | undefined> {
    const pulsarTopic = `persistent://${tenant.pulsarNamespace}/${name}`;
    try {
      const { partitions, properties } = await this.admin.partitionedMetadata(pulsarTopic);
      const known = partitions > 0 ? properties : await this.admin.properties(pulsarTopic);
      const marked = known?.[mqttTopicProperty] === 'true';
      return {
        name,
        marked,
        pulsarTopic,
        partitions: partitionsOf(pulsarTopic, partitions),
        ofMqtt: marked || this.mapping(tenant).isNamed(name),
        compacted: known?.[cleanupPolicyProperty]?.split(',').includes('compact') ?? false,
      };
    } catch (error) {
      if (isStatus(error, 404)) return undefined;
      throw error;
    }
  }
}

function partitionsOf(pulsarTopic: string, count: number): readonly string[] {
  if (count === 0) return [pulsarTopic];
  return Array.from({ length: count }, (_, partition) => partitionTopicName(pulsarTopic, partition));
}

function isStatus(error: unknown, status: number): boolean {
  return error instanceof PulsarAdminError && error.status === status;
}

/** No tenant's name contains a slash. */
function keyOf(tenant: string, name: string): string {
  return `${tenant}/${name}`;
}
