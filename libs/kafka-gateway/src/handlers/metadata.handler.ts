import { topicNameFault } from '#libs/auth';
import {
  type Encodable,
  KafkaErrorCode,
  type MetadataRequest,
  type MetadataResponse,
  type MetadataResponseMetadataResponsePartition as MetadataPartition,
  type MetadataResponseMetadataResponseTopic as MetadataTopic,
  metadataApi,
} from '#libs/kafka-codec';
import { loopTurn } from '../connection/loop-turn.js';
import { type ApiHandler, noResponse, type RequestContext } from '../handler.js';
import { KafkaError, kafkaErrorCode, kafkaErrorMessage } from '../kafka.errors.js';
import { Brokers } from '../routing/brokers.js';
import { boundedParallel } from '../topics/bounded-parallel.js';
import type { KafkaTopic } from '../topics/kafka-topic.js';
import { requireCreation } from '../topics/creation-quota.js';
import { TopicAuthorization } from '../topics/topic-authorization.js';
import { isZeroTopicId } from '../topics/topic-id.js';
import { lookupsParallelMax } from '../topics/topic-registry.js';

/** Until this version an empty list means all topics, from it on null does. */
const nullMeansAllSince = 1;
/** Topics by id (KIP-516), whatever their name then is. Versions 10 and 11 have the field, and Kafka refuses it there. */
const byIdSince = 12;

/** From so many names on, the names that there are come as one list; names that are not in it are not asked for. */
const namesListedFrom = 500;

type TopicAnswer = Encodable<MetadataTopic>;

/**
 * Metadata v0-13.
 *
 * The brokers are the live gateways, each at the address under which its listener of the client's name is advertised.
 * Rendezvous hashing gives each partition its leader, which is all replicas; Pulsar does the replication. The controller
 * is the gateway that answers: each can do all. Topics that the principal may not
 * describe are TOPIC_AUTHORIZATION_FAILED when asked for by name and left out of the list of all. A topic that is not
 * there is created where request, tenant and permissions allow it, and is ready when answered.
 */
export const metadataHandler: ApiHandler<MetadataRequest, MetadataResponse> = {
  api: metadataApi,
  versionMin: 0,
  versionMax: 13,
  async handle(request, context) {
    const { principal, gateway } = context;
    const { tenant } = principal;
    const version = context.header.apiVersion;
    const lookup = new MetadataLookup(request, context);
    const [topics, clusterId] = await Promise.all([lookup.topics(), gateway.topics.clusterId(tenant)]);
    if (topics === undefined) return noResponse;
    const brokers = new Brokers(gateway.cluster, context.connection.link.listener);
    return {
      brokers: brokers.list.map((each) => ({ ...each, rack: null })),
      clusterId: clusterId ?? null,
      controllerId: brokers.controllerId,
      topics,
      ...(version >= 8 &&
        version <= 10 &&
        request.includeClusterAuthorizedOperations && {
          clusterAuthorizedOperations: lookup.authorization.clusterOperations(),
        }),
    };
  },
};

/** The topics of one Metadata request. */
class MetadataLookup {
  readonly authorization: TopicAuthorization;
  readonly #version: number;
  /** The names that there are, where they were listed. */
  #existing: ReadonlySet<string> | undefined;

  constructor(
    private readonly request: MetadataRequest,
    private readonly context: RequestContext,
  ) {
    this.#version = context.header.apiVersion;
    this.authorization = new TopicAuthorization(context);
  }

