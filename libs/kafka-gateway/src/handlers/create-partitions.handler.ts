import {
  type CreatePartitionsRequest,
  type CreatePartitionsRequestCreatePartitionsTopic as PartitionsWanted,
  type CreatePartitionsResponse,
  type CreatePartitionsResponseCreatePartitionsTopicResult as PartitionsResult,
  createPartitionsApi,
  type Encodable,
  KafkaErrorCode,
} from '#libs/kafka-codec';
import type { ApiHandler, RequestContext } from '../handler.js';
import { controllerErrorCode, KafkaError, kafkaErrorMessage } from '../kafka.errors.js';
import { boundedParallel } from '../topics/bounded-parallel.js';
import { requireCreation } from '../topics/creation-quota.js';
import { TopicAuthorization } from '../topics/topic-authorization.js';
import { isPartitioned } from '../topics/topic-registry.js';

const growthsParallelMax = 4;

/**
 * CreatePartitions v0-3. What is answered with success has happened: the partitions are there and take records.
 * Assignments say how many partitions there are to be, and nothing else.
 */
export const createPartitionsHandler: ApiHandler<CreatePartitionsRequest, CreatePartitionsResponse> = {
  api: createPartitionsApi,
  versionMin: 0,
  versionMax: 3,
  async handle({ topics, validateOnly }, context) {
    const times = new Map<string, number>();
    for (const { name } of topics) times.set(name, (times.get(name) ?? 0) + 1);
    const unique = [...new Map(topics.map((topic) => [topic.name, topic])).values()];
    const results = await boundedParallel(unique, growthsParallelMax, (topic) =>
      answer(topic, times.get(topic.name) ?? 1, validateOnly, context),
    );
    return { results };
  },
};

async function answer(
  topic: PartitionsWanted,
  times: number,
  validateOnly: boolean,
  context: RequestContext,
): Promise<Encodable<PartitionsResult>> {
  const { name } = topic;
  try {
    if (times > 1) {
      throw new KafkaError(KafkaErrorCode.INVALID_REQUEST, 'the request names the topic more than once');
    }
    await grow(topic, validateOnly, context);
    if (!validateOnly) context.changed('topic.add-partitions', name);
    return { name, errorMessage: null };
  } catch (error) {
    const errorCode = controllerErrorCode(error);
    const errorMessage = kafkaErrorMessage(error);
    context.refused(errorCode, errorMessage, name);
    return { name, errorCode, errorMessage };
  }
}

async function grow(
  { name, count, assignments }: PartitionsWanted,
  validateOnly: boolean,
  context: RequestContext,
): Promise<void> {
  const { tenant } = context.principal;
  const { topics, options } = context.gateway;
  new TopicAuthorization(context).require('alter', name);
  topics.invalidate(tenant, name);
  const topic = await topics.resolve(tenant, name);
  if (topic === undefined) {
    throw new KafkaError(KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 'there is no such topic');
  }
  const { partitions } = topic;
  if (count <= partitions) {
    throw invalidPartitions(`the topic has ${partitions} partitions: ${count} are not more`);
  }
  if (count > options.partitionsMax) {
    throw invalidPartitions(`a topic has at most ${options.partitionsMax} partitions`);
  }
  if (assignments !== null && assignments.length !== count - partitions) {
    throw new KafkaError(
      KafkaErrorCode.INVALID_REPLICA_ASSIGNMENT,
      `${count - partitions} new partitions have ${assignments.length} assignments`,
    );
  }
  if (!isPartitioned(topic)) {
    throw invalidPartitions('a Pulsar topic that is not partitioned has one partition for ever');
  }
  if (validateOnly) return;
  await requireCreation(context, 0, count - partitions);
  await topics.grow(tenant, topic, count);
}

function invalidPartitions(message: string): KafkaError {
  return new KafkaError(KafkaErrorCode.INVALID_PARTITIONS, message);
}
