import type { Connection } from '../connection.js';
import type { TransactionId } from '../transactions/transaction.js';
import { AckType } from '../wire/commands.js';
import { type AckedPosition, encodeAck } from '../wire/hot-commands.js';
import { BatchAckSet } from './batch-ack-set.js';
import type { Delivery } from './delivery.js';

export interface TransactionalAck {
  readonly delivery: Delivery;
  /** Undefined: the whole entry. */
  readonly batchIndex: number | undefined;
}

/** Resolves with the broker's answer. */
export function askTransactionalAck(
  connection: Connection,
  consumerId: number,
  acks: readonly TransactionalAck[],
  id: TransactionId,
  timeoutMs: number | undefined,
): Promise<unknown> {
  const requestId = connection.nextRequestId();
  const answer = connection.answerTo(requestId, timeoutMs);
  connection.send(encodeTransactionalAck(consumerId, acks, id, requestId));
  return answer;
}

/**
 * An ACK command that becomes true with its transaction. Of a batch it names only what is acknowledged here: what another
 * transaction, or nobody, acknowledged of it is not this one's business, and the broker puts them together.
 */
function encodeTransactionalAck(
  consumerId: number,
  acks: readonly TransactionalAck[],
  id: TransactionId,
  requestId: number,
): Buffer {
  const wholes = new Set<Delivery>();
  const parts = new Map<Delivery, BatchAckSet>();
  for (const { delivery, batchIndex } of acks) {
    if (batchIndex === undefined || !delivery.isBatch) {
      wholes.add(delivery);
      continue;
    }
    let part = parts.get(delivery);
    if (part === undefined) parts.set(delivery, (part = new BatchAckSet(delivery.numMessages)));
    part.acknowledge(batchIndex);
  }
  const messageIds: AckedPosition[] = [];
  for (const { ledgerId, entryId } of wholes) messageIds.push({ ledgerId, entryId });
  for (const [delivery, part] of parts) {
    if (wholes.has(delivery)) continue;
    const { ledgerId, entryId, numMessages } = delivery;
    const partial = part.remaining > 0 ? { ackSet: part.words(), batchSize: numMessages } : undefined;
    messageIds.push({ ledgerId, entryId, ...partial });
  }
  const { txnidLeast: txnidLeastBits, txnidMost: txnidMostBits } = id;
  const ackType = AckType.individual;
  return encodeAck({ consumerId, ackType, messageIds, txnidLeastBits, txnidMostBits, requestId });
}
