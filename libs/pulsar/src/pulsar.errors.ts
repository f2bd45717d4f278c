/**
 * Everything that can go wrong between the gateway and Pulsar, as one error class with a closed set of codes.
 * The first 26 codes are the broker's own (`ServerError` of PulsarApi.proto, by number); the rest arise on this side.
 */

/** `ServerError` of PulsarApi.proto, in the order of its numbers. */
export const serverErrorNames = [
  'UnknownError',
  'MetadataError',
  'PersistenceError',
  'AuthenticationError',
  'AuthorizationError',
  'ConsumerBusy',
  'ServiceNotReady',
  'ProducerBlockedQuotaExceededError',
  'ProducerBlockedQuotaExceededException',
  'ChecksumError',
  'UnsupportedVersionError',
  'TopicNotFound',
  'SubscriptionNotFound',
  'ConsumerNotFound',
  'TooManyRequests',
  'TopicTerminatedError',
  'ProducerBusy',
  'InvalidTopicName',
  'IncompatibleSchema',
  'ConsumerAssignError',
  'TransactionCoordinatorNotFound',
  'InvalidTxnStatus',
  'NotAllowedError',
  'TransactionConflict',
  'TransactionNotFound',
  'ProducerFenced',
] as const;

export type ServerErrorName = (typeof serverErrorNames)[number];

/** Faults that this side finds out by itself. */
export type ClientErrorName =
  /** No answer within the time allowed. Whether the broker did it is unknown. */
  | 'Timeout'
  /** The connection ended with the request outstanding. Whether the broker did it is unknown. */
  | 'Disconnected'
  /** No connection could be made: refused, unresolvable, TLS, or the deadline passed. */
  | 'ConnectFailed'
  /** The broker sent bytes that are not Pulsar's protocol, or a frame over the limit. */
  | 'MalformedFrame'
  /** An entry over what the broker and its bookies take (`entryReserveBytes`); nothing was sent. */
  | 'EntryTooLarge'
  /** A bound of this side is reached (requests, bytes or entries outstanding); nothing was sent. */
  | 'TooManyPending'
  /** The object was closed by its owner. */
  | 'Closed'
  /** Credentials could not be obtained: file unreadable, token endpoint away or refusing. */
  | 'CredentialsUnavailable'
  /** More lookup redirects than allowed. */
  | 'TooManyRedirects'
  /** The cluster has no transaction coordinator. */
  | 'TransactionsUnavailable'
  /** The connection to the coordinator was lost on a commit: whether it was done is unknown, and nobody can be asked. */
  | 'TransactionOutcomeUnknown'
  /** Options that cannot work. */
  | 'InvalidConfiguration';

export type PulsarErrorCode = ServerErrorName | ClientErrorName;

const retriableCodes: ReadonlySet<PulsarErrorCode> = new Set<PulsarErrorCode>([
  'UnknownError',
  'MetadataError',
  'PersistenceError',
  'ServiceNotReady',
  'TooManyRequests',
  'ConsumerBusy',
  'ProducerBusy',
  'ProducerBlockedQuotaExceededError',
  'ProducerBlockedQuotaExceededException',
  'ChecksumError',
  'TransactionCoordinatorNotFound',
  'Timeout',
  'Disconnected',
  'ConnectFailed',
  'MalformedFrame',
  'TooManyPending',
  'CredentialsUnavailable',
]);

export class PulsarError extends Error {
  override readonly name = 'PulsarError';
  readonly code: PulsarErrorCode;

  constructor(code: PulsarErrorCode, message: string, options?: { cause?: unknown }) {
    super(message === '' ? code : `${code}: ${message}`, options);
    this.code = code;
  }

  /** True when the same request may succeed later without anybody changing it. */
  get retriable(): boolean {
    return retriableCodes.has(this.code);
  }
}

/** The error for a `ServerError` number; numbers that a newer broker added read as `UnknownError`. */
export function serverError(number: number | undefined, message: string | undefined): PulsarError {
  const known = serverErrorNames[number ?? 0];
  return new PulsarError(
    known ?? 'UnknownError',
    known ? (message ?? '') : `error ${number}: ${message ?? ''}`,
  );
}

export function isPulsarError(error: unknown, code?: PulsarErrorCode): error is PulsarError {
  return error instanceof PulsarError && (code === undefined || error.code === code);
}

/** Any thrown value as a PulsarError: itself when it is one, else wrapped under `code`. */
export function asPulsarError(error: unknown, code: PulsarErrorCode): PulsarError {
  if (error instanceof PulsarError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new PulsarError(code, message, { cause: error });
}
