import { crc32c } from '#libs/compression';
import { EntryDecodeError } from './entry.errors.js';
import { compressionOf, decodeEntryMetadata, EntryField, type EntryMetadata } from './entry-metadata.js';
import { FieldCursor } from './field-cursor.js';
import type { Compression } from './payload-compression.js';

const brokerEntryMagic = 0x0e02;
const checksumMagic = 0x0e01;

/** Where an entry is, as CommandMessage or the REST path says. */
export interface EntryPosition {
  readonly ledgerId: number;
  readonly entryId: number;
}

export interface ParseEntryOptions {
  /** Default true; costs a quarter of a microsecond per KB. An entry without a checksum passes. */
  readonly verifyChecksum?: boolean;
}

/**
 * A stored entry as the broker dispatched it. What readers of positions need (index, counts, sequence ids) is decoded
 * on construction without a string or an object; names, keys and properties when `metadata` is first asked for.
 */
export class BrokerEntry {
  readonly ledgerId: number;
  readonly entryId: number;
  /** The broker's index of the LAST message; absent where the broker does not expose it. */
  index: number | undefined = undefined;
  /** Milliseconds since 1970 by the broker's clock. */
  brokerTimestamp: number | undefined = undefined;
  /** The payload is in batch format: also with one message in it. */
  isBatch = false;
  /** 1 when it is no batch. A transaction's entry advances the index by 1 whatever this says. */
  numMessages = 1;
  /** The lowest of its messages. */
  sequenceId = 0;
  /** Equal to `sequenceId` when absent on the wire. */
  highestSequenceId = 0;
  publishTime = 0;
  /** Milliseconds since 1970, set by the application; absent when it set none. In a batch each message may have its own. */
  eventTime: number | undefined = undefined;
  /** Milliseconds since 1970: shared subscriptions are given it no sooner, but for the broker's tick. */
  deliverAtTime: number | undefined = undefined;
  compression: Compression = 'none';
  uncompressedSize: number | undefined = undefined;
  isEncrypted = false;
  /** One piece of a message: only ChunkAssembler makes it readable. */
  isChunk = false;
  isTransactional = false;
  isMarker = false;
  readonly #buffer: Buffer;
  /** See `numberFrom`; -1: the broker's index counts. */
  #numberedFrom = -1;
  #numbersMax = 0;
  #metadataStart = 0;
  #metadataEnd = 0;
  #payload: Buffer | undefined = undefined;
  #metadata: EntryMetadata | undefined = undefined;
  #producerName: string | undefined = undefined;
  #producerNameStart = -1;
  #producerNameEnd = -1;
  readonly #end: number;

  constructor(
    buffer: Buffer,
    start: number,
    end: number,
    position: EntryPosition,
    options: ParseEntryOptions,
  ) {
    if (start < 0 || start > end || end > buffer.length)
      throw new EntryDecodeError('malformed', 'no such bytes');
    this.ledgerId = position.ledgerId;
    this.entryId = position.entryId;
    this.#buffer = buffer;
    this.#end = end;
    const metadataAt = this.#readChecksum(this.#readBrokerMetadata(start), options.verifyChecksum !== false);
    const size = this.#u32(metadataAt);
    if (size > end - metadataAt - 4)
      throw new EntryDecodeError('malformed', 'metadata goes beyond the entry');
    this.#metadataStart = metadataAt + 4;
    this.#metadataEnd = metadataAt + 4 + size;
    this.#scanMetadata();
  }

  /** The index of the first message; absent where the broker exposes none, or where nothing sure can be said. */
  get firstIndex(): number | undefined {
    if (this.#numberedFrom >= 0) {
      return this.numMessages <= this.#numbersMax ? this.#numberedFrom : undefined;
    }
    if (this.index === undefined) return undefined;
    if (this.isTransactional) return this.numMessages === 1 ? this.index : undefined;
    return this.index - this.numMessages + 1;
  }

  /**
   * Numbers its messages from outside, where the broker shows no index. With more than `countMax` messages the entry has a
   * last index and no first one.
   */
  numberFrom(firstIndex: number, countMax: number): void {
    this.#numberedFrom = firstIndex;
    this.#numbersMax = countMax;
    this.index = firstIndex + Math.max(1, Math.min(this.numMessages, countMax)) - 1;
  }

  get producerName(): string {
    this.#producerName ??=
      this.#producerNameStart < 0
        ? ''
        : this.#buffer.toString('utf8', this.#producerNameStart, this.#producerNameEnd);
    return this.#producerName;
  }

  get metadata(): EntryMetadata {
    this.#metadata ??= decodeEntryMetadata(this.#buffer, this.#metadataStart, this.#metadataEnd);
    return this.#metadata;
  }

  /** MessageMetadata as stored; a view on the bytes given. */
  get metadataBytes(): Buffer {
    return this.#buffer.subarray(this.#metadataStart, this.#metadataEnd);
  }

