import { isRetriable, KafkaErrorCode } from '#libs/kafka-codec';

/** What Java's consumers expect of a partition in a Fetch response; any other code they take for a bug, and end. */
const expected = new Set<number>([
  KafkaErrorCode.NONE,
  KafkaErrorCode.NOT_LEADER_OR_FOLLOWER,
  KafkaErrorCode.REPLICA_NOT_AVAILABLE,
  KafkaErrorCode.KAFKA_STORAGE_ERROR,
  KafkaErrorCode.FENCED_LEADER_EPOCH,
  KafkaErrorCode.UNKNOWN_LEADER_EPOCH,
  KafkaErrorCode.OFFSET_NOT_AVAILABLE,
  KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  KafkaErrorCode.UNKNOWN_TOPIC_ID,
  KafkaErrorCode.INCONSISTENT_TOPIC_ID,
  KafkaErrorCode.OFFSET_OUT_OF_RANGE,
  KafkaErrorCode.TOPIC_AUTHORIZATION_FAILED,
  KafkaErrorCode.CORRUPT_MESSAGE,
  KafkaErrorCode.UNKNOWN_SERVER_ERROR,
]);

/** The nearest of the codes that a consumer knows how to take. */
export function fetchErrorCode(code: number): number {
  if (expected.has(code)) return code;
  // No topic can have that name, so there is none.
  if (code === KafkaErrorCode.INVALID_TOPIC_EXCEPTION) return KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  return isRetriable(code) ? KafkaErrorCode.NOT_LEADER_OR_FOLLOWER : KafkaErrorCode.UNKNOWN_SERVER_ERROR;
}
