import {
  encodeMessageSet,
  type RecordBatch,
  RecordCompression,
  RecordCursor,
  type RecordInput,
  recordsBytes,
  splitRecordSets,
  withoutCompression,
} from '#libs/kafka-codec';
import type { StoredBatch } from './stored-batch.js';

/** What is decompressed here was compressed by this process, under its own limit; nothing foreign can inflate. */
const ownRecordsBytesMax = 2 ** 30;

/** Each is an object while it is converted: of a batch with more, so many from the one on that was asked for. */
export const messageSetRecordsMax = 100_000;

/**
 * Batches as consumers from before Kafka 0.11 read them: Fetch 0 and 1 magic 0, Fetch 2 and 3 magic 1. Headers have no
 * place there, and control records are left out (KIP-98). Compression is kept, by one wrapper message per batch; zstd,
 * which does not exist there, becomes none.
 *
 * @param fromOffset what was asked for: uncompressed messages before it are left out, as old clients do not expect them
 * @param decompressed told of the bytes that each batch has without compression
 */
export function toMessageSet(
  batches: readonly StoredBatch[],
  magic: 0 | 1,
  fromOffset: number,
  decompressed: (bytes: number) => void = () => {},
): Buffer {
  const sets: Buffer[] = [];
  for (const stored of batches) {
    if (stored.recordCount === 0) continue;
    const [batch] = splitRecordSets(stored.bytes) as [RecordBatch];
    const compression = batch.compression as RecordCompression;
    const keeps = compression !== RecordCompression.NONE && compression !== RecordCompression.ZSTD;
    const isWhole = keeps && stored.recordCount <= messageSetRecordsMax;
    const records = recordsOf(batch, isWhole ? stored.baseOffset : fromOffset, decompressed);
    if (records.length === 0) continue;
    const { timestampType, baseOffset } = batch;
    sets.push(
      encodeMessageSet(records, {
        magic,
        baseOffset,
        // Magic 0 has no timestamps, and so no bit that says what they are.
        timestampType: magic === 0 ? 'create' : timestampType,
        ...(keeps ? { compression } : undefined),
      }),
    );
  }
  return sets.length === 1 ? (sets[0] as Buffer) : Buffer.concat(sets);
}

/** Whether a message set of the batch has anything for who asks for this offset; compaction may have emptied the rest of it. */
export function hasRecordsFrom({ bytes, baseOffset, recordCount }: StoredBatch, offset: number): boolean {
  if (recordCount === 0 || offset <= baseOffset) return recordCount > 0;
  const [batch] = splitRecordSets(bytes) as [RecordBatch];
  const cursor = new RecordCursor(recordsBytes(batch, ownRecordsBytesMax), batch.recordCount);
  while (cursor.next()) if (baseOffset + cursor.offsetDelta >= offset) return true;
  return false;
}

/** The batch as Fetch before version 10 may have it: those clients do not know zstd (KIP-110). */
export function withoutZstd({ bytes }: StoredBatch): Buffer {
  const [batch] = splitRecordSets(bytes) as [RecordBatch];
  if (batch.compression !== RecordCompression.ZSTD) return bytes;
  return withoutCompression(batch, ownRecordsBytesMax);
}

function recordsOf(
  batch: RecordBatch,
  fromOffset: number,
  decompressed: (bytes: number) => void,
): RecordInput[] {
  const plain = recordsBytes(batch, ownRecordsBytesMax);
  decompressed(plain.length);
  const cursor = new RecordCursor(plain, batch.recordCount);
  const firstDelta = fromOffset - Number(batch.baseOffset);
  const records: RecordInput[] = [];
  while (records.length < messageSetRecordsMax && cursor.next()) {
    if (cursor.offsetDelta >= firstDelta) records.push(recordAt(cursor, batch));
  }
  return records;
}

function recordAt(cursor: RecordCursor, batch: RecordBatch): RecordInput {
  const { buffer, keyStart, keyEnd, valueStart, valueEnd } = cursor;
  return {
    offsetDelta: cursor.offsetDelta,
    timestamp:
      batch.timestampType === 'append' ? batch.maxTimestamp : batch.baseTimestamp + cursor.timestampDelta,
    key: keyStart < 0 ? null : buffer.subarray(keyStart, keyEnd),
    value: valueStart < 0 ? null : buffer.subarray(valueStart, valueEnd),
  };
}
