import type { PulsarMessage } from '../message.js';
import type { KeyValue } from '../wire/commands.js';
import type { BrokerEntry } from './broker-entry.js';
import { EntryDecodeError } from './entry.errors.js';
import { readProperty } from './entry-metadata.js';
import { FieldCursor } from './field-cursor.js';
import { decompressPayload } from './payload-compression.js';

export interface MessageCursorOptions {
  /** Most bytes that a payload may have after decompression. */
  readonly decompressedBytesMax: number;
}

/**
 * Walks the messages of one entry without an object per message; the fields are those of the message `next()` came to.
 * Ranges are -1 for null. Slots that compaction emptied are visited with `compactedOut`, so that
 * `batchIndex` and `index` stay true.
 *
 * Construction decompresses; it and `next` throw only EntryDecodeError: 'encrypted', 'incomplete' (a chunk),
 * 'too-large', 'malformed'.
 */
export class MessageCursor {
  readonly entry: BrokerEntry;
  /** -1 when the entry is one message and no batch. */
  batchIndex = -1;
  compactedOut = false;
  /** Decompressed. */
  readonly payload: Buffer;
  /** The value is `payload[valueStart, valueEnd)`. */
  valueStart = -1;
  valueEnd = -1;
  eventTime: number | undefined = undefined;
  sequenceId = 0;
  keyIsBase64 = false;
  orderingKey: Buffer | null = null;
  #key: string | null = null;
  #keyStart = -1;
  #keyEnd = -1;
  #metadataStart = 0;
  #metadataEnd = 0;
  #propertyCount = 0;
  #visited = 0;
  #at = 0;

  constructor(entry: BrokerEntry, options: MessageCursorOptions) {
    if (entry.isEncrypted) throw new EntryDecodeError('encrypted', 'the entry is encrypted by its producer');
    if (entry.isChunk) throw new EntryDecodeError('incomplete', 'the entry is one chunk of a message');
    if (entry.compression !== 'none' && entry.uncompressedSize === undefined) {
      throw new EntryDecodeError('malformed', 'a compressed payload without its uncompressed size');
    }
    this.entry = entry;
    const { compression, payload, uncompressedSize = 0 } = entry;
    this.payload = decompressPayload(compression, payload, uncompressedSize, options.decompressedBytesMax);
  }

  /** The broker's index of this message; absent where none is exposed or certain. */
  get index(): number | undefined {
    const first = this.entry.firstIndex;
    return first === undefined ? undefined : first + Math.max(this.batchIndex, 0);
  }

