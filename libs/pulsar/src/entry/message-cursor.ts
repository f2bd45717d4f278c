import type { PulsarMessage } from '../message.js';
import type { KeyValue } from '../wire/commands.js';
import type { BrokerEntry } from './broker-entry.js';
import { EntryDecodeError } from './entry.errors.js';
import { EntryField, readProperty } from './entry-metadata.js';
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
  /** What the ranges of key and properties are in: the payload of a batch, the entry's metadata of a single message. */
  readonly fieldBytes: Buffer;
  /** The key as stored is `fieldBytes[keyStart, keyEnd)`: base64 text when `keyIsBase64`. */
  keyStart = -1;
  keyEnd = -1;
  propertyCount = 0;
  propertyNameStart = 0;
  propertyNameEnd = 0;
  propertyValueStart = 0;
  propertyValueEnd = 0;
  #key: string | null = null;
  #metadataStart = 0;
  #metadataEnd = 0;
  #propertyAt = 0;
  /** SingleMessageMetadata and MessageMetadata number it differently. */
  readonly #propertyField: number;
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
    this.fieldBytes = entry.isBatch ? this.payload : entry.metadataBytes;
    this.#propertyField = entry.isBatch ? 1 : EntryField.properties;
  }

  /** Bytes of this message's metadata: what its key and properties take together at most. */
  get metadataSize(): number {
    return this.#metadataEnd - this.#metadataStart;
  }

  /** The broker's index of this message; absent where none is exposed or certain. */
  get index(): number | undefined {
    const first = this.entry.firstIndex;
    return first === undefined ? undefined : first + Math.max(this.batchIndex, 0);
  }

  /** As native readers see it; base64 text when `keyIsBase64`. */
  get key(): string | null {
    if (this.keyStart >= 0) this.#key ??= this.fieldBytes.toString('utf8', this.keyStart, this.keyEnd);
    return this.#key;
  }

  /** The key's bytes, out of base64 if need be. */
  keyBytes(): Buffer | null {
    if (this.keyStart < 0) return null;
    if (this.keyIsBase64) return Buffer.from(this.key ?? '', 'base64');
    return this.fieldBytes.subarray(this.keyStart, this.keyEnd);
  }

  /** A view. */
  get value(): Buffer | null {
    return this.valueStart < 0 ? null : this.payload.subarray(this.valueStart, this.valueEnd);
  }

  properties(): readonly KeyValue[] {
    if (this.propertyCount === 0) return noProperties;
    const properties: KeyValue[] = [];
    const cursor = scanner.reset(this.fieldBytes, this.#metadataStart, this.#metadataEnd);
    while (cursor.next()) {
      if (cursor.field === this.#propertyField) properties.push(readProperty(cursor));
      else cursor.skip();
    }
    return properties;
  }

  /** Moves to the next property of this message, as ranges in `fieldBytes`, without a string; false behind the last. */
  nextProperty(): boolean {
    const cursor = scanner.reset(this.fieldBytes, this.#propertyAt, this.#metadataEnd);
    while (cursor.next()) {
      if (cursor.field !== this.#propertyField) {
        cursor.skip();
        continue;
      }
      cursor.bytes();
      this.#propertyAt = cursor.position;
      this.#splitProperty(cursor.bytesStart, cursor.bytesEnd);
      return true;
    }
    this.#propertyAt = this.#metadataEnd;
    return false;
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

  #splitProperty(start: number, end: number): void {
    this.propertyNameStart = this.propertyNameEnd = this.propertyValueStart = this.propertyValueEnd = start;
    const cursor = scanner.reset(this.fieldBytes, start, end);
    while (cursor.next()) {
      if (cursor.field === 1) {
        cursor.bytes();
        this.propertyNameStart = cursor.bytesStart;
        this.propertyNameEnd = cursor.bytesEnd;
      } else if (cursor.field === 2) {
        cursor.bytes();
        this.propertyValueStart = cursor.bytesStart;
        this.propertyValueEnd = cursor.bytesEnd;
      } else cursor.skip();
    }
  }

  #single(): boolean {
    if (this.#visited++ > 0) return false;
    this.#begin(0, this.fieldBytes.length);
    const cursor = scanner.reset(this.fieldBytes, 0, this.fieldBytes.length);
    let nulls = 0;
    while (cursor.next()) nulls |= this.#singleField(cursor);
    if (nulls & nullKey) this.keyStart = -1;
    this.valueStart = nulls & nullValue ? -1 : 0;
    this.valueEnd = nulls & nullValue ? -1 : this.payload.length;
    return true;
  }

  /** `[u32 size][SingleMessageMetadata][value]`; what a slot does not say is null, but for the entry's event time. */
  #slot(): void {
    const { payload } = this;
    if (this.#at + 4 > payload.length)
      throw new EntryDecodeError('malformed', 'fewer messages than the batch says');
    const start = this.#at + 4;
    this.#begin(start, start + payload.readUInt32BE(this.#at));
    const cursor = scanner.reset(payload, start, this.#metadataEnd);
    let payloadSize = -1;
    let nulls = 0;
    while (cursor.next()) {
      if (cursor.field === 3) payloadSize = cursor.varint();
      else nulls |= this.#field(cursor);
    }
    if (nulls & nullKey) this.keyStart = -1;
    this.#place(payloadSize, (nulls & nullValue) !== 0);
  }

  #begin(metadataStart: number, metadataEnd: number): void {
    this.#metadataStart = metadataStart;
    this.#metadataEnd = metadataEnd;
    this.#propertyAt = metadataStart;
    this.propertyCount = 0;
    this.#key = null;
    this.keyStart = -1;
    this.keyIsBase64 = false;
    this.orderingKey = null;
    this.eventTime = this.entry.eventTime;
    this.sequenceId = this.entry.sequenceId;
    this.compactedOut = false;
  }

  #place(payloadSize: number, isNull: boolean): void {
    if (payloadSize < 0 || payloadSize > this.payload.length - this.#metadataEnd) {
      throw new EntryDecodeError('malformed', `a value of ${payloadSize} bytes goes beyond the batch`);
    }
    this.#at = this.#metadataEnd + payloadSize;
    this.valueStart = isNull || this.compactedOut ? -1 : this.#metadataEnd;
    this.valueEnd = this.valueStart < 0 ? -1 : this.#at;
  }

  #keyFrom(cursor: FieldCursor): void {
    cursor.bytes();
    this.keyStart = cursor.bytesStart;
    this.keyEnd = cursor.bytesEnd;
  }

  /** One field of the MessageMetadata of an entry that is one message; returns the nulls that it declares. */
  #singleField(cursor: FieldCursor): number {
    switch (cursor.field) {
      case EntryField.properties:
        this.propertyCount++;
        cursor.skip();
        return 0;
      case EntryField.partitionKey:
        this.#keyFrom(cursor);
        return 0;
      case EntryField.partitionKeyB64Encoded:
        this.keyIsBase64 = cursor.varint() !== 0;
        return 0;
      case EntryField.orderingKey:
        this.orderingKey = cursor.view();
        return 0;
      case EntryField.nullValue:
        return cursor.varint() !== 0 ? nullValue : 0;
      case EntryField.nullPartitionKey:
        return cursor.varint() !== 0 ? nullKey : 0;
      default:
        cursor.skip();
        return 0;
    }
  }

  /** One field of SingleMessageMetadata; returns the nulls that it declares. */
  #field(cursor: FieldCursor): number {
    switch (cursor.field) {
      case 1:
        this.propertyCount++;
        cursor.skip();
        return 0;
      case 2:
        this.#keyFrom(cursor);
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
