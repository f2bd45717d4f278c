import {
  type FetchRequest,
  type FetchResponse,
  type FindCoordinatorRequest,
  type FindCoordinatorResponse,
  fetchApi,
  findCoordinatorApi,
  KafkaErrorCode,
} from '#libs/kafka-codec';
import type { ApiHandler } from '../handler.js';

/*
 * Nothing can be consumed yet. These two APIs are here for producers: librdkafka (rdkafka_feature.c) derives from the
 * presence of Fetch 4 that it may write record batches with headers and timestamps, from Fetch 10 that it may use
 * zstd, and from FindCoordinator 0 that it may use lz4. Without them it falls back to message sets of version 0 and
 * drops the compression. A consumer is told at once that it is not served; none gets this far, since the APIs it
 * needs first (ListOffsets, JoinGroup) are not there.
 */

const errorCode = KafkaErrorCode.UNSUPPORTED_VERSION;
const why = 'consuming is not served by this version of the gateway';

/** Fetch v4-11: each partition is answered UNSUPPORTED_VERSION. */
export const fetchStandIn: ApiHandler<FetchRequest, FetchResponse> = {
  api: fetchApi,
  versionMin: 4,
  versionMax: 11,
  handle(request, context) {
    context.refused(errorCode, why);
    const responses = request.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition }) => ({
        partitionIndex: partition,
        errorCode,
        highWatermark: -1n,
        records: null,
      })),
    }));
    return context.header.apiVersion >= 7 ? { errorCode, responses } : { responses };
  },
};

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
