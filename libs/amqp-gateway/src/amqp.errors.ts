import { AmqpErrorCondition, type AmqpErrorConditionSymbol } from '#libs/amqp-codec';
import { isPulsarError, PulsarAdminError, type PulsarErrorCode } from '#libs/pulsar';

/** What an error ends (AMQP 2.8.14): the link by detach, the session by end, the connection by close. */
export type AmqpErrorScope = 'link' | 'session' | 'connection';

/**
 * A refusal that a client is told: an error condition and a sentence. Without a stack, which costs more than all the rest
 * of a refusal: a client may cause thousands with one frame.
 */
export class AmqpError extends Error {
  override readonly name = 'AmqpError';

  /** @param message for the client too: nothing of another tenant, nothing of the inside */
  constructor(
    readonly condition: AmqpErrorConditionSymbol,
    message: string,
    readonly scope: AmqpErrorScope = 'link',
    options?: { cause?: unknown },
  ) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message, options);
    Error.stackTraceLimit = stackTraceLimit;
  }

  /** For our log: with what was behind it, which is not the client's business. */
  get detail(): string {
    return this.cause instanceof Error ? `${this.message}: ${this.cause.message}` : this.message;
  }
}

/** What a fault of Pulsar is to a client that sent or attached; all others are internal errors. */
const conditionOfPulsarError: Partial<Record<PulsarErrorCode, AmqpErrorConditionSymbol>> = {
  AuthorizationError: AmqpErrorCondition.UNAUTHORIZED_ACCESS,
  AuthenticationError: AmqpErrorCondition.UNAUTHORIZED_ACCESS,
  EntryTooLarge: AmqpErrorCondition.MESSAGE_SIZE_EXCEEDED,
  TooManyPending: AmqpErrorCondition.RESOURCE_LIMIT_EXCEEDED,
  ProducerBlockedQuotaExceededError: AmqpErrorCondition.RESOURCE_LIMIT_EXCEEDED,
  ProducerBlockedQuotaExceededException: AmqpErrorCondition.RESOURCE_LIMIT_EXCEEDED,
  TopicTerminatedError: AmqpErrorCondition.ILLEGAL_STATE,
  TopicNotFound: AmqpErrorCondition.NOT_FOUND,
  ConsumerBusy: AmqpErrorCondition.RESOURCE_LOCKED,
  TransactionsUnavailable: AmqpErrorCondition.NOT_IMPLEMENTED,
  TransactionConflict: AmqpErrorCondition.TRANSACTION_ROLLBACK,
};

/** The same of its admin REST, by the status of the answer. */
const conditionOfAdminStatus: Readonly<Record<number, AmqpErrorConditionSymbol>> = {
  401: AmqpErrorCondition.UNAUTHORIZED_ACCESS,
  403: AmqpErrorCondition.UNAUTHORIZED_ACCESS,
  404: AmqpErrorCondition.NOT_FOUND,
};

export function asAmqpError(error: unknown): AmqpError {
  if (error instanceof AmqpError) return error;
  if (error instanceof PulsarAdminError) {
    const condition = conditionOfAdminStatus[error.status] ?? AmqpErrorCondition.INTERNAL_ERROR;
    return new AmqpError(condition, `Pulsar answered ${error.status}`, 'link', { cause: error });
  }
  if (!isPulsarError(error)) {
    return new AmqpError(AmqpErrorCondition.INTERNAL_ERROR, 'the gateway failed', 'link', { cause: error });
  }
  const condition = conditionOfPulsarError[error.code] ?? AmqpErrorCondition.INTERNAL_ERROR;
  return new AmqpError(condition, `Pulsar: ${error.code}`, 'link', { cause: error });
}
