import type { Buffer } from 'node:buffer';
import {
  CONSUMER_PROTOCOL_TYPE,
  decodeConsumerProtocolSubscription,
  encodeConsumerProtocolAssignment,
  KafkaErrorCode,
} from '#libs/kafka-codec';
import type { JoinAnswer } from '../classic/classic-requests.js';
import type { ConsumerGroup } from './consumer-group.js';
import type { ConsumerMember } from './member.js';
import type { TopicPartitions } from './topic-partitions.js';

/** What a classic member of a consumer group is told when it joined: it never leads, and its epoch is its generation. */
export function joinAnswerOf(member: ConsumerMember): JoinAnswer {
  return {
    code: KafkaErrorCode.NONE,
    memberId: member.memberId,
    generation: member.epoch,
    protocolType: CONSUMER_PROTOCOL_TYPE,
    protocolName: member.classic!.protocols[0]!.name,
    leader: '',
    skipAssignment: false,
    members: [],
  };
}

/** In the version of the member's own subscription. */
export function assignmentBytes(group: ConsumerGroup, assigned: TopicPartitions, metadata: Buffer): Buffer {
  const assignedPartitions = [...assigned].flatMap(([key, partitions]) => {
    const topic = group.topics.nameOf(key);
    return topic === undefined ? [] : [{ topic, partitions: [...partitions].sort((a, b) => a - b) }];
  });
  const { version } = decodeConsumerProtocolSubscription(metadata);
  return encodeConsumerProtocolAssignment({ version, assignedPartitions, userData: null });
}
