import type { MessageCursor } from './entry.js';

/** The key of a lease's own records; state records must not use it. Compaction keeps one of them. */
export const leaseKey = 'pulsegate.lease';

/** A sign of life of the holder, or its farewell: standbys need not wait for silence. */
export interface LeaseSign {
  readonly kind: 'heartbeat' | 'hand-over';
  /** The holder as people know it, e.g. the node id. */
  readonly owner: string;
  /** Unique per acquisition: the holder knows its own records by it. */
  readonly token: string;
}

export function encodeLeaseSign(sign: LeaseSign): Buffer {
  return Buffer.from(JSON.stringify(sign));
}

/** Undefined when the bytes are none, e.g. written by a foreign producer. */
export function decodeLeaseSign(value: Buffer | null): LeaseSign | undefined {
  if (value === null) return undefined;
  try {
    const sign = JSON.parse(value.toString()) as Partial<LeaseSign>;
    const { kind, owner, token } = sign;
    if (kind !== 'heartbeat' && kind !== 'hand-over') return undefined;
    return { kind, owner: String(owner), token: String(token) };
  } catch {
    return undefined;
  }
}

/** One record of the state that a lease protects. */
export interface LeaseRecord {
  readonly key: string;
  /** Null deletes the key. A view on the entry's bytes: copy what is kept for long. */
  readonly value: Buffer | null;
  readonly ledgerId: number;
  readonly entryId: number;
  readonly batchIndex: number;
}

export function leaseRecordOf(cursor: MessageCursor, key: string): LeaseRecord {
  const { ledgerId, entryId } = cursor.entry;
  return { key, value: cursor.value, ledgerId, entryId, batchIndex: cursor.batchIndex };
}
