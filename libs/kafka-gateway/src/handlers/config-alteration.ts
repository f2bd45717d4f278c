import { type Encodable, KafkaErrorCode } from '#libs/kafka-codec';
import { type NoResponse, noResponse, type RequestContext } from '../handler.js';
import { controllerErrorCode, KafkaError, kafkaErrorMessage } from '../kafka.errors.js';
import { boundedParallel } from '../topics/bounded-parallel.js';
import { TopicAuthorization } from '../topics/topic-authorization.js';
import type { ConfigChange } from '../topics/topic-configs.js';
import { configResourceType, unknownResourceType } from './config-resource.js';

/** Topics altered at the same time; each is several REST requests, and waits until they act. */
const alterationsParallelMax = 4;

export interface ConfigAlteration {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly change: ConfigChange;
}

export interface AlterationResult {
  errorCode: number;
  errorMessage: string | null;
  resourceType: number;
  resourceName: string;
}

/** Alters each resource for itself: what is answered with success acts. */
export async function alterConfigs(
  alterations: readonly ConfigAlteration[],
  validateOnly: boolean,
  context: RequestContext,
): Promise<Encodable<AlterationResult>[] | NoResponse> {
  const times = new Map<string, number>();
  for (const each of alterations) times.set(keyOf(each), (times.get(keyOf(each)) ?? 0) + 1);
  const unique = [...new Map(alterations.map((each) => [keyOf(each), each])).values()];
  const results = await boundedParallel(unique, alterationsParallelMax, async (each) => {
    if (context.connection.closed) return undefined;
    const { resourceType, resourceName } = each;
    try {
      if (times.get(keyOf(each)) !== 1) throw invalidRequest('the request names the resource more than once');
      await alter(each, validateOnly, context);
      if (!validateOnly) context.changed('topic.alter-configs', resourceName);
      return { errorCode: 0, errorMessage: null, resourceType, resourceName };
    } catch (error) {
      const errorCode = controllerErrorCode(error);
      const errorMessage = kafkaErrorMessage(error);
      context.refused(errorCode, errorMessage);
      return { errorCode, errorMessage, resourceType, resourceName };
    }
  });
  return context.connection.closed ? noResponse : results.filter((result) => result !== undefined);
}

async function alter(
  { resourceType, resourceName: name, change }: ConfigAlteration,
  validateOnly: boolean,
  context: RequestContext,
): Promise<void> {
  const authorization = new TopicAuthorization(context);
  if (resourceType === configResourceType.broker) {
    authorization.requireCluster('alter-configs');
    throw new KafkaError(
      KafkaErrorCode.INVALID_CONFIG,
      'a broker is a gateway here, whose settings are in its configuration file',
    );
  }
  if (resourceType !== configResourceType.topic) throw unknownResourceType(resourceType);
  authorization.require('alter-configs', name);
  const { topics } = context.gateway;
  const { tenant } = context.principal;
  if ((await topics.resolve(tenant, name)) === undefined) {
    throw new KafkaError(KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 'there is no such topic');
  }
  try {
    await topics.configs.alter(tenant, name, change, validateOnly);
  } finally {
    // Also after a failure: a part may have been done.
    if (!validateOnly) topics.changed(tenant, name);
  }
}

function keyOf({ resourceType, resourceName }: ConfigAlteration): string {
  return `${resourceType} ${resourceName}`;
}

export function invalidRequest(message: string): KafkaError {
  return new KafkaError(KafkaErrorCode.INVALID_REQUEST, message);
}

/** @throws KafkaError INVALID_REQUEST */
export function requireDistinct(names: readonly string[]): void {
  if (new Set(names).size !== names.length) {
    throw invalidRequest('the request names a configuration more than once');
  }
}
