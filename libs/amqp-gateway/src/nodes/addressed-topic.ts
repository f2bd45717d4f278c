import { AmqpErrorCondition } from '#libs/amqp-codec';
import type { AmqpAddress } from '../address.js';
import { AmqpError } from '../amqp.errors.js';
import type { AmqpIdentity } from '../connection/amqp-identity.js';
import type { AmqpTopic, AmqpTopics } from './amqp-topic.js';

/** The topic of an address: looked up, and made where the tenant makes topics. */
export async function addressedTopic(
  topics: AmqpTopics,
  { principal, containerId, log }: AmqpIdentity,
  { kind, name }: AmqpAddress,
): Promise<AmqpTopic> {
  const { tenant } = principal;
  const made = (action: 'queue.create' | 'topic.create') => () => log?.changed(action, name, containerId);
  if (kind === 'queue') return topics.forQueue(tenant, name, made('queue.create'));
  if (kind !== 'temporary') return topics.forTopic(tenant, name, made('topic.create'));
  const topic = await topics.resolve(tenant, name);
  if (topic === undefined) {
    throw new AmqpError(AmqpErrorCondition.NOT_FOUND, 'there is no such temporary node');
  }
  return topic;
}
