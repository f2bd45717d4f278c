import type { Action } from '#libs/auth';
import { KafkaErrorCode } from '#libs/kafka-codec';
import type { RequestContext } from '../handler.js';
import { KafkaError } from '../kafka.errors.js';
import type { KafkaTopic } from './kafka-topic.js';
import { TopicAuthorization } from './topic-authorization.js';

/**
 * The topic of this name, for who may do this to it.
 *
 * @throws KafkaError INVALID_TOPIC_EXCEPTION, TOPIC_AUTHORIZATION_FAILED, UNKNOWN_TOPIC_OR_PARTITION; PulsarAdminError,
 *   PulsarError
 */
export async function accessibleTopic(
  action: Action,
  name: string,
  context: RequestContext,
): Promise<KafkaTopic> {
  const { gateway, principal } = context;
  new TopicAuthorization(context).require(action, name);
  const topic = await gateway.topics.resolve(principal.tenant, name);
  if (topic !== undefined) return topic;
  throw new KafkaError(KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 'there is no such topic');
}

/** @throws KafkaError UNKNOWN_TOPIC_OR_PARTITION */
export function requirePartition(topic: KafkaTopic, partition: number): void {
  if (partition >= 0 && partition < topic.partitions) return;
  throw new KafkaError(
    KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    `${topic.name} has ${topic.partitions} partitions, not ${partition}`,
  );
}
