import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';

/** The topic property that carries the id, so that it is the same on every gateway. */
export const topicIdProperty = 'pulsegate.kafka.topic-id';

/** Kafka's Uuid.ZERO_UUID: no id. */
export const zeroTopicId: Buffer = Buffer.alloc(16);

const idText = /^[0-9a-f]{32}$/;
/** Uuid.RESERVED of Kafka: zero and one mean something. */
const reserved = new Set(['0'.repeat(32), '0'.repeat(31).concat('1')]);

export function newTopicId(): string {
  const bytes = randomBytes(16);
  // RFC 9562 version 4, as Kafka's Uuid.randomUuid makes them.
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex');
}

/** 16 bytes; undefined when the property is absent or is no id. */
export function topicIdOf(properties: Readonly<Record<string, string>> | undefined): Buffer | undefined {
  const text = properties?.[topicIdProperty];
  return text !== undefined && idText.test(text) && !reserved.has(text)
    ? Buffer.from(text, 'hex')
    : undefined;
}

export function isZeroTopicId(id: Uint8Array): boolean {
  return zeroTopicId.equals(id);
}
