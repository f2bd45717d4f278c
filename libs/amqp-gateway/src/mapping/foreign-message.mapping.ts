import { Buffer, isUtf8 } from 'node:buffer';
import {
  type AmqpMessageId,
  type AmqpScalar,
  encodeApplicationProperties,
  encodeProperties,
} from '#libs/amqp-codec';
import {
  base64PropertyPrefix,
  HubProperty,
  type KeyValue,
  type MessageCursor,
  nullPropertyPrefix,
  propertyTypes,
  reservedPropertyPrefix,
} from '#libs/pulsar';
import { bodyHead, nullBody } from './body-head.js';
import { type ShownProperty, shownPropertiesOf } from './stored-annotations.js';
import { scalarFromText } from './typed-text.js';

/** What Kafka, MQTT, AMQP 0-9-1 or native clients wrote. */
export interface ForeignMessage {
  readonly bare: readonly Buffer[];
  readonly shown: readonly ShownProperty[];
}

/** The bare message that is made of a message that no AMQP 1.0 client sent (docs/mapping.md). */
export function foreignMessage(cursor: MessageCursor): ForeignMessage {
  const said = new Map<string, string>();
  const own: KeyValue[] = [];
  for (const property of cursor.properties()) {
    if (isOfApplication(property.key)) own.push(property);
    else said.set(property.key, property.value);
  }
  const bare: Buffer[] = [];
  const properties = propertiesSection(cursor, said);
  if (properties !== undefined) bare.push(properties);
  if (own.length > 0) bare.push(encodeApplicationProperties(applicationProperties(own, said)));
  const payload = cursor.value;
  if (payload === null) bare.push(nullBody);
  else bare.push(bodyHead('data', payload.length), payload);
  return { bare, shown: shownPropertiesOf(said) };
}

function isOfApplication(name: string): boolean {
  if (!name.startsWith(reservedPropertyPrefix)) return true;
  return name.startsWith(base64PropertyPrefix) || name.startsWith(nullPropertyPrefix);
}

/** Of a name that repeats, the last counts: maps have each once. */
function applicationProperties(
  own: readonly KeyValue[],
  said: ReadonlyMap<string, string>,
): ReadonlyMap<string, AmqpScalar> {
  const types = propertyTypes(said.get(HubProperty.types));
  const properties = new Map<string, AmqpScalar>();
  for (const { key, value } of own) {
    if (!key.startsWith(reservedPropertyPrefix)) {
      const type = types?.get(key);
      properties.set(key, type === undefined ? string(value) : scalarFromText(type, value));
    } else if (key.startsWith(nullPropertyPrefix)) {
      properties.set(key.slice(nullPropertyPrefix.length), { type: 'null' });
    } else {
      const name = key.slice(base64PropertyPrefix.length);
      properties.set(name, encodedProperty(name, value, types?.get(name)));
    }
  }
  return properties;
}

/** What was encoded because of its name is what it was; what is no text is binary. */
function encodedProperty(name: string, value: string, type: string | undefined): AmqpScalar {
  const bytes = Buffer.from(value, 'base64');
  if (!name.startsWith(reservedPropertyPrefix) || !isUtf8(bytes)) return { type: 'binary', value: bytes };
  const text = bytes.toString();
  return type === undefined ? string(text) : scalarFromText(type, text);
}

function propertiesSection(cursor: MessageCursor, said: ReadonlyMap<string, string>): Buffer | undefined {
  const messageId = said.get(HubProperty.messageId);
  const userId = said.get(HubProperty.userId);
  const { eventTime, orderingKey } = cursor;
  const fields = {
    messageId: messageId === undefined ? undefined : (string(messageId) as AmqpMessageId),
    userId: userId === undefined ? undefined : Buffer.from(userId),
    subject: said.get(HubProperty.subject),
    replyTo: said.get(HubProperty.replyTo),
    correlationId: correlationId(said.get(HubProperty.correlation)),
    contentType: symbol(said.get(HubProperty.contentType)),
    contentEncoding: symbol(said.get(HubProperty.contentEncoding)),
    creationTime: eventTime === undefined ? undefined : BigInt(eventTime),
    groupId: orderingKey !== null && isUtf8(orderingKey) ? orderingKey.toString() : undefined,
  };
  if (Object.values(fields).every((field) => field === undefined)) return undefined;
  return encodeProperties({ type: 'properties', ...fields });
}

function correlationId(base64: string | undefined): AmqpMessageId | undefined {
  if (base64 === undefined) return undefined;
  const bytes = Buffer.from(base64, 'base64');
  return isUtf8(bytes)
    ? (string(bytes.toString()) as AmqpMessageId)
    : ({ type: 'binary', value: bytes } as AmqpMessageId);
}

/** Symbols are ASCII. */
function symbol(text: string | undefined): string | undefined {
  return text !== undefined && Buffer.byteLength(text) === text.length ? text : undefined;
}

function string(value: string): AmqpScalar {
  return { type: 'string', value };
}
