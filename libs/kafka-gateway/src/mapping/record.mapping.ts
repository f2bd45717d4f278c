import { type Buffer, isUtf8 } from 'node:buffer';
import {
  KafkaErrorCode,
  type MessageSet,
  MessageSetCursor,
  type RecordBatch,
  RecordCursor,
  type RecordFields,
  type RecordSet,
  recordsBytes,
} from '#libs/kafka-codec';
import {
  BatchBuilder,
  base64PropertyPrefix,
  type Compression,
  nullPropertyPrefix,
  type OutgoingEntry,
  reservedPropertyPrefix,
} from '#libs/pulsar';
import { KafkaError } from '../kafka.errors.js';
import { sequenceOf } from '../producers/pulsar-sequence.js';
import {
  asKafkaError,
  invalid,
  type RecordFault,
  RecordsRefused,
  recordFaultsMax,
  validateRecords,
} from './record.validation.js';
import { sparseMessagesMax } from './sparse-offset.mapping.js';
import type { KafkaTopicConfig } from './topic-config.mapping.js';

const reservedPrefix = Array.from(reservedPropertyPrefix, (character) => character.charCodeAt(0));

/** Kafka's codecs by number; the entry is compressed with the one that the client chose. */
const pulsarCompression: readonly Compression[] = ['none', 'zlib', 'snappy', 'lz4', 'zstd'];

/** Offset, size, checksum and magic come before it. */
const firstMessageAttributesAt = 17;

/** What a message takes in Pulsar's batch beyond what it takes in Kafka's, about. */
const growthBytesPerRecord = 12;

/** Entries of one batch: with more, a Pulsar producer would refuse the last ones after the first ones were sent. */
const partsMax = 512;

/** Bytes of an entry of several batches: what a client has on its way at a time by default, and what Pulsar's own clients make. */
const joinedBytesMax = 128 * 1024;

export interface RecordMappingOptions {
  readonly produceVersion: number;
  readonly config: KafkaTopicConfig;
  /** Bytes that compressed records, and the entry made of them before compression, may become. */
  readonly decompressedBytesMax: number;
  /** Milliseconds since 1970: the time of records on topics with LogAppendTime. */
  readonly nowMs: number;
}

/** One record batch of one partition, mapped and ready to be stored. */
export interface PartitionBatch {
  readonly entry: OutgoingEntry;
  /** -1 for a producer that is not idempotent; then epoch and sequence mean nothing. */
  readonly producerId: bigint;
  readonly epoch: number;
  /** Of the first record, 0 to 2^31-1. */
  readonly sequence: number;
  /** It may share an entry of so many bytes with batches before and behind it; 0: it has its own. */
  readonly joinedBytesMax: number;
  /** What is stored behind it, in order: of a batch with more records than sparse offsets can tell apart in an entry. */
  readonly rest?: readonly PartitionBatch[];
}

/** @throws KafkaError; undefined when there are no records (Produce 0 to 2 only) */
export function toPulsarEntry(
  records: Buffer | null,
  options: RecordMappingOptions,
): PartitionBatch | undefined {
  const sets = validateRecords(records, options.produceVersion, options.config);
  const [first] = sets;
  if (first === undefined) return undefined;
  return asKafkaError(() =>
    first.magic === 2 ? batchToPulsar(first, options) : messageSetsToPulsar(sets, options),
  );
}

function batchToPulsar(batch: RecordBatch, options: RecordMappingOptions): PartitionBatch {
  if (options.config.sparse && batch.recordCount > sparseMessagesMax) return splitToPulsar(batch, options);
  const section = recordsBytes(batch, options.decompressedBytesMax);
  // Before any memory is taken for them: it knows whether so many records can be in there.
  const cursor = new RecordCursor(section, batch.recordCount);
  const builder = newBuilder(section.length + batch.recordCount * growthBytesPerRecord, options);
  const appendTimeMs = options.config.timestampType === 'append' ? options.nowMs : undefined;
  const faults = options.config.compacted ? new CompactionFaults() : undefined;
  for (let at = 0; cursor.next(); at++) {
    if (cursor.offsetDelta !== at) throw invalid(`record ${at} has offset delta ${cursor.offsetDelta}`);
    faults?.check(cursor, at);
    appendRecord(builder, cursor, appendTimeMs ?? batch.baseTimestamp + cursor.timestampDelta);
  }
  faults?.throwIfAny();
  return {
    entry: builder.finish(pulsarCompression[batch.compression] as Compression),
    producerId: batch.producerId,
    epoch: batch.producerEpoch,
    sequence: batch.baseSequence,
    joinedBytesMax: batch.compression === 0 ? sharedEntryBytesMax(options.config) : 0,
  };
}

