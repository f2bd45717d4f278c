/** Entries: what a topic stores, made for sending and read back. Pure: bytes in, values or one typed error out. */
export { BatchBuilder, type BatchBuilderOptions, encodeMessageFields } from './entry/batch-builder.js';
export { BrokerEntry, type EntryPosition, type ParseEntryOptions, parseEntry } from './entry/broker-entry.js';
export { ChunkAssembler, type ChunkAssemblerOptions, type ChunkOutcome } from './entry/chunk-assembler.js';
export { EntryDecodeError, type EntryDecodeErrorCode } from './entry/entry.errors.js';
export type { EntryMetadata } from './entry/entry-metadata.js';
export type { EntryMemory } from './entry/entry-memory.js';
export { joinEntries } from './entry/joined-entry.js';
export { type KeyedRecord, keyedEntry } from './entry/keyed-entry.js';
export { MessageCursor, type MessageCursorOptions } from './entry/message-cursor.js';
export {
  type BatchMetadata,
  entryHeadroomBytes,
  type OutgoingEntry,
  type OutgoingMetadata,
} from './entry/outgoing-entry.js';
export type { Compression } from './entry/payload-compression.js';
export { type SingleEntryOptions, singleEntry } from './entry/single-entry.js';
export { isUtf8Range } from './entry/text-range.js';
