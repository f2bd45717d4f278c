import { randomBytes } from 'node:crypto';
import { clusterResource } from '#libs/auth';
import {
  type InitProducerIdRequest,
  type InitProducerIdResponse,
  initProducerIdApi,
  KafkaErrorCode,
} from '#libs/kafka-codec';
import type { ApiHandler } from '../handler.js';

/**
 * InitProducerId v0-5: a producer id for an idempotent producer, with epoch 0.
 *
 * Ids are random numbers of 63 bits, never a process's counter: one that was used before would make Pulsar's
 * deduplication take new batches for old ones. Nothing is remembered of an id until it is used. As in Kafka a request
 * without a transactional id gets a new id, whatever id and epoch it names (KIP-360 bumps epochs in the client). A
 * transactional id is refused: transactions are not served. v6 is KIP-939's two-phase commit for these.
 */
export const initProducerIdHandler: ApiHandler<InitProducerIdRequest, InitProducerIdResponse> = {
  api: initProducerIdApi,
  versionMin: 0,
  versionMax: 5,
  handle(request, context) {
    if (request.transactionalId !== null) {
      const errorCode = KafkaErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
      context.refused(errorCode, 'transactions are not served');
      return { errorCode, producerId: -1n, producerEpoch: -1 };
    }
    // As Kafka since 2.8 (KIP-679): whoever may produce to some topic may do so idempotently. Before there was a permission
    // for it, IDEMPOTENT_WRITE, which tools still give.
    const mayProduce =
      context.gateway.authorizer.authorizeAny(context.principal, 'produce', 'topic') ||
      context.authorize('produce', clusterResource);
    if (!mayProduce) {
      const errorCode = KafkaErrorCode.CLUSTER_AUTHORIZATION_FAILED;
      context.refused(errorCode, 'no permission to produce to any topic');
      return { errorCode, producerId: -1n, producerEpoch: -1 };
    }
    return { errorCode: KafkaErrorCode.NONE, producerId: newProducerId(), producerEpoch: 0 };
  },
};

/** Random, 0 to 2^63-1. */
export function newProducerId(): bigint {
  return randomBytes(8).readBigUInt64BE() >> 1n;
}
