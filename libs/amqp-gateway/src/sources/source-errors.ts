import { AmqpErrorCondition } from '#libs/amqp-codec';
import { isPulsarError } from '#libs/pulsar';
import { AmqpError, asAmqpError } from '../amqp.errors.js';

/** Why a source ended that worked before. */
export function asEndedError(error: unknown): AmqpError {
  if (isPulsarError(error, 'TopicNotFound') || isPulsarError(error, 'SubscriptionNotFound')) {
    return new AmqpError(AmqpErrorCondition.RESOURCE_DELETED, 'the topic was deleted', 'link', {
      cause: error,
    });
  }
  return asAmqpError(error);
}