/** With LogAppendTime all records of an entry are told with one time, and each batch was answered its own. */
function sharedEntryBytesMax({ sparse, timestampType, messageBytesMax }: KafkaTopicConfig): number {
  return sparse || timestampType === 'append' ? 0 : Math.min(joinedBytesMax, messageBytesMax);
}

/**
 * Several entries, all full but the last: if they are stored without another one between, the offsets run on from each to
 * the next, as clients count them. Each has its own sequence, as if the producer had sent smaller batches.
 */
function splitToPulsar(batch: RecordBatch, options: RecordMappingOptions): PartitionBatch {
  const section = recordsBytes(batch, options.decompressedBytesMax);
  const cursor = new RecordCursor(section, batch.recordCount);
  if (batch.recordCount > partsMax * sparseMessagesMax) throw tooManyRecords();
  const bytesPerRecord = section.length / batch.recordCount + growthBytesPerRecord;
  const appendTimeMs = options.config.timestampType === 'append' ? options.nowMs : undefined;
  const faults = options.config.compacted ? new CompactionFaults() : undefined;
  const parts: PartitionBatch[] = [];
  for (let at = 0, first = 0; at < batch.recordCount; first = at) {
    const end = Math.min(first + sparseMessagesMax, batch.recordCount);
    const builder = newBuilder(Math.ceil(bytesPerRecord * (end - first)), options);
    for (; at < end && cursor.next(); at++) {
      if (cursor.offsetDelta !== at) throw invalid(`record ${at} has offset delta ${cursor.offsetDelta}`);
      faults?.check(cursor, at);
      appendRecord(builder, cursor, appendTimeMs ?? batch.baseTimestamp + cursor.timestampDelta);
    }
    if (at < end) throw invalid(`${at} records where ${batch.recordCount} are declared`);
    parts.push({
      entry: builder.finish(pulsarCompression[batch.compression] as Compression),
      producerId: batch.producerId,
      epoch: batch.producerEpoch,
      sequence: batch.producerId < 0n ? batch.baseSequence : sequenceOf(batch.baseSequence + first),
      joinedBytesMax: 0,
    });
  }
  // What lies behind the last record is its fault too.
  cursor.next();
  faults?.throwIfAny();
  return withRest(parts);
}

/** Clients make several batches of it. */
function tooManyRecords(): KafkaError {
  return new KafkaError(
    KafkaErrorCode.MESSAGE_TOO_LARGE,
    `a batch of more than ${partsMax * sparseMessagesMax} records`,
  );
}

function withRest([first, ...rest]: readonly PartitionBatch[]): PartitionBatch {
  return rest.length === 0 ? first! : { ...first!, rest };
}

