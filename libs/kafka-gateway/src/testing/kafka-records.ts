import { crc32 } from 'node:zlib';
import {
  decompressRecords,
  type RecordBatch,
  RecordCursor,
  recordsBytes,
  splitRecordSets,
  verifyBatchCrc,
} from '#libs/kafka-codec';

/** A record as a consumer sees it; bytes as hex, so that tests show what differs. */
export interface ConsumedRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly (readonly [name: string, value: string | null])[];
}

const bytesMax = 1 << 28;

/** All records of record batches, as consumers read them: checksums verified, control records left out. */
export function consumedRecords(bytes: Buffer): ConsumedRecord[] {
  return splitRecordSets(bytes).flatMap((set) => {
    if (set.magic !== 2 || !verifyBatchCrc(set)) throw new Error('no record batch with the right checksum');
    return set.control ? [] : batchRecords(set);
  });
}

function batchRecords(batch: RecordBatch): ConsumedRecord[] {
  const cursor = new RecordCursor(recordsBytes(batch, bytesMax), batch.recordCount);
  const records: ConsumedRecord[] = [];
  while (cursor.next()) {
    const { buffer } = cursor;
    const headers: [string, string | null][] = [];
    while (cursor.nextHeader()) {
      const name = buffer.toString('utf8', cursor.headerKeyStart, cursor.headerKeyEnd);
      headers.push([name, hex(buffer, cursor.headerValueStart, cursor.headerValueEnd)]);
    }
    records.push({
      offset: Number(batch.baseOffset) + cursor.offsetDelta,
      timestamp:
        batch.timestampType === 'append' ? batch.maxTimestamp : batch.baseTimestamp + cursor.timestampDelta,
      key: hex(buffer, cursor.keyStart, cursor.keyEnd),
      value: hex(buffer, cursor.valueStart, cursor.valueEnd),
      headers,
    });
  }
  return records;
}

/** All records of a message set, as consumers from before Kafka 0.11 read them (KIP-31, KIP-32). */
export function consumedMessages(bytes: Buffer): ConsumedRecord[] {
  const records: ConsumedRecord[] = [];
  for (let at = 0; at < bytes.length; at += 12 + bytes.readInt32BE(at + 8)) {
    records.push(...messageAt(bytes, at));
  }
  return records;
}

function messageAt(bytes: Buffer, at: number): ConsumedRecord[] {
  const end = at + 12 + bytes.readInt32BE(at + 8);
  if (crc32(bytes.subarray(at + 16, end)) !== bytes.readUInt32BE(at + 12)) throw new Error('wrong checksum');
  const offset = Number(bytes.readBigInt64BE(at));
  const magic = bytes[at + 16] as number;
  const attributes = bytes[at + 17] as number;
  const timestamp = magic === 1 ? Number(bytes.readBigInt64BE(at + 18)) : -1;
  const keyAt = at + (magic === 1 ? 26 : 18);
  const valueAt = keyAt + 4 + Math.max(0, bytes.readInt32BE(keyAt));
  const value = bytes.readInt32BE(valueAt) < 0 ? null : bytes.subarray(valueAt + 4, end);
  if ((attributes & 7) === 0) {
    const key = bytes.readInt32BE(keyAt) < 0 ? null : hex(bytes, keyAt + 4, valueAt);
    return [{ offset, timestamp, key, value: value === null ? null : value.toString('hex'), headers: [] }];
  }
  const inner = consumedMessages(decompressRecords(attributes & 7, magic, value as Buffer, bytesMax));
  // Relative to the wrapper's offset, which is that of the last.
  const base = magic === 1 ? offset - (inner.at(-1) as ConsumedRecord).offset : 0;
  return inner.map((each) => ({
    ...each,
    offset: base + each.offset,
    timestamp: attributes & 8 ? timestamp : each.timestamp,
  }));
}

function hex(buffer: Buffer, start: number, end: number): string | null {
  return start < 0 ? null : buffer.toString('hex', start, end);
}
