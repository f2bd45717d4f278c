import { SecurityStateError, type SecurityStateFault } from '#libs/auth';
import { KafkaErrorCode } from '#libs/kafka-codec';
import { PulsarAdminError, PulsarError, type PulsarErrorCode } from '#libs/pulsar';

/** A refusal with the code that the client is to see. The message goes to the log and, where a field exists, out. */
export class KafkaError extends Error {
  override readonly name = 'KafkaError';

  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

/** Pulsar's errors that have a code of their own; the rest by whether trying again may help. */
const codeOfPulsarError: Partial<Record<PulsarErrorCode, number>> = {
  TopicNotFound: KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  TopicTerminatedError: KafkaErrorCode.POLICY_VIOLATION,
  InvalidTopicName: KafkaErrorCode.INVALID_TOPIC_EXCEPTION,
  AuthorizationError: KafkaErrorCode.TOPIC_AUTHORIZATION_FAILED,
  // Of the tenant's identity at Pulsar: to its clients that, too, is somebody who may not.
  AuthenticationError: KafkaErrorCode.TOPIC_AUTHORIZATION_FAILED,
  EntryTooLarge: KafkaErrorCode.MESSAGE_TOO_LARGE,
  ChecksumError: KafkaErrorCode.CORRUPT_MESSAGE,
  IncompatibleSchema: KafkaErrorCode.INVALID_RECORD,
  NotAllowedError: KafkaErrorCode.POLICY_VIOLATION,
  Timeout: KafkaErrorCode.REQUEST_TIMED_OUT,
  PersistenceError: KafkaErrorCode.KAFKA_STORAGE_ERROR,
  ProducerFenced: KafkaErrorCode.NOT_LEADER_OR_FOLLOWER,
  Closed: KafkaErrorCode.NOT_LEADER_OR_FOLLOWER,
};

const codeOfAdminStatus: Readonly<Record<number, number>> = {
  401: KafkaErrorCode.TOPIC_AUTHORIZATION_FAILED,
  403: KafkaErrorCode.TOPIC_AUTHORIZATION_FAILED,
  404: KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  409: KafkaErrorCode.TOPIC_ALREADY_EXISTS,
  // Pulsar: limits of the namespace, a policy that forbids it.
  412: KafkaErrorCode.POLICY_VIOLATION,
};

/** NOT_CONTROLLER: admin clients look for it anew and try again. */
const codeOfSecurityFault: Readonly<Record<SecurityStateFault, number>> = {
  unavailable: KafkaErrorCode.NOT_CONTROLLER,
  timeout: KafkaErrorCode.REQUEST_TIMED_OUT,
  limit: KafkaErrorCode.POLICY_VIOLATION,
  refused: KafkaErrorCode.INVALID_REQUEST,
  configured: KafkaErrorCode.POLICY_VIOLATION,
};

/** The one place where an error of any kind becomes a Kafka error code. */
export function kafkaErrorCode(error: unknown): number {
  if (error instanceof KafkaError) return error.code;
  const known = knownCode(error);
  if (known !== undefined) return known;
  const retriable = (error instanceof PulsarError || error instanceof PulsarAdminError) && error.retriable;
  return retriable ? KafkaErrorCode.NOT_LEADER_OR_FOLLOWER : KafkaErrorCode.UNKNOWN_SERVER_ERROR;
}

/**
 * The same for requests that Kafka's controller answers: while Pulsar is away or moves a topic, admin clients find the
 * controller anew and try again, as they do for no other code.
 */
export function controllerErrorCode(error: unknown): number {
  const code = kafkaErrorCode(error);
  return code === KafkaErrorCode.NOT_LEADER_OR_FOLLOWER ? KafkaErrorCode.NOT_CONTROLLER : code;
}

export function kafkaErrorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function knownCode(error: unknown): number | undefined {
  if (error instanceof SecurityStateError) return codeOfSecurityFault[error.fault];
  if (error instanceof PulsarError) return codeOfPulsarError[error.code];
  if (error instanceof PulsarAdminError && !error.retriable) return codeOfAdminStatus[error.status];
  return undefined;
}
