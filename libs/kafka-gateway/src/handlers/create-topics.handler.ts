import {
  type CreateTopicsRequest,
  type CreateTopicsRequestCreatableTopic as CreatableTopic,
  type CreateTopicsResponse,
  type CreateTopicsResponseCreatableTopicResult as CreatableTopicResult,
  createTopicsApi,
  type Encodable,
  KafkaErrorCode,
} from '#libs/kafka-codec';
import type { Tenant } from '#libs/tenancy';
import type { ApiHandler, RequestContext } from '../handler.js';
import { controllerErrorCode, KafkaError, kafkaErrorMessage } from '../kafka.errors.js';
import { describeTopicConfig } from '../mapping/topic-config.description.js';
import {
  type PulsarRetention,
  type PulsarTopicSettings,
  toPulsarTopicSettings,
} from '../mapping/topic-config.mapping.js';
import { boundedParallel } from '../topics/bounded-parallel.js';
import { requireCreation } from '../topics/creation-quota.js';
import { TopicAuthorization } from '../topics/topic-authorization.js';

/** Topics created at the same time; each is several REST requests. */
const creationsParallelMax = 4;
/** "The broker's default" (KIP-464), or a manual assignment stands instead. */
const unset = -1;
/** Pulsar replicates in its own way. The usual factors are taken, so that tools work; more would be a promise. */
const replicationFactorMax = 3;

type Result = Encodable<CreatableTopicResult>;

/** KIP-525: who may not describe the topic is not told what it is like. */
const hiddenConfigs: Result = {
  numPartitions: unset,
  replicationFactor: unset,
  configs: [],
  topicConfigErrorCode: KafkaErrorCode.TOPIC_AUTHORIZATION_FAILED,
};

/**
 * CreateTopics v0-7. What is answered with success has happened: the topic is there with its partitions, a new id and
 * settings that act. Partitioned Pulsar topics only, also for one partition; -1 partitions are the tenant's default.
 * Configurations that do nothing here are INVALID_CONFIG. A manual assignment says how many partitions there are,
 * and nothing else; the log says so.
 */
export const createTopicsHandler: ApiHandler<CreateTopicsRequest, CreateTopicsResponse> = {
  api: createTopicsApi,
  versionMin: 0,
  versionMax: 7,
  async handle(request, context) {
    const asked = new Map<string, number>();
    for (const { name } of request.topics) asked.set(name, (asked.get(name) ?? 0) + 1);
    const unique = request.topics.filter((topic) => asked.get(topic.name) === 1);
    const topics = await boundedParallel(unique, creationsParallelMax, (topic) =>
      answer(topic, request.validateOnly, context),
    );
    for (const [name, times] of asked) {
      if (times === 1) continue;
      const error = new KafkaError(
        KafkaErrorCode.INVALID_REQUEST,
        'the request names the topic more than once',
      );
      topics.push(refusal(name, error, context));
    }
    return { topics };
  },
};

async function answer(
  topic: CreatableTopic,
  validateOnly: boolean,
  context: RequestContext,
): Promise<Result> {
  try {
    return await create(topic, validateOnly, context);
  } catch (error) {
    return refusal(topic.name, error, context);
  }
}

function refusal(name: string, error: unknown, context: RequestContext): Result {
  const errorCode = controllerErrorCode(error);
  const errorMessage = kafkaErrorMessage(error);
  context.refused(errorCode, errorMessage, name);
  return { name, errorCode, errorMessage, configs: null };
}

async function create(
  topic: CreatableTopic,
  validateOnly: boolean,
  context: RequestContext,
): Promise<Result> {
  const { gateway, principal } = context;
  const { name, assignments } = topic;
  const { tenant } = principal;
  const authorization = new TopicAuthorization(context);
  authorization.require('create', name);
  const numPartitions = partitionsOf(topic, tenant.kafka.partitionsDefault, gateway.options.partitionsMax);
  const replicationFactor = replicationFactorOf(topic);
  toPulsarTopicSettings(topic.configs);
  const inheritedRetention = await gateway.topics.configs.inheritedRetention(tenant);
  const settings = toPulsarTopicSettings(topic.configs, inheritedRetention);
  const result: Result = authorization.may('describe', name)
    ? { numPartitions, replicationFactor, configs: configsOf(settings, inheritedRetention, tenant) }
    : hiddenConfigs;
  gateway.topics.invalidate(tenant, name);
  // Who makes sure that a topic is there uses up nothing of what may be created.
  if ((await gateway.topics.resolve(tenant, name)) !== undefined) {
    throw new KafkaError(KafkaErrorCode.TOPIC_ALREADY_EXISTS, `topic ${name} already exists`);
  }
  if (validateOnly) return { ...result, name, errorMessage: null };
  if (assignments.length > 0) {
    const fields = { event: 'kafka.assignment-ignored', protocol: 'kafka', tenant: tenant.name, topic: name };
    gateway.log.warn(fields, 'replicas were assigned to brokers by hand, which Pulsar decides');
  }
  await requireCreation(context, 1, numPartitions);
  const created = await gateway.topics.create(tenant, name, numPartitions, settings);
  context.changed('topic.create', name);
  return { ...result, name, errorMessage: null, topicId: created.id };
}

/** The topic's configurations as DescribeConfigs will give them. */
function configsOf(
  settings: PulsarTopicSettings,
  inheritedRetention: PulsarRetention,
  tenant: Tenant,
): Result['configs'] {
  const { properties, retention, compacted } = settings;
  const { messageBytesMax: messageBytesMaxDefault } = tenant.kafka;
  const compacting = compacted;
  const state = { properties, retention, inheritedRetention, compacting, messageBytesMaxDefault };
  return describeTopicConfig(state).map(({ name, value, source, readOnly }) => ({
    name,
    value,
    readOnly,
    configSource: source,
    isSensitive: false,
  }));
}

function partitionsOf(topic: CreatableTopic, partitionsDefault: number, partitionsMax: number): number {
  const { assignments, numPartitions, replicationFactor } = topic;
  if (assignments.length > 0) {
    if (numPartitions !== unset || replicationFactor !== unset) {
      throw new KafkaError(
        KafkaErrorCode.INVALID_REQUEST,
        'with a manual assignment the numbers of partitions and replicas are not set',
      );
    }
    const indexes = assignments.map(({ partitionIndex }) => partitionIndex).sort((a, b) => a - b);
    if (indexes.some((index, position) => index !== position)) {
      throw new KafkaError(
        KafkaErrorCode.INVALID_REPLICA_ASSIGNMENT,
        'the partitions of an assignment are 0, 1, 2 and so on, each once',
      );
    }
  } else if (numPartitions !== unset && numPartitions < 1) {
    throw new KafkaError(KafkaErrorCode.INVALID_PARTITIONS, 'a topic has at least one partition');
  }
  const partitions = assignments.length || (numPartitions === unset ? partitionsDefault : numPartitions);
  if (partitions > partitionsMax) {
    throw new KafkaError(
      KafkaErrorCode.INVALID_PARTITIONS,
      `a topic has at most ${partitionsMax} partitions`,
    );
  }
  return partitions;
}

function replicationFactorOf({ assignments, replicationFactor }: CreatableTopic): number {
  if (assignments.length > 0 || replicationFactor === unset) return 1;
  if (replicationFactor >= 1 && replicationFactor <= replicationFactorMax) return replicationFactor;
  throw new KafkaError(
    KafkaErrorCode.INVALID_REPLICATION_FACTOR,
    `a replication factor is -1 or 1 to ${replicationFactorMax}; Pulsar replicates by its own settings`,
  );
}
