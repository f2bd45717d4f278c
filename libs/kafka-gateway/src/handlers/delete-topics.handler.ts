import {
  type DeleteTopicsRequest,
  type DeleteTopicsResponse,
  type DeleteTopicsResponseDeletableTopicResult as DeletableTopicResult,
  deleteTopicsApi,
  type Encodable,
  KafkaErrorCode,
} from '#libs/kafka-codec';
import type { ApiHandler, RequestContext } from '../handler.js';
import { controllerErrorCode, KafkaError, kafkaErrorMessage } from '../kafka.errors.js';
import { boundedParallel } from '../topics/bounded-parallel.js';
import { TopicAuthorization } from '../topics/topic-authorization.js';
import { isZeroTopicId, zeroTopicId } from '../topics/topic-id.js';

const deletionsParallelMax = 4;
/** From here on a topic is given as name or id in one list; before, there is a list of names. */
const byIdSince = 6;

/** One topic as the client named it. */
interface Asked {
  readonly name: string | null;
  readonly topicId: Buffer;
}

type Result = Encodable<DeletableTopicResult>;

/**
 * DeleteTopics v0-6, by name or by id. What is answered with success is gone: a topic of the same name that is created
 * next has a new id and starts at offset 0.
 */
export const deleteTopicsHandler: ApiHandler<DeleteTopicsRequest, DeleteTopicsResponse> = {
  api: deleteTopicsApi,
  versionMin: 0,
  versionMax: 6,
  async handle(request, context) {
    const asked: Asked[] =
      context.header.apiVersion >= byIdSince
        ? request.topics
        : request.topicNames.map((name) => ({ name, topicId: zeroTopicId }));
    const times = new Map<string, number>();
    for (const topic of asked) times.set(keyOf(topic), (times.get(keyOf(topic)) ?? 0) + 1);
    // Each topic is deleted once, so a topic that is asked for twice is answered once, with an error.
    const unique = [...new Map(asked.map((topic) => [keyOf(topic), topic])).values()];
    const responses = await boundedParallel(unique, deletionsParallelMax, (topic) =>
      answer(topic, times.get(keyOf(topic)) ?? 1, context),
    );
    return { responses };
  },
};

function keyOf({ name, topicId }: Asked): string {
  return name === null ? `id ${topicId.toString('hex')}` : `name ${name}`;
}

async function answer(asked: Asked, times: number, context: RequestContext): Promise<Result> {
  let { name } = asked;
  try {
    const byId = name === null;
    if (times > 1) throw invalidRequest('the request names the topic more than once');
    if (byId === isZeroTopicId(asked.topicId)) {
      throw invalidRequest('a topic is named by its name or by its id, not by both or neither');
    }
    name ??= await nameOf(asked.topicId, context);
    const topicId = await remove(name, context);
    context.changed('topic.delete', name);
    return { name, topicId, errorMessage: null };
  } catch (error) {
    const errorCode = controllerErrorCode(error);
    const errorMessage = kafkaErrorMessage(error);
    context.refused(errorCode, errorMessage, name ?? undefined);
    // As Kafka: the id is no secret, the name that it belongs to is.
    return { name: asked.name, topicId: asked.topicId, errorCode, errorMessage };
  }
}

async function nameOf(id: Buffer, { gateway, principal }: RequestContext): Promise<string> {
  const topic = await gateway.topics.resolveId(principal.tenant, id);
  if (topic === undefined) throw new KafkaError(KafkaErrorCode.UNKNOWN_TOPIC_ID, 'no topic has this id');
  return topic.name;
}

async function remove(name: string, context: RequestContext): Promise<Buffer> {
  const { gateway, principal } = context;
  new TopicAuthorization(context).require('delete', name);
  const topic = await gateway.topics.delete(principal.tenant, name);
  return topic.id;
}

function invalidRequest(message: string): KafkaError {
  return new KafkaError(KafkaErrorCode.INVALID_REQUEST, message);
}
