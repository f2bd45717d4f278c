import {
  KafkaErrorCode,
  type SaslAuthenticateRequest,
  type SaslAuthenticateResponse,
  saslAuthenticateApi,
} from '#libs/kafka-codec';
import { type ApiHandler, noResponse } from '../handler.js';

/** The same for every failure, so that nobody learns which part was wrong. */
const failureMessage = 'Authentication failed: Invalid credentials';

/**
 * SaslAuthenticate v0-2 (KIP-152, KIP-368): one token of the mechanism that SaslHandshake chose. A failure is answered after
 * the authenticator's floor time and ends the connection; a fault of ours ends it unanswered, so that clients try again.
 * session_lifetime_ms is 0 where the session has no end.
 */
export const saslAuthenticateHandler: ApiHandler<SaslAuthenticateRequest, SaslAuthenticateResponse> = {
  api: saslAuthenticateApi,
  versionMin: 0,
  versionMax: 2,
  async handle({ authBytes }, context) {
    const { connection } = context;
    if (connection.sasl.state === 'authenticated') {
      const errorCode = KafkaErrorCode.ILLEGAL_SASL_STATE;
      const errorMessage = 'SaslAuthenticate request received after successful authentication';
      context.refused(errorCode, errorMessage);
      return { errorCode, errorMessage };
    }
    const step = await connection.sasl.authenticate(authBytes);
    if (step.kind !== 'deny') {
      const sessionLifetimeMs = BigInt(step.kind === 'allow' ? step.sessionLifetimeMs : 0);
      return {
        errorCode: KafkaErrorCode.NONE,
        errorMessage: null,
        authBytes: step.message,
        sessionLifetimeMs,
      };
    }
    context.gateway.metrics.protocol('kafka').authFailures++;
    if (step.fault) {
      connection.fault('authentication-fault', `authentication was not possible: ${step.reason}`);
      return noResponse;
    }
    const errorCode = KafkaErrorCode.SASL_AUTHENTICATION_FAILED;
    context.refused(errorCode, `authentication failed: ${step.reason}`);
    context.closeAfterwards = true;
    return { errorCode, errorMessage: failureMessage, ...(step.message && { authBytes: step.message }) };
  },
};
