import { MqttReasonCode } from '#libs/mqtt-codec';
import { isPulsarError, PulsarAdminError } from '#libs/pulsar';
import { MqttError } from '../mqtt.errors.js';

/**
 * What a fault of Pulsar is to who publishes: one of the reason codes that PUBACK and PUBREC may have (table 3-4), or 0x8B,
 * with which the connection ends.
 */
export function asPublishError(error: unknown): MqttError {
  if (error instanceof MqttError) return error;
  if (error instanceof PulsarAdminError) {
    const isForbidden = error.status === 401 || error.status === 403;
    const code = isForbidden ? MqttReasonCode.NOT_AUTHORIZED : MqttReasonCode.IMPLEMENTATION_SPECIFIC_ERROR;
    return new MqttError(code, `Pulsar: HTTP ${error.status}`, { cause: error });
  }
  if (!isPulsarError(error)) {
    return new MqttError(MqttReasonCode.UNSPECIFIED_ERROR, 'the gateway failed', { cause: error });
  }
  return new MqttError(reasonOf(error.code), `Pulsar: ${error.code}`, { cause: error });
}

function reasonOf(code: string): number {
  switch (code) {
    case 'AuthorizationError':
    case 'AuthenticationError':
      return MqttReasonCode.NOT_AUTHORIZED;
    case 'EntryTooLarge':
    case 'TooManyPending':
      return MqttReasonCode.QUOTA_EXCEEDED;
    // Only we close producers: when the gateway stops.
    case 'Closed':
      return MqttReasonCode.SERVER_SHUTTING_DOWN;
    default:
      return MqttReasonCode.IMPLEMENTATION_SPECIFIC_ERROR;
  }
}

export function tooMuchInFlight(): MqttError {
  return new MqttError(MqttReasonCode.QUOTA_EXCEEDED, 'too much waits for Pulsar');
}

export function publisherClosed(): MqttError {
  return new MqttError(MqttReasonCode.SERVER_SHUTTING_DOWN, 'the gateway stops');
}
