import type { OutgoingMessage } from '../message.js';
import { PulsarError } from '../pulsar.errors.js';
import type { KeyValue } from '../wire/commands.js';
import { varintBytes, writeVarint } from '../wire/varint.js';
import { type EntryMemory, lendEntryMemory } from './entry-memory.js';
import { type BatchMetadata, entryHeadroomBytes, type OutgoingEntry } from './outgoing-entry.js';
import { type Compression, compressPayload } from './payload-compression.js';
import { isUtf8Range } from './text-range.js';

export interface BatchBuilderOptions {
  /** Payload bytes to start with: what the batch probably becomes. Grows by doubling. */
  readonly capacityBytes: number;
  /** Payload bytes before compression, at most; beyond, appending throws PulsarError 'EntryTooLarge'. */
  readonly payloadBytesMax: number;
}

/** Below this the loop is faster than the call that copies. */
const loopCopyBytesMax = 24;

/** Fields of SingleMessageMetadata (PulsarApi.proto), as tags. */
const Tag = {
  properties: 0x0a,
  partitionKey: 0x12,
  payloadSize: 0x18,
  eventTime: 0x28,
  partitionKeyB64: 0x30,
  orderingKey: 0x3a,
  sequenceId: 0x40,
  nullValue: 0x48,
} as const;

/**
 * Writes messages in Pulsar's batch format, `[u32 size][SingleMessageMetadata][value]` each, straight into the memory
 * that goes out. No object per message: per message call `begin`, then key, event time and properties in any order,
 * then one of `valueFrom` and `nullValue`, which completes it. A message that was begun and not completed is
 * overwritten by the next. Ranges are `source[start, end)` and may lie in any buffer.
 *
 * Throws PulsarError 'EntryTooLarge' over `payloadBytesMax`; the completed messages stay as they are.
 */
export class BatchBuilder {
  /** Completed messages. */
  numMessages = 0;
  #memory: EntryMemory | undefined;
  #buffer: Buffer;
  #at = entryHeadroomBytes;
  /** End of the completed messages. */
  #completed = entryHeadroomBytes;
  /** Where writing may come to, with the memory at hand and at all. */
  #room: number;
  readonly #limit: number;

  constructor(options: BatchBuilderOptions) {
    const { capacityBytes, payloadBytesMax } = options;
    this.#memory = lendEntryMemory(entryHeadroomBytes + Math.min(capacityBytes, payloadBytesMax));
    this.#buffer = this.#memory.buffer;
    // A little over the limit: room is asked for with a margin, and the limit is on what was written.
    this.#limit = entryHeadroomBytes + payloadBytesMax + roomMarginBytes;
    this.#room = Math.min(this.#buffer.length, this.#limit);
  }

  /** Payload bytes of the completed messages, before compression. */
  get bytes(): number {
    return this.#completed - entryHeadroomBytes;
  }

  begin(): void {
    this.#at = this.#completed + 4;
  }

  /** A key of bytes: stored as they are if they are UTF-8, else as base64 with Pulsar's flag. No call: a null key. */
  keyFrom(source: Buffer, start: number, end: number): void {
    if (isUtf8Range(source, start, end)) {
      this.#bytesField(Tag.partitionKey, source, start, end);
      return;
    }
    this.#latin1Field(Tag.partitionKey, source.toString('base64', start, end));
    this.#numberField(Tag.partitionKeyB64, 1);
  }

  key(text: string): void {
    this.#textField(Tag.partitionKey, text);
  }

  orderingKeyFrom(source: Buffer, start: number, end: number): void {
    this.#bytesField(Tag.orderingKey, source, start, end);
  }

  /** Milliseconds since 1970, not negative. */
  eventTime(ms: number): void {
    this.#numberField(Tag.eventTime, ms);
  }

  /** Only where it is not the entry's sequence id plus its place: batches need none. */
  sequenceId(id: number): void {
    this.#numberField(Tag.sequenceId, id);
  }

  property(name: string, value: string): void {
    const nameBytes = Buffer.byteLength(name);
    const valueBytes = Buffer.byteLength(value);
    this.#openProperty(fieldBytes(nameBytes) + fieldBytes(valueBytes));
    this.#textField(0x0a, name);
    this.#textField(0x12, value);
  }

