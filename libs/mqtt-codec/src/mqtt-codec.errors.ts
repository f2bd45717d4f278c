import type { MqttProtocolLevel } from './protocol-level.js';
import { MqttReasonCode } from './reason-code.js';

/**
 * What is wrong with a packet, and with it the reason code of MQTT 5:
 * - `malformed-packet`: it cannot be parsed as the specification says; `protocol-error`: it can, but holds what is not allowed.
 * - `unsupported-protocol-version`, `client-identifier-not-valid`: a CONNECT that even MQTT 3.1.1 answers before the close.
 * - `quota-exceeded`: more elements than {@link packetElementsMax}; `packet-too-large`: more bytes than the maximum.
 */
const reasonCodes = {
  'malformed-packet': MqttReasonCode.MALFORMED_PACKET,
  'protocol-error': MqttReasonCode.PROTOCOL_ERROR,
  'unsupported-protocol-version': MqttReasonCode.UNSUPPORTED_PROTOCOL_VERSION,
  'client-identifier-not-valid': MqttReasonCode.CLIENT_IDENTIFIER_NOT_VALID,
  'topic-filter-invalid': MqttReasonCode.TOPIC_FILTER_INVALID,
  'topic-name-invalid': MqttReasonCode.TOPIC_NAME_INVALID,
  'topic-alias-invalid': MqttReasonCode.TOPIC_ALIAS_INVALID,
  'packet-too-large': MqttReasonCode.PACKET_TOO_LARGE,
  'quota-exceeded': MqttReasonCode.QUOTA_EXCEEDED,
} as const;

export type MqttDecodeErrorCode = keyof typeof reasonCodes;

/**
 * The only error that decoding throws, whatever the bytes are. The connection ends with it: MQTT 5 is told the
 * {@link reasonCode} (in CONNACK when {@link duringConnect}, else in DISCONNECT), MQTT 3.1.1 is closed, except where
 * `connackReturnCode(reasonCode)` has an answer to its CONNECT.
 */
export class MqttDecodeError extends Error {
  override readonly name = 'MqttDecodeError';
  /** Of MQTT 5, 0x80 and above. */
  readonly reasonCode: number;
  /** How an answer is to be encoded; undefined: the peer did not say what it speaks, so there is none. */
  protocolLevel: MqttProtocolLevel | undefined;
  /** No CONNECT was accepted before this. */
  duringConnect = false;

  /**
   * @param clause the normative statement that was violated, or the section where it has no number
   * @param fault in words; never text of the peer
   */
  constructor(
    readonly code: MqttDecodeErrorCode,
    readonly clause: string,
    fault: string,
  ) {
    super(`${fault} [${clause}]`);
    this.reasonCode = reasonCodes[code];
  }
}

export function malformed(clause: string, fault: string): MqttDecodeError {
  return new MqttDecodeError('malformed-packet', clause, fault);
}

export function protocolError(clause: string, fault: string): MqttDecodeError {
  return new MqttDecodeError('protocol-error', clause, fault);
}

/**
 * - `too-large`: a string, a binary value or the packet does not fit its length field.
 * - `invalid-string`: NUL or a lone surrogate, which no receiver may accept.
 * - `invalid-value`: a number out of its range, or a reason code that the packet does not have.
 * - `not-in-packet`: a property that this packet does not have.
 */
export type MqttEncodeErrorCode = 'too-large' | 'invalid-string' | 'invalid-value' | 'not-in-packet';

/** A packet that cannot be written: always the caller's fault, never the peer's. */
export class MqttEncodeError extends Error {
  override readonly name = 'MqttEncodeError';

  constructor(
    readonly code: MqttEncodeErrorCode,
    message: string,
  ) {
    super(message);
  }
}
