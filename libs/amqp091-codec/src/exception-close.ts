import type { Amqp091Error } from './amqp091-codec.errors.js';
import type { Amqp091MethodOf } from './method-table.js';

/** The close that answers an exception, and the channel it is sent on. */
export interface ExceptionClose {
  readonly channel: number;
  readonly method: Amqp091MethodOf<'connection.close'> | Amqp091MethodOf<'channel.close'>;
}

/** Section 4.8: soft errors close their channel; hard ones, and all on channel 0, the connection. */
export function closeOf(error: Amqp091Error): ExceptionClose {
  const { replyCode, replyText, classId, methodId } = error;
  const fields = { replyCode, replyText, classId, methodId };
  if (error.level === 'connection' || error.channel === 0) {
    return { channel: 0, method: { name: 'connection.close', ...fields } };
  }
  return { channel: error.channel, method: { name: 'channel.close', ...fields } };
}
