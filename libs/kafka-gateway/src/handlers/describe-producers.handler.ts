import {
  type DescribeProducersRequest,
  type DescribeProducersRequestTopicRequest as ProducersWanted,
  type DescribeProducersResponse,
  type DescribeProducersResponsePartitionResponse as PartitionProducers,
  type DescribeProducersResponseTopicResponse as TopicProducers,
  describeProducersApi,
  type Encodable,
  KafkaErrorCode,
} from '#libs/kafka-codec';
import type { ApiHandler, RequestContext } from '../handler.js';
import { KafkaError, kafkaErrorCode, kafkaErrorMessage } from '../kafka.errors.js';
import { boundedParallel } from '../topics/bounded-parallel.js';
import { TopicAuthorization } from '../topics/topic-authorization.js';
import { lookupsParallelMax } from '../topics/topic-registry.js';

/** Nothing: no transaction is open, and none was coordinated. */
const none = -1;

/** DescribeProducers v0 (KIP-664): the idempotent producers that this gateway remembers of each partition. */
export const describeProducersHandler: ApiHandler<DescribeProducersRequest, DescribeProducersResponse> = {
  api: describeProducersApi,
  versionMin: 0,
  versionMax: 0,
  async handle(request, context) {
    const topics = await boundedParallel(request.topics, lookupsParallelMax, (topic) =>
      describe(topic, context),
    );
    return { topics };
  },
};

async function describe(
  { name, partitionIndexes }: ProducersWanted,
  context: RequestContext,
): Promise<Encodable<TopicProducers>> {
  const { gateway, principal } = context;
  try {
    // As Kafka, which asks for READ.
    new TopicAuthorization(context).require('consume', name);
    const topic = await gateway.topics.resolve(principal.tenant, name);
    const partitions = partitionIndexes.map((partitionIndex): Encodable<PartitionProducers> => {
      if (topic === undefined || partitionIndex < 0 || partitionIndex >= topic.partitions) {
        const error = new KafkaError(KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 'there is no such partition');
        return refused(partitionIndex, error, name, context);
      }
      if (!gateway.leaders.leads(topic, partitionIndex)) {
        const error = new KafkaError(
          KafkaErrorCode.NOT_LEADER_OR_FOLLOWER,
          'another gateway leads the partition',
        );
        return refused(partitionIndex, error, name, context);
      }
      const producers = gateway.partitions.producers(topic, partitionIndex);
      return {
        partitionIndex,
        errorMessage: null,
        activeProducers: producers.map(({ producerId, epoch, lastSequence, lastUsedMs }) => ({
          producerId,
          producerEpoch: epoch,
          lastSequence,
          lastTimestamp: BigInt(lastUsedMs),
          coordinatorEpoch: none,
          currentTxnStartOffset: BigInt(none),
        })),
      };
    });
    return { name, partitions };
  } catch (error) {
    return { name, partitions: partitionIndexes.map((index) => refused(index, error, name, context)) };
  }
}

function refused(
  partitionIndex: number,
  error: unknown,
  name: string,
  context: RequestContext,
): Encodable<PartitionProducers> {
  const errorCode = kafkaErrorCode(error);
  const errorMessage = kafkaErrorMessage(error);
  context.refused(errorCode, errorMessage, name);
  return { partitionIndex, errorCode, errorMessage, activeProducers: [] };
}
