import type { QueueSettings } from '../topology/queue.js';
import type { StoredMessage } from './stored-message.mapping.js';

/**
 * When a message of the queue ends, in milliseconds since 1970; Infinity: never. Who wrote it did not know of the queue's TTL
 * unless it was published by 0-9-1.
 *
 * @param publishTimeMs when Pulsar's producer sent it
 */
export function expiryOf(
  { expiresAtMs = Infinity, isOwn }: StoredMessage,
  publishTimeMs: number,
  { messageTtlMs }: Pick<QueueSettings, 'messageTtlMs'>,
): number {
  if (isOwn || messageTtlMs === undefined) return expiresAtMs;
  return Math.min(expiresAtMs, publishTimeMs + messageTtlMs);
}
