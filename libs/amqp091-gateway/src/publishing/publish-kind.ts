import type { BatchMetadata, PartitionPublisher, PublishKind } from '#libs/pulsar';
import { appendMessage, type PublishedMessage } from '../mapping/message.mapping.js';

/** What one queue adds to a message. */
export interface QueueFields {
  /** Milliseconds since 1970; undefined: never. */
  readonly expiresAtMs: number | undefined;
  /** Milliseconds since 1970; undefined: at once. */
  readonly deliverAtMs: number | undefined;
}

const nothing: BatchMetadata = {};

/** One message per entry: each is given out, and comes again, alone. */
export const queuePublishKind: PublishKind<PublishedMessage, QueueFields, Error> = {
  append: (builder, message, { expiresAtMs }) => appendMessage(builder, message, expiresAtMs),
  ownEntry: (_, { deliverAtMs }) => (deliverAtMs === undefined ? nothing : { deliverAtTime: deliverAtMs }),
  asError: (error) => (error instanceof Error ? error : new Error(String(error))),
  closed: () => new Error('the gateway stops'),
  tooMuchInFlight: () => new Error('too much waits for Pulsar'),
};

export type QueuePublisher = PartitionPublisher<PublishedMessage, QueueFields, Error>;

const fixedBytes = 256;
/** Properties in base64, and one by one. */
const propertiesCopies = 3;

/** Bytes that storing it takes, about. */
export function storedBytes({ exchange, routingKey, properties, bodySize }: PublishedMessage): number {
  return (
    fixedBytes + bodySize + propertiesCopies * (properties.raw.length + exchange.length + routingKey.length)
  );
}
