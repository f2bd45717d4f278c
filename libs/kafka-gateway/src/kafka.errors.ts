import { KafkaErrorCode } from '#libs/kafka-codec';

/** A refusal with the code that the client is to see. The message goes to the log and, where a field exists, out. */
export class KafkaError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
    this.name = 'KafkaError';
  }
}

/** Pulsar's typed errors to Kafka's codes; what is not listed is UNKNOWN_SERVER_ERROR or, if retriable, code 6. */
const codeOfPulsarError: Readonly<Record<string, number>> = {
  TopicNotFound: KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  TopicTerminated: KafkaErrorCode.POLICY_VIOLATION,
  InvalidTopicName: KafkaErrorCode.INVALID_TOPIC_EXCEPTION,
  AuthorizationError: KafkaErrorCode.TOPIC_AUTHORIZATION_FAILED,
  EntryTooLarge: KafkaErrorCode.MESSAGE_TOO_LARGE,
  Timeout: KafkaErrorCode.REQUEST_TIMED_OUT,
  ProducerBusy: KafkaErrorCode.NOT_LEADER_OR_FOLLOWER,
  ProducerFenced: KafkaErrorCode.NOT_LEADER_OR_FOLLOWER,
  PersistenceError: KafkaErrorCode.KAFKA_STORAGE_ERROR,
};

interface CodedError {
  readonly code: unknown;
  readonly retriable?: unknown;
}

/** The one place where an error of any kind becomes a Kafka error code. */
export function kafkaErrorCode(error: unknown): number {
  if (error instanceof KafkaError) return error.code;
  if (!(error instanceof Error) || !('code' in error)) return KafkaErrorCode.UNKNOWN_SERVER_ERROR;
  const { code, retriable } = error as Error & CodedError;
  const known = typeof code === 'string' ? codeOfPulsarError[code] : undefined;
  if (known !== undefined) return known;
  return retriable === true ? KafkaErrorCode.NOT_LEADER_OR_FOLLOWER : KafkaErrorCode.UNKNOWN_SERVER_ERROR;
}
