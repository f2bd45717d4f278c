import {
  type DescribeClusterRequest,
  type DescribeClusterResponse,
  describeClusterApi,
  KafkaErrorCode,
} from '#libs/kafka-codec';
import type { ApiHandler } from '../handler.js';
import { Brokers } from '../routing/brokers.js';
import { TopicAuthorization } from '../topics/topic-authorization.js';

/** Whom the client wants to hear of (KIP-919). */
const endpointTypes = { brokers: 1, controllers: 2 } as const;

/** DescribeCluster v0-2: the gateways, as in Metadata. None is ever fenced (KIP-1073): who is not there is not listed. */
export const describeClusterHandler: ApiHandler<DescribeClusterRequest, DescribeClusterResponse> = {
  api: describeClusterApi,
  versionMin: 0,
  versionMax: 2,
  async handle({ endpointType, includeClusterAuthorizedOperations }, context) {
    const { gateway, principal } = context;
    if (endpointType !== endpointTypes.brokers) {
      const isController = endpointType === endpointTypes.controllers;
      const errorCode = isController
        ? KafkaErrorCode.MISMATCHED_ENDPOINT_TYPE
        : KafkaErrorCode.UNSUPPORTED_ENDPOINT_TYPE;
      const errorMessage = `endpoint type ${endpointType}: these are brokers`;
      context.refused(errorCode, errorMessage);
      return { errorCode, errorMessage };
    }
    const brokers = new Brokers(gateway.cluster, context.connection.link.listener);
    const clusterId = (await gateway.topics.clusterId(principal.tenant)) ?? '';
    return {
      clusterId,
      controllerId: brokers.controllerId,
      brokers: brokers.list.map(({ nodeId, host, port }) => ({ brokerId: nodeId, host, port, rack: null })),
      ...(includeClusterAuthorizedOperations && {
        clusterAuthorizedOperations: new TopicAuthorization(context).clusterOperations(),
      }),
    };
  },
};
