import { Buffer, isUtf8 } from 'node:buffer';
import type { MessageCursor } from '#libs/pulsar';
import { Amqp091Property, Annotation, MqttProperty } from './message-properties.js';

const sectionHead = Buffer.from([0x00, 0x53, 0x72, 0xd1]);
/** With size and count behind it. */
const sectionHeadBytes = sectionHead.length + 8;
const map8 = 0xc1;
const map32 = 0xd1;
const string8 = 0xa1;
const binary8 = 0xa0;
const wide = 0x10;
const long = 0x81;
const timestamp = 0x83;
const int64Bytes = 9;

const partitionKey = symbol(Annotation.partitionKey);
const sequenceNumber = symbol(Annotation.sequenceNumber);
const enqueuedTime = symbol(Annotation.enqueuedTime);
/** What of the hub is shown as a string, by the property that it is in. */
const shownProperties: ReadonlyMap<string, Buffer> = new Map([
  [MqttProperty.topic, symbol(Annotation.mqttTopic)],
  [MqttProperty.responseTopic, symbol(Annotation.mqttResponseTopic)],
  [Amqp091Property.exchange, symbol(Annotation.exchange)],
  [Amqp091Property.routingKey, symbol(Annotation.routingKey)],
]);

function symbol(text: string): Buffer {
  return Buffer.from([0xa3, text.length, ...Buffer.from(text)]);
}

/** A property that is shown as a message annotation: its name, encoded, and its value. */
export type ShownProperty = readonly [name: Buffer, value: Buffer];

/** Of a message that no AMQP 1.0 client sent. */
export function shownPropertiesOf(said: ReadonlyMap<string, string>): readonly ShownProperty[] {
  const shown: ShownProperty[] = [];
  for (const [property, name] of shownProperties) {
    const value = said.get(property);
    if (value !== undefined) shown.push([name, Buffer.from(value)]);
  }
  return shown;
}

/**
 * The section of message annotations: what the sender said, then what is known from the place in Pulsar.
 *
 * @param said the sender's, a map with its constructor
 */
export function annotationsSection(
  cursor: MessageCursor,
  said: Buffer | undefined,
  shown: readonly ShownProperty[] | undefined,
): Buffer {
  const { entry, index } = cursor;
  const key = cursor.keyStart < 0 ? undefined : (cursor.keyBytes() as Buffer);
  const saidAt = said === undefined ? 0 : said[0] === map8 ? 3 : 9;
  let bytes = sectionHeadBytes + enqueuedTime.length + int64Bytes;
  if (said !== undefined) bytes += said.length - saidAt;
  if (index !== undefined) bytes += sequenceNumber.length + int64Bytes;
  if (key !== undefined) bytes += partitionKey.length + 5 + key.length;
  for (const [name, value] of shown ?? []) bytes += name.length + 5 + value.length;

  const section = Buffer.allocUnsafe(bytes);
  let at = sectionHeadBytes;
  let count = 0;
  if (said !== undefined) {
    count = saidAt === 3 ? (said[2] as number) : said.readUInt32BE(5);
    at += said.copy(section, at, saidAt);
  }
  const { brokerTimestamp = entry.publishTime } = entry;
  at = writeInt64(section, at, enqueuedTime, timestamp, brokerTimestamp);
  count += 2;
  if (index !== undefined) {
    at = writeInt64(section, at, sequenceNumber, long, index);
    count += 2;
  }
  if (key !== undefined) {
    at = writeBytes(section, at, partitionKey, isUtf8(key) ? string8 : binary8, key);
    count += 2;
  }
  for (const [name, value] of shown ?? []) {
    at = writeBytes(section, at, name, string8, value);
    count += 2;
  }
  sectionHead.copy(section);
  section.writeUInt32BE(at - sectionHead.length - 4, sectionHead.length);
  section.writeUInt32BE(count, sectionHead.length + 4);
  return section.subarray(0, at);
}

/** Whether these bytes are a map of that size: what is inside is not looked at. */
export function isMap(bytes: Buffer): boolean {
  if (bytes[0] === map8) return bytes.length >= 3 && bytes[1] === bytes.length - 2;
  return bytes[0] === map32 && bytes.length >= 9 && bytes.readUInt32BE(1) === bytes.length - 5;
}

function writeInt64(target: Buffer, at: number, name: Buffer, code: number, value: number): number {
  let position = at + name.copy(target, at);
  target[position++] = code;
  // Neither an index nor a time is beyond what a double holds exactly.
  position = target.writeInt32BE(Math.floor(value / 0x1_0000_0000), position);
  return target.writeUInt32BE(value % 0x1_0000_0000, position);
}

function writeBytes(target: Buffer, at: number, name: Buffer, code8: number, value: Buffer): number {
  let position = at + name.copy(target, at);
  const isWide = value.length > 0xff;
  target[position++] = isWide ? code8 + wide : code8;
  if (isWide) position = target.writeUInt32BE(value.length, position);
  else target[position++] = value.length;
  return position + value.copy(target, position);
}
