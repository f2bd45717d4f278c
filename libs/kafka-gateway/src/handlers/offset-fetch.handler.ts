import {
  type Encodable,
  KafkaErrorCode,
  type OffsetFetchRequest,
  type OffsetFetchRequestOffsetFetchRequestGroup as AskedGroup,
  type OffsetFetchRequestOffsetFetchRequestTopics as AskedTopic,
  type OffsetFetchResponse,
  type OffsetFetchResponseOffsetFetchResponseGroup as GroupAnswer,
  type OffsetFetchResponseOffsetFetchResponseTopic as TopicAnswer,
  offsetFetchApi,
} from '#libs/kafka-codec';
import type { Group } from '../group-coordinator/group.js';
import type { CommittedOffset } from '../group-coordinator/group-offsets.js';
import type { ApiHandler, RequestContext } from '../handler.js';
import { kafkaErrorCode, kafkaErrorMessage } from '../kafka.errors.js';
import { boundedParallel } from '../topics/bounded-parallel.js';
import { zeroTopicId } from '../topics/topic-id.js';
import { TopicAuthorization } from '../topics/topic-authorization.js';
import { lookupsParallelMax } from '../topics/topic-registry.js';
import { type CommittedTopic, committedTopics } from './committed-topic.js';

type Answer = Encodable<GroupAnswer>;

/** From here on there are several groups in one request. */
const groupsSince = 8;
/** From here on there is an error code for the group; before, each partition carries it. */
const groupCodeSince = 2;
/** From here on topics are named by id. */
const byIdSince = 10;
/** Groups of one request. */
const groupsMax = 1_000;

const { NONE } = KafkaErrorCode;
const noOffset = { committedOffset: -1n, committedLeaderEpoch: -1, metadata: '' };

/**
 * OffsetFetch v0-10: what groups have committed, -1 for nothing. There are no transactions, so offsets are always stable
 * (`requireStable`, KIP-447). A topic that was made anew under its name has no offsets. A group that is named again in a
 * request is refused: a short request would ask for any number of answers.
 */
export const offsetFetchHandler: ApiHandler<OffsetFetchRequest, OffsetFetchResponse> = {
  api: offsetFetchApi,
  versionMin: 0,
  versionMax: 10,
  async handle(request, context) {
    const { apiVersion } = context.header;
    if (apiVersion >= groupsSince) {
      if (request.groups.length > groupsMax) {
        const errorCode = KafkaErrorCode.INVALID_REQUEST;
        context.refused(errorCode, `${request.groups.length} groups in one request`);
        return { groups: request.groups.map(({ groupId }) => ({ groupId, errorCode })) };
      }
      const named = new Set<string>();
      const answers = await boundedParallel(request.groups, lookupsParallelMax, async (group) => {
        const { groupId } = group;
        if (!named.has(groupId)) {
          named.add(groupId);
          return answer(group, context);
        }
        const errorCode = KafkaErrorCode.INVALID_REQUEST;
        context.refused(errorCode, 'a group is named twice in one request');
        return { groupId, topics: [], errorCode };
      });
      return { groups: answers };
    }
    const { groupId, topics } = request;
    const named = topics?.map((each) => ({ ...each, topicId: zeroTopicId })) ?? null;
    const asked = { groupId, memberId: null, memberEpoch: -1, topics: named };
    const { errorCode = NONE, topics: found = [] } = await answer(asked, context);
    if (apiVersion >= groupCodeSince || errorCode === NONE) return { errorCode, topics: found };
    return { topics: refusedTopics(named ?? [], errorCode) };
  },
};

async function answer(asked: AskedGroup, context: RequestContext): Promise<Answer> {
  const { gateway, principal } = context;
  const { groupId } = asked;
  const refuse = (errorCode: number, message: string): Answer => {
    context.refused(errorCode, message);
    return { groupId, topics: [], errorCode };
  };
  if (!context.authorize('describe', { type: 'group', name: groupId })) {
    return refuse(KafkaErrorCode.GROUP_AUTHORIZATION_FAILED, 'the group may not be described');
  }
  try {
    gateway.groups.coordinator(principal.tenant, groupId);
    const byId = context.header.apiVersion >= byIdSince;
    const topics = asked.topics ?? committedTopicsOf(asked, context);
    // Names of offsets that are stored are looked up by name, whatever the version.
    const found = await committedTopics(topics, 'describe', byId && asked.topics !== null, context);
    // After the look-up: what is told now is what the coordinator has now.
    const group = gateway.groups.coordinator(principal.tenant, groupId).group(groupId);
    const code = group?.protocol?.checkFetch(asked.memberId, asked.memberEpoch) ?? NONE;
    if (code !== NONE) return refuse(code, 'the member may not fetch offsets of the group');
    const answers = topics.map((topic, at) => topicAnswer(topic, found[at]!, group));
    return { groupId, topics: asked.topics === null ? answers.filter(hasOffset) : answers };
  } catch (error) {
    return refuse(kafkaErrorCode(error), kafkaErrorMessage(error));
  }
}

/** Everything that the group has offsets for and the principal may know of. */
function committedTopicsOf({ groupId }: AskedGroup, context: RequestContext): AskedTopic[] {
  const { gateway, principal } = context;
  const group = gateway.groups.coordinator(principal.tenant, groupId).group(groupId);
  if (group === undefined) return [];
  const authorization = new TopicAuthorization(context);
  return [...group.offsets.topics()]
    .filter((name) => authorization.may('describe', name))
    .map((name) => ({
      name,
      topicId: zeroTopicId,
      partitionIndexes: [...group.offsets.partitions(name).keys()].sort((one, other) => one - other),
    }));
}

function topicAnswer(
  asked: AskedTopic,
  found: CommittedTopic,
  group: Group | undefined,
): Encodable<TopicAnswer> {
  const topicId = found.topic?.id ?? asked.topicId;
  const name = found.name === '' ? asked.name : found.name;
  // That there is no such topic is no error of OffsetFetch when it is named: it has no offsets, as in Kafka.
  const isError =
    found.code !== NONE && found.code !== KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION && !found.unreachable;
  const isGone = found.topic === undefined && !found.unreachable;
  const partitions = asked.partitionIndexes.map((partitionIndex) => {
    const committed = isGone ? undefined : group?.offsets.get(name, partitionIndex);
    return { partitionIndex, ...offsetAnswer(committed, found), errorCode: isError ? found.code : NONE };
  });
  return { name, topicId, partitions } as Encodable<TopicAnswer>;
}

function offsetAnswer(committed: CommittedOffset | undefined, { topic }: CommittedTopic) {
  if (committed === undefined) return noOffset;
  const isOther =
    committed.topicId !== undefined && topic !== undefined && topic.id.toString('hex') !== committed.topicId;
  if (isOther) return noOffset;
  return {
    committedOffset: BigInt(committed.offset),
    committedLeaderEpoch: committed.leaderEpoch,
    metadata: committed.metadata,
  };
}

/** Where all offsets are asked for, only those that are there are told. */
function hasOffset(topic: Encodable<TopicAnswer>): boolean {
  return topic.partitions?.some(({ committedOffset }) => committedOffset !== -1n) ?? false;
}

function refusedTopics(topics: readonly AskedTopic[], errorCode: number): Encodable<TopicAnswer>[] {
  return topics.map(({ name, partitionIndexes }) => ({
    name,
    partitions: partitionIndexes.map((partitionIndex) => ({ partitionIndex, ...noOffset, errorCode })),
  }));
}