  /** As stored, still compressed; a view on the bytes given. */
  get payload(): Buffer {
    this.#payload ??= this.#buffer.subarray(this.#metadataEnd, this.#end);
    return this.#payload;
  }

  /** The same message with the payload of all its chunks. */
  withAssembledPayload(payload: Buffer): BrokerEntry {
    const whole: BrokerEntry = new BrokerEntry(this.#buffer, this.#metadataStart - 4, this.#end, this, {
      verifyChecksum: false,
    });
    whole.index = this.index;
    whole.#numberedFrom = this.#numberedFrom;
    whole.#numbersMax = this.#numbersMax;
    whole.brokerTimestamp = this.brokerTimestamp;
    whole.isChunk = false;
    whole.#payload = payload;
    return whole;
  }

  /** `[0x0e02 u16][size u32][BrokerEntryMetadata]`, where the broker exposes it. Returns the position after it. */
  #readBrokerMetadata(start: number): number {
    if (this.#u16(start) !== brokerEntryMagic) return start;
    const size = this.#u32(start + 2);
    if (size > this.#end - start - 6)
      throw new EntryDecodeError('malformed', 'broker metadata goes beyond the entry');
    const cursor = scanner.reset(this.#buffer, start + 6, start + 6 + size);
    while (cursor.next()) {
      if (cursor.field === 1) this.brokerTimestamp = cursor.varint();
      else if (cursor.field === 2) this.index = cursor.varint();
      else cursor.skip();
    }
    return start + 6 + size;
  }

  /** `[0x0e01 u16][crc32c u32]`, which producers may leave out. Returns the position after it. */
  #readChecksum(at: number, verify: boolean): number {
    if (this.#u16(at) !== checksumMagic) return at;
    const checksum = this.#u32(at + 2);
    if (verify && crc32c(this.#buffer.subarray(at + 6, this.#end)) !== checksum) {
      throw new EntryDecodeError('checksum', 'the checksum does not fit metadata and payload');
    }
    return at + 6;
  }

  #scanMetadata(): void {
    const cursor = scanner.reset(this.#buffer, this.#metadataStart, this.#metadataEnd);
    let highest: number | undefined;
    while (cursor.next()) {
      if (cursor.field === EntryField.producerName) {
        cursor.bytes();
        this.#producerNameStart = cursor.bytesStart;
        this.#producerNameEnd = cursor.bytesEnd;
      } else if (cursor.field === EntryField.sequenceId) this.sequenceId = cursor.varint();
      else if (cursor.field === EntryField.publishTime) this.publishTime = cursor.varint();
      else if (cursor.field === EntryField.eventTime) this.eventTime = cursor.varint();
      else if (cursor.field === EntryField.deliverAtTime) this.deliverAtTime = cursor.varint();
      else if (cursor.field === EntryField.compression) this.compression = compressionOf(cursor.varint());
      else if (cursor.field === EntryField.uncompressedSize) this.uncompressedSize = cursor.varint();
      else if (cursor.field === EntryField.numMessagesInBatch) {
        this.isBatch = true;
        this.numMessages = cursor.varint();
      } else if (cursor.field === EntryField.highestSequenceId) highest = cursor.varint();
      else if (cursor.field === EntryField.numChunksFromMsg) this.isChunk = cursor.varint() > 1;
      else {
        if (cursor.field === EntryField.encryptionKeys) this.isEncrypted = true;
        else if (cursor.field === EntryField.txnidLeastBits) this.isTransactional = true;
        else if (cursor.field === EntryField.markerType) this.isMarker = true;
        cursor.skip();
      }
    }
    this.highestSequenceId = highest ?? this.sequenceId;
    // Every message of a batch takes four bytes at least; what is declared beyond is never walked (MessageCursor).
    if (this.numMessages < 0 || this.numMessages > 0x7fffffff) {
      throw new EntryDecodeError('malformed', `a batch of ${this.numMessages} messages`);
    }
  }

  #u16(at: number): number {
    if (at + 2 > this.#end) throw new EntryDecodeError('malformed', 'the entry ends before its metadata');
    return this.#buffer.readUInt16BE(at);
  }

  #u32(at: number): number {
    if (at + 4 > this.#end) throw new EntryDecodeError('malformed', 'the entry ends before its metadata');
    return this.#buffer.readUInt32BE(at);
  }
}

/** Used only inside one call at a time. */
const scanner = new FieldCursor();

const parseDefaults: ParseEntryOptions = {};

/**
 * Parses `frame[start, end)`: everything of a MESSAGE frame after the command, or the body of a REST answer:
 * `[broker metadata]? [checksum]? [u32 size][MessageMetadata][payload]`. Nothing is copied.
 * Throws EntryDecodeError 'malformed' or 'checksum'.
 */
export function parseEntry(
  frame: Buffer,
  start: number,
  end: number,
  position: EntryPosition,
  options: ParseEntryOptions = parseDefaults,
): BrokerEntry {
  return new BrokerEntry(frame, start, end, position, options);
}
