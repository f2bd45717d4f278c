import {
  type BrokerEntry,
  HubProperty,
  type KeyValue,
  MessageCursor,
  type OutgoingMessage,
} from '#libs/pulsar';
import type { DeadLetter } from './dead-letter.js';

/** As Pulsar's own clients name them: where it comes from. */
const OriginProperty = {
  topic: 'REAL_TOPIC',
  subscription: 'REAL_SUBSCRIPTION',
  messageId: 'ORIGIN_MESSAGE_ID',
} as const;

/** Why it is there. */
export const DeadLetterProperty = {
  reason: 'pulsegate.dead-letter.reason',
  condition: 'pulsegate.dead-letter.condition',
  description: 'pulsegate.dead-letter.description',
  deliveries: 'pulsegate.dead-letter.deliveries',
} as const;

/** What a client says of a message is not longer here. */
const textCharsMax = 1_000;
const decompressedBytesMax = 64 * 1024 * 1024;

/**
 * The letter's messages, one or all of its entry, with what is to be said of them; without those that compaction removed. They do
 * not expire.
 *
 * @throws EntryDecodeError
 */
export function deadLetterMessages(entry: BrokerEntry, letter: DeadLetter): OutgoingMessage[] {
  const cursor = new MessageCursor(entry, { decompressedBytesMax });
  const messages: OutgoingMessage[] = [];
  while (cursor.next()) {
    if (!isMeant(letter, cursor.batchIndex) || cursor.compactedOut) continue;
    const { eventTime, orderingKey } = cursor;
    messages.push({
      key: cursor.keyBytes(),
      value: cursor.value,
      properties: [
        ...cursor.properties().filter(({ key }) => key !== HubProperty.expiresAt),
        ...reasonsOf(letter, cursor.batchIndex),
      ],
      ...(eventTime === undefined ? undefined : { eventTime }),
      ...(orderingKey === null ? undefined : { orderingKey }),
    });
  }
  return messages;
}

function isMeant({ batchIndex, isMeant: isOfEntry }: DeadLetter, at: number): boolean {
  return batchIndex < 0 ? (isOfEntry?.(at) ?? true) : batchIndex === at;
}

/** Of an entry that is no message here: its payload as it is stored. */
export function unreadableMessage(entry: BrokerEntry, letter: DeadLetter): OutgoingMessage {
  const { partitionKey, properties } = entry.metadata;
  return {
    key: partitionKey ?? null,
    value: entry.payload,
    properties: [...properties, ...reasonsOf(letter, -1)],
  };
}

function reasonsOf(letter: DeadLetter, batchIndex: number): KeyValue[] {
  const { partition, subscription, position, reason, condition, description, deliveries } = letter;
  const place = `${position.ledgerId}:${position.entryId}`;
  const reasons: KeyValue[] = [
    { key: OriginProperty.topic, value: partition },
    { key: OriginProperty.subscription, value: subscription },
    { key: OriginProperty.messageId, value: batchIndex < 0 ? place : `${place}:${batchIndex}` },
    { key: DeadLetterProperty.reason, value: reason },
    { key: DeadLetterProperty.deliveries, value: String(deliveries) },
  ];
  if (condition !== undefined) reasons.push({ key: DeadLetterProperty.condition, value: text(condition) });
  if (description !== undefined) {
    reasons.push({ key: DeadLetterProperty.description, value: text(description) });
  }
  return reasons;
}

function text(said: string): string {
  return said.slice(0, textCharsMax).toWellFormed();
}
