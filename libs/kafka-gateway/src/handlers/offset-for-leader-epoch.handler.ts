import {
  type Encodable,
  KafkaErrorCode,
  type OffsetForLeaderEpochRequest,
  type OffsetForLeaderEpochRequestOffsetForLeaderPartition as PartitionAsked,
  type OffsetForLeaderEpochResponse,
  type OffsetForLeaderEpochResponseEpochEndOffset as EpochEndOffset,
  offsetForLeaderEpochApi,
} from '#libs/kafka-codec';
import { leaderEpoch, requireLeaderEpoch, unknownLeaderEpoch } from '../fetching/leader-epoch.js';
import { type ApiHandler, noResponse, type RequestContext } from '../handler.js';
import { kafkaErrorCode, kafkaErrorMessage } from '../kafka.errors.js';
import { accessibleTopic, requirePartition } from '../topics/accessible-topic.js';
import { boundedParallel } from '../topics/bounded-parallel.js';
import { lookupsParallelMax } from '../topics/topic-registry.js';

/**
 * OffsetForLeaderEpoch v0-4 (KIP-101, KIP-320): the one epoch that there is ends with the log, so no consumer finds that
 * what it has read was truncated. Of an epoch that never was, nothing is known.
 */
export const offsetForLeaderEpochHandler: ApiHandler<
  OffsetForLeaderEpochRequest,
  OffsetForLeaderEpochResponse
> = {
  api: offsetForLeaderEpochApi,
  versionMin: 0,
  versionMax: 4,
  async handle({ topics: asked }, context) {
    const work = asked.flatMap(({ topic, partitions }) =>
      partitions.map((partition) => ({ topic, partition })),
    );
    const answers = await boundedParallel(work, lookupsParallelMax, async ({ topic, partition }) =>
      context.connection.closed ? {} : answer(topic, partition, context),
    );
    if (context.connection.closed) return noResponse;
    let next = 0;
    const topics = asked.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(() => answers[next++]!),
    }));
    return { topics };
  },
};

async function answer(
  name: string,
  asked: PartitionAsked,
  context: RequestContext,
): Promise<Encodable<EpochEndOffset>> {
  const { partition } = asked;
  const nothing = { partition, leaderEpoch: unknownLeaderEpoch, endOffset: -1 };
  try {
    const topic = await accessibleTopic('describe', name, context);
    requirePartition(topic, partition);
    requireLeaderEpoch(asked.currentLeaderEpoch);
    if (asked.leaderEpoch !== leaderEpoch) return nothing;
    const { gateway, principal } = context;
    const { end } = await gateway.logs.log(principal.tenant, topic, partition).bounds();
    return { partition, leaderEpoch, endOffset: end };
  } catch (error) {
    const errorCode = kafkaErrorCode(error);
    context.refused(errorCode, kafkaErrorMessage(error), name);
    if (errorCode === KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION) {
      context.gateway.topics.invalidate(context.principal.tenant, name);
    }
    return { ...nothing, errorCode };
  }
}
