import { RecordBatchEncoder, RecordCompression } from '#libs/kafka-codec';
import {
  type BrokerEntry,
  base64PropertyPrefix,
  type Compression,
  EntryDecodeError,
  type EntryPosition,
  MessageCursor,
  nullPropertyPrefix,
} from '#libs/pulsar';
import { EntryUnreadable, type StoredBatch } from './stored-batch.js';
import type { KafkaTopicConfig } from './topic-config.mapping.js';

export { EntryUnreadable, type EntryUnreadableCode, type StoredBatch } from './stored-batch.js';

export interface RecordBatchMapperOptions {
  /** Bytes that the payload of one entry may become by decompression. */
  readonly decompressedBytesMax: number;
}

type TimestampType = KafkaTopicConfig['timestampType'];

/** The codec that the entry's producer chose is kept. */
const kafkaCompression: Readonly<Record<Compression, RecordCompression>> = {
  none: RecordCompression.NONE,
  zlib: RecordCompression.GZIP,
  snappy: RecordCompression.SNAPPY,
  lz4: RecordCompression.LZ4,
  zstd: RecordCompression.ZSTD,
};

/** Larger ones are no dates, and their differences would not be exact; year 144683. */
const timestampMsMax = 2 ** 52 - 1;

const nullPrefix = Buffer.from(nullPropertyPrefix);
const base64Prefix = Buffer.from(base64PropertyPrefix);

/** What the names of all producers of the gateway start with (docs/mapping.md). */
const gatewayProducerPrefix = 'pulsegate.';

/** A transaction's commit marker (`EndTransactionMarker`, version 0): every client passes over it, and nothing follows. */
const controlKey = Buffer.from([0, 0, 0, 1]);
const controlValue = Buffer.from([0, 0, 0, 0, 0, 0]);

/**
 * Pulsar's entries as Kafka's record batches, the reverse of `toPulsarEntry` (docs/mapping.md). Keeps nothing between
 * two entries but memory to work in: one mapper serves all partitions of a process.
 */
export class RecordBatchMapper {
  private readonly encoder = new RecordBatchEncoder();

  constructor(private readonly options: RecordBatchMapperOptions) {}

  /**
   * The batch of one entry. A chunk that was not put together by ChunkAssembler, a marker and an entry whose messages
   * compaction removed give a batch without records.
   *
   * @throws EntryUnreadable
   */
  fromPulsar(entry: BrokerEntry, config: { readonly timestampType: TimestampType }): StoredBatch {
    const baseOffset = firstOffset(entry);
    if (entry.isChunk || entry.isMarker) return this.withoutRecords(entry, baseOffset);
    try {
      const cursor = new MessageCursor(entry, this.options);
      this.encoder.begin();
      if (config.timestampType === 'append') this.appendAll(cursor, appendTime(entry));
      else this.appendAll(cursor, undefined);
    } catch (error) {
      if (error instanceof EntryDecodeError) throw unreadable(error);
      throw error;
    }
    if (this.encoder.recordCount === 0) return this.withoutRecords(entry, baseOffset);
    const { recordCount, maxTimestamp } = this.encoder;
    const bytes = this.encoder.finish({
      baseOffset,
      lastOffsetDelta: entry.numMessages - 1,
      compression: kafkaCompression[entry.compression],
      timestampType: config.timestampType,
    });
    return stored(entry, baseOffset, recordCount, bytes, maxTimestamp);
  }

  /** `appendTimeMs`: one time for all, instead of each message's own. */
  private appendAll(cursor: MessageCursor, appendTimeMs: AppendTime | undefined): void {
    const { encoder } = this;
    const { entry } = cursor;
    const fallbackMs = storedAt(entry);
    let fixedMs = appendTimeMs?.ms;
    while (cursor.next()) {
      if (cursor.compactedOut) continue;
      const { eventTime } = cursor;
      let timestamp = eventTime !== undefined && isTime(eventTime) ? eventTime : fallbackMs;
      if (appendTimeMs !== undefined) timestamp = fixedMs ??= timestamp;
      const { valueStart, valueEnd } = cursor;
      const contentBytes = cursor.metadataSize + valueEnd - valueStart;
      encoder.beginRecord(timestamp, Math.max(cursor.batchIndex, 0), contentBytes);
      this.appendKey(cursor);
      if (valueStart < 0) encoder.nullValue();
      else encoder.value(cursor.payload, valueStart, valueEnd);
      encoder.headers(cursor.propertyCount);
      if (cursor.propertyCount > 0) this.appendHeaders(cursor);
      encoder.endRecord();
    }
  }

  private appendKey(cursor: MessageCursor): void {
    if (cursor.keyStart < 0) this.encoder.nullKey();
    else if (!cursor.keyIsBase64) this.encoder.key(cursor.fieldBytes, cursor.keyStart, cursor.keyEnd);
    else {
      const key = cursor.keyBytes() as Buffer;
      this.encoder.key(key, 0, key.length);
    }
  }

