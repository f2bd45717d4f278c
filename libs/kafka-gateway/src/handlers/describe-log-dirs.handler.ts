import { topicNameFault } from '#libs/auth';
import {
  type DescribeLogDirsRequest,
  type DescribeLogDirsResponse,
  type DescribeLogDirsResponseDescribeLogDirsTopic as LogDirTopic,
  describeLogDirsApi,
  type Encodable,
} from '#libs/kafka-codec';
import { type ApiHandler, noResponse, type RequestContext } from '../handler.js';
import { kafkaErrorCode, kafkaErrorMessage } from '../kafka.errors.js';
import { boundedParallel } from '../topics/bounded-parallel.js';
import type { KafkaTopic } from '../topics/kafka-topic.js';
import { TopicAuthorization } from '../topics/topic-authorization.js';
import { isPartitioned } from '../topics/topic-registry.js';

/** Topics whose statistics are asked for at the same time. */
const statsParallelMax = 4;
/** There is one, which is Pulsar. */
const logDir = '/pulsar';
/** Sizes of the volume: Pulsar does not tell. */
const unknown = -1n;

/**
 * DescribeLogDirs v0-5: the bytes that Pulsar stores of the partitions that this gateway leads, so that a tool which adds
 * the brokers up counts nothing twice.
 */
export const describeLogDirsHandler: ApiHandler<DescribeLogDirsRequest, DescribeLogDirsResponse> = {
  api: describeLogDirsApi,
  versionMin: 0,
  versionMax: 5,
  async handle(request, context) {
    try {
      new TopicAuthorization(context).requireCluster('describe');
      const topics = await sizes(request, context);
      if (context.connection.closed) return noResponse;
      return { results: [{ logDir, topics, totalBytes: unknown, usableBytes: unknown }] };
    } catch (error) {
      const errorCode = kafkaErrorCode(error);
      context.refused(errorCode, kafkaErrorMessage(error));
      // Only from v3 on there is a code for the whole; before, the directory has it.
      if (context.header.apiVersion >= 3) return { errorCode, results: [] };
      return { results: [{ errorCode, logDir, topics: [] }] };
    }
  },
};

async function sizes(
  { topics: asked }: DescribeLogDirsRequest,
  context: RequestContext,
): Promise<Encodable<LogDirTopic>[]> {
  const { topics } = context.gateway;
  const { tenant } = context.principal;
  const wanted: { name: string; partitions: ReadonlySet<number> | undefined }[] =
    asked === null
      ? (await topics.names(tenant)).map((name) => ({ name, partitions: undefined }))
      : asked.map(({ topic: name, partitions }) => ({ name, partitions: new Set(partitions) }));
  const found = await boundedParallel(wanted, statsParallelMax, async ({ name, partitions }) => {
    if (context.connection.closed || topicNameFault(name) !== undefined) return undefined;
    const topic = await topics.resolveListed(tenant, name);
    if (topic === undefined) return undefined;
    const ofTopic = await sizesOf(topic, context);
    return { name, partitions: ofTopic.filter(({ partitionIndex: at }) => partitions?.has(at) ?? true) };
  });
  // As Kafka: what is not there is left out.
  return found.filter((topic) => topic !== undefined);
}

async function sizesOf(topic: KafkaTopic, { gateway }: RequestContext) {
  const { admin } = gateway.pulsar;
  const partitions: { partitionIndex: number; partitionSize: bigint }[] = [];
  const ofPartitions = isPartitioned(topic) ? await admin.partitionedStats(topic.pulsarTopic) : undefined;
  for (let partitionIndex = 0; partitionIndex < topic.partitions; partitionIndex++) {
    if (!gateway.leaders.leads(topic, partitionIndex)) continue;
    const stats = ofPartitions?.[topic.partitionTopic(partitionIndex)];
    const { storageSize } = stats ?? (await admin.stats(topic.partitionTopic(partitionIndex)));
    partitions.push({ partitionIndex, partitionSize: BigInt(storageSize) });
  }
  return partitions;
}
