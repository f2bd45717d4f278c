import { type FetchRequest, type FetchResponse, fetchApi } from '#libs/kafka-codec';
import { FetchCall } from '../fetching/fetch-call.js';
import type { ApiHandler } from '../handler.js';

/**
 * Fetch v0-18.
 *
 * v0-3 answers message sets, later versions the record batches that the logs hold. v7 has sessions (KIP-227), v12 tagged
 * fields, v13 topic ids (KIP-516). `maxBytes` and `partitionMaxBytes` hold except for the first batch of an answer
 * (KIP-74), in all versions. `currentLeader`, `divergingEpoch` and `nodeEndpoints` are never needed: any gateway serves
 * reads of any partition, and its one leader epoch is 0. Replicas are refused.
 */
export const fetchHandler: ApiHandler<FetchRequest, FetchResponse> = {
  api: fetchApi,
  versionMin: 0,
  versionMax: 18,
  handle(request, context) {
    const { fetches } = context.gateway;
    return fetches.serve(new FetchCall(request, context, fetches));
  },
};
