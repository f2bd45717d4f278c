import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type DescribeGroupsResponse,
  describeGroupsApi,
  type Encodable,
  type HeartbeatRequest,
  heartbeatApi,
  type JoinGroupRequest,
  type JoinGroupResponse,
  joinGroupApi,
  KafkaErrorCode as code,
  type LeaveGroupRequest,
  leaveGroupApi,
  listGroupsApi,
  offsetCommitApi,
  type SyncGroupRequest,
  syncGroupApi,
} from '#libs/kafka-codec';
import { type Front, GatewayBed } from '../testing/gateway-bed.js';
import type { KafkaClient } from '../testing/kafka-client.js';

// The four APIs of classic groups and DescribeGroups in every version, against real leases: two fronts, one Pulsar.

let bed: GatewayBed;
let front: Front;
let kafka: KafkaClient;

const join = {
  sessionTimeoutMs: 30_000,
  protocolType: 'consumer',
  protocols: [{ name: 'range', metadata: Buffer.from('says') }],
};

async function joined(
  client: KafkaClient,
  version: number,
  request: Encodable<JoinGroupRequest>,
): Promise<JoinGroupResponse> {
  for (;;) {
    const answer = await client.call(joinGroupApi, version, { ...join, ...request });
    if (answer.errorCode === code.MEMBER_ID_REQUIRED)
      return joined(client, version, { ...request, memberId: answer.memberId });
    if (answer.errorCode !== code.COORDINATOR_LOAD_IN_PROGRESS) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function described(
  client: KafkaClient,
  version: number,
  group: string,
): Promise<DescribeGroupsResponse['groups'][0]> {
  for (;;) {
    const more = version >= 3 && { includeAuthorizedOperations: true };
    const { groups } = await client.call(describeGroupsApi, version, { groups: [group], ...more });
    if (groups[0]!.errorCode !== code.COORDINATOR_LOAD_IN_PROGRESS) return groups[0]!;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const heartbeat = (client: KafkaClient, version: number, request: Encodable<HeartbeatRequest>) =>
  client.call(heartbeatApi, version, request).then(({ errorCode }) => errorCode);
const sync = (client: KafkaClient, version: number, request: Encodable<SyncGroupRequest>) =>
  client.call(syncGroupApi, version, request);
const leave = (client: KafkaClient, version: number, request: Encodable<LeaveGroupRequest>) =>
  client.call(leaveGroupApi, version, request);

beforeAll(async () => {
  const denied = {
    principals: ['*'],
    actions: ['*'],
    effect: 'deny',
    resource: { type: 'group', match: 'literal', name: 'private' },
  } as const;
  bed = await GatewayBed.start({ rules: [denied], options: { groupInitialRebalanceDelayMs: 50 } });
  front = bed.front(1);
  kafka = front.client();
}, 60_000);

afterAll(() => bed.stop(), 60_000);

describe('every version', () => {
  const versions = Array.from({ length: 10 }, (_, version) => version);

  it.each(versions)('of JoinGroup (v%i), and of the others as far as they go', async (version) => {
    const groupId = `versions-${version}`;
    const answer = await joined(kafka, version, {
      groupId,
      ...(version >= 1 && { rebalanceTimeoutMs: 30_000 }),
      ...(version >= 5 && { groupInstanceId: 'i' }),
      ...(version >= 8 && { reason: 'because' }),
    });
    const { memberId, generationId } = answer;
    expect(answer).toMatchObject({ errorCode: 0, generationId: 1, protocolName: 'range', leader: memberId });
    expect(answer.protocolType).toBe(version >= 7 ? 'consumer' : null);
    expect(answer.members).toMatchObject([{ memberId, groupInstanceId: version >= 5 ? 'i' : null }]);
    const syncVersion = Math.min(version, 5);
    const given = await sync(kafka, syncVersion, {
      ...{ groupId, memberId, generationId },
      ...(syncVersion >= 3 && version >= 5 && { groupInstanceId: 'i' }),
      ...(syncVersion >= 5 && { protocolType: 'consumer', protocolName: 'range' }),
      assignments: [{ memberId, assignment: Buffer.from('mine') }],
    });
    expect(given).toMatchObject({ errorCode: 0, assignment: Buffer.from('mine') });
    expect(given.protocolName).toBe(syncVersion >= 5 ? 'range' : null);
    expect(await heartbeat(kafka, Math.min(version, 4), { groupId, memberId, generationId })).toBe(code.NONE);
    const leaveVersion = Math.min(version, 5);
    const members = leaveVersion >= 3 ? { members: [{ memberId }, { memberId: 'x' }] } : { memberId };
    const left = await leave(kafka, leaveVersion, { groupId, ...members });
    expect(left.errorCode).toBe(code.NONE);
    const codes = left.members.map(({ errorCode }) => errorCode);
    expect(codes).toEqual(leaveVersion >= 3 ? [code.NONE, code.UNKNOWN_MEMBER_ID] : []);
    if (leaveVersion < 3) {
      expect((await leave(kafka, leaveVersion, { groupId, memberId })).errorCode).toBe(
        code.UNKNOWN_MEMBER_ID,
      );
    }
  });

  it.each([0, 1, 2, 3, 4, 5, 6])('of DescribeGroups (v%i)', async (version) => {
    const groupId = `described-${version}`;
    const { memberId, generationId } = await joined(kafka, 7, { groupId, groupInstanceId: 'i' });
    expect(await described(kafka, version, groupId)).toMatchObject({
      ...{
        errorCode: 0,
        groupId,
        groupState: 'CompletingRebalance',
        protocolType: 'consumer',
        protocolData: '',
      },
    });
    await sync(kafka, 5, {
      groupId,
      memberId,
      generationId,
      assignments: [{ memberId, assignment: Buffer.from('a') }],
    });
    const stable = await described(kafka, version, groupId);
    expect(stable).toMatchObject({ errorCode: 0, groupState: 'Stable', protocolData: 'range' });
    expect(stable.members).toEqual([
      expect.objectContaining({
        memberId,
        groupInstanceId: version >= 4 ? 'i' : null,
        clientId: 'test',
        clientHost: expect.stringMatching(/^\//),
        memberMetadata: Buffer.from('says'),
        memberAssignment: Buffer.from('a'),
      }),
    ]);
    // READ, DELETE, DESCRIBE, DESCRIBE_CONFIGS.
    if (version >= 3) expect(stable.authorizedOperations).toBe((1 << 3) | (1 << 6) | (1 << 8));
    await leave(kafka, 5, { groupId, members: [{ memberId, groupInstanceId: 'i' }] });
    expect(await described(kafka, version, groupId)).toMatchObject({ groupState: 'Empty', members: [] });
  });
});

describe('refusals', () => {
  it('of a group that may not be used', async () => {
    const errorCode = code.GROUP_AUTHORIZATION_FAILED;
    expect(await joined(kafka, 9, { groupId: 'private' })).toMatchObject({ errorCode, protocolName: null });
    expect(await joined(kafka, 5, { groupId: 'private' })).toMatchObject({ errorCode, protocolName: '' });
    expect(await sync(kafka, 5, { groupId: 'private' })).toMatchObject({ errorCode });
    expect(await heartbeat(kafka, 4, { groupId: 'private' })).toBe(errorCode);
    expect(await leave(kafka, 5, { groupId: 'private', members: [{ memberId: 'x' }] })).toMatchObject({
      errorCode,
    });
    expect(await described(kafka, 6, 'private')).toMatchObject({ errorCode, groupState: '' });
  });

  it('of a group without a name', async () => {
    const errorCode = code.INVALID_GROUP_ID;
    expect(await joined(kafka, 9, { groupId: '' })).toMatchObject({ errorCode });
    expect(await sync(kafka, 5, { groupId: '' })).toMatchObject({ errorCode });
    expect(await heartbeat(kafka, 4, { groupId: '' })).toBe(errorCode);
    expect(await leave(kafka, 2, { groupId: '', memberId: 'x' })).toMatchObject({ errorCode });
  });

  it('of a group that is not there', async () => {
    const groupId = 'nowhere';
    const errorCode = code.UNKNOWN_MEMBER_ID;
    await described(kafka, 6, groupId);
    expect(await joined(kafka, 9, { groupId, memberId: 'x' })).toMatchObject({ errorCode, memberId: 'x' });
    expect(await sync(kafka, 5, { groupId, memberId: 'x' })).toMatchObject({ errorCode });
    expect(await heartbeat(kafka, 4, { groupId, memberId: 'x' })).toBe(errorCode);
    expect(await leave(kafka, 2, { groupId, memberId: 'x' })).toMatchObject({ errorCode });
    expect(await leave(kafka, 3, { groupId, members: [{ memberId: 'x' }] })).toMatchObject({
      errorCode: code.NONE,
      members: [{ memberId: 'x', errorCode }],
    });
    expect(await described(kafka, 5, groupId)).toMatchObject({
      errorCode: 0,
      groupState: 'Dead',
      members: [],
    });
    expect(await described(kafka, 6, groupId)).toMatchObject({
      errorCode: code.GROUP_ID_NOT_FOUND,
      errorMessage: 'Group nowhere not found.',
    });
  });
});

describe('a group', () => {
  it('of which only offsets are known is described as Empty', async () => {
    await bed.createTopic('only-offsets');
    const topics = [{ name: 'only-offsets', partitions: [{ partitionIndex: 0, committedOffset: 3n }] }];
    await described(kafka, 6, 'simple');
    const committed = await kafka.call(offsetCommitApi, 7, { groupId: 'simple', topics });
    expect(committed.topics[0]!.partitions[0]!.errorCode).toBe(code.NONE);
    expect(await described(kafka, 6, 'simple')).toMatchObject({
      ...{ errorCode: 0, groupState: 'Empty', protocolType: '', members: [] },
    });
  });

  it('waits for all of its members, and its connections stay usable for others', async () => {
    const groupId = 'three';
    const clients = [front.client(), front.client(), front.client()];
    const answers = await Promise.all(
      clients.map((client) => joined(client, 9, { groupId, rebalanceTimeoutMs: 30_000 })),
    );
    expect(new Set(answers.map(({ generationId, leader }) => `${generationId} ${leader}`)).size).toBe(1);
    expect(answers.flatMap(({ members }) => members)).toHaveLength(3);
    const { groups } = await kafka.call(listGroupsApi, 4, {});
    expect(groups).toContainEqual(
      expect.objectContaining({ groupId, protocolType: 'consumer', groupState: 'CompletingRebalance' }),
    );
  });

  it('goes on without a rebalance where another gateway takes the slice over', async () => {
    const groupId = 'moves';
    const { memberId, generationId } = await joined(kafka, 9, { groupId });
    const assignments = [{ memberId, assignment: Buffer.from('kept') }];
    await sync(kafka, 5, { groupId, memberId, generationId, assignments });
    const second = bed.front(2);
    const other = second.client();
    const waiting = joined(front.client(), 9, { groupId });
    bed.placement.moveTo(2);
    expect((await waiting).errorCode).toBe(code.NOT_COORDINATOR);
    expect(await heartbeat(kafka, 4, { groupId, memberId, generationId })).toBe(code.NOT_COORDINATOR);
    expect(await described(other, 6, groupId)).toMatchObject({ groupState: 'Stable' });
    expect(await heartbeat(other, 4, { groupId, memberId, generationId })).toBe(code.NONE);
    expect(await sync(other, 5, { groupId, memberId, generationId })).toMatchObject({
      assignment: Buffer.from('kept'),
    });
    bed.placement.moveTo(1);
  }, 30_000);
});
