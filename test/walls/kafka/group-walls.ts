import { expect } from '@jest/globals';
import {
  consumerGroupDescribeApi,
  consumerGroupHeartbeatApi,
  deleteGroupsApi,
  describeGroupsApi,
  findCoordinatorApi,
  heartbeatApi,
  joinGroupApi,
  KafkaErrorCode as code,
  leaveGroupApi,
  listGroupsApi,
  offsetCommitApi,
  offsetDeleteApi,
  offsetFetchApi,
  syncGroupApi,
} from '#libs/kafka-codec';
import { group, ownGroup, type Side, topic, transactionalId, type KafkaWall } from './kafka-side.js';

const classic = 'classic-readers';
const modern = 'modern-readers';

/** Of the classic group that both have. */
const members = new WeakMap<Side, { memberId: string; generationId: number }>();
/** Of the group of the consumer protocol that both have. */
const modernMembers = new WeakMap<Side, { memberId: string; memberEpoch: number }>();

const who = (side: Side) => ({ groupId: classic, groupInstanceId: null, ...members.get(side)! });

function commit(side: Side, groupId: string, committedOffset: number) {
  const partitions = [{ partitionIndex: 0, committedOffset, committedMetadata: side.tenant }];
  const request = { groupId, generationIdOrMemberEpoch: -1, memberId: '', groupInstanceId: null };
  return side.call(offsetCommitApi, 8, { ...request, topics: [{ name: topic, partitions }] });
}

async function committed(side: Side, groupId = group): Promise<[number, string | null]> {
  const request = { groupId, topics: [{ name: topic, partitionIndexes: [0] }] };
  const { topics } = await side.call(offsetFetchApi, 7, { ...request, requireStable: false });
  const { committedOffset, metadata } = topics[0]!.partitions[0]!;
  return [Number(committedOffset), metadata];
}

async function join(side: Side): Promise<number> {
  const ask = (memberId: string) =>
    side.call(joinGroupApi, 7, {
      ...{ groupId: classic, memberId, groupInstanceId: null, protocolType: 'consumer' },
      ...{ sessionTimeoutMs: 30_000, rebalanceTimeoutMs: 5_000 },
      protocols: [{ name: 'range', metadata: Buffer.from(side.tenant) }],
    });
  const { memberId } = await ask('');
  const joined = await ask(memberId);
  members.set(side, { memberId, generationId: joined.generationId });
  expect(joined.errorCode).toBe(code.NONE);
  expect(joined.members.map((each) => String(each.metadata))).toEqual([side.tenant]);
  return joined.generationId;
}

