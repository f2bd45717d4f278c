import { type BaseCommandInit, InitialPosition, SubscriptionType } from '../wire/commands.js';
import type { ConsumerOptions } from './consumer.options.js';

const keySharedModes = { 'auto-split': 0, sticky: 1 } as const;

export function subscribeCommand(
  options: ConsumerOptions,
  consumerId: number,
  consumerEpoch: number,
): NonNullable<BaseCommandInit['subscribe']> {
  const { topic, subscription, consumerName, priorityLevel, keyShared } = options;
  return {
    ...{ topic, subscription, consumerId, consumerName, priorityLevel, consumerEpoch },
    subType: SubscriptionType[options.type],
    durable: options.durable ?? true,
    metadata: options.metadata && [...options.metadata],
    readCompacted: options.readCompacted ?? false,
    initialPosition: InitialPosition[options.initialPosition ?? 'latest'],
    forceTopicCreation: options.createTopic ?? false,
    keySharedMeta: keyShared && {
      keySharedMode: keySharedModes[keyShared.mode],
      hashRanges: keyShared.hashRanges && [...keyShared.hashRanges],
      allowOutOfOrderDelivery: keyShared.allowOutOfOrderDelivery,
    },
    subscriptionProperties: options.properties && [...options.properties],
  };
}
