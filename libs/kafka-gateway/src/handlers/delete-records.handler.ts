import {
  type DeleteRecordsRequest,
  type DeleteRecordsRequestDeleteRecordsTopic as TopicAsked,
  type DeleteRecordsResponse,
  type DeleteRecordsResponseDeleteRecordsPartitionResult as PartitionResult,
  deleteRecordsApi,
  type Encodable,
  KafkaErrorCode,
} from '#libs/kafka-codec';
import { type ApiHandler, noResponse, type RequestContext } from '../handler.js';
import { KafkaError, kafkaErrorCode, kafkaErrorMessage } from '../kafka.errors.js';
import { accessibleTopic, requirePartition } from '../topics/accessible-topic.js';
import { boundedParallel } from '../topics/bounded-parallel.js';
import type { KafkaTopic } from '../topics/kafka-topic.js';

const topicsParallelMax = 4;
const partitionsParallelMax = 8;
/** As an offset: all that there is. */
const highWatermark = -1;

type Result = Encodable<PartitionResult>;

/** What is to become the first offset of a partition. */
interface Deletion {
  readonly partition: number;
  readonly offset: number;
  /** Nothing stays. */
  readonly isAll: boolean;
}

/**
 * DeleteRecords v0-2. What is below the offset is gone for Kafka clients when this is answered, on all gateways a moment
 * later; Pulsar frees it when its retention ends, or at once where the whole partition is deleted. Each partition is
 * served by its leader only, since the start of a log must never go back.
 */
export const deleteRecordsHandler: ApiHandler<DeleteRecordsRequest, DeleteRecordsResponse> = {
  api: deleteRecordsApi,
  versionMin: 0,
  versionMax: 2,
  async handle({ topics: asked, timeoutMs }, context) {
    const overAtMs = performance.now() + Math.max(0, timeoutMs);
    const topics = await boundedParallel(asked, topicsParallelMax, async (topic) => {
      if (context.connection.closed) return { name: topic.name, partitions: [] };
      return { name: topic.name, partitions: await deleteFrom(topic, overAtMs, context) };
    });
    return context.connection.closed ? noResponse : { topics };
  },
};

async function deleteFrom(asked: TopicAsked, overAtMs: number, context: RequestContext): Promise<Result[]> {
  const { name, partitions } = asked;
  try {
    const topic = await accessibleTopic('delete', name, context);
    const checked = await boundedParallel(partitions, partitionsParallelMax, ({ partitionIndex, offset }) =>
      check(topic, partitionIndex, Number(offset), context),
    );
    const deletions = checked.filter((one): one is Deletion => 'isAll' in one);
    if (performance.now() > overAtMs) {
      throw new KafkaError(KafkaErrorCode.REQUEST_TIMED_OUT, 'Pulsar did not answer in time');
    }
    const starts = await raise(topic, deletions, context);
    return checked.map((one) =>
      'isAll' in one
        ? { partitionIndex: one.partition, lowWatermark: starts.get(one.partition) ?? one.offset }
        : one,
    );
  } catch (error) {
    return partitions.map(({ partitionIndex }) => refused(name, partitionIndex, error, context));
  }
}

async function check(
  topic: KafkaTopic,
  partition: number,
  offset: number,
  context: RequestContext,
): Promise<Deletion | Result> {
  const { gateway, principal } = context;
  try {
    requirePartition(topic, partition);
    if (!gateway.leaders.leads(topic, partition)) {
      const leader = gateway.leaders.leader(topic, partition);
      throw new KafkaError(KafkaErrorCode.NOT_LEADER_OR_FOLLOWER, `gateway ${leader} leads it`);
    }
    const { start, end } = await gateway.logs.log(principal.tenant, topic, partition).bounds();
    const wanted = offset === highWatermark ? end : offset;
    if (wanted < 0 || wanted > end) {
      throw new KafkaError(KafkaErrorCode.OFFSET_OUT_OF_RANGE, `the log ends at ${end}, not at ${offset}`);
    }
    return { partition, offset: Math.max(start, wanted), isAll: wanted === end && end > start };
  } catch (error) {
    return refused(topic.name, partition, error, context);
  }
}

/** Gives the first offsets, as they are from now on. */
async function raise(
  topic: KafkaTopic,
  deletions: readonly Deletion[],
  context: RequestContext,
): Promise<ReadonlyMap<number, number>> {
  const { gateway, principal } = context;
  if (deletions.length === 0) return new Map();
  const wanted = new Map<number, number>();
  for (const { partition, offset } of deletions) {
    wanted.set(partition, Math.max(offset, wanted.get(partition) ?? 0));
  }
  const starts = await gateway.topics.logStarts.raise(topic, wanted);
  gateway.topics.changed(principal.tenant, topic.name);
  context.changed('topic.delete-records', topic.name);
  await boundedParallel(deletions, partitionsParallelMax, async ({ partition, offset, isAll }) => {
    if (!isAll) return;
    try {
      // What was written meanwhile is in the ledger that is being written, which Pulsar keeps.
      const { end } = await gateway.logs.log(principal.tenant, topic, partition).bounds();
      if (end === offset) await gateway.topics.logStarts.truncate(topic, partition);
    } catch (error) {
      // The records are deleted all the same: their room comes free with the retention.
      const place = { topic: topic.name, partition };
      gateway.log.warn({ event: 'kafka.truncate-failed', ...place, error }, 'a topic could not be truncated');
    }
  });
  return starts;
}

function refused(name: string, partitionIndex: number, error: unknown, context: RequestContext): Result {
  const errorCode = kafkaErrorCode(error);
  context.refused(errorCode, kafkaErrorMessage(error), name);
  return { partitionIndex, lowWatermark: -1, errorCode };
}
