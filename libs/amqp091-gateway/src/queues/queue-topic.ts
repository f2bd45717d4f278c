import { Amqp091Error } from '#libs/amqp091-codec';
import { encodeName, topicNameFault } from '#libs/auth';
import type { Amqp091Scope } from '../topology/scope.js';

/** The Pulsar topic of a queue, inside its namespace: what permissions are about. */
export function queueTopicName(queue: string): string {
  return encodeName(queue);
}

/**
 * `persistent://tenant/namespace/name`
 *
 * @throws Amqp091Error `precondition-failed` for a name that no topic can have
 */
export function queueTopic({ pulsarNamespace }: Amqp091Scope, queue: string): string {
  const name = queueTopicName(queue);
  if (topicNameFault(name) !== undefined) {
    throw new Amqp091Error('precondition-failed', 'the name of the queue is too long to be that of a topic');
  }
  return `persistent://${pulsarNamespace}/${name}`;
}
