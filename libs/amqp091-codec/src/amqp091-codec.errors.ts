import type { Buffer } from 'node:buffer';
import {
  type Amqp091ExceptionLevel,
  type Amqp091ReplyCodeName,
  replyCodes,
  replyText,
} from './reply-code.js';

/** Class and method that an exception is about, for `class-id` and `method-id` of a close; 0 where there is none. */
export interface MethodReference {
  readonly classId: number;
  readonly methodId: number;
}

/**
 * The only error that decoding throws, whatever the bytes are: an exception of section 4.8. {@link level} says whether
 * connection.close or channel.close answers it; on channel 0 it is always the connection.
 */
export class Amqp091Error extends Error {
  override readonly name = 'Amqp091Error';
  readonly replyCode: number;
  readonly level: Amqp091ExceptionLevel;
  /** 0 where no method is at fault. */
  classId = 0;
  methodId = 0;
  /** Set where the exception is known to belong to one channel. */
  channel = 0;
  /**
   * The bytes were no protocol header of 0-9-1: this is sent instead of any method, then the connection is closed
   * (section 4.2.2).
   */
  protocolHeader: Buffer | undefined;

  /** @param explanation in words; never text of the peer */
  constructor(
    readonly code: Amqp091ReplyCodeName,
    explanation: string,
    method?: MethodReference,
  ) {
    super(explanation);
    this.replyCode = replyCodes[code].code;
    this.level = replyCodes[code].level;
    if (method) this.about(method);
  }

  /** Names the method that is at fault, unless a narrower place did. */
  about({ classId, methodId }: MethodReference, channel = this.channel): this {
    if (this.classId === 0) {
      this.classId = classId;
      this.methodId = methodId;
    }
    this.channel = channel;
    return this;
  }

  /** For `reply-text` of a close: at most 255 bytes. */
  get replyText(): string {
    return replyText(this.code, this.message);
  }
}

export function frameError(explanation: string): Amqp091Error {
  return new Amqp091Error('frame-error', explanation);
}

export function syntaxError(explanation: string): Amqp091Error {
  return new Amqp091Error('syntax-error', explanation);
}

/**
 * - `too-large`: a string, a table or a frame does not fit its length field or the frame-max.
 * - `invalid-string`: NUL or a lone surrogate in a short string.
 * - `invalid-value`: a number out of its range.
 * - `too-deep`: a field table with more levels than a receiver accepts.
 */
export type Amqp091EncodeErrorCode = 'too-large' | 'invalid-string' | 'invalid-value' | 'too-deep';

/** What cannot be written: always the caller's fault, never the peer's. */
export class Amqp091EncodeError extends Error {
  override readonly name = 'Amqp091EncodeError';

  constructor(
    readonly code: Amqp091EncodeErrorCode,
    message: string,
  ) {
    super(message);
  }
}