export const groupWalls: Readonly<Record<string, KafkaWall>> = {
  FindCoordinator: async (acme, beta) => {
    for (const side of [acme, beta]) {
      const found = await side.call(findCoordinatorApi, 4, { keyType: 0, coordinatorKeys: [group] });
      expect(found.coordinators).toMatchObject([{ key: group, errorCode: code.NONE }]);
      const keys = { keyType: 1, coordinatorKeys: [transactionalId] };
      const { coordinators } = await side.call(findCoordinatorApi, 4, keys);
      expect(coordinators).toMatchObject([{ errorCode: code.COORDINATOR_NOT_AVAILABLE, nodeId: -1 }]);
    }
  },
  OffsetCommit: async (acme, beta) => {
    for (const [side, offset] of [
      [acme, 2],
      [beta, 1],
    ] as const) {
      for (const groupId of [group, ownGroup(side.tenant)]) {
        const { topics } = await commit(side, groupId, offset);
        expect(topics[0]!.partitions[0]!.errorCode).toBe(code.NONE);
      }
    }
    expect([await committed(acme), await committed(beta)]).toEqual([
      [2, 'acme'],
      [1, 'beta'],
    ]);
  },
  OffsetFetch: async (acme, beta) => {
    expect(await committed(beta, ownGroup('acme'))).toEqual([-1, '']);
    expect(await committed(acme, ownGroup('beta'))).toEqual([-1, '']);
    const groups = [{ groupId: ownGroup('acme'), topics: null }];
    expect((await beta.call(offsetFetchApi, 8, { groups })).groups).toMatchObject([{ topics: [] }]);
  },
  ListGroups: async (acme, beta) => {
    const names = async (side: Side) =>
      (await side.callAll(listGroupsApi, 4, {}))
        .flatMap(({ groups }) => groups.map(({ groupId }) => groupId))
        .sort();
    expect([await names(acme), await names(beta)]).toEqual([
      ['group-of-acme', group],
      ['group-of-beta', group],
    ]);
  },
  JoinGroup: async (acme, beta) => {
    expect([await join(acme), await join(beta)]).toEqual([1, 1]);
    const { memberId } = members.get(acme)!;
    const stolen = await beta.call(joinGroupApi, 7, {
      ...{ groupId: classic, memberId, groupInstanceId: null, protocolType: 'consumer' },
      ...{ sessionTimeoutMs: 30_000, rebalanceTimeoutMs: 5_000 },
      protocols: [{ name: 'range', metadata: Buffer.alloc(0) }],
    });
    expect(stolen.errorCode).toBe(code.UNKNOWN_MEMBER_ID);
  },
  SyncGroup: async (acme, beta) => {
    const protocol = { protocolType: 'consumer', protocolName: 'range' };
    const stolen = await beta.call(syncGroupApi, 5, { ...who(acme), ...protocol, assignments: [] });
    expect(stolen.errorCode).toBe(code.UNKNOWN_MEMBER_ID);
    for (const side of [acme, beta]) {
      const { memberId } = members.get(side)!;
      const assignments = [{ memberId, assignment: Buffer.from(`for ${side.tenant}`) }];
      const synced = await side.call(syncGroupApi, 5, { ...who(side), ...protocol, assignments });
      expect([synced.errorCode, String(synced.assignment)]).toEqual([code.NONE, `for ${side.tenant}`]);
    }
  },
  Heartbeat: async (acme, beta) => {
    expect((await beta.call(heartbeatApi, 4, who(acme))).errorCode).toBe(code.UNKNOWN_MEMBER_ID);
    for (const side of [acme, beta]) {
      expect((await side.call(heartbeatApi, 4, who(side))).errorCode).toBe(code.NONE);
    }
  },
  DescribeGroups: async (acme, beta) => {
    for (const side of [acme, beta]) {
      const { groups } = await side.call(describeGroupsApi, 6, { groups: [classic] });
      const seen = groups[0]!.members.map(({ memberId }) => memberId);
      expect(seen).toEqual([members.get(side)!.memberId]);
    }
    const { groups } = await beta.call(describeGroupsApi, 6, { groups: [ownGroup('acme')] });
    expect(groups).toMatchObject([{ errorCode: code.GROUP_ID_NOT_FOUND, members: [] }]);
  },
  LeaveGroup: async (acme, beta) => {
    const leave = (side: Side, memberId: string) =>
      side.call(leaveGroupApi, 4, { groupId: classic, members: [{ memberId, groupInstanceId: null }] });
    const stolen = await leave(beta, members.get(acme)!.memberId);
    expect(stolen.members).toMatchObject([{ errorCode: code.UNKNOWN_MEMBER_ID }]);
    expect((await leave(beta, members.get(beta)!.memberId)).members).toMatchObject([{ errorCode: 0 }]);
    expect((await acme.call(heartbeatApi, 4, who(acme))).errorCode).toBe(code.NONE);
  },
  ConsumerGroupHeartbeat: async (acme, beta) => {
    for (const side of [acme, beta]) {
      const memberId = `member-of-${side.tenant}`;
      const joined = await side.call(consumerGroupHeartbeatApi, 1, {
        ...{ groupId: modern, memberId, memberEpoch: 0, instanceId: null, rackId: null },
        ...{ rebalanceTimeoutMs: 10_000, subscribedTopicNames: [topic], subscribedTopicRegex: null },
        ...{ serverAssignor: null, topicPartitions: [] },
      });
      expect(joined.errorCode).toBe(code.NONE);
      const [assigned] = joined.assignment!.topicPartitions;
      expect(assigned!.topicId.equals(side.topicId)).toBe(true);
      modernMembers.set(side, { memberId, memberEpoch: joined.memberEpoch });
    }
    const stolen = await beta.call(consumerGroupHeartbeatApi, 1, {
      ...{ groupId: modern, instanceId: null, rackId: null, rebalanceTimeoutMs: -1 },
      ...{ subscribedTopicNames: null, subscribedTopicRegex: null, serverAssignor: null },
      ...{ topicPartitions: null, ...modernMembers.get(acme)! },
    });
    expect(stolen.errorCode).toBe(code.UNKNOWN_MEMBER_ID);
  },
  ConsumerGroupDescribe: async (acme, beta) => {
    for (const side of [acme, beta]) {
      const { groups } = await side.call(consumerGroupDescribeApi, 1, { groupIds: [modern] });
      const seen = groups[0]!.members.map(({ memberId, assignment }) => [
        memberId,
        assignment.topicPartitions.flatMap(({ partitions }) => partitions).length,
      ]);
      expect(seen).toEqual([[`member-of-${side.tenant}`, side.tenant === 'acme' ? 3 : expect.any(Number)]]);
    }
  },
  OffsetDelete: async (acme, beta) => {
    const topics = [{ name: topic, partitions: [{ partitionIndex: 0 }] }];
    const answer = await beta.call(offsetDeleteApi, 0, { groupId: group, topics });
    expect(answer.topics[0]!.partitions[0]!.errorCode).toBe(code.NONE);
    expect([await committed(acme), await committed(beta)]).toEqual([
      [2, 'acme'],
      [-1, ''],
    ]);
    const foreign = await beta.call(offsetDeleteApi, 0, { groupId: ownGroup('acme'), topics });
    expect(foreign.errorCode).toBe(code.GROUP_ID_NOT_FOUND);
  },
  DeleteGroups: async (acme, beta) => {
    expect((await commit(beta, group, 1)).topics[0]!.partitions[0]!.errorCode).toBe(code.NONE);
    const groupsNames = [group, ownGroup('acme')];
    const { results } = await beta.call(deleteGroupsApi, 2, { groupsNames });
    expect(results.map(({ errorCode }) => errorCode)).toEqual([code.NONE, code.GROUP_ID_NOT_FOUND]);
    expect([await committed(acme), await committed(acme, ownGroup('acme'))]).toEqual([
      [2, 'acme'],
      [2, 'acme'],
    ]);
    expect(await committed(beta)).toEqual([-1, '']);
  },
};
