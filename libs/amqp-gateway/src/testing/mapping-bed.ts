import { Buffer } from 'node:buffer';
import {
  type AmqpCompositeInput,
  type AmqpMessageSections,
  encodeDataHead,
  encodeProperties,
  findSections,
} from '#libs/amqp-codec';
import {
  type OutgoingMessage,
  type PulsarMessage,
  cursorOf,
  nativeEntry,
  newBuilder,
  storedBatch,
} from '#libs/pulsar';
import { type DecodedMessage, decodeMessage, userIdsOf } from '../mapping/incoming-message.js';
import { appendMessage, linkFields } from '../mapping/message.mapping.js';
import { type AmqpMessage, deliveryParts, messageFromPulsar } from '../mapping/stored-message.mapping.js';

export const nowMs = 1_795_000_000_000;
export const users = userIdsOf('ada', 'acme');
const ofLink = linkFields('container-1');
const facts = { redeliveries: 0, nowMs };

export function decode(...parts: readonly Buffer[]): DecodedMessage {
  const bytes = parts.reduce((sum, part) => sum + part.length, 0);
  return decodeMessage({ parts, bytes, transactionId: undefined }, users, nowMs);
}

/** As it lies in Pulsar, and as AMQP clients get it. */
export function stored(message: Buffer): { pulsar: PulsarMessage; amqp: AmqpMessage } {
  const builder = newBuilder();
  appendMessage(builder, decode(message), ofLink);
  const cursor = cursorOf(storedBatch(builder.finish('none')));
  cursor.next();
  const pulsar = cursor.message();
  return { pulsar, amqp: messageFromPulsar(cursor) as AmqpMessage };
}

export function crossed(message: Buffer): AmqpMessageSections {
  return findSections(Buffer.concat(deliveryParts(stored(message).amqp, facts)));
}

/** What a native or Kafka producer wrote. */
export function read(message: Partial<OutgoingMessage>): AmqpMessageSections {
  const cursor = cursorOf(nativeEntry([{ value: Buffer.from('v'), ...message }]));
  cursor.next();
  return findSections(Buffer.concat(deliveryParts(messageFromPulsar(cursor) as AmqpMessage, facts)));
}

export function data(payload: Buffer): Buffer {
  return Buffer.concat([encodeDataHead(payload.length), payload]);
}

export function properties(fields: Omit<AmqpCompositeInput<'properties'>, 'type'>): Buffer {
  return encodeProperties({ type: 'properties', ...fields });
}

export function property(message: PulsarMessage, name: string): string | undefined {
  return message.properties.find(({ key }) => key === name)?.value;
}
