import {
  KafkaErrorCode,
  type SaslHandshakeRequest,
  type SaslHandshakeResponse,
  saslHandshakeApi,
} from '#libs/kafka-codec';
import type { ApiHandler } from '../handler.js';

/**
 * SaslHandshake v0-1 (KIP-43, KIP-152). v0: raw tokens follow; v1: SaslAuthenticate follows.
 *
 * A mechanism that the listener does not offer is answered with the list of those there are and the connection is closed.
 * On an authenticated connection it begins the renewal of a session that has an end (KIP-368); otherwise, and sooner than
 * one second after the last, it is answered ILLEGAL_SASL_STATE.
 */
export const saslHandshakeHandler: ApiHandler<SaslHandshakeRequest, SaslHandshakeResponse> = {
  api: saslHandshakeApi,
  versionMin: 0,
  versionMax: 1,
  handle({ mechanism }, context) {
    const outcome = context.connection.sasl.handshake(mechanism, context.header.apiVersion);
    const mechanisms = [...context.connection.sasl.mechanisms];
    if (outcome === 'accepted') return { errorCode: KafkaErrorCode.NONE, mechanisms };
    if (outcome === 'illegal-state') {
      const errorCode = KafkaErrorCode.ILLEGAL_SASL_STATE;
      context.refused(errorCode, 'SaslHandshake on a connection that is authenticated already');
      return { errorCode, mechanisms };
    }
    const errorCode = KafkaErrorCode.UNSUPPORTED_SASL_MECHANISM;
    context.gateway.metrics.protocol('kafka').authFailures++;
    context.refused(errorCode, `SASL mechanism ${mechanism} is not served`);
    context.closeAfterwards = true;
    return { errorCode, mechanisms };
  },
};
