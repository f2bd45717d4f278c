import {
  type Delivery,
  type EntryDecodeError,
  type LinkSubscription,
  partitionTopicName,
  SubscriptionPartition,
  type SubscriptionPartitionParts,
} from '#libs/pulsar';
import type { GivenUse } from '../given/given-marks.js';
import { queueConsumerName, queueSubscription, queueSubscriptionProperties } from '../queues/queues.js';
import { undeclaredUid } from '../topology/queue-operations.js';
import type { ConsumingParts, ConsumingServices } from './consuming-services.js';
import type { QueueSourcePlan } from './queue-source-plan.js';

export type QueuePartitionEvents = Pick<SubscriptionPartitionParts, 'onEntry' | 'onClosed' | 'onDetached'>;

/**
 * Opens what there is of a queue's topic now, and what comes to it later. The topics of queues have one partition and get no
 * more, but a queue may be a topic that somebody else made.
 *
 * @returns the way to open no more. Rejects with PulsarError
 */
export async function openPartitions(
  { parts, partitions }: ConsumingServices,
  { topic, queue }: QueueSourcePlan,
  open: (partition: string) => Promise<void>,
): Promise<() => void> {
  const count = await parts.pulsar.partitions(topic);
  const names =
    count === 0 ? [topic] : Array.from({ length: count }, (_, at) => partitionTopicName(topic, at));
  await Promise.all(names.map(open));
  const mayGrow = count > 1 || (count === 1 && queue.uid === undeclaredUid);
  return mayGrow ? partitions.watch(topic, count, open) : () => {};
}

/** One partition of a queue's topic, of which nothing is asked yet. */
export function queuePartition(
  services: ConsumingServices,
  plan: QueueSourcePlan,
  topic: string,
  events: QueuePartitionEvents,
): SubscriptionPartition {
  const { pulsar, counters } = services.parts;
  const subscription: LinkSubscription = {
    ...{ name: queueSubscription, type: 'Shared', position: 'earliest', endsWhen: 'never' },
    ...{ properties: queueSubscriptionProperties, consumerName: plan.consumerName ?? queueConsumerName },
    priorityLevel: plan.priorityLevel,
  };
  return new SubscriptionPartition(
    {
      ...{ pulsar, subscription, ...events },
      tenantKey: plan.topology.scope.tenant.name,
      batchReturnMs: services.batchReturnMs,
      use: services.useOf(topic, queueSubscription),
      onCorruptEntry: () => {
        counters.messagesUnreadable++;
      },
      // A queue's never ends with its consumers.
      endLeft: async () => {},
    },
    topic,
  );
}

/**
 * Whether a client may have had what Pulsar gives as if for the first time: it does not count what was left by gateways that
 * were killed, nor what a broker gave before it was.
 */
export function wasGivenBefore(
  partition: SubscriptionPartition,
  given: GivenUse,
  delivery: Delivery,
  cameBefore: boolean,
): boolean {
  const { publishTime, deliverAtTime } = delivery.entry;
  // What is delayed comes when its time has come, and not in order.
  if (deliverAtTime !== undefined) return false;
  if (given.mayHaveBeenGiven(delivery, publishTime)) return true;
  // It may have come here and been given to nobody.
  return cameBefore && partition.memory.correctionOf(delivery) >= 0;
}

/** Bytes that are no message of anybody's: they are not kept for ever. */
export function skipUnreadable(
  { counters, log }: Pick<ConsumingParts, 'counters' | 'log'>,
  partition: SubscriptionPartition,
  delivery: Delivery,
  error: EntryDecodeError,
): void {
  counters.messagesUnreadable++;
  const { ledgerId, entryId } = delivery;
  const fields = { event: 'amqp091-unreadable', topic: partition.topic, ledgerId, entryId, error };
  log.warn(fields, 'acknowledged an entry of a queue that cannot be read');
  partition.skip(delivery, -1);
}
