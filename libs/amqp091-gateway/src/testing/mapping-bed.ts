import { Buffer } from 'node:buffer';
import { type BasicProperties, encodeBasicProperties } from '#libs/amqp091-codec';
import {
  type OutgoingMessage,
  type PulsarMessage,
  cursorOf,
  nativeEntry,
  newBuilder,
  storedBatch,
} from '#libs/pulsar';
import { appendMessage, type PublishedMessage } from '../mapping/message.mapping.js';
import { decodePublished } from '../mapping/published-properties.js';
import { messageFromPulsar, type StoredMessage } from '../mapping/stored-message.mapping.js';

export const nowMs = 1_795_000_000_000;

/** What a client publishes. */
export function published(
  properties: BasicProperties | Buffer = {},
  rest: Partial<Omit<PublishedMessage, 'properties' | 'bodySize'>> = {},
): PublishedMessage {
  const raw = Buffer.isBuffer(properties) ? properties : encodeBasicProperties(properties);
  const body = rest.body ?? [Buffer.from('payload')];
  return {
    exchange: 'orders',
    routingKey: 'eu.paid',
    ...rest,
    properties: decodePublished(raw),
    body,
    bodySize: body.reduce((sum, part) => sum + part.length, 0),
  };
}

/** As it lies in Pulsar, and as 0-9-1 clients get it from the queue `work`. */
export function stored(
  message: PublishedMessage,
  expiresAtMs?: number,
): { readonly pulsar: PulsarMessage; readonly amqp: StoredMessage } {
  const builder = newBuilder();
  appendMessage(builder, message, expiresAtMs);
  const cursor = cursorOf(storedBatch(builder.finish('none')));
  cursor.next();
  return { pulsar: cursor.message(), amqp: messageFromPulsar(cursor, 'work', nowMs) as StoredMessage };
}

/** What a native or Kafka producer wrote into the queue `work`. */
export function read(message: Partial<OutgoingMessage>): StoredMessage {
  const cursor = cursorOf(nativeEntry([{ value: Buffer.from('v'), ...message }]));
  cursor.next();
  return messageFromPulsar(cursor, 'work', nowMs) as StoredMessage;
}

/** Properties as other protocols see them; repeated ones as an array. */
export function propertiesOf({ properties }: PulsarMessage): Record<string, string> {
  return Object.fromEntries(properties.map(({ key, value }) => [key, value]));
}
