import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  deleteGroupsApi,
  KafkaErrorCode,
  listGroupsApi,
  type OffsetCommitResponse,
  offsetCommitApi,
  offsetDeleteApi,
  offsetFetchApi,
} from '#libs/kafka-codec';
import { type Front, GatewayBed } from '../testing/gateway-bed.js';
import type { KafkaClient } from '../testing/kafka-client.js';

const { NOT_COORDINATOR, COORDINATOR_LOAD_IN_PROGRESS, UNKNOWN_TOPIC_OR_PARTITION, UNKNOWN_TOPIC_ID } =
  KafkaErrorCode;
const hidden = {
  effect: 'deny',
  principals: ['*'],
  actions: ['*'],
  resource: { type: 'topic', match: 'prefix', name: 'hidden.' },
} as const;
const locked = { ...hidden, resource: { type: 'group', match: 'prefix', name: 'locked.' } } as const;

let bed: GatewayBed;
let one: Front;
let two: Front;
let kafka: KafkaClient;

interface Commit {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

const groupedByTopic = (commits: readonly Commit[]) =>
  [...new Set(commits.map(({ topic }) => topic))].map((name) => ({
    name,
    partitions: commits
      .filter(({ topic }) => topic === name)
      .map(({ partition, offset }) => ({
        partitionIndex: partition,
        committedOffset: BigInt(offset),
        committedMetadata: `m${offset}`,
      })),
  }));

/** The codes, by `topic/partition`; asked again while the coordinator loads. */
async function commit(client: KafkaClient, groupId: string, commits: readonly Commit[], version = 9) {
  for (;;) {
    const { topics } = await client.call(offsetCommitApi, version, {
      groupId,
      topics: groupedByTopic(commits),
    });
    const codes = topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode));
    if (codes[0] !== COORDINATOR_LOAD_IN_PROGRESS) return codes;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Everything that the group committed, as `topic/partition=offset metadata`. */
async function committed(client: KafkaClient, groupId: string, version = 7): Promise<string[]> {
  for (;;) {
    const answer = await client.call(offsetFetchApi, version, { groupId, topics: null });
    if (answer.errorCode === 0) {
      return answer.topics.flatMap(({ name, partitions }) =>
        partitions.map((each) => `${name}/${each.partitionIndex}=${each.committedOffset} ${each.metadata}`),
      );
    }
    if (answer.errorCode !== COORDINATOR_LOAD_IN_PROGRESS) throw new Error(`code ${answer.errorCode}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

beforeAll(async () => {
  bed = await GatewayBed.start({ rules: [hidden, locked] });
  await bed.createTopic('orders', 3);
  await bed.createTopic('hidden.secrets');
  one = bed.front(1);
  two = bed.front(2);
  kafka = one.client();
  await one.protocol.services.groups.all(bed.tenant);
});
afterAll(() => bed.stop());

describe('offsets', () => {
  it('are stored in all versions of OffsetCommit and told in all of OffsetFetch', async () => {
    for (let version = 0; version <= 9; version++) {
      expect(
        await commit(kafka, 'versions', [{ topic: 'orders', partition: 1, offset: version }], version),
      ).toEqual([0]);
    }
    const asked = { name: 'orders', partitionIndexes: [0, 1] };
    const expected = [
      [0, -1n, 0],
      [1, 9n, 0],
    ];
    for (let version = 0; version <= 7; version++) {
      const { topics } = await kafka.call(offsetFetchApi, version, { groupId: 'versions', topics: [asked] });
      const found = topics[0]!.partitions.map((each) => [
        each.partitionIndex,
        each.committedOffset,
        each.errorCode,
      ]);
      expect(found).toEqual(expected);
    }
    for (let version = 8; version <= 9; version++) {
      const groups = [
        { groupId: 'versions', topics: [asked] },
        { groupId: 'nobody', topics: [asked] },
        { groupId: 'nobody', topics: null },
      ];
      const answer = await kafka.call(offsetFetchApi, version, { groups, requireStable: true });
      const found = answer.groups.map(({ topics }) =>
        topics.flatMap(({ partitions }) =>
          partitions.map((each) => [each.partitionIndex, each.committedOffset, each.errorCode]),
        ),
      );
      expect(found).toEqual([
        expected,
        [
          [0, -1n, 0],
          [1, -1n, 0],
        ],
        [],
      ]);
    }
  });

  it('are named by topic id from version 10 on', async () => {
    const topic = (await one.protocol.services.topics.resolve(bed.tenant, 'orders'))!;
    const unknown = Buffer.alloc(16, 7);
    const partitions = [{ partitionIndex: 2, committedOffset: 42n }];
    const { topics } = await kafka.call(offsetCommitApi, 10, {
      groupId: 'by-id',
      topics: [
        { topicId: topic.id, partitions },
        { topicId: unknown, partitions },
      ],
    });
    expect(topics.map((each) => each.partitions[0]!.errorCode)).toEqual([0, UNKNOWN_TOPIC_ID]);
    const { groups } = await kafka.call(offsetFetchApi, 10, {
      groups: [
        {
          groupId: 'by-id',
          topics: [
            { topicId: topic.id, partitionIndexes: [2] },
            { topicId: unknown, partitionIndexes: [2] },
          ],
        },
      ],
    });
    expect(
      groups[0]!.topics.map((each) => [each.partitions[0]!.committedOffset, each.partitions[0]!.errorCode]),
    ).toEqual([
      [42n, 0],
      [-1n, UNKNOWN_TOPIC_ID],
    ]);
  });

  it('are refused one by one, and the others are stored', async () => {
    const commits = [
      { topic: 'orders', partition: 0, offset: 1 },
      { topic: 'orders', partition: 3, offset: 2 },
      { topic: 'absent', partition: 0, offset: 3 },
      { topic: 'hidden.secrets', partition: 0, offset: 4 },
    ];
    const { TOPIC_AUTHORIZATION_FAILED } = KafkaErrorCode;
    expect(await commit(kafka, 'mixed', commits)).toEqual([
      0,
      UNKNOWN_TOPIC_OR_PARTITION,
      UNKNOWN_TOPIC_OR_PARTITION,
      TOPIC_AUTHORIZATION_FAILED,
    ]);
    expect(await committed(kafka, 'mixed')).toEqual(['orders/0=1 m1']);
    const long = { partitionIndex: 0, committedOffset: 9n, committedMetadata: 'x'.repeat(4_097) };
    const { topics } = await kafka.call(offsetCommitApi, 8, {
      groupId: 'mixed',
      topics: [{ name: 'orders', partitions: [long] }],
    });
    expect(topics[0]!.partitions[0]!.errorCode).toBe(KafkaErrorCode.OFFSET_METADATA_TOO_LARGE);
  });

  it('are refused to who may not use the group, and to who says it is a member', async () => {
    const commits = [{ topic: 'orders', partition: 0, offset: 1 }];
    expect(await commit(kafka, 'locked.group', commits)).toEqual([KafkaErrorCode.GROUP_AUTHORIZATION_FAILED]);
    const fetched = await kafka.call(offsetFetchApi, 7, { groupId: 'locked.group', topics: null });
    expect(fetched.errorCode).toBe(KafkaErrorCode.GROUP_AUTHORIZATION_FAILED);
    const member = { memberId: 'm', generationIdOrMemberEpoch: 3, topics: groupedByTopic(commits) };
    const codeOf = async (version: number, groupId: string) => {
      const { topics } = await kafka.call(offsetCommitApi, version, { groupId, ...member });
      return topics[0]!.partitions[0]!.errorCode;
    };
    await commit(kafka, 'simple', commits);
    expect(await codeOf(8, 'versions-none')).toBe(KafkaErrorCode.ILLEGAL_GENERATION);
    expect(await codeOf(9, 'versions-none')).toBe(KafkaErrorCode.GROUP_ID_NOT_FOUND);
    expect(await codeOf(9, 'simple')).toBe(KafkaErrorCode.UNKNOWN_MEMBER_ID);
  });

  it('go to another gateway with the group, which says so, and never back', async () => {
    const other = two.client();
    const groups = ['a', 'b', 'c', 'd', 'e', 'f'];
    expect(await commit(other, 'a', [{ topic: 'orders', partition: 0, offset: 1 }])).toEqual([
      NOT_COORDINATOR,
    ]);
    for (const group of groups) await committed(kafka, group);
    for (const [at, group] of groups.entries()) {
      const offsets = [...Array(20).keys(), 100 + at];
      const bodies = offsets.map((offset) => groupedByTopic([{ topic: 'orders', partition: 0, offset }]));
      for (const topics of bodies) kafka.send(offsetCommitApi, 9, { groupId: group, topics });
      for (const _ of bodies) await kafka.response(offsetCommitApi, 9);
    }
    bed.placement.moveTo(2);
    expect(await commit(kafka, 'a', [{ topic: 'orders', partition: 0, offset: 5 }])).toEqual([
      NOT_COORDINATOR,
    ]);
    const moved: string[][] = [];
    for (const group of groups) moved.push(await committed(other, group));
    expect(moved).toEqual(groups.map((_, at) => [`orders/0=${100 + at} m${100 + at}`]));
    await commit(other, 'a', [{ topic: 'orders', partition: 0, offset: 200 }]);
    bed.placement.moveTo(1);
    expect(await committed(kafka, 'a')).toEqual(['orders/0=200 m200']);
    await one.protocol.services.groups.all(bed.tenant);
  });

  it('of a topic that was deleted and made again are gone', async () => {
    const topic = await bed.createTopic('again');
    await commit(kafka, 'again', [{ topic: 'again', partition: 0, offset: 7 }]);
    expect(await committed(kafka, 'again')).toEqual(['again/0=7 m7']);
    await bed.pulsar.admin.deletePartitionedTopic(topic);
    one.protocol.services.topics.invalidate(bed.tenant, 'again');
    expect(await committed(kafka, 'again')).toEqual([]);
    await bed.createTopic('again');
    one.protocol.services.topics.invalidate(bed.tenant, 'again');
    expect(await committed(kafka, 'again')).toEqual([]);
    await commit(kafka, 'again', [{ topic: 'again', partition: 0, offset: 1 }]);
    expect(await committed(kafka, 'again')).toEqual(['again/0=1 m1']);
  });

  it('are deleted one by one', async () => {
    const topics = [
      { name: 'orders', partitions: [{ partitionIndex: 0 }, { partitionIndex: 2 }] },
      { name: 'absent', partitions: [{ partitionIndex: 0 }] },
    ];
    const [first, second] = [0, 1].map((partition) => ({ topic: 'orders', partition, offset: 4 }));
    await commit(kafka, 'deleting', [first!, second!]);
    const answer = await kafka.call(offsetDeleteApi, 0, { groupId: 'deleting', topics });
    const codes = answer.topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode));
    expect([answer.errorCode, codes]).toEqual([0, [0, 0, UNKNOWN_TOPIC_OR_PARTITION]]);
    expect(await committed(kafka, 'deleting')).toEqual(['orders/1=4 m4']);
    const codeOf = async (groupId: string) =>
      (await kafka.call(offsetDeleteApi, 0, { groupId, topics })).errorCode;
    expect(await codeOf('nobody')).toBe(KafkaErrorCode.GROUP_ID_NOT_FOUND);
    expect(await codeOf('locked.group')).toBe(KafkaErrorCode.GROUP_AUTHORIZATION_FAILED);
  });
});

describe('a gateway that dies', () => {
  it('leaves every commit that it acknowledged to the next, which takes the groups up unasked', async () => {
    const dying = bed.front(3);
    const client = dying.client();
    bed.placement.moveTo(3);
    await dying.protocol.services.groups.all(bed.tenant);
    const topics = (offset: number) => groupedByTopic([{ topic: 'orders', partition: 1, offset }]);
    let acknowledged = -1;
    const answers = (async () => {
      for (let offset = 0; ; offset++) {
        const { body } = await client.response<OffsetCommitResponse>(offsetCommitApi, 9);
        if (body.topics[0]!.partitions[0]!.errorCode !== 0) return;
        acknowledged = offset;
      }
    })();
    for (let offset = 0; acknowledged <= 500; offset++) {
      client.send(offsetCommitApi, 9, { groupId: 'surviving', topics: topics(offset) });
      // Some are always on the way, so that it dies with them.
      while (offset - acknowledged > 300) await new Promise((resolve) => setImmediate(resolve));
    }
    await bed.crash(dying);
    bed.placement.moveTo(1);
    await Promise.race([answers, new Promise((resolve) => setTimeout(resolve, 1_000))]);
    expect(acknowledged).toBeGreaterThan(0);
    await waitFor(() => one.protocol.services.groups.holds(bed.tenant, 'surviving'));
    const [found] = await committed(kafka, 'surviving');
    expect(Number(/=(\d+)/.exec(found!)![1])).toBeGreaterThanOrEqual(acknowledged);
  });
});

async function waitFor(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited++) {
    if (waited > 200) throw new Error('waited for ten seconds');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe('groups', () => {
  const listed = async (version: number, filters: object = {}) => {
    const { groups } = await kafka.call(listGroupsApi, version, filters);
    return groups
      .filter(({ groupId }) => groupId.startsWith('list.'))
      .map(({ groupId, groupState, groupType, protocolType }) => [
        groupId,
        groupState,
        groupType,
        protocolType,
      ]);
  };

  it('are listed, by state and type, and deleted', async () => {
    for (const group of ['list.one', 'list.two']) {
      await commit(kafka, group, [{ topic: 'orders', partition: 0, offset: 1 }]);
    }
    const both = [
      ['list.one', 'Empty', 'classic', ''],
      ['list.two', 'Empty', 'classic', ''],
    ];
    expect((await listed(5)).sort()).toEqual(both);
    expect((await listed(5, { statesFilter: ['empty'], typesFilter: ['Classic'] })).sort()).toEqual(both);
    expect(await listed(5, { statesFilter: ['Stable'] })).toEqual([]);
    expect(await listed(5, { typesFilter: ['consumer'] })).toEqual([]);
    expect(await listed(0)).toHaveLength(2);
    for (const version of [0, 1, 2]) {
      await commit(kafka, 'list.one', [{ topic: 'orders', partition: 0, offset: 1 }]);
      const groupsNames = ['list.one', 'list.one', 'locked.group', 'nobody'];
      const { results } = await kafka.call(deleteGroupsApi, version, { groupsNames });
      expect(results.map(({ groupId, errorCode }) => [groupId, errorCode])).toEqual([
        ['list.one', 0],
        ['locked.group', KafkaErrorCode.GROUP_AUTHORIZATION_FAILED],
        ['nobody', KafkaErrorCode.GROUP_ID_NOT_FOUND],
      ]);
      expect(await listed(5)).toEqual([both[1]]);
    }
    expect(await committed(kafka, 'list.one')).toEqual([]);
  });
});
