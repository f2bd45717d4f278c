import { Buffer } from 'node:buffer';
import type { AmqpComposite, AmqpMessageId, AmqpScalar } from '#libs/amqp-codec';
import {
  type BatchBuilder,
  base64PropertyPrefix,
  encodeMessageFields,
  HubProperty,
  nullPropertyPrefix,
  reservedPropertyPrefix,
} from '#libs/pulsar';
import type { DecodedMessage } from './incoming-message.js';
import { AmqpProperty, StoredBody } from './message-properties.js';
import { scalarText, uuidText } from './typed-text.js';

const bodyFields = Object.fromEntries(
  Object.values(StoredBody).map((body) => [
    body,
    encodeMessageFields([{ key: AmqpProperty.body, value: body }]),
  ]),
) as Record<StoredBody, Buffer>;
const durableField = encodeMessageFields([{ key: AmqpProperty.durable, value: 'true' }]);
const priorityDefault = 4;
/** Of a creation time; Kafka and native clients take what is later for none, too. */
const eventTimeMax = 2 ** 52;

/** What all messages of one link have. */
export function linkFields(containerId: string): Buffer {
  return encodeMessageFields([{ key: AmqpProperty.container, value: containerId }]);
}

/**
 * Adds a client's message to a batch (docs/mapping.md). Hot: what messages of a link have in common comes encoded, and
 * payload and prefix are copied once.
 *
 * @throws PulsarError 'EntryTooLarge' when there is no room; the batch stays as it was
 */
export function appendMessage(builder: BatchBuilder, message: DecodedMessage, ofLink: Buffer): void {
  const { sections, header, properties, applicationProperties, annotations } = message;
  const { message: bytes, bareStart, footer } = sections;
  builder.begin();
  // First, so that who reads knows at once what the message is.
  builder.fields(bodyFields[message.body]);
  builder.fields(ofLink);
  if (message.prefixEnd > bareStart)
    base64(builder, AmqpProperty.prefix, bytes, bareStart, message.prefixEnd);
  const { stored, key } = annotations;
  if (stored !== undefined) base64(builder, AmqpProperty.annotations, stored.bytes, stored.start, stored.end);
  if (footer !== undefined) base64(builder, AmqpProperty.footer, bytes, footer.start, footer.end);
  if (header !== undefined) appendHeader(builder, header);
  if (message.expiresAtMs !== undefined) {
    builder.property(HubProperty.expiresAt, String(message.expiresAtMs));
  }
  if (properties !== undefined) appendProperties(builder, properties);
  if (applicationProperties !== undefined) appendApplicationProperties(builder, applicationProperties);
  if (typeof key === 'string') builder.key(key);
  else if (key !== undefined) builder.keyFrom(key, 0, key.length);
  if (message.body === StoredBody.null) builder.nullValue();
  else builder.valueFrom(bytes, message.payloadStart, message.payloadEnd);
}

/** Straight from the bytes that came. */
function base64(builder: BatchBuilder, name: string, source: Buffer, start: number, end: number): void {
  builder.propertyFrom(name, source, start, start, start, end, true);
}

function appendHeader(
  builder: BatchBuilder,
  { durable, priority, deliveryCount }: AmqpComposite<'header'>,
): void {
  if (durable) builder.fields(durableField);
  if (priority !== priorityDefault) builder.property(HubProperty.priority, String(priority));
  if (deliveryCount > 0) builder.property(AmqpProperty.deliveryCount, String(deliveryCount));
}

function appendProperties(builder: BatchBuilder, properties: AmqpComposite<'properties'>): void {
  const { messageId, correlationId, userId, subject, replyTo, contentType, contentEncoding } = properties;
  const { creationTime, groupId } = properties;
  if (messageId !== undefined) builder.property(HubProperty.messageId, messageIdText(messageId));
  if (correlationId !== undefined) {
    builder.property(HubProperty.correlation, correlationBytes(correlationId).toString('base64'));
  }
  if (userId !== undefined && userId.length > 0) builder.property(HubProperty.userId, userId.toString());
  if (subject !== undefined) builder.property(HubProperty.subject, subject);
  if (replyTo !== undefined) builder.property(HubProperty.replyTo, replyTo);
  if (contentType !== undefined) builder.property(HubProperty.contentType, contentType);
  if (contentEncoding !== undefined) builder.property(HubProperty.contentEncoding, contentEncoding);
  if (creationTime !== undefined && creationTime >= 0n && creationTime < eventTimeMax) {
    builder.eventTime(Number(creationTime));
  }
  if (groupId !== undefined) {
    const orderingKey = Buffer.from(groupId);
    builder.orderingKeyFrom(orderingKey, 0, orderingKey.length);
  }
}

function messageIdText(id: AmqpMessageId): string {
  switch (id.type) {
    case 'string':
      return id.value as string;
    case 'uuid':
      return uuidText(id.value as Buffer);
    case 'binary':
      return (id.value as Buffer).toString('base64');
    default:
      return String((id as { value: bigint }).value);
  }
}

/** As other protocols repeat it in an answer. */
function correlationBytes(id: AmqpMessageId): Buffer {
  return id.type === 'binary' || id.type === 'uuid' ? (id.value as Buffer) : Buffer.from(messageIdText(id));
}

/** Beside their bytes in the prefix: for all who are no AMQP 1.0 client. */
function appendApplicationProperties(
  builder: BatchBuilder,
  properties: ReadonlyMap<string, AmqpScalar>,
): void {
  let types = '';
  for (const [name, value] of properties) {
    const { type } = value;
    if (type === 'null') {
      builder.property(nullPropertyPrefix + name, '');
      continue;
    }
    if (type === 'binary') {
      builder.property(base64PropertyPrefix + name, value.value.toString('base64'));
      continue;
    }
    const text = scalarText(value);
    if (!name.startsWith(reservedPropertyPrefix)) builder.property(name, text);
    else builder.property(base64PropertyPrefix + name, Buffer.from(text).toString('base64'));
    if (type !== 'string') types += `${types === '' ? '{' : ','}${JSON.stringify(name)}:"${type}"`;
  }
  if (types !== '') builder.property(HubProperty.types, `${types}}`);
}
