import {
  type Encodable,
  KafkaErrorCode,
  type OffsetCommitRequest,
  type OffsetCommitRequestOffsetCommitRequestPartition as AskedPartition,
  type OffsetCommitRequestOffsetCommitRequestTopic as AskedTopic,
  type OffsetCommitResponse,
  offsetCommitApi,
} from '#libs/kafka-codec';
import { commitOffsets } from '../group-coordinator/commit-offsets.js';
import type { GroupCoordinator } from '../group-coordinator/group-coordinator.js';
import type { CommittedOffset, PartitionCommit } from '../group-coordinator/group-offsets.js';
import type { ApiHandler, RequestContext } from '../handler.js';
import { KafkaError, kafkaErrorCode, kafkaErrorMessage } from '../kafka.errors.js';
import { type CommittedTopic, committedTopics } from './committed-topic.js';

type Response = Encodable<OffsetCommitResponse>;

/** Kafka's `offset.metadata.max.bytes`, in characters as there. */
const metadataCharsMax = 4_096;
/** From here on topics are named by id. */
const byIdSince = 10;

const { NONE } = KafkaErrorCode;

/**
 * OffsetCommit v0-10: answered after Pulsar's receipt for one entry with all offsets of the request. v0 was ZooKeeper's
 * once; it is stored like the others. v1 may say when it was committed, v2-4 for how long it is kept.
 */
export const offsetCommitHandler: ApiHandler<OffsetCommitRequest, OffsetCommitResponse> = {
  api: offsetCommitApi,
  versionMin: 0,
  versionMax: 10,
  handle(request, context) {
    const { gateway, principal, header } = context;
    const { groupId, topics } = request;
    if (!context.authorize('consume', { type: 'group', name: groupId })) {
      return refuse(request, KafkaErrorCode.GROUP_AUTHORIZATION_FAILED, 'the group may not be used', context);
    }
    try {
      // Before anything is looked up: most refusals are that the group is not here.
      gateway.groups.coordinator(principal.tenant, groupId);
    } catch (error) {
      return refuse(request, kafkaErrorCode(error), kafkaErrorMessage(error), context);
    }
    const found = committedTopics(topics, 'consume', header.apiVersion >= byIdSince, context);
    return gateway.groups.commitOrder.run(`${principal.tenant.name}/${groupId}`, found, (known) =>
      commit(request, known, context),
    );
  },
};

function commit(
  request: OffsetCommitRequest,
  known: readonly CommittedTopic[],
  context: RequestContext,
): Response | Promise<Response> {
  const { gateway, principal, header } = context;
  const { groupId, memberId, groupInstanceId: instanceId } = request;
  const { promise, resolve } = Promise.withResolvers<Response>();
  try {
    const coordinator = gateway.groups.coordinator(principal.tenant, groupId);
    const accepted: PartitionCommit[] = [];
    const codes = request.topics.map((topic, at) =>
      topic.partitions.map((partition) => judge(partition, known[at]!, request, coordinator, accepted)),
    );
    const committer = {
      groupId,
      memberId,
      instanceId,
      generationOrEpoch: request.generationIdOrMemberEpoch,
      apiVersion: header.apiVersion,
    };
    let isAnswered = false;
    const answer = (error?: KafkaError) => {
      if (isAnswered) return;
      isAnswered = true;
      timeout.cancel();
      if (error !== undefined) context.refused(error.code, error.message);
      resolve(respond(request, (topic, partition) => codes[topic]![partition]! || (error?.code ?? NONE)));
    };
    // As Kafka: what comes after this request on its connection, heartbeats too, does not wait for Pulsar without end.
    const timeout = gateway.groups.clock.after(gateway.options.offsetsCommitTimeoutMs, () => {
      answer(new KafkaError(KafkaErrorCode.REQUEST_TIMED_OUT, 'Pulsar has not confirmed the commit'));
    });
    try {
      commitOffsets(coordinator, committer, accepted, answer);
    } catch (error) {
      timeout.cancel();
      throw error;
    }
  } catch (error) {
    return refuse(request, kafkaErrorCode(error), kafkaErrorMessage(error), context);
  }
  return promise;
}

/** The code of one partition; what is to be stored is added to `accepted`. */
function judge(
  asked: AskedPartition,
  found: CommittedTopic,
  { groupId, retentionTimeMs }: OffsetCommitRequest,
  coordinator: GroupCoordinator,
  accepted: PartitionCommit[],
): number {
  const { partitionIndex: partition, committedMetadata, commitTimestamp, committedOffset } = asked;
  const { name, topic } = found;
  // Pulsar does not say, but what has an offset was there: a commit needs no look-up to be right.
  const before = coordinator.group(groupId)?.offsets.get(name, partition);
  const isKnown = topic !== undefined || (found.unreachable && before !== undefined);
  if (!isKnown) return found.code;
  if (partition < 0 || (topic !== undefined && partition >= topic.partitions)) {
    return KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  }
  if ((committedMetadata?.length ?? 0) > metadataCharsMax) return KafkaErrorCode.OFFSET_METADATA_TOO_LARGE;
  const offset = Number(committedOffset);
  if (!Number.isSafeInteger(offset)) return KafkaErrorCode.INVALID_COMMIT_OFFSET_SIZE;
  const now = coordinator.clock.now();
  const topicId = topic === undefined ? before?.topicId : topic.id.toString('hex');
  const committed: CommittedOffset = {
    offset,
    leaderEpoch: asked.committedLeaderEpoch,
    metadata: committedMetadata ?? '',
    // Neither makes an offset that is never taken away: of later than now, and of longer than the longest, nothing counts.
    committedAt: commitTimestamp >= 0n ? Math.min(Number(commitTimestamp), now) : now,
    ...(retentionTimeMs >= 0n && { expiresAt: now + retentionOf(retentionTimeMs, coordinator) }),
    ...(topicId !== undefined && { topicId }),
  };
  accepted.push({ topic: name, partition, committed });
  return NONE;
}

/** What a client may choose, at most, where the gateway itself does not keep offsets for longer. */
const chosenRetentionMsMax = 30 * 24 * 3_600_000;

function retentionOf(chosenMs: bigint, { options }: GroupCoordinator): number {
  return Math.min(Number(chosenMs), Math.max(chosenRetentionMsMax, options.offsetsRetentionMs));
}

function refuse(
  request: OffsetCommitRequest,
  code: number,
  message: string,
  context: RequestContext,
): Response {
  context.refused(code, message);
  return respond(request, () => code);
}

function respond(
  { topics }: OffsetCommitRequest,
  codeOf: (topic: number, partition: number) => number,
): Response {
  const answer = ({ name, topicId, partitions }: AskedTopic, at: number) => ({
    name,
    topicId,
    partitions: partitions.map(({ partitionIndex }, index) => ({
      partitionIndex,
      errorCode: codeOf(at, index),
    })),
  });
  return { topics: topics.map(answer) };
}
