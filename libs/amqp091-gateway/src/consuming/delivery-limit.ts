import type { QueueSettings } from '../topology/queue.js';

/** RabbitMQ's of quorum queues since 4.0. */
const quorumDeliveryLimit = 20;

/** How often a message may come again (`x-delivery-limit`): negative ones, and none of a classic queue, are no limit. */
export function deliveryLimitOf({ type, deliveryLimit }: QueueSettings): number {
  const limit = deliveryLimit ?? (type === 'quorum' ? quorumDeliveryLimit : -1);
  return limit < 0 ? Infinity : limit;
}