  /**
   * A property whose name is ASCII `prefix` and then the name range, whose value is the value range: both UTF-8 and
   * stored as they are, or with `base64` the value as base64 text.
   */
  propertyFrom(
    prefix: string,
    source: Buffer,
    nameStart: number,
    nameEnd: number,
    valueStart: number,
    valueEnd: number,
    base64 = false,
  ): void {
    const nameBytes = prefix.length + nameEnd - nameStart;
    const plainBytes = valueEnd - valueStart;
    const valueBytes = base64 ? 4 * Math.ceil(plainBytes / 3) : plainBytes;
    this.#openProperty(fieldBytes(nameBytes) + fieldBytes(valueBytes));
    this.#open(0x0a, nameBytes);
    for (let at = 0; at < prefix.length; at++) this.#buffer[this.#at++] = prefix.charCodeAt(at);
    this.#copy(source, nameStart, nameEnd);
    if (base64) this.#latin1Field(0x12, source.toString('base64', valueStart, valueEnd));
    else this.#bytesField(0x12, source, valueStart, valueEnd);
  }

  /** Keys and properties that many messages have, made once by {@link encodeMessageFields}. */
  fields(encoded: Buffer): void {
    this.#ensure(encoded.length);
    this.#copy(encoded, 0, encoded.length);
  }

  /** Completes the message with a value, which may be empty. */
  valueFrom(source: Buffer, start: number, end: number): void {
    const bytes = end - start;
    this.#ensure(12 + bytes);
    this.#buffer[this.#at++] = Tag.payloadSize;
    this.#at = writeVarint(this.#buffer, this.#at, bytes);
    this.#writeMetadataSize();
    this.#copy(source, start, end);
    this.#complete();
  }

  /** Completes the message with no value at all: Kafka's tombstone. */
  nullValue(): void {
    this.#ensure(16);
    this.#numberField(Tag.payloadSize, 0);
    this.#numberField(Tag.nullValue, 1);
    this.#writeMetadataSize();
    this.#complete();
  }

  /** All of one message at once, for those who have it as an object. */
  append(message: OutgoingMessage): void {
    this.begin();
    const { key, orderingKey, value } = message;
    for (const property of message.properties ?? []) this.property(property.key, property.value);
    if (typeof key === 'string') this.key(key);
    else if (key) this.keyFrom(key, 0, key.length);
    if (message.eventTime !== undefined) this.eventTime(message.eventTime);
    if (orderingKey) this.orderingKeyFrom(orderingKey, 0, orderingKey.length);
    if (value === null) this.nullValue();
    else this.valueFrom(value, 0, value.length);
  }

  /** The entry of the completed messages. The builder is done after this. */
  finish(compression: Compression, metadata: BatchMetadata = {}): OutgoingEntry {
    const { numMessages } = this;
    const memory = this.#memory;
    if (numMessages === 0 || memory === undefined) {
      throw new PulsarError('InvalidConfiguration', 'a batch without messages, or finished before');
    }
    this.#memory = undefined;
    this.#buffer = noBuffer;
    this.#room = 0;
    const { buffer } = memory;
    if (compression === 'none') {
      return {
        buffer,
        memory,
        payloadStart: entryHeadroomBytes,
        payloadEnd: this.#completed,
        numMessages,
        metadata: { ...metadata, numMessagesInBatch: numMessages },
      };
    }
    const plain = buffer.subarray(entryHeadroomBytes, this.#completed);
    const entry = withHeadroom(compressPayload(compression, plain));
    memory.release();
    const { length: uncompressedSize } = plain;
    return {
      ...entry,
      numMessages,
      metadata: { ...metadata, compression, uncompressedSize, numMessagesInBatch: numMessages },
    };
  }

  #complete(): void {
    this.#completed = this.#at;
    this.numMessages++;
  }

