import { Buffer } from 'node:buffer';
import type { BasicProperties, FieldTable } from '#libs/amqp091-codec';
import {
  type BatchBuilder,
  base64PropertyPrefix,
  HubProperty,
  nullPropertyPrefix,
  reservedPropertyPrefix,
} from '#libs/pulsar';
import { bytesOf, fieldAsText, hubTypeOf } from './field-text.js';
import { Amqp091Property } from './message-properties.js';
import type { PublishedProperties } from './published-properties.js';

/** A message that is published, or published again. */
export interface PublishedMessage {
  readonly exchange: string;
  readonly routingKey: string;
  readonly properties: PublishedProperties;
  /** In order; may be views of what arrived. */
  readonly body: readonly Buffer[];
  readonly bodySize: number;
  /** A dead letter: what its headers say of deaths is the gateway's. */
  readonly hasDied?: boolean;
}

/** Of an event time; Kafka and native clients take what is later for none, too. */
const eventSecondsMax = BigInt(2 ** 52) / 1_000n;

/**
 * Adds a message to an entry (docs/mapping.md): its properties byte for byte for 0-9-1, and one by one for all others.
 *
 * @param expiresAtMs milliseconds since 1970: when it ends in the queue that this entry is for
 * @throws PulsarError 'EntryTooLarge' when there is no room; the batch stays as it was
 */
export function appendMessage(
  builder: BatchBuilder,
  { exchange, routingKey, properties, body, hasDied }: PublishedMessage,
  expiresAtMs: number | undefined,
): void {
  const { raw, basic, headers } = properties;
  builder.begin();
  // First, so that who reads knows at once what the message is.
  builder.propertyFrom(Amqp091Property.properties, raw, 0, 0, 0, raw.length, true);
  builder.property(Amqp091Property.exchange, exchange);
  builder.property(Amqp091Property.routingKey, routingKey);
  if (hasDied === true) builder.property(Amqp091Property.dead, 'true');
  if (expiresAtMs !== undefined) builder.property(HubProperty.expiresAt, String(expiresAtMs));
  appendProperties(builder, basic);
  if (headers.length > 0) appendHeaders(builder, headers);
  const value = body.length === 1 ? (body[0] as Buffer) : Buffer.concat(body);
  builder.valueFrom(value, 0, value.length);
}

function appendProperties(builder: BatchBuilder, basic: BasicProperties): void {
  const { contentType, contentEncoding, priority, correlationId, replyTo, messageId, timestamp } = basic;
  const { type, userId } = basic;
  if (contentType !== undefined) text(builder, HubProperty.contentType, contentType);
  if (contentEncoding !== undefined) text(builder, HubProperty.contentEncoding, contentEncoding);
  if (priority !== undefined) builder.property(HubProperty.priority, String(priority));
  if (correlationId !== undefined) {
    builder.property(HubProperty.correlation, Buffer.from(correlationId as string).toString('base64'));
  }
  if (replyTo !== undefined) text(builder, HubProperty.replyTo, replyTo);
  if (messageId !== undefined) {
    const id = typeof messageId === 'string' ? messageId : messageId.toString('base64');
    builder.property(HubProperty.messageId, id);
  }
  if (type !== undefined) text(builder, HubProperty.subject, type);
  if (userId !== undefined) text(builder, HubProperty.userId, userId);
  if (timestamp !== undefined && timestamp > 0n && timestamp < eventSecondsMax) {
    builder.eventTime(Number(timestamp) * 1_000);
  }
}

/** What is no text is for 0-9-1 clients alone. */
function text(builder: BatchBuilder, name: string, value: string | Buffer): void {
  if (typeof value === 'string') builder.property(name, value);
}

function appendHeaders(builder: BatchBuilder, headers: FieldTable): void {
  let types = '';
  for (const [name, field] of headers) {
    if (field.tag === 'V') {
      builder.property(nullPropertyPrefix + name, '');
      continue;
    }
    const value = field.tag === 'x' ? undefined : fieldAsText(field);
    if (value === undefined) {
      const bytes = bytesOf(field.value as Uint8Array);
      builder.property(base64PropertyPrefix + name, bytes.toString('base64'));
      continue;
    }
    if (!name.startsWith(reservedPropertyPrefix)) builder.property(name, value);
    else builder.property(base64PropertyPrefix + name, Buffer.from(value).toString('base64'));
    const type = hubTypeOf(field);
    if (type !== undefined) types += `${types === '' ? '{' : ','}${JSON.stringify(name)}:"${type}"`;
  }
  if (types !== '') builder.property(HubProperty.types, `${types}}`);
}
