/**
 * The error condition that the peer is told:
 * - `amqp:connection:framing-error`: the bytes are no frames, or a frame is larger than allowed.
 * - `amqp:decode-error`: a value cannot be decoded, or is of another type than its place demands.
 * - `amqp:invalid-field`: a mandatory field is missing, or a field has a value that it may not have.
 * - `amqp:not-implemented`: a performative that does not exist.
 * - `amqp:resource-limit-exceeded`: more elements, or deeper nested, than is decoded here.
 */
export type AmqpDecodeErrorCode =
  | 'amqp:connection:framing-error'
  | 'amqp:decode-error'
  | 'amqp:invalid-field'
  | 'amqp:not-implemented'
  | 'amqp:resource-limit-exceeded';

/**
 * What is damaged:
 * - `connection`: the stream itself; nothing after it can be trusted.
 * - `frame`: one frame's performative; its borders are known, but what it should have done to its session is not.
 * - `message`: sections of a message that its frames carried whole: only the link or the delivery is concerned.
 */
export type AmqpFault = 'connection' | 'frame' | 'message';

/** The only error that decoding throws, whatever the bytes are. */
export class AmqpDecodeError extends Error {
  override readonly name = 'AmqpDecodeError';
  /** Of the frame at fault. */
  channel: number | undefined;
  /**
   * The stream did not start with a protocol header: the answer is a protocol header of ours and a close, not a frame
   * (AMQP 2.2).
   */
  duringHeader = false;

  /**
   * @param clause the section of the specification that was violated
   * @param text in words; never text of the peer
   */
  constructor(
    readonly code: AmqpDecodeErrorCode,
    readonly fault: AmqpFault,
    readonly clause: string,
    text: string,
  ) {
    super(`${text} [${clause}]`);
  }
}

export function framingError(clause: string, text: string): AmqpDecodeError {
  return new AmqpDecodeError('amqp:connection:framing-error', 'connection', clause, text);
}

/**
 * - `too-large`: a string, a binary value, a compound or a frame does not fit its length field or the frame's maximum.
 * - `invalid-value`: a number out of its range, a symbol that is not ASCII, a lone surrogate, a missing mandatory field.
 */
export type AmqpEncodeErrorCode = 'too-large' | 'invalid-value';

/** A value that cannot be written: always the caller's fault, never the peer's. */
export class AmqpEncodeError extends Error {
  override readonly name = 'AmqpEncodeError';

  constructor(
    readonly code: AmqpEncodeErrorCode,
    message: string,
  ) {
    super(message);
  }
}
