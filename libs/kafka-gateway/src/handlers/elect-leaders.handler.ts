import {
  type ElectLeadersRequest,
  type ElectLeadersResponse,
  electLeadersApi,
  KafkaErrorCode,
} from '#libs/kafka-codec';
import type { ApiHandler } from '../handler.js';
import { kafkaErrorCode, kafkaErrorMessage } from '../kafka.errors.js';
import { TopicAuthorization } from '../topics/topic-authorization.js';

/**
 * ElectLeaders v0-2: the leader of a partition is always the preferred one, so no election is ever needed. As Kafka,
 * who asks for all partitions gets those that needed one: none.
 */
export const electLeadersHandler: ApiHandler<ElectLeadersRequest, ElectLeadersResponse> = {
  api: electLeadersApi,
  versionMin: 0,
  versionMax: 2,
  handle({ topicPartitions }, context) {
    try {
      new TopicAuthorization(context).requireCluster('alter');
    } catch (error) {
      const errorCode = kafkaErrorCode(error);
      context.refused(errorCode, kafkaErrorMessage(error));
      return { errorCode, replicaElectionResults: [] };
    }
    const errorCode = KafkaErrorCode.ELECTION_NOT_NEEDED;
    return {
      replicaElectionResults: (topicPartitions ?? []).map(({ topic, partitions }) => ({
        topic,
        partitionResult: partitions.map((partitionId) => ({
          partitionId,
          errorCode,
          errorMessage: 'the leader is the preferred one',
        })),
      })),
    };
  },
};
