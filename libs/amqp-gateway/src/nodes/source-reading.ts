import type { AmqpComposite } from '#libs/amqp-codec';
import { queuePriorityLevel } from '#libs/pulsar';
import { type AmqpAddress, queueSubscription } from '../address.js';
import { queueProperties } from './amqp-topic-registry.js';
import { linkSubscription } from './link-subscription.js';
import type { SourcePlan, SubscriptionPlan } from './node-plan.js';

/** What an attach says of how it receives. */
export interface ReadingRequest {
  readonly containerId: string;
  readonly linkName: string;
  readonly source: AmqpComposite<'source'>;
}

/** How a link receives from what an address names. A queue is browsed where a copy is asked for (AMQP 3.5.7). */
export function sourceReading(address: AmqpAddress, request: ReadingRequest): SourcePlan['reading'] {
  const isCopy = request.source.distributionMode === 'copy';
  switch (address.kind) {
    case 'queue':
      return isCopy ? browserOf(queueSubscription) : consumerOf(queue);
    case 'subscription': {
      const { subscription } = address;
      return isCopy ? browserOf(subscription) : consumerOf(named(subscription));
    }
    case 'temporary':
      if (address.of === 'queue') return isCopy ? browserOf(queueSubscription) : consumerOf(queue);
      return { kind: 'reader' };
    default: {
      const subscription = linkSubscription(request);
      return subscription === undefined ? { kind: 'reader' } : consumerOf(subscription);
    }
  }
}

const queue: SubscriptionPlan = {
  ...{ name: queueSubscription, type: 'Shared', position: 'earliest' },
  ...{ properties: queueProperties, endsWhen: 'never', unmatched: 'leave' },
  priorityLevel: queuePriorityLevel,
};

/** Of `T::S`: it is everybody's, and stays. */
function named(name: string): SubscriptionPlan {
  return {
    ...{ name, type: 'Shared', position: 'latest' },
    properties: { 'pulsegate.kind': 'amqp-subscription' },
    ...{ endsWhen: 'never', unmatched: 'leave' },
  };
}

function consumerOf(subscription: SubscriptionPlan): SourcePlan['reading'] {
  return { kind: 'subscription', subscription };
}

function browserOf(subscription: string): SourcePlan['reading'] {
  return { kind: 'browser', subscription };
}
