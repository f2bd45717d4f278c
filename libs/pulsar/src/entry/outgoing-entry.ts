import type { KeyValue } from '../wire/commands.js';
import type { EntryMemory } from './entry-memory.js';
import type { Compression } from './payload-compression.js';

/**
 * Room that entries leave in front of their payload, so that the producer writes frame, command, checksum and metadata
 * there and one contiguous piece of memory goes out. An entry with more metadata than fits is copied once.
 */
export const entryHeadroomBytes = 512;

/** MessageMetadata (PulsarApi.proto) of an entry, but for what the producer adds: its name, sequence ids, publish time. */
export interface OutgoingMetadata {
  readonly properties?: readonly KeyValue[];
  readonly replicatedFrom?: string;
  readonly partitionKey?: string;
  readonly partitionKeyB64Encoded?: boolean;
  readonly orderingKey?: Buffer;
  readonly compression?: Compression;
  /** Bytes before compression. */
  readonly uncompressedSize?: number;
  /** Present exactly when the payload is in batch format, even with one message in it. */
  readonly numMessagesInBatch?: number;
  /** Milliseconds since 1970. */
  readonly eventTime?: number;
  /** Milliseconds since 1970; delays dispatch of the whole entry on shared subscriptions. */
  readonly deliverAtTime?: number;
  readonly schemaVersion?: Buffer;
  readonly txnidLeast?: number;
  readonly txnidMost?: number;
  readonly nullValue?: boolean;
  readonly nullPartitionKey?: boolean;
  readonly uuid?: string;
  readonly numChunksFromMsg?: number;
  readonly totalChunkMsgSize?: number;
  readonly chunkId?: number;
}

/** What the caller may say about a batch as a whole; the rest follows from its messages. */
export type BatchMetadata = Pick<
  OutgoingMetadata,
  | 'partitionKey'
  | 'partitionKeyB64Encoded'
  | 'orderingKey'
  | 'deliverAtTime'
  | 'schemaVersion'
  | 'replicatedFrom'
  | 'txnidLeast'
  | 'txnidMost'
>;

/**
 * One entry ready to publish: `buffer[payloadStart, payloadEnd)` is the payload (a batch or one message), compressed as
 * the metadata says. What is before `payloadStart` is the producer's to write into.
 */
export interface OutgoingEntry {
  readonly buffer: Buffer;
  /** What `buffer` was lent from; the producer may release it, see there. Nobody reads the entry after its receipt. */
  readonly memory?: EntryMemory;
  readonly payloadStart: number;
  readonly payloadEnd: number;
  readonly numMessages: number;
  readonly metadata: OutgoingMetadata;
  /** The lowest of its messages, when the caller numbers them and not the producer. */
  sequenceId?: number;
  highestSequenceId?: number;
}
