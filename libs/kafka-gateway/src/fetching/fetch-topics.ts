import type { Buffer } from 'node:buffer';
import { KafkaErrorCode } from '#libs/kafka-codec';
import type { RequestContext } from '../handler.js';
import { KafkaError, kafkaErrorCode, kafkaErrorMessage } from '../kafka.errors.js';
import { boundedParallel } from '../topics/bounded-parallel.js';
import type { KafkaTopic } from '../topics/kafka-topic.js';
import { lookupsParallelMax } from '../topics/topic-registry.js';
import { fetchErrorCode } from './fetch-error-code.js';
import { type FetchPartition, topicKey } from './fetch-session.js';

/** A topic, or why it cannot be read. */
export type FetchTopic = KafkaTopic | KafkaError;

/** By `topicKey`. */
export type FetchTopics = ReadonlyMap<string, FetchTopic>;

/** The topics of the partitions: at once where all are known, else when Pulsar has been asked. */
export function fetchTopics(
  partitions: readonly FetchPartition[],
  context: RequestContext,
): FetchTopics | Promise<FetchTopics> {
  const topics = new Map<string, FetchTopic>();
  const missing = new Map<string, FetchPartition>();
  let last: FetchPartition | undefined;
  for (const partition of partitions) {
    // Neighbours mostly belong to one topic.
    if (last?.topic === partition.topic && last.topicId === partition.topicId) continue;
    last = partition;
    const key = topicKey(partition);
    if (topics.has(key) || missing.has(key)) continue;
    const known = knownTopic(partition, context);
    if (known === undefined) missing.set(key, partition);
    else topics.set(key, known);
  }
  return missing.size === 0 ? topics : lookUp(missing, topics, context);
}

async function lookUp(
  missing: ReadonlyMap<string, FetchPartition>,
  topics: Map<string, FetchTopic>,
  context: RequestContext,
): Promise<FetchTopics> {
  await boundedParallel([...missing], lookupsParallelMax, async ([key, partition]) => {
    if (context.connection.closed) return;
    topics.set(key, await askedTopic(partition, context));
  });
  return topics;
}

/** Undefined where Pulsar has to be asked. */
function knownTopic({ topic, topicId }: FetchPartition, context: RequestContext): FetchTopic | undefined {
  const { topics } = context.gateway;
  const { tenant } = context.principal;
  try {
    if (topic === '') return allowed(topics.knownById(tenant, topicId), context);
    // Permission comes first: without it nobody learns whether the topic exists.
    if (!mayConsume(topic, context)) return notAllowed(topic);
    return topics.known(tenant, topic);
  } catch (error) {
    return asFetchError(error);
  }
}

async function askedTopic({ topic, topicId }: FetchPartition, context: RequestContext): Promise<FetchTopic> {
  const { topics } = context.gateway;
  const { tenant } = context.principal;
  try {
    const found =
      topic === ''
        ? allowed(await topics.resolveId(tenant, topicId), context)
        : await topics.resolve(tenant, topic);
    return found ?? unknownTopic(topicId, topic);
  } catch (error) {
    return asFetchError(error);
  }
}

function allowed(topic: KafkaTopic | undefined, context: RequestContext): FetchTopic | undefined {
  return topic === undefined || mayConsume(topic.name, context) ? topic : notAllowed(topic.name);
}

export function mayConsume(name: string, context: RequestContext): boolean {
  return context.authorize('consume', { type: 'topic', name });
}

export function notAllowed(name: string): KafkaError {
  return new KafkaError(KafkaErrorCode.TOPIC_AUTHORIZATION_FAILED, `no permission to consume ${name}`);
}

function unknownTopic(id: Buffer, name: string): KafkaError {
  return name === ''
    ? new KafkaError(KafkaErrorCode.UNKNOWN_TOPIC_ID, `no topic has the id ${id.toString('hex')}`)
    : new KafkaError(KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 'there is no such topic');
}

function asFetchError(error: unknown): KafkaError {
  return new KafkaError(fetchErrorCode(kafkaErrorCode(error)), kafkaErrorMessage(error));
}
