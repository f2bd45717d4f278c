import { Buffer } from 'node:buffer';

/** What an exception closes (section 4.8 of the 0-9-1 specification): the channel it happened on, or the connection. */
export type Amqp091ExceptionLevel = 'channel' | 'connection';

/** Section 1.2, "reply-code" constants: soft errors close the channel, hard ones the connection. */
export const replyCodes = {
  'content-too-large': { code: 311, level: 'channel' },
  'no-route': { code: 312, level: 'channel' },
  'no-consumers': { code: 313, level: 'channel' },
  'connection-forced': { code: 320, level: 'connection' },
  'invalid-path': { code: 402, level: 'connection' },
  'access-refused': { code: 403, level: 'channel' },
  'not-found': { code: 404, level: 'channel' },
  'resource-locked': { code: 405, level: 'channel' },
  'precondition-failed': { code: 406, level: 'channel' },
  'frame-error': { code: 501, level: 'connection' },
  'syntax-error': { code: 502, level: 'connection' },
  'command-invalid': { code: 503, level: 'connection' },
  'channel-error': { code: 504, level: 'connection' },
  'unexpected-frame': { code: 505, level: 'connection' },
  'resource-error': { code: 506, level: 'connection' },
  'not-allowed': { code: 530, level: 'connection' },
  'not-implemented': { code: 540, level: 'connection' },
  'internal-error': { code: 541, level: 'connection' },
} as const satisfies Record<string, { code: number; level: Amqp091ExceptionLevel }>;

export type Amqp091ReplyCodeName = keyof typeof replyCodes;

const REPLY_TEXT_BYTES_MAX = 255;

/**
 * As RabbitMQ writes it, which clients show to people and some compare: `NOT_FOUND - no queue 'q' in vhost '/'`. A text
 * over the 255 bytes of a short string ends with three dots, never inside a character.
 */
export function replyText(name: Amqp091ReplyCodeName, explanation: string): string {
  const text = `${name.toUpperCase().replaceAll('-', '_')} - ${explanation}`.toWellFormed();
  const bytes = Buffer.from(text);
  if (bytes.length <= REPLY_TEXT_BYTES_MAX) return text;
  let end = REPLY_TEXT_BYTES_MAX - 3;
  while ((bytes[end]! & 0xc0) === 0x80) end--;
  return `${bytes.toString('utf8', 0, end)}...`;
}
