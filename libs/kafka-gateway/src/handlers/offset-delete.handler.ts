import {
  type Encodable,
  KafkaErrorCode,
  type OffsetDeleteRequest,
  type OffsetDeleteResponse,
  offsetDeleteApi,
} from '#libs/kafka-codec';
import type { Group } from '../group-coordinator/group.js';
import type { GroupCoordinator } from '../group-coordinator/group-coordinator.js';
import type { GroupRecord } from '../group-coordinator/group-record.js';
import type { ApiHandler, RequestContext } from '../handler.js';
import { KafkaError, kafkaErrorCode, kafkaErrorMessage } from '../kafka.errors.js';
import { zeroTopicId } from '../topics/topic-id.js';
import { type CommittedTopic, committedTopics } from './committed-topic.js';

type Response = Encodable<OffsetDeleteResponse>;

const { NONE } = KafkaErrorCode;

/** OffsetDelete v0 (KIP-496): committed offsets of topics that no member of the group subscribes to. */
export const offsetDeleteHandler: ApiHandler<OffsetDeleteRequest, OffsetDeleteResponse> = {
  api: offsetDeleteApi,
  versionMin: 0,
  versionMax: 0,
  async handle(request, context) {
    const { gateway, principal } = context;
    const { groupId, topics } = request;
    const group = { type: 'group', name: groupId } as const;
    if (!context.authorize('delete', group)) {
      const message = 'the offsets of the group may not be deleted';
      return refuse(new KafkaError(KafkaErrorCode.GROUP_AUTHORIZATION_FAILED, message), context);
    }
    const named = topics.map(({ name }) => ({ name, topicId: zeroTopicId }));
    const found = await committedTopics(named, 'consume', false, context);
    try {
      const coordinator = gateway.groups.coordinator(principal.tenant, groupId);
      return await deleteOffsets(request, found, coordinator, context);
    } catch (error) {
      return refuse(error, context);
    }
  },
};

function deleteOffsets(
  { groupId, topics }: OffsetDeleteRequest,
  found: readonly CommittedTopic[],
  coordinator: GroupCoordinator,
  context: RequestContext,
): Promise<Response> {
  const group = coordinator.group(groupId);
  if (group === undefined) throw new KafkaError(KafkaErrorCode.GROUP_ID_NOT_FOUND, 'there is no such group');
  const { protocol, offsets } = group;
  if (protocol !== undefined && protocol.memberCount > 0 && protocol.protocolType !== 'consumer') {
    throw new KafkaError(KafkaErrorCode.NON_EMPTY_GROUP, 'what its members read is not known');
  }
  const deleted: { topic: string; partition: number }[] = [];
  const records: GroupRecord[] = [];
  const answers = topics.map(({ name, partitions }, at) => {
    const code = codeOf(name, found[at]!, group);
    for (const { partitionIndex } of code === NONE ? partitions : []) {
      const isThere =
        offsets.get(name, partitionIndex) !== undefined || offsets.isPending(name, partitionIndex);
      if (!isThere) continue;
      deleted.push({ topic: name, partition: partitionIndex });
      records.push(offsets.tombstone(name, partitionIndex));
    }
    return {
      name,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode: code })),
    };
  });
  if (records.length === 0) return Promise.resolve({ topics: answers });
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  coordinator.append(records, (error) => {
    if (error !== undefined) {
      reject(error);
      return;
    }
    coordinator.deleteOffsets(group, deleted);
    context.changed('group.delete-offsets', groupId);
    resolve({ topics: answers });
  });
  return promise;
}

/** Offsets of a topic that is gone may be deleted: nothing else would free them before they expire. */
function codeOf(name: string, found: CommittedTopic, group: Group): number {
  const isGone = found.code === KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  if (isGone && group.offsets.partitions(name).size === 0) return found.code;
  if (found.code !== NONE && !isGone && !found.unreachable) return found.code;
  return group.isSubscribed(name) ? KafkaErrorCode.GROUP_SUBSCRIBED_TO_TOPIC : NONE;
}

function refuse(error: unknown, context: RequestContext): Response {
  const errorCode = kafkaErrorCode(error);
  context.refused(errorCode, kafkaErrorMessage(error));
  return { errorCode };
}
