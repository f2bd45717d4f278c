import type { Wall, WallTable } from '../wall.js';
import { clusterWalls } from './cluster-walls.js';
import { groupWalls } from './group-walls.js';
import type { Side } from './kafka-side.js';
import { topicWalls } from './topic-walls.js';

const walls = { ...topicWalls, ...groupWalls, ...clusterWalls };

/** What is tried, in an order in which one may build on another. */
const tries: readonly (readonly [operation: string, tries: string])[] = [
  ['ApiVersions', 'what is served: the same to both'],
  ['SaslHandshake', 'which mechanisms there are: no tenant is named'],
  ['SaslAuthenticate', 'the other’s password, and its name as authorization identity'],
  ['DescribeCluster', 'the cluster’s id, which is each tenant’s own'],
  ['CreateTopics', 'topics of one name, with different numbers of partitions'],
  ['Metadata', 'all topics; the other’s topic by name and by its id'],
  ['DescribeTopicPartitions', 'all topics; the other’s by name'],
  ['Produce', 'to topics of one name; to the other’s topic by its id'],
  ['Fetch', 'topics of one name; the other’s by its id; its fetch session'],
  ['ListOffsets', 'ends of topics of one name'],
  ['OffsetForLeaderEpoch', 'ends of epochs of topics of one name'],
  ['InitProducerId', 'producer ids; one transactional id'],
  ['DescribeProducers', 'one producer id with the same sequence numbers'],
  ['DescribeLogDirs', 'all topics; the other’s by name and by path'],
  ['ElectLeaders', 'of topics of one name'],
  ['FindCoordinator', 'of one group and one transactional id'],
  ['OffsetCommit', 'of one group and topic'],
  ['OffsetFetch', 'of one group; of the other’s group'],
  ['ListGroups', 'all groups'],
  ['JoinGroup', 'one group; with the other’s member id'],
  ['SyncGroup', 'one group; with the other’s member id'],
  ['Heartbeat', 'with the other’s member id'],
  ['DescribeGroups', 'one group; the other’s group'],
  ['LeaveGroup', 'with the other’s member id'],
  ['ConsumerGroupHeartbeat', 'one group; with the other’s member id'],
  ['ConsumerGroupDescribe', 'one group'],
  ['OffsetDelete', 'of one group; of the other’s group'],
  ['DeleteGroups', 'one group; the other’s group'],
  ['DescribeConfigs', 'of the other’s topic'],
  ['AlterConfigs', 'of topics of one name'],
  ['IncrementalAlterConfigs', 'of topics of one name'],
  ['CreatePartitions', 'of topics of one name'],
  ['CreateAcls', 'for one principal and topic'],
  ['DescribeAcls', 'all rules'],
  ['DeleteAcls', 'by a filter that matches the other’s rules'],
  ['AlterUserScramCredentials', 'of one user'],
  ['DescribeUserScramCredentials', 'of all users'],
  ['AlterClientQuotas', 'of one user'],
  ['DescribeClientQuotas', 'of all entities'],
  ['DeleteRecords', 'of topics of one name'],
  ['DeleteTopics', 'topics of one name; the other’s by name and by its id'],
];

/** Operations are Kafka's APIs. */
export const kafkaTable: WallTable<Side> = {
  protocol: 'Kafka',
  walls: tries.map(([operation, what]): Wall<Side> => ({ operation, tries: what, run: walls[operation]! })),
  nameless: {},
};
