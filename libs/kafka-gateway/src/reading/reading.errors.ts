import { KafkaErrorCode } from '#libs/kafka-codec';
import { PulsarAdminError, PulsarError } from '#libs/pulsar';
import { KafkaError, kafkaErrorCode } from '../kafka.errors.js';
import type { EntryUnreadableCode } from '../mapping/stored-batch.js';

const {
  CORRUPT_MESSAGE,
  KAFKA_STORAGE_ERROR,
  NOT_LEADER_OR_FOLLOWER,
  OFFSET_OUT_OF_RANGE,
  TOPIC_AUTHORIZATION_FAILED,
  UNKNOWN_SERVER_ERROR,
  UNKNOWN_TOPIC_OR_PARTITION,
} = KafkaErrorCode;

/** What consumers of all generations understand in a Fetch response; others end them with "unexpected error code". */
const fetchCodes: ReadonlySet<number> = new Set([
  CORRUPT_MESSAGE,
  KAFKA_STORAGE_ERROR,
  NOT_LEADER_OR_FOLLOWER,
  OFFSET_OUT_OF_RANGE,
  TOPIC_AUTHORIZATION_FAILED,
  UNKNOWN_SERVER_ERROR,
  UNKNOWN_TOPIC_OR_PARTITION,
]);

/** Kafka's code for a failed read: consumers refresh their metadata and try again where that may help. */
export function readErrorCode(error: unknown): number {
  const code = kafkaErrorCode(error);
  if (fetchCodes.has(code)) return code;
  const retriable = (error instanceof PulsarError || error instanceof PulsarAdminError) && error.retriable;
  return retriable ? NOT_LEADER_OR_FOLLOWER : UNKNOWN_SERVER_ERROR;
}

/** Kafka's code for an entry that cannot be served. The consumer stops there, and its user is to hear of it. */
export function unreadableErrorCode(code: EntryUnreadableCode): number {
  return code === 'no-index' ? UNKNOWN_SERVER_ERROR : CORRUPT_MESSAGE;
}

export function outOfRange(offset: number): KafkaError {
  return new KafkaError(OFFSET_OUT_OF_RANGE, `offset ${offset} is not in the log`);
}

/** The topic was deleted, or another one has its name now. */
export const topicGone: number = UNKNOWN_TOPIC_OR_PARTITION;
/** No broker serves the partition at present. */
export const brokerAway: number = NOT_LEADER_OR_FOLLOWER;
