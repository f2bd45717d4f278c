import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  consumerGroupDescribeApi,
  consumerGroupHeartbeatApi,
  deleteGroupsApi,
  describeClientQuotasApi,
  describeConfigsApi,
  describeGroupsApi,
  describeLogDirsApi,
  electLeadersApi,
  fetchApi,
  findCoordinatorApi,
  heartbeatApi,
  initProducerIdApi,
  joinGroupApi,
  leaveGroupApi,
  listGroupsApi,
  offsetCommitApi,
  offsetDeleteApi,
  offsetFetchApi,
  produceApi,
  syncGroupApi,
  KafkaErrorCode as code,
} from '#libs/kafka-codec';
import type { KafkaClient } from '../testing/kafka-client.js';
import {
  codesIn,
  commitOf,
  fetchOf,
  group,
  on,
  produceTo,
  timeoutMs,
  topic,
  PermissionBed,
} from '../testing/permission-bed.js';

let permissions: PermissionBed;
let kafka: KafkaClient;
let only: PermissionBed['only'];

beforeAll(async () => {
  permissions = await PermissionBed.start();
  ({ kafka, only } = permissions);
});
beforeEach(() => only());
afterAll(() => permissions.bed.stop());

const who = { groupId: group, memberId: 'm', groupInstanceId: null };

/** Requests about a group, and what they need. */
const aboutGroups: readonly [string, 'consume' | 'describe' | 'delete', () => Promise<unknown>][] = [
  [
    'JoinGroup',
    'consume',
    () =>
      kafka.call(joinGroupApi, 5, {
        ...{ ...who, memberId: '', sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000 },
        ...{ protocolType: 'consumer', protocols: [{ name: 'range', metadata: Buffer.alloc(0) }] },
      }),
  ],
  ['SyncGroup', 'consume', () => kafka.call(syncGroupApi, 4, { ...who, generationId: 1, assignments: [] })],
  ['Heartbeat', 'consume', () => kafka.call(heartbeatApi, 4, { ...who, generationId: 1 })],
  [
    'LeaveGroup',
    'consume',
    () =>
      kafka.call(leaveGroupApi, 4, { groupId: group, members: [{ memberId: 'm', groupInstanceId: null }] }),
  ],
  [
    'ConsumerGroupHeartbeat',
    'consume',
    () =>
      kafka.call(consumerGroupHeartbeatApi, 0, {
        ...{ groupId: 'modern', memberId: 'm', memberEpoch: 3, instanceId: null, rackId: null },
        ...{
          rebalanceTimeoutMs: -1,
          subscribedTopicNames: null,
          serverAssignor: null,
          topicPartitions: null,
        },
      }),
  ],
  ['OffsetCommit', 'consume', () => kafka.call(offsetCommitApi, 8, commitOf(topic))],
  [
    'OffsetFetch',
    'describe',
    () => kafka.call(offsetFetchApi, 7, { groupId: group, topics: null, requireStable: false }),
  ],
  ['DescribeGroups', 'describe', () => kafka.call(describeGroupsApi, 5, { groups: [group] })],
  ['ConsumerGroupDescribe', 'describe', () => kafka.call(consumerGroupDescribeApi, 1, { groupIds: [group] })],
  ['FindCoordinator', 'describe', () => kafka.call(findCoordinatorApi, 3, { key: group, keyType: 0 })],
  ['DeleteGroups', 'delete', () => kafka.call(deleteGroupsApi, 2, { groupsNames: [group] })],
  ['OffsetDelete', 'delete', () => kafka.call(offsetDeleteApi, 0, { groupId: group, topics: [] })],
];

describe.each(aboutGroups)('%s', (_name, action, ask) => {
  it(`needs ${action} of the group`, async () => {
    only(on('group', '*'), on('topic', '*'), { ...on('group', action), effect: 'deny' });
    expect(codesIn(await ask())).toEqual(expect.arrayContaining([code.GROUP_AUTHORIZATION_FAILED]));
    only(on('group', action), on('topic', '*'));
    expect(codesIn(await ask())).not.toContain(code.GROUP_AUTHORIZATION_FAILED);
  });
});

