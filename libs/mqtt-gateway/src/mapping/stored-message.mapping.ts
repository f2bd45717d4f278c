import { isUtf8 } from 'node:buffer';
import { type MqttQos, noProperties, topicNameFault } from '#libs/mqtt-codec';
import {
  base64PropertyPrefix,
  type MessageCursor,
  nullPropertyPrefix,
  reservedPropertyPrefix,
} from '#libs/pulsar';
import type { MqttMessage, MqttMessageProperties } from '../message.js';
import { MqttProperty } from './message-properties.js';
import type { TopicMapping } from './topic.mapping.js';

/** [MQTT-1.5.4], section 1.5.6: strings and binary data. */
const bytesMax = 65_535;
const noPayload = Buffer.alloc(0);
const utf8Bytes = 3;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** What an MQTT publisher's message says of itself. */
class StoredProperties {
  topic: string | undefined = undefined;
  clientId: string | undefined = undefined;
  qos: MqttQos = 1;
  retain = false;
  expiresAtMs: number | undefined = undefined;
  message: Mutable<MqttMessageProperties> | undefined = undefined;
  private users: [string, string][] | undefined = undefined;

  constructor(cursor: MessageCursor) {
    while (cursor.nextProperty()) {
      const name = text(cursor.fieldBytes, cursor.propertyNameStart, cursor.propertyNameEnd);
      const value = text(cursor.fieldBytes, cursor.propertyValueStart, cursor.propertyValueEnd);
      if (name === undefined || value === undefined) continue;
      if (!name.startsWith(reservedPropertyPrefix)) this.addUser(name, value);
      else if (name.startsWith(base64PropertyPrefix)) this.addEncoded(name, value);
      else if (name.startsWith(nullPropertyPrefix)) this.addUser(name, value);
      else this.set(name, value);
    }
  }

  private set(name: string, value: string): void {
    switch (name) {
      case MqttProperty.topic:
        this.topic = value;
        break;
      case MqttProperty.clientId:
        this.clientId = value;
        break;
      case MqttProperty.qos:
        this.qos = value === '0' ? 0 : value === '2' ? 2 : 1;
        break;
      case MqttProperty.retain:
        this.retain = value === 'true';
        break;
      case MqttProperty.expiresAt:
        if (/^\d{1,15}$/.test(value)) this.expiresAtMs = Number(value);
        break;
      default:
        this.setOfMessage(name, value);
    }
  }

  private setOfMessage(name: string, value: string): void {
    switch (name) {
      case MqttProperty.payloadFormat:
        if (value === '0' || value === '1') this.content.payloadFormatIndicator = value === '1' ? 1 : 0;
        break;
      case MqttProperty.contentType:
        if (isMqttString(value)) this.content.contentType = value;
        break;
      case MqttProperty.responseTopic:
        if (isMqttString(value) && topicNameFault(value) === undefined) this.content.responseTopic = value;
        break;
      case MqttProperty.correlationData: {
        const bytes = fromBase64(value);
        if (bytes !== undefined && bytes.length <= bytesMax) this.content.correlationData = bytes;
        break;
      }
      default:
    }
  }

  private get content(): Mutable<MqttMessageProperties> {
    this.message ??= {};
    return this.message;
  }

  /** What the gateway encoded because of its name is what it was; what is no text stays encoded, under its full name. */
  private addEncoded(name: string, value: string): void {
    const plainName = name.slice(base64PropertyPrefix.length);
    const bytes = plainName.startsWith(reservedPropertyPrefix) ? fromBase64(value) : undefined;
    if (bytes !== undefined && isUtf8(bytes) && !bytes.includes(0)) this.addUser(plainName, bytes.toString());
    else this.addUser(name, value);
  }

  private addUser(name: string, value: string): void {
    if (value.includes('\0')) {
      this.addUser(base64PropertyPrefix + name, Buffer.from(value).toString('base64'));
      return;
    }
    if (!isMqttString(name) || !isMqttString(value)) return;
    if (this.users === undefined) {
      this.content.userProperties = this.users = [];
    }
    this.users.push([name, value]);
  }
}

/**
 * The message that the cursor stands on, of an entry of a Pulsar topic, whoever wrote it (docs/mapping.md); undefined where
 * it is none for MQTT: it has no MQTT topic, or compaction removed it. Its payload is a view on the entry's bytes.
 *
 * @param name of the Pulsar topic, without a partition's suffix, inside the tenant's namespace
 * @throws EntryDecodeError
 */
export function messageFromPulsar(
  cursor: MessageCursor,
  name: string,
  topics: TopicMapping,
): MqttMessage | undefined {
  if (cursor.compactedOut) return undefined;
  const stored = new StoredProperties(cursor);
  const said = stored.topic;
  const topic =
    said !== undefined && topics.isOn(said, name) ? said : topics.fromPulsar(name, keyText(cursor));
  if (topic === undefined) return undefined;
  return {
    topic,
    payload: cursor.value ?? noPayload,
    qos: stored.qos,
    retain: stored.retain,
    properties: stored.message ?? (noProperties as MqttMessageProperties),
    expiresAtMs: stored.expiresAtMs,
    publisherId: stored.clientId,
  };
}

/** Undefined: there is none, or it is no text. */
function keyText(cursor: MessageCursor): string | undefined {
  const { fieldBytes, keyStart, keyEnd } = cursor;
  if (keyStart < 0) return undefined;
  if (!cursor.keyIsBase64) return text(fieldBytes, keyStart, keyEnd);
  const bytes = cursor.keyBytes() as Buffer;
  return text(bytes, 0, bytes.length);
}

/** Undefined: longer than what a string of MQTT can be, as text or in base64, or no UTF-8. */
function text(bytes: Buffer, start: number, end: number): string | undefined {
  if (end - start > bytesMax * 2) return undefined;
  const decoded = bytes.toString('utf8', start, end);
  return decoded.includes('\ufffd') && !isUtf8(bytes.subarray(start, end)) ? undefined : decoded;
}

function isMqttString(value: string): boolean {
  if (value.includes('\0')) return false;
  return value.length * utf8Bytes <= bytesMax || Buffer.byteLength(value) <= bytesMax;
}

function fromBase64(value: string): Buffer | undefined {
  const bytes = Buffer.from(value, 'base64');
  return bytes.toString('base64') === value ? bytes : undefined;
}
