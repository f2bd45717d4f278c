import { MqttReasonCode, mayCarryReasonCode, mqttReasonCodeName } from '#libs/mqtt-codec';
import type { PulsarErrorCode } from '#libs/pulsar';
import { isPulsarError } from '#libs/pulsar';

/**
 * A refusal that a client is told: the reason code of MQTT 5, and a sentence for its reason string and our log. Without a
 * stack, which costs more than all the rest of a refusal: a client may cause thousands with one packet.
 */
export class MqttError extends Error {
  override readonly name = 'MqttError';

  /** @param reasonCode 0x80 or more */
  constructor(
    readonly reasonCode: number,
    message: string,
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

  /** What a packet says for it: 0x80 where it has no such reason code. */
  codeIn(packet: Parameters<typeof mayCarryReasonCode>[0]): number {
    return mayCarryReasonCode(packet, this.reasonCode) ? this.reasonCode : MqttReasonCode.UNSPECIFIED_ERROR;
  }

  /** For logs, metrics and close reasons: `not-authorized`. */
  get reasonName(): string {
    return reasonNameOf(this.reasonCode);
  }
}

export function reasonNameOf(reasonCode: number): string {
  const name = mqttReasonCodeName(reasonCode);
  return name?.toLowerCase().replaceAll('_', '-') ?? `0x${reasonCode.toString(16)}`;
}

/** What a fault of Pulsar is to a client that published or subscribed; all others are 0x83. */
const reasonOfPulsarError: Partial<Record<PulsarErrorCode, number>> = {
  AuthorizationError: MqttReasonCode.NOT_AUTHORIZED,
  AuthenticationError: MqttReasonCode.NOT_AUTHORIZED,
  EntryTooLarge: MqttReasonCode.PACKET_TOO_LARGE,
  TooManyPending: MqttReasonCode.QUOTA_EXCEEDED,
};

export function asMqttError(error: unknown): MqttError {
  if (error instanceof MqttError) return error;
  if (!isPulsarError(error)) {
    return new MqttError(MqttReasonCode.UNSPECIFIED_ERROR, 'the gateway failed', { cause: error });
  }
  const code = reasonOfPulsarError[error.code] ?? MqttReasonCode.IMPLEMENTATION_SPECIFIC_ERROR;
  return new MqttError(code, `Pulsar: ${error.code}`, { cause: error });
}
