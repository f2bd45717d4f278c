/**
 * Why bytes from the wire were refused. The code tells the caller what to answer:
 * - `truncated`, `invalid-length`, `invalid-count`, `invalid-varint`, `invalid-null`, `invalid-string`,
 *   `invalid-tag`: the message is malformed; Kafka closes the connection.
 * - `unsupported-api`, `unsupported-version`: well-formed as far as it was read, but not known here.
 * - `frame-invalid`, `frame-too-large`: the size prefix is not a Kafka request's.
 * - `records-corrupt`: CORRUPT_MESSAGE; `records-invalid`: INVALID_RECORD; `records-too-large`: over a stated cap;
 *   `records-unsupported`: a compression type or magic that does not exist.
 */
export type KafkaDecodeErrorCode =
  | 'truncated'
  | 'invalid-length'
  | 'invalid-count'
  | 'invalid-varint'
  | 'invalid-null'
  | 'invalid-string'
  | 'invalid-tag'
  | 'unsupported-api'
  | 'unsupported-version'
  | 'frame-invalid'
  | 'frame-too-large'
  | 'records-corrupt'
  | 'records-invalid'
  | 'records-too-large'
  | 'records-unsupported';

/** The only error that decoding throws, whatever the bytes are. */
export class KafkaDecodeError extends Error {
  override readonly name = 'KafkaDecodeError';

  constructor(
    readonly code: KafkaDecodeErrorCode,
    message: string,
  ) {
    super(message);
  }
}

/**
 * - `unsupported-version`: the API does not have that version.
 * - `field-not-in-version`: a field that is not ignorable has a non-default value in a version that cannot carry it.
 * - `invalid-null`: null in a version where the field is not nullable.
 * - `too-large`: a string or the message does not fit its length field.
 */
export type KafkaEncodeErrorCode =
  | 'unsupported-version'
  | 'field-not-in-version'
  | 'invalid-null'
  | 'too-large';

/** A value that cannot be written: always the caller's fault, never the peer's. */
export class KafkaEncodeError extends Error {
  override readonly name = 'KafkaEncodeError';

  constructor(
    readonly code: KafkaEncodeErrorCode,
    message: string,
  ) {
    super(message);
  }
}
