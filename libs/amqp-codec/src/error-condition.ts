/**
 * The error conditions of the specification (AMQP 2.8.15 to 2.8.18, 4.5.8), as they stand in `error.condition`, a symbol.
 * Peers may send others, so what is decoded is any string.
 */
export const AmqpErrorCondition = {
  INTERNAL_ERROR: 'amqp:internal-error',
  NOT_FOUND: 'amqp:not-found',
  UNAUTHORIZED_ACCESS: 'amqp:unauthorized-access',
  DECODE_ERROR: 'amqp:decode-error',
  RESOURCE_LIMIT_EXCEEDED: 'amqp:resource-limit-exceeded',
  NOT_ALLOWED: 'amqp:not-allowed',
  INVALID_FIELD: 'amqp:invalid-field',
  NOT_IMPLEMENTED: 'amqp:not-implemented',
  RESOURCE_LOCKED: 'amqp:resource-locked',
  PRECONDITION_FAILED: 'amqp:precondition-failed',
  RESOURCE_DELETED: 'amqp:resource-deleted',
  ILLEGAL_STATE: 'amqp:illegal-state',
  FRAME_SIZE_TOO_SMALL: 'amqp:frame-size-too-small',
  CONNECTION_FORCED: 'amqp:connection:forced',
  FRAMING_ERROR: 'amqp:connection:framing-error',
  CONNECTION_REDIRECT: 'amqp:connection:redirect',
  WINDOW_VIOLATION: 'amqp:session:window-violation',
  ERRANT_LINK: 'amqp:session:errant-link',
  HANDLE_IN_USE: 'amqp:session:handle-in-use',
  UNATTACHED_HANDLE: 'amqp:session:unattached-handle',
  DETACH_FORCED: 'amqp:link:detach-forced',
  TRANSFER_LIMIT_EXCEEDED: 'amqp:link:transfer-limit-exceeded',
  MESSAGE_SIZE_EXCEEDED: 'amqp:link:message-size-exceeded',
  LINK_REDIRECT: 'amqp:link:redirect',
  STOLEN: 'amqp:link:stolen',
  TRANSACTION_UNKNOWN_ID: 'amqp:transaction:unknown-id',
  TRANSACTION_ROLLBACK: 'amqp:transaction:rollback',
  TRANSACTION_TIMEOUT: 'amqp:transaction:timeout',
} as const;

export type AmqpErrorConditionSymbol = (typeof AmqpErrorCondition)[keyof typeof AmqpErrorCondition];

/** `sasl-outcome.code` (AMQP 5.3.3.6). */
export const AmqpSaslCode = { OK: 0, AUTH: 1, SYS: 2, SYS_PERM: 3, SYS_TEMP: 4 } as const;
