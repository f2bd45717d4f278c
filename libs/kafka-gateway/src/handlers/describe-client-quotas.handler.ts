import {
  type DescribeClientQuotasRequest,
  type DescribeClientQuotasResponse,
  describeClientQuotasApi,
} from '#libs/kafka-codec';
import type { ApiHandler } from '../handler.js';
import { kafkaErrorCode, kafkaErrorMessage } from '../kafka.errors.js';
import { TopicAuthorization } from '../topics/topic-authorization.js';

/**
 * DescribeClientQuotas v0-1: none are set. Limits are those of the tenant, in the gateway's configuration; `kafka-configs`
 * asks for quotas whenever it describes a user, and shows the user's SCRAM credentials beside them.
 */
export const describeClientQuotasHandler: ApiHandler<
  DescribeClientQuotasRequest,
  DescribeClientQuotasResponse
> = {
  api: describeClientQuotasApi,
  versionMin: 0,
  versionMax: 1,
  handle(_request, context) {
    try {
      new TopicAuthorization(context).requireCluster('describe-configs');
      return { errorMessage: null, entries: [] };
    } catch (error) {
      const errorCode = kafkaErrorCode(error);
      const errorMessage = kafkaErrorMessage(error);
      context.refused(errorCode, errorMessage);
      return { errorCode, errorMessage, entries: null };
    }
  },
};