  private appendHeaders(cursor: MessageCursor): void {
    const { encoder } = this;
    const source = cursor.fieldBytes;
    while (cursor.nextProperty()) {
      const { propertyNameStart: nameStart, propertyNameEnd: nameEnd } = cursor;
      const { propertyValueStart: valueStart, propertyValueEnd: valueEnd } = cursor;
      if (valueStart === valueEnd && startsWith(source, nameStart, nameEnd, nullPrefix)) {
        encoder.key(source, nameStart + nullPrefix.length, nameEnd);
        encoder.nullValue();
        continue;
      }
      if (startsWith(source, nameStart, nameEnd, base64Prefix)) {
        const value = fromBase64(source, valueStart, valueEnd);
        if (value !== undefined) {
          encoder.key(source, nameStart + base64Prefix.length, nameEnd);
          encoder.value(value, 0, value.length);
          continue;
        }
      }
      encoder.key(source, nameStart, nameEnd);
      encoder.value(source, valueStart, valueEnd);
    }
  }

  /**
   * The place of an entry that gives no records: a batch with a control record at its last offset. An empty batch would
   * be legal too, but kafkajs asks for it again and again, without moving on.
   */
  private withoutRecords(entry: BrokerEntry, baseOffset: number): StoredBatch {
    const lastOffset = baseOffset + entry.numMessages - 1;
    return this.placeholder(baseOffset, lastOffset, entry, storedAt(entry));
  }

  /** A batch without records for offsets that hold none, at most 2^31 of them. */
  placeholder(
    baseOffset: number,
    lastOffset: number,
    { ledgerId, entryId }: EntryPosition,
    timestampMs: number,
  ): StoredBatch {
    const { encoder } = this;
    const lastOffsetDelta = lastOffset - baseOffset;
    encoder.begin();
    encoder.beginRecord(timestampMs, lastOffsetDelta, controlKey.length + controlValue.length);
    encoder.key(controlKey, 0, controlKey.length);
    encoder.value(controlValue, 0, controlValue.length);
    encoder.headers(0);
    encoder.endRecord();
    const bytes = encoder.finish({
      baseOffset,
      lastOffsetDelta,
      compression: RecordCompression.NONE,
      timestampType: 'create',
      control: true,
    });
    return { baseOffset, lastOffset, recordCount: 0, bytes, maxTimestamp: -1, ledgerId, entryId };
  }
}

function firstOffset(entry: BrokerEntry): number {
  const { firstIndex } = entry;
  if (firstIndex === undefined) {
    if (entry.index === undefined) throw new EntryUnreadable('no-index', 'the entry has no index');
    if (!entry.isTransactional) {
      throw new EntryUnreadable(
        'too-many-messages',
        `${entry.numMessages} messages are more than sparse offsets can tell apart in one entry`,
      );
    }
    throw new EntryUnreadable(
      'transactional-batch',
      `${entry.numMessages} messages of a transaction in one entry share one index`,
    );
  }
  if (entry.numMessages < 1 || firstIndex < 0) {
    throw new EntryUnreadable(
      'malformed',
      `${entry.numMessages} messages, the last with index ${entry.index}`,
    );
  }
  return firstIndex;
}

/** The broker's time, else the producer's, which may be any number. */
function storedAt({ brokerTimestamp, publishTime }: BrokerEntry): number {
  const ms = brokerTimestamp ?? publishTime;
  return isTime(ms) ? ms : 0;
}

function isTime(ms: number): boolean {
  return ms >= 0 && ms <= timestampMsMax;
}

interface AppendTime {
  /** Absent: the time of the first message, which is that of all. */
  readonly ms: number | undefined;
}

/** The gateway stores the time that it answered as event time; of native messages the broker's time is it. */
function appendTime(entry: BrokerEntry): AppendTime {
  if (entry.producerName.startsWith(gatewayProducerPrefix)) return { ms: undefined };
  return { ms: storedAt(entry) };
}

function stored(
  { numMessages, ledgerId, entryId }: BrokerEntry,
  baseOffset: number,
  recordCount: number,
  bytes: Buffer,
  maxTimestamp: number,
): StoredBatch {
  return {
    baseOffset,
    lastOffset: baseOffset + numMessages - 1,
    recordCount,
    bytes,
    maxTimestamp,
    ledgerId,
    entryId,
  };
}

function startsWith(source: Buffer, start: number, end: number, prefix: Buffer): boolean {
  if (end - start < prefix.length) return false;
  for (let at = 0; at < prefix.length; at++) if (source[start + at] !== prefix[at]) return false;
  return true;
}

/** Undefined for what the gateway would not have written: then the property is somebody else's, and shown as it is. */
function fromBase64(source: Buffer, start: number, end: number): Buffer | undefined {
  const text = source.toString('latin1', start, end);
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

function unreadable(error: EntryDecodeError): EntryUnreadable {
  const { code } = error;
  return new EntryUnreadable(
    code === 'encrypted' || code === 'too-large' ? code : 'malformed',
    error.message,
  );
}
