import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  alterConfigsApi,
  createPartitionsApi,
  createTopicsApi,
  deleteRecordsApi,
  deleteTopicsApi,
  describeConfigsApi,
  describeProducersApi,
  describeTopicPartitionsApi,
  fetchApi,
  incrementalAlterConfigsApi,
  listOffsetsApi,
  metadataApi,
  offsetCommitApi,
  offsetFetchApi,
  offsetForLeaderEpochApi,
  produceApi,
  KafkaErrorCode as code,
} from '#libs/kafka-codec';
import type { KafkaClient } from '../testing/kafka-client.js';
import {
  codesIn,
  commitOf,
  fetchOf,
  group,
  on,
  oneRecord,
  produceTo,
  timeoutMs,
  topic,
  type TestRule,
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

const configs = [{ name: 'retention.ms', value: '3600000' }];

/** Requests about a topic, by name, each with the permission that it needs beside those that are given first. */
const aboutTopics: readonly [
  string,
  TestRule['actions'][number],
  TestRule[],
  (name: string) => Promise<unknown>,
][] = [
  ['Produce', 'produce', [], (name) => kafka.call(produceApi, 9, produceTo(name))],
  ['Fetch', 'consume', [], (name) => kafka.call(fetchApi, 12, fetchOf(name))],
  [
    'ListOffsets',
    'describe',
    [],
    (name) =>
      kafka.call(listOffsetsApi, 7, {
        topics: [{ name, partitions: [{ partitionIndex: 0, timestamp: -1 }] }],
      }),
  ],
  ['Metadata', 'describe', [], (name) => kafka.call(metadataApi, 9, { topics: [{ name }] })],
  [
    'DescribeTopicPartitions',
    'describe',
    [],
    (name) =>
      kafka.call(describeTopicPartitionsApi, 0, {
        ...{ topics: [{ name }], responsePartitionLimit: 10, cursor: null },
      }),
  ],
  [
    'OffsetForLeaderEpoch',
    'describe',
    [],
    (name) =>
      kafka.call(offsetForLeaderEpochApi, 3, {
        ...{ replicaId: -1, topics: [{ topic: name, partitions: [{ partition: 0, leaderEpoch: 0 }] }] },
      }),
  ],
  [
    'DescribeProducers',
    'consume',
    [],
    (name) => kafka.call(describeProducersApi, 0, { topics: [{ name, partitionIndexes: [0] }] }),
  ],
  [
    'DescribeConfigs',
    'describe-configs',
    [],
    (name) =>
      kafka.call(describeConfigsApi, 4, {
        resources: [{ resourceType: 2, resourceName: name, configurationKeys: null }],
      }),
  ],
  [
    'AlterConfigs',
    'alter-configs',
    [],
    (name) =>
      kafka.call(alterConfigsApi, 2, {
        ...{ resources: [{ resourceType: 2, resourceName: name, configs }], validateOnly: true },
      }),
  ],
  [
    'IncrementalAlterConfigs',
    'alter-configs',
    [],
    (name) =>
      kafka.call(incrementalAlterConfigsApi, 1, {
        resources: [
          { resourceType: 2, resourceName: name, configs: [{ ...configs[0], configOperation: 0 }] },
        ],
        validateOnly: true,
      }),
  ],
  [
    'OffsetCommit',
    'consume',
    [on('group', 'consume')],
    (name) => kafka.call(offsetCommitApi, 8, commitOf(name)),
  ],
  [
    'OffsetFetch',
    'describe',
    [on('group', 'describe')],
    (name) =>
      kafka.call(offsetFetchApi, 7, {
        ...{ groupId: group, topics: [{ name, partitionIndexes: [0] }], requireStable: false },
      }),
  ],
  [
    'DeleteRecords',
    'delete',
    [],
    (name) =>
      kafka.call(deleteRecordsApi, 2, {
        ...{ topics: [{ name, partitions: [{ partitionIndex: 0, offset: 0 }] }], timeoutMs },
      }),
  ],
];

describe.each(aboutTopics)('%s', (name, action, given, ask) => {
  it(`needs ${action}`, async () => {
    only(...given, on('topic', '*'), { ...on('topic', action), effect: 'deny' });
    const refused = await ask(topic);
    expect(codesIn(refused)).toContain(code.TOPIC_AUTHORIZATION_FAILED);
    // Nor does anybody without permission learn whether there is such a topic.
    expect(codesIn(await ask('absent'))).toEqual(codesIn(refused));
    only(...given, on('topic', action));
    const codes = codesIn(await ask(topic));
    expect(codes.filter((each) => each >= 29 && each <= 31)).toEqual([]);
    expect(codesIn(await ask('absent'))).not.toContain(code.TOPIC_AUTHORIZATION_FAILED);
  });

  it('knows a topic by one name only', async () => {
    only(on('topic', '*'), on('group', '*'));
    for (const alias of [
      `${topic}-partition-0`,
      permissions.pulsarTopic(topic),
      permissions.pulsarTopic(topic).replace('persistent://', ''),
      `../n/${topic}`,
      `${topic}\0`,
      '__change_events',
    ]) {
      const codes = codesIn(await ask(alias));
      const known = [code.INVALID_TOPIC_EXCEPTION, code.UNKNOWN_TOPIC_OR_PARTITION];
      // OffsetFetch has no error for what was never committed: it says that there is no offset.
      expect([alias, codes.length > 0 ? known.includes(codes[0] as never) : name === 'OffsetFetch']).toEqual([
        alias,
        true,
      ]);
    }
  });
});

describe('topics by their ids', () => {
  it('are not told of, read or written without permission', async () => {
    await kafka.call(metadataApi, 12, { topics: [{ name: topic }] });
    const { topicId } = permissions;
    const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1e6 }];
    const fetched = await kafka.call(fetchApi, 13, { ...fetchOf(''), topics: [{ topicId, partitions }] });
    expect(codesIn(fetched)).toEqual([code.TOPIC_AUTHORIZATION_FAILED]);
    const topicData = [{ topicId, partitionData: [{ index: 0, records: oneRecord }] }];
    const produced = await kafka.call(produceApi, 13, { ...produceTo(''), topicData });
    expect(codesIn(produced)).toEqual([code.TOPIC_AUTHORIZATION_FAILED]);
    const described = await kafka.call(metadataApi, 12, { topics: [{ name: null, topicId }] });
    expect(described.topics).toMatchObject([{ errorCode: code.TOPIC_AUTHORIZATION_FAILED, name: null }]);
    const removed = await kafka.call(deleteTopicsApi, 6, { topics: [{ name: null, topicId }], timeoutMs });
    expect(removed.responses).toMatchObject([{ errorCode: code.TOPIC_AUTHORIZATION_FAILED, name: null }]);
  });

  it('are left out of lists', async () => {
    expect((await kafka.call(metadataApi, 9, { topics: null })).topics).toEqual([]);
    const listed = { topics: [], responsePartitionLimit: 10, cursor: null };
    expect((await kafka.call(describeTopicPartitionsApi, 0, listed)).topics).toEqual([]);
  });
});