  /** The size in front of the metadata, which ends here. */
  #writeMetadataSize(): void {
    const size = this.#at - this.#completed - 4;
    const buffer = this.#buffer;
    const at = this.#completed;
    buffer[at] = size >>> 24;
    buffer[at + 1] = size >>> 16;
    buffer[at + 2] = size >>> 8;
    buffer[at + 3] = size;
  }

  #openProperty(bytes: number): void {
    this.#open(Tag.properties, bytes);
  }

  /** Tag and length of a field, with room for all of it. */
  #open(tag: number, bytes: number): void {
    this.#ensure(11 + bytes);
    this.#buffer[this.#at++] = tag;
    this.#at = writeVarint(this.#buffer, this.#at, bytes);
  }

  #bytesField(tag: number, source: Buffer, start: number, end: number): void {
    this.#open(tag, end - start);
    this.#copy(source, start, end);
  }

  #textField(tag: number, text: string): void {
    const bytes = Buffer.byteLength(text);
    this.#open(tag, bytes);
    this.#at += this.#buffer.write(text, this.#at, bytes === text.length ? 'latin1' : 'utf8');
  }

  #latin1Field(tag: number, text: string): void {
    this.#open(tag, text.length);
    this.#at += this.#buffer.write(text, this.#at, 'latin1');
  }

  #numberField(tag: number, value: number): void {
    this.#ensure(11);
    this.#buffer[this.#at++] = tag;
    this.#at = writeVarint(this.#buffer, this.#at, value);
  }

  #copy(source: Buffer, start: number, end: number): void {
    const target = this.#buffer;
    let at = this.#at;
    if (end - start <= loopCopyBytesMax)
      for (let from = start; from < end; from++) target[at++] = source[from]!;
    else at += source.copy(target, at, start, end);
    this.#at = at;
  }

  #ensure(bytes: number): void {
    const needed = this.#at + bytes;
    if (needed <= this.#room) return;
    if (this.#at < entryHeadroomBytes + 4)
      throw new PulsarError('Closed', 'the batch is finished or not begun');
    this.#grow(needed);
  }

  #grow(needed: number): void {
    const memory = this.#memory;
    if (memory === undefined) throw new PulsarError('Closed', 'the batch is finished');
    if (needed > this.#limit) {
      const bytesMax = this.#limit - entryHeadroomBytes - roomMarginBytes;
      throw new PulsarError('EntryTooLarge', `a batch of more than ${bytesMax} bytes`);
    }
    const larger = lendEntryMemory(Math.min(this.#limit, Math.max(needed, this.#buffer.length * 2)));
    this.#buffer.copy(larger.buffer, 0, 0, this.#at);
    memory.release();
    this.#memory = larger;
    this.#buffer = larger.buffer;
    this.#room = Math.min(larger.buffer.length, this.#limit);
  }
}

/** Properties and a key as {@link BatchBuilder.fields} takes them. */
export function encodeMessageFields(properties: readonly KeyValue[], key?: string): Buffer {
  const fields = properties.map(({ key: name, value }) =>
    field(Tag.properties, [field(0x0a, [Buffer.from(name)]), field(0x12, [Buffer.from(value)])]),
  );
  if (key !== undefined) fields.push(field(Tag.partitionKey, [Buffer.from(key)]));
  return Buffer.concat(fields);
}

function field(tag: number, content: readonly Buffer[]): Buffer {
  const bytes = Buffer.concat(content);
  const head = Buffer.alloc(1 + varintBytes(bytes.length), tag);
  writeVarint(head, 1, bytes.length);
  return Buffer.concat([head, bytes]);
}

const roomMarginBytes = 16;
const noBuffer = Buffer.alloc(0);

function fieldBytes(bytes: number): number {
  return 1 + varintBytes(bytes) + bytes;
}

/** A payload with the producer's room in front; one copy. */
export function withHeadroom(
  payload: Buffer,
): Pick<OutgoingEntry, 'buffer' | 'memory' | 'payloadStart' | 'payloadEnd'> {
  const payloadEnd = entryHeadroomBytes + payload.length;
  const memory = lendEntryMemory(payloadEnd);
  payload.copy(memory.buffer, entryHeadroomBytes);
  return { buffer: memory.buffer, memory, payloadStart: entryHeadroomBytes, payloadEnd };
}
