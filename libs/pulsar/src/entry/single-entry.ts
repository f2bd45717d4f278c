import type { OutgoingMessage } from '../message.js';
import { withHeadroom } from './batch-builder.js';
import type { OutgoingEntry, OutgoingMetadata } from './outgoing-entry.js';
import { type Compression, compressPayload } from './payload-compression.js';
import { isUtf8Range } from './text-range.js';

export interface SingleEntryOptions {
  readonly compression?: Compression;
  /** Milliseconds since 1970: shared subscriptions get it no sooner. */
  readonly deliverAtTime?: number;
  readonly schemaVersion?: Buffer;
  readonly replicatedFrom?: string;
  readonly txnidLeast?: number;
  readonly txnidMost?: number;
}

/** An entry of one message, not in batch format: what delayed, transactional and individually acknowledged ones need. */
export function singleEntry(message: OutgoingMessage, options: SingleEntryOptions = {}): OutgoingEntry {
  const { compression = 'none', ...given } = options;
  const plain = message.value ?? emptyValue;
  const compressed = compression !== 'none' && plain.length > 0;
  const metadata: OutgoingMetadata = {
    ...given,
    ...keyOf(message),
    ...(message.properties?.length ? { properties: message.properties } : undefined),
    ...(message.orderingKey ? { orderingKey: message.orderingKey } : undefined),
    ...(message.eventTime !== undefined ? { eventTime: message.eventTime } : undefined),
    ...(message.value === null ? { nullValue: true } : undefined),
    ...(compressed ? { compression, uncompressedSize: plain.length } : undefined),
  };
  return {
    ...withHeadroom(compressed ? compressPayload(compression, plain) : plain),
    numMessages: 1,
    metadata,
  };
}

const emptyValue = Buffer.alloc(0);

function keyOf(message: OutgoingMessage): Pick<OutgoingMetadata, 'partitionKey' | 'partitionKeyB64Encoded'> {
  const { key } = message;
  if (key === undefined || key === null) return {};
  if (typeof key === 'string') return { partitionKey: key };
  if (isUtf8Range(key, 0, key.length)) return { partitionKey: key.toString('utf8') };
  return { partitionKey: key.toString('base64'), partitionKeyB64Encoded: true };
}