  /** Undefined when the connection has ended, or had to be ended instead. */
  async topics(): Promise<TopicAnswer[] | undefined> {
    const { topics: asked } = this.request;
    const all = asked === null || (asked.length === 0 && this.#version < nullMeansAllSince);
    if (all) return this.#all();
    const names = new Set<string>();
    const ids = new Map<string, Buffer>();
    for (const { name, topicId } of asked) {
      if (this.#version >= byIdSince && !isZeroTopicId(topicId)) ids.set(topicId.toString('hex'), topicId);
      else names.add(name ?? '');
    }
    const { connection, gateway, principal } = this.context;
    if (names.size >= namesListedFrom) {
      const listed = await gateway.topics.names(principal.tenant).catch(() => undefined);
      this.#existing = listed && new Set(listed);
    }
    const wanted = [...names, ...ids.values()];
    const answers = await boundedParallel(wanted, lookupsParallelMax, async (each) => {
      if (loopTurn.isOver) await loopTurn.next();
      if (connection.closed) return undefined;
      return typeof each === 'string' ? this.#byName(each) : this.#byId(each);
    });
    return connection.closed ? undefined : (answers as TopicAnswer[]);
  }

  async #all(): Promise<TopicAnswer[] | undefined> {
    const { topics } = this.context.gateway;
    const { tenant } = this.context.principal;
    let names: string[];
    try {
      names = await topics.names(tenant);
    } catch (error) {
      // No field says that the list is not known (v13's is for re-bootstrapping only), and an empty list would be a lie.
      this.context.connection.fault(
        'topics-not-listed',
        `the topics could not be listed: ${kafkaErrorMessage(error)}`,
      );
      return undefined;
    }
    const answers = await boundedParallel(names, lookupsParallelMax, async (name) => {
      // A tenant may have thousands of topics and of rules, and each topic is decided by all of them the first time.
      if (loopTurn.isOver) await loopTurn.next();
      if (this.context.connection.closed || !this.authorization.may('describe', name)) return undefined;
      try {
        const topic = await topics.resolveListed(tenant, name);
        return topic === undefined ? undefined : this.#described(topic);
      } catch (error) {
        return this.#failed(name, error);
      }
    });
    return answers.filter((answer) => answer !== undefined);
  }

  async #byName(name: string): Promise<TopicAnswer> {
    const fault = topicNameFault(name);
    if (fault !== undefined) return this.#refused(name, KafkaErrorCode.INVALID_TOPIC_EXCEPTION, fault);
    if (!this.authorization.may('describe', name)) {
      return this.#refused(name, KafkaErrorCode.TOPIC_AUTHORIZATION_FAILED, 'the topic may not be described');
    }
    const { topics } = this.context.gateway;
    const { tenant } = this.context.principal;
    try {
      const isAbsent = this.#existing?.has(name) === false;
      const found = isAbsent ? undefined : await topics.resolve(tenant, name);
      const topic = found ?? (await this.#autoCreate(name));
      if (topic !== undefined) return this.#described(topic);
    } catch (error) {
      return this.#failed(name, error);
    }
    return this.#refused(name, KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 'there is no such topic');
  }

  /** Undefined where nobody wants it. Throws KafkaError TOPIC_AUTHORIZATION_FAILED where the principal may not. */
  async #autoCreate(name: string): Promise<KafkaTopic | undefined> {
    const { gateway, principal } = this.context;
    const { autoCreateTopics, partitionsDefault } = principal.tenant.kafka;
    if (!this.request.allowAutoTopicCreation || !autoCreateTopics) return undefined;
    if (!this.authorization.may('create', name)) {
      throw new KafkaError(KafkaErrorCode.TOPIC_AUTHORIZATION_FAILED, 'the topic may not be created');
    }
    await requireCreation(this.context, 1, partitionsDefault);
    try {
      const created = await gateway.topics.create(principal.tenant, name, partitionsDefault);
      this.context.changed('topic.create', name);
      return created;
    } catch (error) {
      if (kafkaErrorCode(error) !== KafkaErrorCode.TOPIC_ALREADY_EXISTS) throw error;
      return gateway.topics.resolve(principal.tenant, name);
    }
  }

  async #byId(id: Buffer): Promise<TopicAnswer> {
    const { gateway, principal } = this.context;
    try {
      const topic = await gateway.topics.resolveId(principal.tenant, id);
      if (topic !== undefined && this.authorization.may('describe', topic.name))
        return this.#described(topic);
      if (topic !== undefined) {
        const code = KafkaErrorCode.TOPIC_AUTHORIZATION_FAILED;
        // As Kafka: the id is no secret, the name is.
        return { ...this.#refused('', code, 'the topic may not be described'), name: null, topicId: id };
      }
    } catch (error) {
      return { ...this.#failed('', error), name: null, topicId: id };
    }
    return {
      ...this.#refused('', KafkaErrorCode.UNKNOWN_TOPIC_ID, 'no topic has this id'),
      name: null,
      topicId: id,
    };
  }

  #described(topic: KafkaTopic): TopicAnswer {
    const { leaders } = this.context.gateway;
    const partitions: Encodable<MetadataPartition>[] = [];
    for (let partitionIndex = 0; partitionIndex < topic.partitions; partitionIndex++) {
      const leaderId = leaders.leader(topic, partitionIndex);
      partitions.push({
        partitionIndex,
        leaderId,
        leaderEpoch: 0,
        replicaNodes: [leaderId],
        isrNodes: [leaderId],
      });
    }
    return {
      name: topic.name,
      topicId: topic.id,
      partitions,
      ...(this.#version >= 8 &&
        this.request.includeTopicAuthorizedOperations && {
          topicAuthorizedOperations: this.authorization.topicOperations(topic.name),
        }),
    };
  }

  #refused(name: string, errorCode: number, why: string): TopicAnswer {
    this.context.refused(errorCode, why, name);
    return { name, errorCode };
  }

  #failed(name: string, error: unknown): TopicAnswer {
    const code = kafkaErrorCode(error);
    // Every client asks again on LEADER_NOT_AVAILABLE; the other retriable codes some take for final in Metadata.
    const asksAgain =
      code === KafkaErrorCode.NOT_LEADER_OR_FOLLOWER ||
      code === KafkaErrorCode.REQUEST_TIMED_OUT ||
      code === KafkaErrorCode.KAFKA_STORAGE_ERROR;
    return this.#refused(
      name,
      asksAgain ? KafkaErrorCode.LEADER_NOT_AVAILABLE : code,
      kafkaErrorMessage(error),
    );
  }
}
