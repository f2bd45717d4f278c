import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type ConsumerGroupDescribeResponseDescribedGroup,
  type ConsumerGroupHeartbeatRequest,
  type ConsumerGroupHeartbeatResponse,
  consumerGroupDescribeApi,
  consumerGroupHeartbeatApi,
  type Encodable,
  KafkaErrorCode as code,
  listGroupsApi,
  offsetCommitApi,
  offsetFetchApi,
} from '#libs/kafka-codec';
import { type Front, GatewayBed } from '../testing/gateway-bed.js';
import type { KafkaClient } from '../testing/kafka-client.js';

// ConsumerGroupHeartbeat and ConsumerGroupDescribe in every version, against real leases and topics: two fronts, one Pulsar.

type Heartbeat = Encodable<ConsumerGroupHeartbeatRequest>;

let bed: GatewayBed;
let front: Front;
let kafka: KafkaClient;

const joining = {
  memberEpoch: 0,
  rebalanceTimeoutMs: 30_000,
  topicPartitions: [],
  subscribedTopicNames: ['orders'],
} as const;

/** Tries again while the groups are being loaded. */
async function beat(
  request: Heartbeat,
  version = 1,
  client: KafkaClient = kafka,
): Promise<ConsumerGroupHeartbeatResponse> {
  for (;;) {
    const answer = await client.call(consumerGroupHeartbeatApi, version, request);
    if (answer.errorCode !== code.COORDINATOR_LOAD_IN_PROGRESS) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function described(
  groupId: string,
  version = 1,
  client: KafkaClient = kafka,
): Promise<ConsumerGroupDescribeResponseDescribedGroup> {
  for (;;) {
    const request = { groupIds: [groupId], includeAuthorizedOperations: true };
    const { groups } = await client.call(consumerGroupDescribeApi, version, request);
    if (groups[0]!.errorCode !== code.COORDINATOR_LOAD_IN_PROGRESS) return groups[0]!;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const assignedPartitions = ({ assignment }: ConsumerGroupHeartbeatResponse) =>
  assignment?.topicPartitions.map(({ partitions }) => partitions);

beforeAll(async () => {
  const denied = (type: 'group' | 'topic', name: string) =>
    ({
      principals: ['*'],
      actions: ['*'],
      effect: 'deny',
      resource: { type, match: 'literal', name },
    }) as const;
  bed = await GatewayBed.start({ rules: [denied('group', 'private'), denied('topic', 'secret')] });
  front = bed.front(1);
  kafka = front.client();
  await bed.createTopic('orders', 3);
  await bed.createTopic('secret', 1);
}, 60_000);

afterAll(() => bed.stop(), 60_000);

describe.each([0, 1])('ConsumerGroupHeartbeat v%i', (version) => {
  it('joins, goes on and leaves; ConsumerGroupDescribe tells of it', async () => {
    const groupId = `all-${version}`;
    const joined = await beat(
      { ...joining, groupId, memberId: version === 0 ? '' : 'a', rackId: 'r' },
      version,
    );
    expect(joined).toMatchObject({ errorCode: code.NONE, memberEpoch: 1, heartbeatIntervalMs: 5_000 });
    expect(assignedPartitions(joined)).toEqual([[0, 1, 2]]);
    const { memberId } = joined;
    expect(await beat({ groupId, memberId: memberId!, memberEpoch: 1 }, version)).toMatchObject({
      ...{ errorCode: code.NONE, memberEpoch: 1, assignment: null },
    });
    const group = await described(groupId, version);
    const topicPartitions = [{ topicId: expect.any(Buffer), topicName: 'orders', partitions: [0, 1, 2] }];
    expect(group).toMatchObject({
      ...{
        errorCode: code.NONE,
        groupState: 'Stable',
        groupEpoch: 1,
        assignmentEpoch: 1,
        assignorName: 'uniform',
      },
      authorizedOperations: (1 << 3) | (1 << 6) | (1 << 8),
    });
    expect(group.members).toEqual([
      expect.objectContaining({
        ...{ memberId, instanceId: null, rackId: 'r', memberEpoch: 1, subscribedTopicNames: ['orders'] },
        ...{ assignment: { topicPartitions }, targetAssignment: { topicPartitions } },
        memberType: version === 0 ? -1 : 1,
      }),
    ]);
    const left = await beat({ groupId, memberId: memberId!, memberEpoch: -1 }, version);
    expect(left).toMatchObject({ errorCode: code.NONE, memberEpoch: -1 });
    expect(await described(groupId, version)).toMatchObject({ groupState: 'Empty', members: [] });
  });
});

describe('ConsumerGroupHeartbeat', () => {
  it.each<[string, Heartbeat, number]>([
    ['without a member id', { ...joining, memberId: '' }, code.INVALID_REQUEST],
    ['with an empty instance id', { ...joining, instanceId: '' }, code.INVALID_REQUEST],
    ['with an empty rack', { ...joining, rackId: '' }, code.INVALID_REQUEST],
    ['that joins without a rebalance timeout', { ...joining, rebalanceTimeoutMs: -1 }, code.INVALID_REQUEST],
    ['that joins without what it owns', { ...joining, topicPartitions: null }, code.INVALID_REQUEST],
    ['that joins without a subscription', { ...joining, subscribedTopicNames: null }, code.INVALID_REQUEST],
    ['that returns without an instance id', { memberEpoch: -2 }, code.INVALID_REQUEST],
    ['with an epoch that there is not', { memberEpoch: -3 }, code.INVALID_REQUEST],
    ['with an assignor of its own', { ...joining, serverAssignor: 'mine' }, code.UNSUPPORTED_ASSIGNOR],
    [
      'with a pattern that is none',
      { ...joining, subscribedTopicRegex: '[' },
      code.INVALID_REGULAR_EXPRESSION,
    ],
    ['for a group without a name', { ...joining, groupId: '' }, code.INVALID_GROUP_ID],
    ['for a group that it may not use', { ...joining, groupId: 'private' }, code.GROUP_AUTHORIZATION_FAILED],
    [
      'for a topic that it may not see',
      { ...joining, subscribedTopicNames: ['secret'] },
      code.TOPIC_AUTHORIZATION_FAILED,
    ],
    ['of a member of no group', { memberEpoch: 3 }, code.GROUP_ID_NOT_FOUND],
  ])('%s is refused', async (_what, request, errorCode) => {
    const answer = await beat({ groupId: 'refused', memberId: 'a', ...request });
    expect(answer).toMatchObject({ errorCode, errorMessage: expect.stringMatching(/./) });
  });

  it('with a pattern gives what may be seen', async () => {
    const subscription = { subscribedTopicNames: null, subscribedTopicRegex: '(orders|secret)' };
    const joined = await beat({ ...joining, ...subscription, groupId: 'pattern', memberId: 'a' });
    expect(assignedPartitions(joined)).toEqual([[0, 1, 2]]);
  });

  it('decides over commits and fetches of offsets by the epoch', async () => {
    const groupId = 'epochs';
    await beat({ ...joining, groupId, memberId: 'a' });
    const topics = [{ name: 'orders', partitions: [{ partitionIndex: 0, committedOffset: 0n }] }];
    const commit = async (generationIdOrMemberEpoch: number, memberId = 'a') => {
      const request = { groupId, memberId, generationIdOrMemberEpoch, topics };
      return (await kafka.call(offsetCommitApi, 9, request)).topics[0]!.partitions[0]!.errorCode;
    };
    expect(await commit(1)).toBe(code.NONE);
    expect(await commit(0)).toBe(code.STALE_MEMBER_EPOCH);
    expect(await commit(1, 'b')).toBe(code.UNKNOWN_MEMBER_ID);
    const fetched = async (memberEpoch: number) => {
      const group = {
        groupId,
        memberId: 'a',
        memberEpoch,
        topics: [{ name: 'orders', partitionIndexes: [0] }],
      };
      return (await kafka.call(offsetFetchApi, 9, { groups: [group] })).groups[0]!.errorCode;
    };
    expect(await fetched(1)).toBe(code.NONE);
    expect(await fetched(2)).toBe(code.STALE_MEMBER_EPOCH);
  });
});

describe('a consumer group', () => {
  it('is in the list with its type', async () => {
    await beat({ ...joining, groupId: 'listed', memberId: 'a' });
    const { groups } = await kafka.call(listGroupsApi, 5, { typesFilter: ['consumer'] });
    expect(groups).toContainEqual({
      ...{ groupId: 'listed', protocolType: 'consumer', groupState: 'Stable', groupType: 'consumer' },
    });
  });

  it('that is none, or may not be seen, is not described', async () => {
    expect(await described('nothing')).toMatchObject({ errorCode: code.GROUP_ID_NOT_FOUND, members: [] });
    expect(await described('private')).toMatchObject({ errorCode: code.GROUP_AUTHORIZATION_FAILED });
  });

  it('goes on where another gateway takes the slice over', async () => {
    const groupId = 'moves';
    await beat({ ...joining, groupId, memberId: 'a' });
    await beat({ ...joining, groupId, memberId: 'b' });
    const { memberEpoch } = await beat({ groupId, memberId: 'b', memberEpoch: 2 });
    const second = bed.front(2);
    const other = second.client();
    bed.placement.moveTo(2);
    expect(await beat({ groupId, memberId: 'b', memberEpoch })).toMatchObject({
      errorCode: code.NOT_COORDINATOR,
    });
    expect(await beat({ groupId, memberId: 'b', memberEpoch }, 1, other)).toMatchObject({
      errorCode: code.NONE,
      memberEpoch,
    });
    // It was told before the hand-over to keep less, or is told now.
    const a = await beat({ groupId, memberId: 'a', memberEpoch: 1, topicPartitions: [] }, 1, other);
    expect(a).toMatchObject({ errorCode: code.NONE, memberEpoch: 2 });
    const b = await beat({ groupId, memberId: 'b', memberEpoch: 2 }, 1, other);
    expect([assignedPartitions(a), assignedPartitions(b)].flat(3).sort()).toEqual([0, 1, 2]);
    bed.placement.moveTo(1);
  }, 30_000);
});
