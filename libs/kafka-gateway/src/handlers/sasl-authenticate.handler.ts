import {
  KafkaErrorCode,
  type SaslAuthenticateRequest,
  type SaslAuthenticateResponse,
  saslAuthenticateApi,
} from '#libs/kafka-codec';
import type { ApiHandler } from '../handler.js';

/** The same for every failure, so that nobody learns which part was wrong. */
const failureMessage = 'Authentication failed: Invalid username or password';

/**
 * SaslAuthenticate v0-2 (KIP-152, KIP-368) with PLAIN. A failure is answered after the authenticator's floor time and
 * ends the connection. session_lifetime_ms is 0: a session has no end, so no client re-authenticates.
 */
export const saslAuthenticateHandler: ApiHandler<SaslAuthenticateRequest, SaslAuthenticateResponse> = {
  api: saslAuthenticateApi,
  versionMin: 0,
  versionMax: 2,
  async handle({ authBytes }, context) {
    const { sasl } = context.connection;
    if (sasl.state === 'authenticated') {
      const errorCode = KafkaErrorCode.ILLEGAL_SASL_STATE;
      const errorMessage = 'SaslAuthenticate request received after successful authentication';
      context.refused(errorCode, errorMessage);
      return { errorCode, errorMessage };
    }
    const why = await sasl.authenticate(authBytes);
    if (why === undefined) return { errorCode: KafkaErrorCode.NONE, errorMessage: null };
    const errorCode = KafkaErrorCode.SASL_AUTHENTICATION_FAILED;
    context.gateway.metrics.protocol('kafka').authFailures++;
    context.refused(errorCode, `authentication failed: ${why}`);
    context.closeAfterwards = true;
    return { errorCode, errorMessage: failureMessage };
  },
};