describe('what changes topics', () => {
  const create = (name: string) =>
    kafka.call(createTopicsApi, 7, { topics: [{ name, numPartitions: 1, replicationFactor: 1 }], timeoutMs });

  it('CreateTopics needs create, of the topic or of the cluster; a deny wins', async () => {
    only(on('topic', '*'), { ...on('topic', 'create'), effect: 'deny' });
    expect(codesIn(await create('made'))).toEqual([code.TOPIC_AUTHORIZATION_FAILED]);
    only(on('cluster', 'create'), { ...on('topic', 'create'), effect: 'deny' });
    expect(codesIn(await create('made'))).toEqual([code.TOPIC_AUTHORIZATION_FAILED]);
    only(on('cluster', 'create'));
    expect(codesIn(await create('made'))).toEqual([]);
    only(on('topic', 'create'));
    expect(codesIn(await create('made'))).toEqual([code.TOPIC_ALREADY_EXISTS]);
  });

  it('a topic that Metadata would create needs create too', async () => {
    Object.assign(permissions.bed.tenant.kafka, { autoCreateTopics: true });
    const ask = () =>
      kafka.call(metadataApi, 9, { topics: [{ name: 'auto' }], allowAutoTopicCreation: true });
    only(on('topic', 'describe', 'produce', 'consume'));
    expect(codesIn(await ask())).toEqual([code.TOPIC_AUTHORIZATION_FAILED]);
    expect(
      await permissions.bed.pulsar.admin.partitionedTopics(permissions.bed.tenant.pulsarNamespace),
    ).not.toContain(permissions.pulsarTopic('auto'));
    only(on('topic', 'describe', 'create'));
    expect(codesIn(await ask())).toEqual([]);
    Object.assign(permissions.bed.tenant.kafka, { autoCreateTopics: false });
  });

  it('CreatePartitions needs alter, DeleteTopics delete', async () => {
    const grow = () =>
      kafka.call(createPartitionsApi, 3, {
        ...{ topics: [{ name: 'made', count: 2, assignments: null }], timeoutMs, validateOnly: false },
      });
    const remove = () => kafka.call(deleteTopicsApi, 5, { topicNames: ['made'], timeoutMs });
    only(on('topic', '*'), { ...on('topic', 'alter', 'delete'), effect: 'deny' });
    expect(codesIn([await grow(), await remove()])).toEqual([29, 29]);
    only(on('topic', 'alter', 'delete'));
    expect(codesIn([await grow(), await remove()])).toEqual([]);
  });
});