  /** As native readers see it; base64 text when `keyIsBase64`. */
  get key(): string | null {
    if (this.#keyStart >= 0) this.#key ??= this.payload.toString('utf8', this.#keyStart, this.#keyEnd);
    return this.#key;
  }

  /** The key's bytes, out of base64 if need be. */
  keyBytes(): Buffer | null {
    if (this.#keyStart >= 0 && !this.keyIsBase64) return this.payload.subarray(this.#keyStart, this.#keyEnd);
    const { key } = this;
    return key === null ? null : Buffer.from(key, this.keyIsBase64 ? 'base64' : 'utf8');
  }

  /** A view. */
  get value(): Buffer | null {
    return this.valueStart < 0 ? null : this.payload.subarray(this.valueStart, this.valueEnd);
  }

  properties(): readonly KeyValue[] {
    if (!this.entry.isBatch) return this.entry.metadata.properties;
    if (this.#propertyCount === 0) return noProperties;
    const properties: KeyValue[] = [];
    const cursor = scanner.reset(this.payload, this.#metadataStart, this.#metadataEnd);
    while (cursor.next()) {
      if (cursor.field === 1) properties.push(readProperty(cursor));
      else cursor.skip();
    }
    return properties;
  }

  next(): boolean {
    if (!this.entry.isBatch) return this.#single();
    // What lies behind the declared number of messages is ignored, as every client does.
    if (this.#visited >= this.entry.numMessages) return false;
    this.batchIndex = this.#visited++;
    this.#slot();
    return true;
  }

  /** The message as an object of its own. */
  message(): PulsarMessage {
    const { entry } = this;
    return {
      ledgerId: entry.ledgerId,
      entryId: entry.entryId,
      batchIndex: this.batchIndex,
      batchSize: entry.numMessages,
      index: this.index,
      key: this.key,
      keyIsBase64: this.keyIsBase64,
      orderingKey: this.orderingKey,
      value: this.value,
      eventTime: this.eventTime,
      publishTime: entry.publishTime,
      brokerTimestamp: entry.brokerTimestamp,
      properties: this.properties(),
      producerName: entry.producerName,
      sequenceId: this.sequenceId,
      schemaVersion: entry.metadata.schemaVersion,
    };
  }

  #single(): boolean {
    if (this.#visited++ > 0) return false;
    const { metadata } = this.entry;
    this.#key = metadata.nullPartitionKey ? null : (metadata.partitionKey ?? null);
    this.keyIsBase64 = metadata.partitionKeyB64Encoded ?? false;
    this.orderingKey = metadata.orderingKey ?? null;
    this.eventTime = metadata.eventTime;
    this.sequenceId = metadata.sequenceId;
    this.valueStart = metadata.nullValue ? -1 : 0;
    this.valueEnd = metadata.nullValue ? -1 : this.payload.length;
    return true;
  }

  /** `[u32 size][SingleMessageMetadata][value]`; what a slot does not say is null, but for the entry's event time. */
  #slot(): void {
    const { payload } = this;
    if (this.#at + 4 > payload.length)
      throw new EntryDecodeError('malformed', 'fewer messages than the batch says');
    const size = payload.readUInt32BE(this.#at);
    this.#metadataStart = this.#at + 4;
    this.#metadataEnd = this.#metadataStart + size;
    this.#propertyCount = 0;
    this.#key = null;
    this.#keyStart = -1;
    this.keyIsBase64 = false;
    this.orderingKey = null;
    this.eventTime = undefined;
    this.sequenceId = this.entry.sequenceId;
    this.compactedOut = false;
    const cursor = scanner.reset(payload, this.#metadataStart, this.#metadataEnd);
    let payloadSize = -1;
    let nulls = 0;
    while (cursor.next()) {
      if (cursor.field === 3) payloadSize = cursor.varint();
      else nulls |= this.#field(cursor);
    }
    if (nulls & nullKey) this.#keyStart = -1;
    this.#place(payloadSize, (nulls & nullValue) !== 0);
    this.eventTime ??= this.entry.metadata.eventTime;
  }

  #place(payloadSize: number, isNull: boolean): void {
    if (payloadSize < 0 || payloadSize > this.payload.length - this.#metadataEnd) {
      throw new EntryDecodeError('malformed', `a value of ${payloadSize} bytes goes beyond the batch`);
    }
    this.#at = this.#metadataEnd + payloadSize;
    this.valueStart = isNull || this.compactedOut ? -1 : this.#metadataEnd;
    this.valueEnd = this.valueStart < 0 ? -1 : this.#at;
  }

  /** One field of SingleMessageMetadata; returns the nulls that it declares. */
  #field(cursor: FieldCursor): number {
    switch (cursor.field) {
      case 1:
        this.#propertyCount++;
        cursor.skip();
        return 0;
      case 2:
        cursor.bytes();
        this.#keyStart = cursor.bytesStart;
        this.#keyEnd = cursor.bytesEnd;
        return 0;
      case 4:
        this.compactedOut = cursor.varint() !== 0;
        return 0;
      case 5:
        this.eventTime = cursor.varint();
        return 0;
      case 6:
        this.keyIsBase64 = cursor.varint() !== 0;
        return 0;
      case 7:
        this.orderingKey = cursor.view();
        return 0;
      case 8:
        this.sequenceId = cursor.varint();
        return 0;
      case 9:
        return cursor.varint() !== 0 ? nullValue : 0;
      case 10:
        return cursor.varint() !== 0 ? nullKey : 0;
      default:
        cursor.skip();
        return 0;
    }
  }
}

const nullValue = 1;
const nullKey = 2;
const noProperties: readonly KeyValue[] = [];

/** Used only inside one call at a time. */
const scanner = new FieldCursor();
