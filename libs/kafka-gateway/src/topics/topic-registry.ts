import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { topicNameFault } from '#libs/auth';
import { KafkaErrorCode } from '#libs/kafka-codec';
import { type PulsarAdmin, PulsarAdminError, partitionTopicName } from '#libs/pulsar';
import type { Tenant } from '#libs/tenancy';
import { KafkaError } from '../kafka.errors.js';
import { fromPulsarTopics, toPulsarTopic } from '../mapping/topic.mapping.js';
import {
  fromTopicProperties,
  offsetsProperty,
  type PulsarTopicSettings,
} from '../mapping/topic-config.mapping.js';
import { boundedParallel } from './bounded-parallel.js';
import type { KafkaTopic, Topics } from './kafka-topic.js';
import { TopicCache } from './topic-cache.js';
import { type LogStartAdmin, LogStarts } from './log-starts.js';
import { type TopicConfigAdmin, TopicConfigs } from './topic-configs.js';
import { newTopicId, topicIdOf, topicIdProperty } from './topic-id.js';

/** What is needed of Pulsar's admin REST. */
export type TopicAdmin = Pick<
  PulsarAdmin,
  | 'clusters'
  | 'createPartitionedTopic'
  | 'deletePartitionedTopic'
  | 'deleteTopic'
  | 'growPartitions'
  | 'partitionedMetadata'
  | 'partitionedTopics'
  | 'topics'
> &
  TopicConfigAdmin &
  LogStartAdmin;

/** Why no topic of a tenant is served at present: its namespace was not verified, or lacks what offsets need. */
export interface TenantRefusal {
  readonly retriable: boolean;
  readonly message: string;
}

export interface TopicRegistryOptions {
  readonly topicCacheMs: number;
  readonly topicCacheTopicsMax: number;
  readonly topicIdSettleMs: number;
  readonly compactionThresholdBytes: number;
  /** Told of every topic that was created, deleted or changed here, so that other gateways forget what they know. */
  readonly announceChange?: (tenant: Tenant, name: string) => void;
  /** Asked by the tenant's name before anything of it is touched; undefined when it is served. */
  readonly tenantRefusal?: (tenant: string) => TenantRefusal | undefined;
  /** By the tenant's name, once it is served: which offsets its topics have. Default: dense. */
  readonly offsetsOf?: (tenant: string) => 'dense' | 'sparse';
}

/** Look-ups of one request side by side; the admin REST has 32 connections in all. */
export const lookupsParallelMax = 16;
/** A client with an unknown topic id makes the whole namespace be read at most this often. */
const idScanIntervalMs = 5_000;

/**
 * The topics of all tenants: looked up in Pulsar, given their ids, created and deleted.
 *
 * A look-up is one REST request: the metadata of a partitioned topic carry its properties, and with them its id. A
 * topic that no gateway made has no id yet and gets one on first sight. Of two gateways that give one at the same time
 * the last write stays, so both read again a moment later and use what they find.
 */
export class TopicRegistry implements Topics {
  /** What the topics are set to. */
  readonly configs: TopicConfigs;
  /** Where their partitions begin. */
  readonly logStarts: LogStarts;
  readonly #cache: TopicCache;
  readonly #lookups = new Map<string, Promise<KafkaTopic | undefined>>();
  readonly #scans = new Map<string, { promise: Promise<void>; startedMs: number }>();
  #clusterName: string | undefined;

  constructor(
    private readonly admin: TopicAdmin,
    private readonly options: TopicRegistryOptions,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.configs = new TopicConfigs(admin, options.compactionThresholdBytes);
    this.logStarts = new LogStarts(admin);
    this.#cache = new TopicCache(options.topicCacheTopicsMax, options.topicCacheMs, now);
  }

