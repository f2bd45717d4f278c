// What a consumer reads: Fetch until all has come, and the records as plain values.
import { setTimeout as delay } from 'node:timers/promises';
import {
  fetchApi,
  type FetchResponse,
  isRetriable,
  type MessageSet,
  MessageSetCursor,
  type RecordBatch,
  RecordCursor,
  type RecordFields,
  recordsBytes,
  splitRecordSets,
  verifyBatchCrc,
} from '#libs/kafka-codec';
import type { RawKafkaClient } from './produce-fixture.js';

export interface FetchedRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly timestampType: 'create' | 'append';
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [name: string, value: Buffer | null])[];
}

const bytesMax = 1 << 26;
const waitMsMax = 20_000;
const retryMs = 100;

/** The first `count` records of partition 0, over as many requests as it takes. Versions before 4 give message sets. */
export async function fetchRecords(
  client: RawKafkaClient,
  topic: string,
  count: number,
  version = 12,
): Promise<FetchedRecord[]> {
  const records: FetchedRecord[] = [];
  const end = Date.now() + waitMsMax;
  while (records.length < count && Date.now() < end) {
    const fetchOffset = BigInt((records.at(-1)?.offset ?? -1) + 1);
    const response = await client.request<FetchResponse>(fetchApi, version, {
      maxWaitMs: 1_000,
      minBytes: 1,
      topics: [{ topic, partitions: [{ partition: 0, fetchOffset, partitionMaxBytes: bytesMax }] }],
    });
    const partition = response.responses[0]?.partitions[0];
    // Such as while the topic is being loaded.
    if (isRetriable(partition?.errorCode ?? response.errorCode)) {
      await delay(retryMs);
      continue;
    }
    if (partition === undefined || partition.errorCode !== 0) {
      throw new Error(
        `Fetch of ${topic} at ${fetchOffset}: error ${partition?.errorCode ?? response.errorCode}`,
      );
    }
    records.push(...recordsOf(partition.records ?? Buffer.alloc(0), Number(fetchOffset)));
  }
  return records;
}

/** The records of one partition's part of an answer, from `offset` on. */
export function recordsOf(bytes: Buffer, offset: number): FetchedRecord[] {
  const fetched = splitRecordSets(bytes).flatMap((set) => {
    if (!verifyBatchCrc(set)) throw new Error('wrong checksum');
    return set.magic === 2 ? batchRecords(set) : oldRecords(set);
  });
  return fetched.filter((each) => each.offset >= offset);
}

function batchRecords(batch: RecordBatch): FetchedRecord[] {
  if (batch.control) return [];
  const { timestampType } = batch;
  const cursor = new RecordCursor(recordsBytes(batch, bytesMax), batch.recordCount);
  const records: FetchedRecord[] = [];
  while (cursor.next()) {
    const own = batch.baseTimestamp + cursor.timestampDelta;
    records.push({
      offset: Number(batch.baseOffset) + cursor.offsetDelta,
      timestamp: timestampType === 'append' ? batch.maxTimestamp : own,
      timestampType,
      ...contentOf(cursor),
    });
  }
  return records;
}

/** Uncompressed ones: each message has its offset in front. */
function oldRecords(set: MessageSet): FetchedRecord[] {
  const cursor = new MessageSetCursor(set, bytesMax);
  const records: FetchedRecord[] = [];
  for (let at = 0; cursor.next(); at += 12 + set.bytes.readInt32BE(at + 8)) {
    const offset = Number(set.bytes.readBigInt64BE(at));
    records.push({ offset, timestamp: cursor.timestampDelta, timestampType: 'create', ...contentOf(cursor) });
  }
  return records;
}

function contentOf(cursor: RecordFields): Pick<FetchedRecord, 'key' | 'value' | 'headers'> {
  const bytes = (start: number, end: number) =>
    start < 0 ? null : Buffer.from(cursor.buffer.subarray(start, end));
  const key = bytes(cursor.keyStart, cursor.keyEnd);
  const value = bytes(cursor.valueStart, cursor.valueEnd);
  const headers: [string, Buffer | null][] = [];
  while (cursor.nextHeader()) {
    const name = bytes(cursor.headerKeyStart, cursor.headerKeyEnd) as Buffer;
    headers.push([name.toString(), bytes(cursor.headerValueStart, cursor.headerValueEnd)]);
  }
  return { key, value, headers };
}
