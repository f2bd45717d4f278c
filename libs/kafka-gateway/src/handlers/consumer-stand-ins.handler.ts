import {
  type FindCoordinatorRequest,
  type FindCoordinatorResponse,
  findCoordinatorApi,
  KafkaErrorCode,
} from '#libs/kafka-codec';
import type { ApiHandler } from '../handler.js';

/*
 * No groups are served yet. This API is here for producers: librdkafka (rdkafka_feature.c) derives from the presence of
 * FindCoordinator 0 that it may use lz4. Without it, it drops the compression.
 */

const errorCode = KafkaErrorCode.UNSUPPORTED_VERSION;
const why = 'consuming is not served by this version of the gateway';

/** FindCoordinator's key types: 0 is a group. */
const transactionalId = 1;

/** FindCoordinator v0-2: UNSUPPORTED_VERSION. */
export const findCoordinatorStandIn: ApiHandler<FindCoordinatorRequest, FindCoordinatorResponse> = {
  api: findCoordinatorApi,
  versionMin: 0,
  versionMax: 2,
  handle({ keyType }, context) {
    const errorMessage = keyType === transactionalId ? 'transactions are not served' : why;
    context.refused(errorCode, errorMessage);
    return { errorCode, errorMessage, nodeId: -1, host: '', port: -1 };
  },
};