  /** @throws KafkaError INVALID_TOPIC_EXCEPTION, or what the tenant is refused with; PulsarAdminError, PulsarError */
  async resolve(tenant: Tenant, name: string): Promise<KafkaTopic | undefined> {
    const cached = this.known(tenant, name);
    if (cached !== undefined) return cached;
    const fault = topicNameFault(name);
    if (fault !== undefined) throw new KafkaError(KafkaErrorCode.INVALID_TOPIC_EXCEPTION, fault);
    const key = lookupKey(tenant, name);
    const running = this.#lookups.get(key);
    if (running !== undefined) return running;
    const lookup = this.#load(tenant, name).then((topic) => {
      // Whoever invalidated meanwhile knows better than this answer.
      if (this.#lookups.get(key) === lookup) {
        if (topic === undefined) this.#cache.delete(tenant, name);
        else this.#cache.set(tenant, topic);
      }
      return topic;
    });
    this.#lookups.set(key, lookup);
    const forget = () => {
      if (this.#lookups.get(key) === lookup) this.#lookups.delete(key);
    };
    lookup.then(forget, forget);
    return lookup;
  }

  /** The same for a list of topics, which one that cannot be served must not spoil: it is left out. */
  async resolveListed(tenant: Tenant, name: string): Promise<KafkaTopic | undefined> {
    try {
      return await this.resolve(tenant, name);
    } catch (error) {
      if (error instanceof OtherOffsets) return undefined;
      throw error;
    }
  }

  /** What is known of a topic at this moment, without asking Pulsar. @throws KafkaError what the tenant is refused with */
  known(tenant: Tenant, name: string): KafkaTopic | undefined {
    this.#requireServed(tenant);
    return this.#cache.get(tenant, name);
  }

  /** The same by its id. */
  knownById(tenant: Tenant, id: Buffer): KafkaTopic | undefined {
    this.#requireServed(tenant);
    return this.#cache.getById(tenant, id);
  }

  invalidate(tenant: Pick<Tenant, 'name'>, name: string): void {
    this.#cache.delete(tenant, name);
    this.#lookups.delete(lookupKey(tenant, name));
  }

  /** The topic is not what it was: it is forgotten here and on the other gateways. */
  changed(tenant: Tenant, name: string): void {
    this.invalidate(tenant, name);
    this.options.announceChange?.(tenant, name);
  }

  /** By id (KIP-516). An id that is not cached is looked for in the whole namespace, at most every five seconds. */
  async resolveId(tenant: Tenant, id: Buffer): Promise<KafkaTopic | undefined> {
    const known = await this.#resolveKnownId(tenant, id);
    if (known !== undefined) return known;
    await this.#scan(tenant);
    return this.#resolveKnownId(tenant, id);
  }

  /**
   * Names of all topics of the tenant that Kafka clients can name. Where the tenant is not served yet nobody is told: a rule
   * that hides some of them may not have been read.
   *
   * @throws KafkaError LEADER_NOT_AVAILABLE; PulsarAdminError
   */
  async names(tenant: Tenant): Promise<string[]> {
    if (this.options.tenantRefusal?.(tenant.name)?.retriable) this.#requireServed(tenant);
    const { pulsarNamespace } = tenant;
    try {
      const [partitioned, all] = await Promise.all([
        this.admin.partitionedTopics(pulsarNamespace),
        this.admin.topics(pulsarNamespace),
      ]);
      // Partitions drop out by their names, so what is left of `all` are topics without partitions.
      return fromPulsarTopics(tenant, [...partitioned, ...all]);
    } catch (error) {
      if (isStatus(error, 404)) return [];
      throw error;
    }
  }

  /**
   * Creates a partitioned topic with a new id; when this resolves, its settings act.
   *
   * @throws KafkaError TOPIC_ALREADY_EXISTS, INVALID_TOPIC_EXCEPTION; PulsarAdminError, PulsarError
   */
  async create(
    tenant: Tenant,
    name: string,
    partitions: number,
    settings?: PulsarTopicSettings,
  ): Promise<KafkaTopic> {
    this.#requireServed(tenant);
    const fault = topicNameFault(name);
    if (fault !== undefined) throw new KafkaError(KafkaErrorCode.INVALID_TOPIC_EXCEPTION, fault);
    const pulsarTopic = toPulsarTopic(tenant, name);
    const properties = { ...settings?.properties, ...this.#newProperties(tenant) };
    try {
      await this.admin.createPartitionedTopic(pulsarTopic, partitions, properties);
    } catch (error) {
      if (!isStatus(error, 409)) throw error;
      throw new KafkaError(KafkaErrorCode.TOPIC_ALREADY_EXISTS, `topic ${name} already exists`);
    }
    this.changed(tenant, name);
    try {
      if (settings !== undefined) await this.configs.apply(pulsarTopic, settings);
    } catch (error) {
      // Half of what was asked for is not what was asked for.
      await this.admin.deletePartitionedTopic(pulsarTopic, { force: true }).catch(() => {});
      throw error;
    }
    const topic = await this.resolve(tenant, name);
    if (topic === undefined) {
      throw new KafkaError(KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `topic ${name} was deleted meanwhile`);
    }
    return topic;
  }

  /**
   * Deletes a topic with everything that hangs on it; when this resolves, it is gone. Gives the topic that it was.
   *
   * @throws KafkaError UNKNOWN_TOPIC_OR_PARTITION, INVALID_TOPIC_EXCEPTION; PulsarAdminError, PulsarError
   */
  async delete(tenant: Tenant, name: string): Promise<KafkaTopic> {
    this.invalidate(tenant, name);
    const topic = await this.resolve(tenant, name);
    if (topic === undefined) {
      throw new KafkaError(KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `topic ${name} does not exist`);
    }
    try {
      if (isPartitioned(topic)) await this.admin.deletePartitionedTopic(topic.pulsarTopic, { force: true });
      else await this.admin.deleteTopic(topic.pulsarTopic, { force: true });
    } catch (error) {
      if (!isStatus(error, 404)) throw error;
      throw new KafkaError(KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `topic ${name} was deleted meanwhile`);
    } finally {
      this.changed(tenant, name);
    }
    return topic;
  }

  /**
   * Raises the number of partitions; when this resolves, they are there.
   *
   * @throws KafkaError INVALID_PARTITIONS, UNKNOWN_TOPIC_OR_PARTITION; PulsarAdminError, PulsarError
   */
  async grow(tenant: Tenant, topic: KafkaTopic, partitions: number): Promise<void> {
    try {
      await this.admin.growPartitions(topic.pulsarTopic, partitions);
    } catch (error) {
      // Somebody else was faster: Pulsar wants more partitions than there are.
      if (!isStatus(error, 406) && !isStatus(error, 409) && !isStatus(error, 412)) throw error;
      throw new KafkaError(KafkaErrorCode.INVALID_PARTITIONS, error.message);
    } finally {
      this.changed(tenant, topic.name);
    }
  }

  /** The same on every gateway of a Pulsar cluster, another for each tenant; undefined while Pulsar cannot be asked. */
  async clusterId(tenant: Tenant): Promise<string | undefined> {
    try {
      this.#clusterName ??= (await this.admin.clusters()).sort().join(',');
    } catch {
      return undefined;
    }
    const digest = createHash('sha256').update(`${this.#clusterName}\n${tenant.name}`).digest();
    return digest.subarray(0, 16).toString('base64url');
  }

  #requireServed(tenant: Tenant): void {
    const refusal = this.options.tenantRefusal?.(tenant.name);
    if (refusal === undefined) return;
    const { LEADER_NOT_AVAILABLE, POLICY_VIOLATION } = KafkaErrorCode;
    throw new KafkaError(refusal.retriable ? LEADER_NOT_AVAILABLE : POLICY_VIOLATION, refusal.message);
  }

  async #load(tenant: Tenant, name: string): Promise<KafkaTopic | undefined> {
    const pulsarTopic = toPulsarTopic(tenant, name);
    try {
      const metadata = await this.admin.partitionedMetadata(pulsarTopic);
      const partitioned = metadata.partitions > 0;
      let properties = metadata.properties ?? {};
      if (!partitioned) properties = await this.admin.properties(pulsarTopic);
      let id = topicIdOf(properties);
      if (id === undefined) {
        properties = await this.#adopt(tenant, pulsarTopic);
        id = topicIdOf(properties)!;
      }
      this.#requireOffsets(tenant, name, properties);
      return new ResolvedTopic(
        name,
        id,
        pulsarTopic,
        metadata.partitions,
        fromTopicProperties(properties, tenant.kafka.messageBytesMax),
      );
    } catch (error) {
      if (isStatus(error, 404)) return undefined;
      throw error;
    }
  }

  /** What a topic is given when a gateway sees it first. Which offsets it has stays as it is for ever. */
  #newProperties(tenant: Tenant): Record<string, string> {
    const id = { [topicIdProperty]: newTopicId() };
    return this.#offsetsOf(tenant) === 'sparse' ? { ...id, [offsetsProperty]: 'sparse' } : id;
  }

  /** Gives an id; resolves with the properties as they then are. */
  async #adopt(tenant: Tenant, pulsarTopic: string): Promise<Record<string, string>> {
    await this.admin.setProperties(pulsarTopic, this.#newProperties(tenant));
    await delay(this.options.topicIdSettleMs);
    const properties = await this.admin.properties(pulsarTopic);
    if (topicIdOf(properties) === undefined) {
      throw new Error(`the id of ${pulsarTopic} was not there after it was written`);
    }
    return properties;
  }

  #offsetsOf(tenant: Tenant): 'dense' | 'sparse' {
    return this.options.offsetsOf?.(tenant.name) ?? 'dense';
  }

  /** Offsets of two kinds on one topic would make committed ones mean something else. */
  #requireOffsets(tenant: Tenant, name: string, properties: Readonly<Record<string, string>>): void {
    const has = properties[offsetsProperty] ?? 'dense';
    const served = this.#offsetsOf(tenant);
    if (has === served) return;
    throw new OtherOffsets(
      `topic ${name} has ${has.slice(0, 20)} offsets, and its namespace is served with ${served} ones`,
    );
  }

  async #resolveKnownId(tenant: Tenant, id: Buffer): Promise<KafkaTopic | undefined> {
    const name = this.#cache.nameOf(tenant, id);
    if (name === undefined) return undefined;
    const topic = await this.resolve(tenant, name);
    return topic?.id.equals(id) ? topic : undefined;
  }

  async #scan(tenant: Tenant): Promise<void> {
    const last = this.#scans.get(tenant.name);
    if (last !== undefined && this.now() - last.startedMs < idScanIntervalMs) return last.promise;
    const promise = this.names(tenant).then(async (names) => {
      await boundedParallel(names, lookupsParallelMax, (name) => this.resolveListed(tenant, name));
    });
    this.#scans.set(tenant.name, { promise, startedMs: this.now() });
    return promise;
  }
}

/** The topic was served with the other kind of offsets. */
class OtherOffsets extends KafkaError {
  constructor(message: string) {
    super(KafkaErrorCode.POLICY_VIOLATION, message);
  }
}

class ResolvedTopic implements KafkaTopic {
  readonly partitions: number;

  constructor(
    readonly name: string,
    readonly id: Buffer,
    readonly pulsarTopic: string,
    /** Pulsar's count: 0 for a topic without partitions. */
    readonly pulsarPartitions: number,
    readonly config: KafkaTopic['config'],
  ) {
    this.partitions = Math.max(1, pulsarPartitions);
  }

  partitionTopic(partition: number): string {
    return this.pulsarPartitions === 0 ? this.pulsarTopic : partitionTopicName(this.pulsarTopic, partition);
  }
}

/** Whether Pulsar has partitions for it: a topic without has one, and can have no more. */
export function isPartitioned(topic: KafkaTopic): boolean {
  return topic.partitionTopic(0) !== topic.pulsarTopic;
}

function isStatus(error: unknown, status: number): error is PulsarAdminError {
  return error instanceof PulsarAdminError && error.status === status;
}

function lookupKey(tenant: Pick<Tenant, 'name'>, name: string): string {
  return `${tenant.name}/${name}`;
}
