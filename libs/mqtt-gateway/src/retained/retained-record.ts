import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { agreedKeyCharsMax } from '#libs/cluster';
import type { MqttQos } from '#libs/mqtt-codec';
import type { MqttMessage, MqttMessageProperties } from '../message.js';

const recordVersion = 1;
const QOS_MASK = 0x03;
/** Version, flags, and the length of the header as 32 bits. */
const prefixBytes = 6;
/** What begins so is no topic, but stands for one that is too long for a key. */
const longTopicMark = '\u0001';

/**
 * What is not payload. Absent: not given.
 * - t: topic, where the key does not say it
 * - e: expires, ms since 1970
 * - c: client id of the publisher
 * - f, ct, rt, cd, up: payload format, content type, response topic, correlation data (base64), user properties
 */
interface RecordHeader {
  t?: string;
  e?: number;
  c?: string;
  f?: 0 | 1;
  ct?: string;
  rt?: string;
  cd?: string;
  up?: readonly (readonly [string, string])[];
}

/** The key of a topic's retained message in the log: the topic itself, where it can be one. */
export function retainedKey(topic: string): string {
  // In front, so that no topic begins as the log's own keys do.
  const key = `/${topic}`;
  if (key.length <= agreedKeyCharsMax) return key;
  return longTopicMark + createHash('sha256').update(topic).digest('base64url');
}

/** The topic of a key that says it. */
export function topicOfKey(key: string): string | undefined {
  return key.startsWith('/') ? key.slice(1) : undefined;
}

/** A copy of all that is to be given to later subscribers. */
export function encodeRetained(message: MqttMessage): Buffer {
  const { topic, payload, qos, properties, expiresAtMs, publisherId } = message;
  const header: RecordHeader = {};
  if (topicOfKey(retainedKey(topic)) === undefined) header.t = topic;
  if (expiresAtMs !== undefined) header.e = expiresAtMs;
  if (publisherId !== undefined) header.c = publisherId;
  if (properties.payloadFormatIndicator !== undefined) header.f = properties.payloadFormatIndicator;
  if (properties.contentType !== undefined) header.ct = properties.contentType;
  if (properties.responseTopic !== undefined) header.rt = properties.responseTopic;
  if (properties.correlationData !== undefined) header.cd = properties.correlationData.toString('base64');
  if (properties.userProperties !== undefined) header.up = properties.userProperties;
  const text = JSON.stringify(header);
  const textBytes = Buffer.byteLength(text);
  const record = Buffer.allocUnsafe(prefixBytes + textBytes + payload.length);
  record[0] = recordVersion;
  record[1] = qos & QOS_MASK;
  record.writeUInt32BE(textBytes, 2);
  record.write(text, prefixBytes);
  payload.copy(record, prefixBytes + textBytes);
  return record;
}

/** The payload is a view on the record. Undefined: it was not written by any version that this one knows. */
export function decodeRetained(key: string, record: Buffer): MqttMessage | undefined {
  const header = headerOf(record);
  if (header === undefined) return undefined;
  const topic = topicOfKey(key) ?? header.t;
  if (topic === undefined) return undefined;
  const payload = record.subarray(prefixBytes + record.readUInt32BE(2));
  const qos = (record[1]! & QOS_MASK) as MqttQos;
  const properties: MqttMessageProperties = {
    ...(header.f !== undefined && { payloadFormatIndicator: header.f }),
    ...(header.ct !== undefined && { contentType: header.ct }),
    ...(header.rt !== undefined && { responseTopic: header.rt }),
    ...(header.cd !== undefined && { correlationData: Buffer.from(header.cd, 'base64') }),
    ...(header.up !== undefined && { userProperties: header.up }),
  };
  return { topic, payload, qos, retain: true, properties, expiresAtMs: header.e, publisherId: header.c };
}

/** What the index needs to know of a record. */
export function peekRetained(
  key: string,
  record: Buffer,
): { readonly topic: string; readonly expiresAtMs: number | undefined } | undefined {
  const header = headerOf(record);
  const topic = topicOfKey(key) ?? header?.t;
  return header === undefined || topic === undefined ? undefined : { topic, expiresAtMs: header.e };
}

function headerOf(record: Buffer): RecordHeader | undefined {
  if (record.length < prefixBytes || record[0] !== recordVersion) return undefined;
  const end = prefixBytes + record.readUInt32BE(2);
  if (end > record.length || (record[1]! & QOS_MASK) === 3) return undefined;
  try {
    return (JSON.parse(record.toString('utf8', prefixBytes, end)) as RecordHeader | null) ?? undefined;
  } catch {
    return undefined;
  }
}
