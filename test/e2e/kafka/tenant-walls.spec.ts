import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { apiVersionsApi, kafkaApiByKey } from '#libs/kafka-codec';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { clusterWalls } from './tenant-walls/cluster-walls.js';
import { groupWalls } from './tenant-walls/group-walls.js';
import { makeTopics, topicWalls } from './tenant-walls/topic-walls.js';
import { Side, type Wall } from './tenant-walls/wall.js';

/** Every operation that is served, in an order in which one may build on another; nothing is served that is not here. */
const operations = [
  ...['ApiVersions', 'SaslHandshake', 'SaslAuthenticate', 'DescribeCluster'],
  ...['CreateTopics', 'Metadata', 'DescribeTopicPartitions', 'Produce', 'Fetch', 'ListOffsets'],
  ...['OffsetForLeaderEpoch', 'InitProducerId', 'DescribeProducers', 'DescribeLogDirs', 'ElectLeaders'],
  ...['FindCoordinator', 'OffsetCommit', 'OffsetFetch', 'ListGroups', 'JoinGroup', 'SyncGroup', 'Heartbeat'],
  ...['DescribeGroups', 'LeaveGroup', 'ConsumerGroupHeartbeat', 'ConsumerGroupDescribe', 'OffsetDelete'],
  ...['DeleteGroups', 'DescribeConfigs', 'AlterConfigs', 'IncrementalAlterConfigs', 'CreatePartitions'],
  ...[
    'CreateAcls',
    'DescribeAcls',
    'DeleteAcls',
    'AlterUserScramCredentials',
    'DescribeUserScramCredentials',
    'AlterClientQuotas',
    'DescribeClientQuotas',
  ],
  ...['DeleteRecords', 'DeleteTopics'],
];

let gateway: TestGateway;
let acme: Side;
let beta: Side;
let walls: Readonly<Record<string, Wall>>;

beforeAll(async () => {
  const tenants = ['acme', 'beta'].map((name) => {
    const users = [{ name: 'app', password: `secret-of-${name}` }];
    return { name, users, permissions: [allowAll] };
  });
  gateway = await startGateway({ tenants });
  [acme, beta] = [await Side.open(gateway.kafka, 'acme'), await Side.open(gateway.kafka, 'beta')];
  walls = { ...topicWalls, ...groupWalls, ...clusterWalls(gateway.kafka) };
  expect(await Promise.all([makeTopics(acme), makeTopics(beta)])).toEqual([
    [0, 0],
    [0, 0],
  ]);
}, 120_000);

afterAll(async () => {
  acme?.socket.destroy();
  beta?.socket.destroy();
  await gateway?.stop();
});

describe('two tenants that give everything the same names', () => {
  it('use every operation that is served', async () => {
    const { apiKeys } = await acme.call(apiVersionsApi, 3, {
      ...{ clientSoftwareName: 'walls', clientSoftwareVersion: '1' },
    });
    const served = apiKeys.map(({ apiKey }) => kafkaApiByKey(apiKey)!.name).sort();
    expect([...operations].sort()).toEqual(served);
    expect(Object.keys(walls).sort()).toEqual(served);
  });

  it.each(operations)('%s does not cross', (name) => walls[name]!(acme, beta), 60_000);
});
