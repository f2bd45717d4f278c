import {
  type Encodable,
  KafkaErrorCode,
  type ListOffsetsRequest,
  type ListOffsetsRequestListOffsetsPartition as PartitionAsked,
  type ListOffsetsResponse,
  type ListOffsetsResponseListOffsetsPartitionResponse as PartitionAnswer,
  listOffsetsApi,
} from '#libs/kafka-codec';
import { leaderEpoch, requireLeaderEpoch } from '../fetching/leader-epoch.js';
import { type ApiHandler, noResponse, type RequestContext } from '../handler.js';
import { KafkaError, kafkaErrorCode, kafkaErrorMessage } from '../kafka.errors.js';
import type { PartitionLog } from '../reading/partition-log.js';
import { accessibleTopic, requirePartition } from '../topics/accessible-topic.js';
import { boundedParallel } from '../topics/bounded-parallel.js';
import { lookupsParallelMax } from '../topics/topic-registry.js';

/** What the timestamps below zero ask for, and the version from which on they may. */
const special = {
  latest: -1,
  earliest: -2,
  /** KIP-734. */
  maxTimestamp: -3,
  /** KIP-405: of what is not in remote storage only, which is all. */
  earliestLocal: -4,
  /** KIP-1005: of what is in remote storage, where nothing is. */
  latestTiered: -5,
  /** KIP-1023: of what waits to go to remote storage, where nothing does. */
  earliestPendingUpload: -6,
} as const;
const specialSince = new Map<number, number>([
  [special.latest, 0],
  [special.earliest, 0],
  [special.maxTimestamp, 7],
  [special.earliestLocal, 8],
  [special.latestTiered, 9],
  [special.earliestPendingUpload, 11],
]);

type Answer = Encodable<PartitionAnswer>;

const nothing: Answer = { timestamp: -1, offset: -1 };
const leaderEpochSince = 4;

/**
 * ListOffsets v0-11: earliest, latest, by timestamp, of the largest timestamp. v0 answers with a list. All that can be read
 * is stable, so both isolation levels give the same. By timestamp it is the first record that is not older, searched from
 * the place on where it was stored.
 */
export const listOffsetsHandler: ApiHandler<ListOffsetsRequest, ListOffsetsResponse> = {
  api: listOffsetsApi,
  versionMin: 0,
  versionMax: 11,
  async handle({ topics: asked }, context) {
    const repeated = repeatedPartitions(asked);
    const work = asked.flatMap(({ name, partitions }) =>
      partitions.map((partition) => ({ name, partition, isRepeated: repeated.has(key(name, partition)) })),
    );
    const answers = await boundedParallel(work, lookupsParallelMax, async (one) =>
      context.connection.closed ? {} : answer(one.name, one.partition, one.isRepeated, context),
    );
    if (context.connection.closed) return noResponse;
    let next = 0;
    const topics = asked.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(() => answers[next++]!),
    }));
    return { topics };
  },
};

function key(name: string, { partitionIndex }: PartitionAsked): string {
  return `${name}/${partitionIndex}`;
}

function repeatedPartitions(asked: ListOffsetsRequest['topics']): ReadonlySet<string> {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const { name, partitions } of asked) {
    for (const partition of partitions) {
      const each = key(name, partition);
      if (seen.has(each)) repeated.add(each);
      seen.add(each);
    }
  }
  return repeated;
}

async function answer(
  name: string,
  asked: PartitionAsked,
  isRepeated: boolean,
  context: RequestContext,
): Promise<Answer> {
  const { partitionIndex } = asked;
  try {
    const topic = await accessibleTopic('describe', name, context);
    if (isRepeated) {
      throw new KafkaError(KafkaErrorCode.INVALID_REQUEST, 'the request names the partition more than once');
    }
    requirePartition(topic, partitionIndex);
    requireLeaderEpoch(asked.currentLeaderEpoch);
    const { gateway, principal, header } = context;
    const log = gateway.logs.log(principal.tenant, topic, partitionIndex);
    const timestamp = Number(asked.timestamp);
    if (header.apiVersion === 0) {
      const all = await offsetsBefore(log, timestamp);
      return { partitionIndex, oldStyleOffsets: all.slice(0, Math.max(0, asked.maxNumOffsets)) };
    }
    return { partitionIndex, ...(await offsetFor(log, timestamp, header.apiVersion)) };
  } catch (error) {
    const errorCode = kafkaErrorCode(error);
    context.refused(errorCode, kafkaErrorMessage(error), name);
    if (errorCode === KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION) {
      context.gateway.topics.invalidate(context.principal.tenant, name);
    }
    return { partitionIndex, errorCode, ...nothing };
  }
}

async function offsetFor(log: PartitionLog, timestamp: number, version: number): Promise<Answer> {
  if (timestamp < 0 && version < (specialSince.get(timestamp) ?? Number.POSITIVE_INFINITY)) {
    throw new KafkaError(KafkaErrorCode.UNSUPPORTED_VERSION, `timestamp ${timestamp} means nothing here`);
  }
  const epoch = version >= leaderEpochSince ? { leaderEpoch } : {};
  switch (timestamp) {
    case special.earliest:
    case special.earliestLocal:
      return { timestamp: -1, offset: (await log.bounds()).start, ...epoch };
    case special.latest:
      return { timestamp: -1, offset: (await log.bounds()).end, ...epoch };
    case special.latestTiered:
    case special.earliestPendingUpload:
      return nothing;
    default: {
      const found =
        timestamp === special.maxTimestamp
          ? await log.maxTimestamp()
          : await log.offsetForTimestamp(timestamp);
      return found === undefined ? nothing : { ...found, ...epoch };
    }
  }
}

/** v0, in falling order: the offset before which all records are older, and the log's start. */
async function offsetsBefore(log: PartitionLog, timestamp: number): Promise<number[]> {
  const { start, end } = await log.bounds();
  if (timestamp === special.earliest) return [start];
  const found = timestamp === special.latest ? undefined : await log.offsetForTimestamp(timestamp);
  const offset = found?.offset ?? end;
  return offset > start ? [offset, start] : [start];
}