describe('a member whose permission is taken back', () => {
  it('hears it while it waits for the others, and whenever it asks', async () => {
    only(on('group', 'consume'));
    const request = {
      ...{ groupId: 'revoked', groupInstanceId: null, sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000 },
      ...{ protocolType: 'consumer', protocols: [{ name: 'range', metadata: Buffer.from('secret') }] },
    };
    const { memberId } = await kafka.call(joinGroupApi, 5, { ...request, memberId: '' });
    const waiting = permissions.front.client().call(joinGroupApi, 5, { ...request, memberId });
    await new Promise((resolve) => setTimeout(resolve, 300));
    only();
    const joined = await waiting;
    expect([joined.errorCode, joined.members]).toEqual([code.GROUP_AUTHORIZATION_FAILED, []]);
    const member = { groupId: 'revoked', memberId, groupInstanceId: null, generationId: 1 };
    expect((await kafka.call(heartbeatApi, 4, member)).errorCode).toBe(code.GROUP_AUTHORIZATION_FAILED);
    only(on('group', 'consume'));
    expect((await kafka.call(heartbeatApi, 4, member)).errorCode).toBe(code.NONE);
  });
});

describe('what is about the cluster', () => {
  it('ListGroups shows the groups that may be described', async () => {
    only(on('group', '*'), on('topic', '*'));
    expect(codesIn(await kafka.call(offsetCommitApi, 8, commitOf(topic)))).toEqual([]);
    const names = async () => (await kafka.call(listGroupsApi, 4, {})).groups.map(({ groupId }) => groupId);
    expect(await names()).toContain(group);
    only();
    expect(await names()).toEqual([]);
    only(on('cluster', 'describe'));
    expect(await names()).toContain(group);
  });

  it('DescribeLogDirs needs describe, ElectLeaders alter, configurations of brokers their own', async () => {
    const broker = { resourceType: 4, resourceName: '1', configurationKeys: null };
    const ask = async () => [
      codesIn(await kafka.call(describeLogDirsApi, 4, { topics: null })),
      codesIn(await kafka.call(electLeadersApi, 2, { electionType: 0, topicPartitions: null, timeoutMs })),
      codesIn(await kafka.call(describeConfigsApi, 4, { resources: [broker] })),
      codesIn(await kafka.call(describeClientQuotasApi, 1, { components: [], strict: false })),
    ];
    expect(await ask()).toEqual([[31], [31], [31], [31]]);
    only(on('cluster', 'describe', 'alter'));
    expect(await ask()).toEqual([[], [], [], []]);
  });

  it('InitProducerId needs produce of some topic, or what Kafka calls IDEMPOTENT_WRITE', async () => {
    const ask = async () =>
      codesIn(await kafka.call(initProducerIdApi, 4, { transactionalId: null, transactionTimeoutMs: 0 }));
    only(on('topic', 'consume', 'describe'));
    expect(await ask()).toEqual([code.CLUSTER_AUTHORIZATION_FAILED]);
    only(on('topic', 'produce'));
    expect(await ask()).toEqual([]);
    only(on('cluster', 'produce'));
    expect(await ask()).toEqual([]);
  });

  it('replicas and transactions without permission are refused, however they are crafted', async () => {
    only(on('topic', '*'));
    const replica = await kafka.call(fetchApi, 12, { ...fetchOf(topic), replicaId: 1 });
    expect(codesIn(replica)).toEqual([code.TOPIC_AUTHORIZATION_FAILED]);
    const transactional = await kafka.call(produceApi, 9, { ...produceTo(topic), transactionalId: 't' });
    expect(codesIn(transactional)).toEqual([code.TRANSACTIONAL_ID_AUTHORIZATION_FAILED]);
    const found = await kafka.call(findCoordinatorApi, 3, { key: 't', keyType: 1 });
    expect(codesIn(found)).toEqual([code.TRANSACTIONAL_ID_AUTHORIZATION_FAILED]);
  });

  it('every denial is counted', async () => {
    const counters = permissions.front.protocol.services.metrics.tenant('kafka', 'acme');
    const before = counters.authorizationDenials;
    await kafka.call(fetchApi, 12, fetchOf(topic));
    await kafka.call(listGroupsApi, 4, {});
    await kafka.call(heartbeatApi, 4, { ...who, generationId: 1 });
    expect(counters.authorizationDenials - before).toBe(2);
  });
});
