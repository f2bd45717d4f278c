import { Buffer, isUtf8 } from 'node:buffer';
import { AmqpErrorCondition } from '#libs/amqp-codec';
import type { BatchMetadata, PartitionPublisher, PublishKind } from '#libs/pulsar';
import { AmqpError, asAmqpError } from '../amqp.errors.js';
import type { DecodedMessage } from '../mapping/incoming-message.js';
import { appendMessage } from '../mapping/message.mapping.js';

/** What the messages of one link have in common. */
export interface LinkFields {
  readonly encoded: Buffer;
  /** One message per entry. */
  readonly queue: boolean;
}

export const amqpPublishKind: PublishKind<DecodedMessage, LinkFields, AmqpError> = {
  append: (builder, message, { encoded }) => appendMessage(builder, message, encoded),
  ownEntry: (message, { queue }) =>
    queue || message.annotations.deliverAtMs !== undefined ? entryMetadata(message) : undefined,
  asError: asAmqpError,
  closed: publisherClosed,
  tooMuchInFlight,
};

export type AmqpPartitionPublisher = PartitionPublisher<DecodedMessage, LinkFields, AmqpError>;

const nothing: BatchMetadata = {};

/** What brokers look at, which do not look into batches: delays, and the keys of Key_Shared subscriptions. */
export function entryMetadata({ annotations, properties }: DecodedMessage): BatchMetadata {
  const { key, deliverAtMs } = annotations;
  const groupId = properties?.groupId;
  if (key === undefined && deliverAtMs === undefined && groupId === undefined) return nothing;
  return {
    ...(deliverAtMs === undefined ? undefined : { deliverAtTime: deliverAtMs }),
    ...(key === undefined ? undefined : entryKey(key)),
    ...(groupId === undefined ? undefined : { orderingKey: Buffer.from(groupId) }),
  };
}

function entryKey(key: string | Buffer): BatchMetadata {
  if (typeof key === 'string') return { partitionKey: key };
  if (isUtf8(key)) return { partitionKey: key.toString() };
  return { partitionKey: key.toString('base64'), partitionKeyB64Encoded: true };
}

export function tooMuchInFlight(): AmqpError {
  return new AmqpError(AmqpErrorCondition.RESOURCE_LIMIT_EXCEEDED, 'too much waits for Pulsar');
}

export function publisherClosed(): AmqpError {
  return new AmqpError(AmqpErrorCondition.CONNECTION_FORCED, 'the gateway stops');
}
