import { Buffer, isUtf8 } from 'node:buffer';
import {
  type BasicProperties,
  encodeBasicProperties,
  encodeFieldTable,
  type FieldTable,
  type FieldValue,
  type RawBasicProperties,
  textField,
} from '#libs/amqp091-codec';
import {
  base64PropertyPrefix,
  HubProperty,
  type KeyValue,
  type MessageCursor,
  nullPropertyPrefix,
  propertyTypes,
  reservedPropertyPrefix,
} from '#libs/pulsar';
import { fieldFromText } from './field-text.js';
import { ForeignHeader, MqttProperty } from './message-properties.js';

export interface ForeignProperties {
  readonly properties: RawBasicProperties;
  readonly basic: BasicProperties;
  readonly headers: FieldTable;
}

const shortBytesMax = 255;
const persistent = 2;

/** The properties that are made of a message that no 0-9-1 client sent: of Kafka, MQTT, AMQP 1.0 or native ones. */
export function foreignProperties(
  cursor: MessageCursor,
  expiresAtMs: number | undefined,
  nowMs: number,
): ForeignProperties {
  const said = new Map<string, string>();
  const own: KeyValue[] = [];
  for (const property of cursor.properties()) {
    if (isOfApplication(property.key)) own.push(property);
    else said.set(property.key, property.value);
  }
  const headers = [...shownHeaders(cursor, said), ...applicationHeaders(own, said)];
  const basic = basicProperties(cursor, said, expiresAtMs, nowMs);
  const whole = headers.length === 0 ? basic : { ...basic, headers: encodeFieldTable(headers) };
  return { properties: encodeBasicProperties(whole), basic: whole, headers };
}

function isOfApplication(name: string): boolean {
  if (!name.startsWith(reservedPropertyPrefix)) return true;
  return name.startsWith(base64PropertyPrefix) || name.startsWith(nullPropertyPrefix);
}

function basicProperties(
  { eventTime }: MessageCursor,
  said: ReadonlyMap<string, string>,
  expiresAtMs: number | undefined,
  nowMs: number,
): BasicProperties {
  const short = (name: string) => shortText(said.get(name));
  const fields = {
    contentType: short(HubProperty.contentType),
    contentEncoding: short(HubProperty.contentEncoding),
    // Whoever wrote it, it is as durable as Pulsar is.
    deliveryMode: persistent,
    priority: priorityOf(said.get(HubProperty.priority)),
    correlationId: correlationId(said.get(HubProperty.correlation)),
    replyTo: short(HubProperty.replyTo),
    expiration: expiresAtMs === undefined ? undefined : String(Math.max(0, expiresAtMs - nowMs)),
    messageId: short(HubProperty.messageId),
    timestamp: eventTime === undefined ? undefined : BigInt(Math.floor(eventTime / 1_000)),
    type: short(HubProperty.subject),
    userId: short(HubProperty.userId),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, field]) => field !== undefined));
}

/** Of the place in Pulsar, and of MQTT. */
function* shownHeaders(
  cursor: MessageCursor,
  said: ReadonlyMap<string, string>,
): Iterable<FieldTable[number]> {
  const key = cursor.keyBytes();
  if (key !== null) yield [ForeignHeader.partitionKey, { tag: isUtf8(key) ? 'S' : 'x', value: key }];
  const topic = said.get(MqttProperty.topic);
  if (topic !== undefined) yield [ForeignHeader.mqttTopic, textField(topic)];
  const responseTopic = said.get(MqttProperty.responseTopic);
  if (responseTopic !== undefined) yield [ForeignHeader.mqttResponseTopic, textField(responseTopic)];
}

/** Of a name that repeats, the last counts. What is too long for the name of a header is not shown. */
function applicationHeaders(own: readonly KeyValue[], said: ReadonlyMap<string, string>): FieldTable {
  const types = propertyTypes(said.get(HubProperty.types));
  const headers = new Map<string, FieldValue>();
  const set = (name: string, field: FieldValue) => {
    if (isShort(name) && !name.includes('\0')) headers.set(name, field);
  };
  for (const { key, value } of own) {
    if (!key.startsWith(reservedPropertyPrefix)) set(key, fieldFromText(types?.get(key), value));
    else if (key.startsWith(nullPropertyPrefix)) set(key.slice(nullPropertyPrefix.length), { tag: 'V' });
    else {
      const name = key.slice(base64PropertyPrefix.length);
      set(name, encodedHeader(name, value, types?.get(name)));
    }
  }
  return [...headers];
}

/** What was encoded because of its name is what it was; what is no text is a byte array. */
function encodedHeader(name: string, value: string, type: string | undefined): FieldValue {
  const bytes = Buffer.from(value, 'base64');
  if (!name.startsWith(reservedPropertyPrefix) || !isUtf8(bytes)) return { tag: 'x', value: bytes };
  return fieldFromText(type, bytes.toString());
}

function priorityOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,3}$/.test(text) && Number(text) <= 255 ? Number(text) : undefined;
}

function correlationId(base64: string | undefined): string | Buffer | undefined {
  if (base64 === undefined) return undefined;
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length > shortBytesMax) return undefined;
  return isUtf8(bytes) ? bytes.toString() : bytes;
}

/** What is longer has no place. */
function shortText(text: string | undefined): string | undefined {
  return text !== undefined && isShort(text) ? text : undefined;
}

function isShort(text: string): boolean {
  return Buffer.byteLength(text) <= shortBytesMax;
}
