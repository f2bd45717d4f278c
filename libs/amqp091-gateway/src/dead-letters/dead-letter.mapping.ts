import { fieldOf, fieldText, type FieldTable } from '#libs/amqp091-codec';
import type { PublishedMessage } from '../mapping/message.mapping.js';
import { propertiesOf } from '../mapping/published-properties.js';
import type { StoredMessage } from '../mapping/stored-message.mapping.js';
import type { Queue } from '../topology/queue.js';
import type { DeadReason } from './dead-letter.js';
import { type Deaths, headersAfterDeath } from './death-headers.js';

export interface DeadLetter {
  readonly message: PublishedMessage;
  readonly deaths: Deaths;
}

/**
 * What a dead message of the queue is published as: to its dead-letter exchange, with the routing key that the queue says or
 * else its own and CC, without expiration. Of what no 0-9-1 client sent, it is what a 0-9-1 consumer is shown.
 */
export function deadLetterOf(
  stored: StoredMessage,
  { name, settings }: Pick<Queue, 'name' | 'settings'>,
  reason: DeadReason,
  nowMs: number,
): DeadLetter {
  const { deadLetterExchange: exchange = '', deadLetterRoutingKey } = settings;
  const { isOwn } = stored;
  const carbonCopies = isOwn ? copiesOf(stored.headers) : [];
  const { expiration, ...basic } = stored.basic;
  const { headers, deaths } = headersAfterDeath(stored.headers, stored.hasDied, {
    ...{ queue: name, reason, exchange: stored.exchange, routingKeys: [stored.routingKey, ...carbonCopies] },
    expiration: isOwn ? expiration?.toString() : undefined,
    atMs: nowMs,
  });
  const isRekeyed = deadLetterRoutingKey !== undefined;
  const kept = isRekeyed ? headers.filter(([each]) => each !== 'CC') : headers;
  return {
    message: {
      exchange,
      routingKey: deadLetterRoutingKey ?? stored.routingKey,
      properties: propertiesOf(basic, kept, isRekeyed ? [] : carbonCopies),
      body: [stored.body],
      bodySize: stored.body.length,
      hasDied: true,
    },
    deaths,
  };
}

function copiesOf(headers: FieldTable): string[] {
  const field = fieldOf(headers, 'CC');
  if (field?.tag !== 'A') return [];
  return field.value.flatMap((each) => (each.tag === 'S' ? [fieldText(each) as string] : []));
}
