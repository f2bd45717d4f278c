import {
  type DescribeConfigsRequest,
  type DescribeConfigsRequestDescribeConfigsResource as ConfigResource,
  type DescribeConfigsResponse,
  type DescribeConfigsResponseDescribeConfigsResult as DescribeConfigsResult,
  describeConfigsApi,
  type Encodable,
  KafkaErrorCode,
} from '#libs/kafka-codec';
import { type ApiHandler, noResponse, type RequestContext } from '../handler.js';
import { KafkaError, kafkaErrorCode, kafkaErrorMessage } from '../kafka.errors.js';
import { describeBrokerConfig } from '../mapping/broker-config.description.js';
import { type ConfigDescription, toDescribedConfig } from '../mapping/config-description.js';
import { describeTopicConfig } from '../mapping/topic-config.description.js';
import { boundedParallel } from '../topics/bounded-parallel.js';
import { TopicAuthorization } from '../topics/topic-authorization.js';
import { configResourceType, requireOwnBroker, unknownResourceType } from './config-resource.js';

/** Topics described at the same time; each is four REST requests. */
const descriptionsParallelMax = 4;

/**
 * DescribeConfigs v0-4: topics as Pulsar has them at this moment, and this gateway's settings as those of a broker,
 * which clients cannot change.
 */
export const describeConfigsHandler: ApiHandler<DescribeConfigsRequest, DescribeConfigsResponse> = {
  api: describeConfigsApi,
  versionMin: 0,
  versionMax: 4,
  async handle(request, context) {
    const results = await boundedParallel(request.resources, descriptionsParallelMax, async (resource) =>
      context.connection.closed ? undefined : answer(resource, request, context),
    );
    if (context.connection.closed) return noResponse;
    return { results: results.filter((result) => result !== undefined) };
  },
};

async function answer(
  { resourceType, resourceName, configurationKeys }: ConfigResource,
  { includeSynonyms, includeDocumentation }: DescribeConfigsRequest,
  context: RequestContext,
): Promise<Encodable<DescribeConfigsResult>> {
  const fields = { version: context.header.apiVersion, includeSynonyms, includeDocumentation };
  try {
    const all = await describe(resourceType, resourceName, context);
    // As Kafka, which takes an empty list for all as well.
    const keys = configurationKeys?.length ? new Set(configurationKeys) : undefined;
    const configs = all
      .filter(({ name }) => keys?.has(name) ?? true)
      .map((config) => toDescribedConfig(config, fields));
    return { errorMessage: null, resourceType, resourceName, configs };
  } catch (error) {
    const errorCode = kafkaErrorCode(error);
    const errorMessage = kafkaErrorMessage(error);
    context.refused(errorCode, errorMessage);
    return { errorCode, errorMessage, resourceType, resourceName, configs: [] };
  }
}

async function describe(
  type: number,
  name: string,
  context: RequestContext,
): Promise<readonly ConfigDescription[]> {
  const { gateway, principal } = context;
  const authorization = new TopicAuthorization(context);
  if (type === configResourceType.topic) {
    authorization.require('describe-configs', name);
    const topic = await gateway.topics.resolve(principal.tenant, name);
    if (topic === undefined) {
      throw new KafkaError(KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 'there is no such topic');
    }
    return describeTopicConfig(await gateway.topics.configs.read(principal.tenant, name));
  }
  if (type !== configResourceType.broker) throw unknownResourceType(type);
  authorization.requireCluster('describe-configs');
  // The name of no broker stands for what is set for all of them at run time: nothing is.
  if (name === '') return [];
  const { nodeId } = gateway.cluster.self;
  requireOwnBroker(name, nodeId);
  return describeBrokerConfig(nodeId, gateway.options, principal.tenant, context.connection.link.listener);
}