/** What Produce 0 to 2 brings is one entry too, so that it is stored as a whole or not at all (sparse: as above). */
function messageSetsToPulsar(sets: readonly RecordSet[], options: RecordMappingOptions): PartitionBatch {
  const appendTimeMs = options.config.timestampType === 'append' ? options.nowMs : undefined;
  const faults = options.config.compacted ? new CompactionFaults() : undefined;
  const recordsMax = options.config.sparse ? sparseMessagesMax : Number.POSITIVE_INFINITY;
  const compression = pulsarCompression[(sets[0]?.bytes[firstMessageAttributesAt] ?? 0) & 7] as Compression;
  const parts: PartitionBatch[] = [];
  const finish = (full: BatchBuilder) =>
    parts.push({
      entry: full.finish(compression),
      producerId: -1n,
      epoch: -1,
      sequence: -1,
      joinedBytesMax: 0,
    });
  let bytes = 0;
  for (const set of sets) bytes += set.bytes.length;
  let builder = newBuilder(bytes * 2, options);
  let at = 0;
  for (const set of sets) {
    const cursor = new MessageSetCursor(set as MessageSet, options.decompressedBytesMax);
    for (; cursor.next(); at++) {
      if (builder.numMessages === recordsMax) {
        finish(builder);
        if (parts.length === partsMax) throw tooManyRecords();
        builder = newBuilder(builder.bytes, options);
      }
      faults?.check(cursor, at);
      appendRecord(builder, cursor, appendTimeMs ?? cursor.timestampDelta);
    }
  }
  faults?.throwIfAny();
  finish(builder);
  return withRest(parts);
}

function newBuilder(capacityBytes: number, options: RecordMappingOptions): BatchBuilder {
  return new BatchBuilder({
    capacityBytes: capacityBytes + 16,
    payloadBytesMax: options.decompressedBytesMax,
  });
}

/** One record as one message. Hot: no allocation unless there are headers or binary keys. */
function appendRecord(builder: BatchBuilder, record: RecordFields, timestampMs: number): void {
  const { buffer, keyStart } = record;
  builder.begin();
  if (record.headerCount > 0) appendHeaders(builder, record);
  if (keyStart >= 0) builder.keyFrom(buffer, keyStart, record.keyEnd);
  if (timestampMs >= 0 && timestampMs <= Number.MAX_SAFE_INTEGER) builder.eventTime(timestampMs);
  else if (timestampMs !== -1) {
    throw new KafkaError(KafkaErrorCode.INVALID_TIMESTAMP, `timestamp ${timestampMs}`);
  }
  if (record.valueStart >= 0) builder.valueFrom(buffer, record.valueStart, record.valueEnd);
  else builder.nullValue();
}

function appendHeaders(builder: BatchBuilder, record: RecordFields): void {
  const { buffer } = record;
  while (record.nextHeader()) {
    const { headerKeyStart: nameStart, headerKeyEnd: nameEnd } = record;
    const { headerValueStart: valueStart, headerValueEnd: valueEnd } = record;
    if (!isUtf8(buffer.subarray(nameStart, nameEnd))) throw invalid('a header key that is not UTF-8');
    if (valueStart < 0) {
      builder.propertyFrom(nullPropertyPrefix, buffer, nameStart, nameEnd, nameEnd, nameEnd);
    } else if (isReserved(buffer, nameStart, nameEnd) || !isUtf8(buffer.subarray(valueStart, valueEnd))) {
      builder.propertyFrom(base64PropertyPrefix, buffer, nameStart, nameEnd, valueStart, valueEnd, true);
    } else {
      builder.propertyFrom('', buffer, nameStart, nameEnd, valueStart, valueEnd);
    }
  }
}

/** A header of that name, stored as it is, could be taken for one that the gateway encoded. */
function isReserved(buffer: Buffer, start: number, end: number): boolean {
  if (end - start < reservedPrefix.length) return false;
  for (let at = 0; at < reservedPrefix.length; at++) {
    if (buffer[start + at] !== reservedPrefix[at]) return false;
  }
  return true;
}

/** Pulsar's compaction drops messages without a key and takes empty values for deletions. */
class CompactionFaults {
  private readonly faults: RecordFault[] = [];
  private count = 0;

  check(record: RecordFields, batchIndex: number): void {
    if (record.keyStart < 0) this.add(batchIndex, 'a compacted topic takes no record without a key');
    else if (record.valueStart >= 0 && record.valueStart === record.valueEnd) {
      this.add(batchIndex, 'a compacted topic takes no empty value: null deletes a key');
    }
  }

  throwIfAny(): void {
    if (this.count > 0) throw new RecordsRefused(KafkaErrorCode.INVALID_RECORD, this.faults, this.count);
  }

  private add(batchIndex: number, message: string): void {
    if (this.count++ < recordFaultsMax) this.faults.push({ batchIndex, message });
  }
}
