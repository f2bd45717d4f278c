import type { Connection } from '../connection.js';
import { PulsarError } from '../pulsar.errors.js';
import type { MessageId } from '../wire/commands.js';

/** Where a topic ends, and up to where a consumer's subscription is acknowledged. */
export interface TopicEnd {
  /** The last message that can be dispatched; -1:-1 for an empty topic. */
  readonly lastMessageId: MessageId;
  readonly consumerMarkDeletePosition?: MessageId | undefined;
}

export async function askTopicEnd(connection: Connection, consumerId: number): Promise<TopicEnd> {
  const { getLastMessageIdResponse } = await connection.request({ getLastMessageId: { consumerId } });
  if (getLastMessageIdResponse === undefined) {
    throw new PulsarError('MalformedFrame', 'GET_LAST_MESSAGE_ID answered otherwise');
  }
  return getLastMessageIdResponse;
}

/** Whether the subscription has acknowledged all that can be dispatched. */
export function isAcknowledged({
  lastMessageId: last,
  consumerMarkDeletePosition: acked,
}: TopicEnd): boolean {
  if (last.ledgerId < 0) return true;
  if (acked === undefined) return false;
  return acked.ledgerId === last.ledgerId ? acked.entryId >= last.entryId : acked.ledgerId > last.ledgerId;
}
