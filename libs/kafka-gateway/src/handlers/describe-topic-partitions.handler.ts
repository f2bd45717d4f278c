import {
  type DescribeTopicPartitionsRequest,
  type DescribeTopicPartitionsResponse,
  type DescribeTopicPartitionsResponseCursor as PartitionsCursor,
  type DescribeTopicPartitionsResponseDescribeTopicPartitionsResponsePartition as DescribedPartition,
  type DescribeTopicPartitionsResponseDescribeTopicPartitionsResponseTopic as DescribedTopic,
  describeTopicPartitionsApi,
  type Encodable,
  KafkaErrorCode,
} from '#libs/kafka-codec';
import { loopTurn } from '../connection/loop-turn.js';
import { type ApiHandler, noResponse, type RequestContext } from '../handler.js';
import { KafkaError, kafkaErrorCode, kafkaErrorMessage } from '../kafka.errors.js';
import type { KafkaTopic } from '../topics/kafka-topic.js';
import { TopicAuthorization } from '../topics/topic-authorization.js';

/** Kafka's max.request.partition.size.limit: partitions of one answer, whatever is asked for. */
const partitionsMax = 2_000;

/**
 * DescribeTopicPartitions v0 (KIP-966): topics in the order of their names, page by page. No topics asked for means
 * all that may be seen.
 */
export const describeTopicPartitionsHandler: ApiHandler<
  DescribeTopicPartitionsRequest,
  DescribeTopicPartitionsResponse
> = {
  api: describeTopicPartitionsApi,
  versionMin: 0,
  versionMax: 0,
  async handle(request, context) {
    let names: string[];
    try {
      names = await namesOf(request, context);
    } catch (error) {
      // No field says that the list is not known, and an empty list would be a lie.
      context.connection.fault('topics-not-listed', kafkaErrorMessage(error));
      return noResponse;
    }
    const page = new PartitionsPage(request, context);
    for (const name of names) {
      if (context.connection.closed) return noResponse;
      if (!(await page.add(name))) break;
    }
    return { topics: page.topics, nextCursor: page.next };
  },
};

/** From the cursor's topic on. */
async function namesOf(
  { topics, cursor }: DescribeTopicPartitionsRequest,
  context: RequestContext,
): Promise<string[]> {
  const names = [...new Set(topics.map(({ name }) => name))];
  if (names.length === 0) {
    const authorization = new TopicAuthorization(context);
    const all = await context.gateway.topics.names(context.principal.tenant);
    for (const name of all) {
      if (loopTurn.isOver) await loopTurn.next();
      if (authorization.may('describe', name)) names.push(name);
    }
  }
  return names.filter((name) => cursor === null || name >= cursor.topicName).sort();
}

class PartitionsPage {
  readonly topics: Encodable<DescribedTopic>[] = [];
  next: PartitionsCursor | null = null;
  readonly #authorization: TopicAuthorization;
  #left: number;

  constructor(
    private readonly request: DescribeTopicPartitionsRequest,
    private readonly context: RequestContext,
  ) {
    this.#left = Math.min(Math.max(1, request.responsePartitionLimit), partitionsMax);
    this.#authorization = new TopicAuthorization(context);
  }

  /** False when the page is full. */
  async add(name: string): Promise<boolean> {
    const { topics, context } = this;
    if (this.#left === 0) {
      this.next = { topicName: name, partitionIndex: 0 };
      return false;
    }
    try {
      this.#authorization.require('describe', name);
      const topic = await context.gateway.topics.resolve(context.principal.tenant, name);
      if (topic === undefined) {
        throw new KafkaError(KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 'there is no such topic');
      }
      this.#addTopic(topic);
    } catch (error) {
      const errorCode = kafkaErrorCode(error);
      context.refused(errorCode, kafkaErrorMessage(error), name);
      topics.push({ name, errorCode });
    }
    return this.next === null;
  }

  #addTopic(topic: KafkaTopic): void {
    const { cursor } = this.request;
    const { leaders } = this.context.gateway;
    const first = cursor?.topicName === topic.name ? Math.max(0, cursor.partitionIndex) : 0;
    const end = Math.min(topic.partitions, first + this.#left);
    const partitions: Encodable<DescribedPartition>[] = [];
    for (let partitionIndex = first; partitionIndex < end; partitionIndex++) {
      const leaderId = leaders.leader(topic, partitionIndex);
      partitions.push({
        partitionIndex,
        leaderId,
        leaderEpoch: 0,
        replicaNodes: [leaderId],
        isrNodes: [leaderId],
        eligibleLeaderReplicas: [],
        lastKnownElr: [],
      });
    }
    this.#left -= partitions.length;
    if (end < topic.partitions) this.next = { topicName: topic.name, partitionIndex: end };
    this.topics.push({
      name: topic.name,
      topicId: topic.id,
      partitions,
      topicAuthorizedOperations: this.#authorization.topicOperations(topic.name),
    });
  }
}
