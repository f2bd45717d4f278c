import {
  CONSUMER_PROTOCOL_TYPE,
  type ConsumerProtocolAssignment,
  type ConsumerProtocolSubscription,
  decodeConsumerProtocolAssignment,
  decodeConsumerProtocolSubscription,
  KafkaErrorCode,
} from '#libs/kafka-codec';
import { KafkaError } from '../../kafka.errors.js';
import type { ClassicGroup } from '../classic/classic-group.js';
import type { ClassicMember } from '../classic/classic-member.js';
import type { Group } from '../group.js';
import type { GroupCoordinator } from '../group-coordinator.js';
import type { ConsumerGroup } from './consumer-group.js';
import { type ConsumerMember, newMember, normalizedTopicNames } from './member.js';
import { MixedGroup } from './mixed-group.js';
import type { SubscribedTopics } from './subscribed-topics.js';
import { type TopicPartitions, TopicPartitionsBuilder } from './topic-partitions.js';

/** What a member of a classic group told and got, read. */
export interface ClassicShare {
  readonly member: ClassicMember;
  readonly subscription: ConsumerProtocolSubscription;
  readonly assignment: ConsumerProtocolAssignment | undefined;
}

/**
 * Whether a member of the consumer protocol may join this classic group, and with it what its members have.
 *
 * @throws KafkaError GROUP_ID_NOT_FOUND, with which Kafka says that there is no such consumer group
 */
export function readForUpgrade(coordinator: GroupCoordinator, classic: ClassicGroup): ClassicShare[] {
  const { consumerGroupMigrationPolicy, consumerGroupSizeMax } = coordinator.options;
  if (classic.memberCount === 0) return [];
  if (consumerGroupMigrationPolicy !== 'bidirectional' && consumerGroupMigrationPolicy !== 'upgrade') {
    throw cannot('online upgrade is disabled');
  }
  if (classic.protocolType !== CONSUMER_PROTOCOL_TYPE) throw cannot('its members are no consumers');
  if (classic.memberCount >= consumerGroupSizeMax) throw cannot('it has too many members');
  try {
    return [...classic.members()].map((member) => share(member, classic.protocolName));
  } catch (error) {
    if (error instanceof KafkaError) throw error;
    throw cannot('what its members told cannot be read');
  }
}

export function topicsOfShares(shares: readonly ClassicShare[]): string[] {
  return shares.flatMap(({ subscription, assignment }) => [
    ...subscription.topics,
    ...(assignment?.assignedPartitions.map(({ topic }) => topic) ?? []),
  ]);
}

/**
 * The consumer group that goes on with the members of a classic one: each keeps what the last generation gave it. The caller puts it in the
 * place of the classic group, and stores it with its tombstones.
 */
export function upgraded(
  coordinator: GroupCoordinator,
  group: Group,
  classic: ClassicGroup,
  shares: readonly ClassicShare[],
  topics: SubscribedTopics,
): ConsumerGroup {
  const { generation } = classic;
  const consumer = new MixedGroup(coordinator, group, topics);
  for (const each of shares) {
    const assigned = toPartitions(each.assignment, topics);
    const member = consumerMemberOf(each, generation, assigned);
    consumer.state.putMember(member);
    consumer.state.setTarget(member.memberId, assigned);
  }
  const topicsHash = topics.hash(consumer.state.subscribedTopics());
  consumer.state.setEpochs({ epoch: generation, assignmentEpoch: generation, topicsHash });
  for (const member of consumer.state.members.values()) consumer.extendSession(member);
  if (shares.length > 0)
    consumer.info('group.upgraded', `is a consumer group with ${shares.length} classic members`);
  return consumer;
}

function share(member: ClassicMember, protocolName: string | null): ClassicShare {
  // During the first rebalance no protocol is selected yet.
  const name = protocolName ?? member.protocols[0]!.name;
  const subscription = decodeConsumerProtocolSubscription(member.metadata(name));
  if (member.assignment.length === 0) return { member, subscription, assignment: undefined };
  const assignment = decodeConsumerProtocolAssignment(member.assignment);
  if ((assignment.userData?.length ?? 0) > 0) throw cannot('its assignor keeps data of its own');
  return { member, subscription, assignment };
}

function consumerMemberOf(
  { member, subscription }: ClassicShare,
  generation: number,
  assigned: TopicPartitions,
): ConsumerMember {
  const { memberId, instanceId, clientId, clientHost, rebalanceTimeoutMs, sessionTimeoutMs, protocols } =
    member;
  return {
    ...newMember(memberId),
    ...{ instanceId, clientId, clientHost, rebalanceTimeoutMs, assigned },
    rackId: subscription.rackId,
    topicNames: normalizedTopicNames(subscription.topics),
    classic: { sessionTimeoutMs, protocols },
    epoch: generation,
    previousEpoch: generation,
  };
}

/** Topics that are gone are left out. */
function toPartitions(
  assignment: ConsumerProtocolAssignment | undefined,
  topics: SubscribedTopics,
): TopicPartitions {
  const all = new TopicPartitionsBuilder();
  for (const { topic, partitions } of assignment?.assignedPartitions ?? []) {
    const known = topics.topic(topic);
    if (known === undefined) continue;
    for (const partition of partitions)
      if (partition >= 0 && partition < known.partitions) all.add(known.key, partition);
  }
  return all.build();
}

function cannot(why: string): KafkaError {
  const message = `the classic group cannot become a consumer group: ${why}`;
  return new KafkaError(KafkaErrorCode.GROUP_ID_NOT_FOUND, message);
}
