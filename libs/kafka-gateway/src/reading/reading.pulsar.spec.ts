import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  KafkaErrorCode,
  type RecordBatch,
  RecordCursor,
  recordsBytes,
  splitRecordSets,
} from '#libs/kafka-codec';
import { singleEntry } from '#libs/pulsar';
import type { StoredBatch } from '../mapping/stored-batch.js';
import { adminUrl, batchOf, beyond, LogBed, readAll } from '../testing/log-bed.js';

const bed = new LogBed();

beforeAll(() => bed.start());
afterAll(() => bed.stop());

/** `offset value` of each record. */
function recordsOf(batches: readonly StoredBatch[]): string[] {
  return batches.flatMap((stored) => {
    const batch = splitRecordSets(stored.bytes)[0] as RecordBatch;
    if (batch.control) return [];
    const cursor = new RecordCursor(recordsBytes(batch, 1 << 26), batch.recordCount);
    const records: string[] = [];
    while (cursor.next()) {
      const value =
        cursor.valueStart < 0 ? 'null' : cursor.buffer.toString('utf8', cursor.valueStart, cursor.valueEnd);
      records.push(`${Number(batch.baseOffset) + cursor.offsetDelta} ${value}`);
    }
    return records;
  });
}

async function admin(method: string, path: string): Promise<string> {
  const response = await fetch(`${adminUrl}/admin/v2/${path}`, { method });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.text();
}

/** Messages that the broker gave to readers so far. */
async function sentBy(pulsarTopic: string): Promise<number> {
  const stats = JSON.parse(await admin('GET', `${path(pulsarTopic)}/stats`)) as { msgOutCounter: number };
  return stats.msgOutCounter;
}

/** Pulsar removes ledgers that are closed, a moment later. */
async function truncate(pulsarTopic: string): Promise<void> {
  await bed.pulsar.admin.unload(pulsarTopic);
  await admin('DELETE', `${path(pulsarTopic)}/truncate`);
  for (let tries = 0; tries < 100; tries++) {
    const { ledgers } = await bed.pulsar.admin.internalStats(pulsarTopic);
    if (ledgers.every(({ entries }) => entries === 0)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${pulsarTopic} was not truncated`);
}

async function compact(pulsarTopic: string): Promise<void> {
  await bed.pulsar.admin.triggerCompaction(pulsarTopic);
  for (let tries = 0; tries < 100; tries++) {
    const { compactedLedger } = await bed.pulsar.admin.internalStats(pulsarTopic);
    if (compactedLedger !== undefined && compactedLedger.ledgerId >= 0) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${pulsarTopic} was not compacted`);
}

const path = (pulsarTopic: string) => pulsarTopic.replace('://', '/');
const values = (prefix: string, count: number) => Array.from({ length: count }, (_, at) => `${prefix}${at}`);

describe('a partition in Pulsar', () => {
  it('is read in order with dense offsets, over unloads, whatever the size of its entries', async () => {
    const topic = await bed.topic('mixed');
    const producer = await bed.producer(topic);
    const log = bed.log(topic);
    expect(await log.bounds()).toEqual({ start: 0, end: 0 });
    const expected: string[] = [];
    const add = async (entry: string[]) => {
      await producer.send(
        entry.length === 1 ? singleEntry({ value: Buffer.from(entry[0]!) }) : batchOf(entry),
      );
      for (const value of entry) expected.push(`${expected.length} ${value}`);
    };
    await add(values('a', 3));
    const reading = readAll(log, 0, 60);
    for (let round = 0; round < 4; round++) {
      await add(values(`b${round}-`, 5));
      await add([`single-${round}`]);
      if (round % 2 === 1) await bed.pulsar.admin.unload(topic.pulsarTopic);
    }
    await add(values('c', 60 - expected.length));
    expect(recordsOf(await reading)).toEqual(expected);
    expect(await log.bounds()).toEqual({ start: 0, end: 60 });
    const middle = await log.read(4, 1, true);
    expect(recordsOf(middle.batches)).toEqual(expected.slice(3, 8));
  }, 60_000);

  it('is read once for ten consumers at its tail, and wakes them all', async () => {
    const topic = await bed.topic('tail');
    const producer = await bed.producer(topic);
    const logs = bed.logs();
    const log = logs.log(bed.tenant, topic, 0);
    // Where the log starts is asked for by a reader of its own: it has its answer before anything is counted.
    await producer.batch(['first']);
    expect(await log.bounds()).toEqual({ start: 0, end: 1 });
    expect(recordsOf((await log.read(0, 1_000, true)).batches)).toEqual(['0 first']);
    expect((await log.read(1, 1_000, true)).batches).toEqual([]);
    const before = await sentBy(topic.pulsarTopic);
    const woken = Array.from({ length: 10 }, () => beyond(log, 1));
    await producer.batch(values('v', 10));
    expect(await Promise.all(woken)).toEqual(Array(10).fill(true));
    const reads = Array.from({ length: 10 }, () => log.read(1, 1_000, true));
    for (const read of reads) expect(read).toMatchObject({ batches: [{ baseOffset: 1, lastOffset: 10 }] });
    expect((await sentBy(topic.pulsarTopic)) - before).toBe(10);
  }, 30_000);

  it('shows at once what another gateway was told is stored', async () => {
    const topic = await bed.topic('other');
    const producer = await bed.producer(topic);
    const log = bed.log(topic);
    for (let round = 1; round <= 5; round++) {
      await producer.batch(values('v', 3));
      expect((await log.bounds()).end).toBe(round * 3);
      expect(log.knownEnd).toBe(round * 3);
    }
  }, 30_000);

  it('serves a slow consumer from a reader of its own, which ends when it has caught up', async () => {
    const topic = await bed.topic('slow');
    const producer = await bed.producer(topic);
    const log = bed.log(topic, { readRingBytesMax: 20_000, readAheadBytesMax: 20_000 });
    const filler = 'x'.repeat(1_000);
    const sending = Array.from({ length: 100 }, (_, at) => producer.batch(values(`${at}-${filler}`, 3)));
    await Promise.all(sending);
    const fast = await readAll(log, 0, 300, 10_000);
    const slow = await readAll(log, 0, 300, 10_000);
    expect(recordsOf(slow)).toEqual(recordsOf(fast));
    expect(recordsOf(slow)).toHaveLength(300);
    await producer.batch(['last']);
    expect(recordsOf(await readAll(log, 300, 301))).toEqual(['300 last']);
    const readers = async () =>
      Object.keys((await bed.pulsar.admin.stats(topic.pulsarTopic)).subscriptions).length;
    expect(await readers()).toBeLessThanOrEqual(2);
  }, 30_000);

  it('tells who comes for what was trimmed, or was never there, where the log is', async () => {
    const topic = await bed.topic('trimmed');
    const { pulsarTopic } = topic;
    const producer = await bed.producer(topic);
    const early = bed.log(topic);
    await producer.batch(values('gone', 5));
    await readAll(early, 0, 5);
    await truncate(pulsarTopic);
    await producer.batch(values('kept', 5));
    const log = bed.log(topic);
    const { OFFSET_OUT_OF_RANGE } = KafkaErrorCode;
    expect(await log.read(2, 1_000, true)).toMatchObject({ batches: [], error: OFFSET_OUT_OF_RANGE });
    expect(await log.read(11, 1_000, true)).toMatchObject({ batches: [], error: OFFSET_OUT_OF_RANGE });
    expect(await log.bounds()).toEqual({ start: 5, end: 10 });
    expect(log.knownStart).toBe(5);
    expect(recordsOf((await log.read(7, 1_000, true)).batches)[0]).toBe('5 kept0');
    expect(await log.read(10, 1_000, true)).toEqual({ batches: [], bytes: 0 });
    await truncate(pulsarTopic);
    const empty = bed.log(topic);
    expect(await empty.bounds()).toEqual({ start: 10, end: 10 });
    expect(await empty.read(10, 1_000, true)).toEqual({ batches: [], bytes: 0 });
    expect(await empty.read(9, 1_000, true)).toMatchObject({ error: OFFSET_OUT_OF_RANGE });
    await producer.batch(['again']);
    expect(recordsOf(await readAll(empty, 10, 11))).toEqual(['10 again']);
  }, 60_000);

  it('keeps its offsets when it is compacted, also where nothing is left at its end', async () => {
    const topic = await bed.topic('compacted', { compacted: true });
    const { pulsarTopic } = topic;
    const producer = await bed.producer(topic);
    for (let round = 0; round < 10; round++) {
      await producer.single(`a${round}`, 'a');
      await producer.send(batchOf([`b${round}`, `c${round}`], undefined, round === 9 ? 'last' : 'b'));
    }
    await producer.single(null, 'a');
    await compact(pulsarTopic);
    const log = bed.log(topic);
    expect((await log.bounds()).end).toBe(31);
    const batches = await readAll(log, 0, 30);
    const records = recordsOf(batches);
    expect(records).toEqual(['26 c8', '29 c9']);
    expect((await log.read(30, 1_000, true)).error).toBeUndefined();
    const position = (await readAll(log, 30, 31)).at(-1);
    expect(position?.lastOffset).toBe(30);
    await producer.single('new', 'a');
    expect(recordsOf(await readAll(log, 31, 32))).toEqual(['31 new']);
  }, 60_000);

  it('lets consumers get to its end when compaction has left nothing', async () => {
    const topic = await bed.topic('deleted-keys', { compacted: true });
    const producer = await bed.producer(topic);
    for (const key of ['a', 'b']) await producer.single('value', key);
    for (const key of ['a', 'b']) await producer.single(null, key);
    await compact(topic.pulsarTopic);
    const log = bed.log(topic);
    const batches = await readAll(log, 0, 4);
    expect(recordsOf(batches)).toEqual([]);
    expect(batches.at(-1)?.lastOffset).toBe(3);
    await producer.single('new', 'a');
    expect(recordsOf(await readAll(log, 4, 5))).toEqual(['4 new']);
  }, 60_000);

  it('puts chunked messages together, also for who starts in the middle of one', async () => {
    const topic = await bed.topic('chunked');
    const producer = await bed.producer(topic);
    await producer.batch(values('before', 2));
    const one = producer.chunks('1'.repeat(3_000), 3);
    const two = producer.chunks('2'.repeat(200), 2);
    await one[0]!();
    await two[0]!();
    await one[1]!();
    await two[1]!();
    await one[2]!();
    await producer.batch(['after']);
    const whole = ['5 222', '6 111', '7 aft'];
    const starts = (records: string[]) => records.map((record) => record.slice(0, 5));
    expect(starts(recordsOf(await readAll(bed.log(topic), 0, 8))).slice(2)).toEqual(whole);
    for (const offset of [3, 4, 5]) {
      const read = recordsOf(await readAll(bed.log(topic), offset, 8));
      expect(starts(read)).toEqual(whole);
      expect(read[1]).toHaveLength(3_002);
    }
    expect(starts(recordsOf(await readAll(bed.log(topic), 6, 8)))).toEqual(whole.slice(1));
  }, 30_000);

  it('ends when the topic is deleted, and is another log when it is made again', async () => {
    const topic = await bed.topic('deleted');
    const producer = await bed.producer(topic);
    await producer.batch(values('old', 5));
    const logs = bed.logs();
    const log = logs.log(bed.tenant, topic, 0);
    await readAll(log, 0, 5);
    await bed.pulsar.admin.deleteTopic(topic.pulsarTopic, { force: true });
    const { UNKNOWN_TOPIC_OR_PARTITION } = KafkaErrorCode;
    let code: number | undefined;
    for (let tries = 0; tries < 100 && code === undefined; tries++) {
      code = (await log.read(5, 1_000, true)).error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(code).toBe(UNKNOWN_TOPIC_OR_PARTITION);
    const again = await bed.topic('deleted');
    await (await bed.producer(again)).batch(values('new', 2));
    const other = logs.log(bed.tenant, again, 0);
    expect(recordsOf(await readAll(other, 0, 2))).toEqual(['0 new0', '1 new1']);
  }, 30_000);

  it('finds records by time, and entries by offset', async () => {
    const topic = await bed.topic('times');
    const producer = await bed.producer(topic);
    for (let at = 0; at < 20; at++) await producer.batch(values(`${at}-`, 3), 1_000 + at * 10);
    const receipt = await producer.batch(['future'], Date.now() + 60_000);
    const log = bed.log(topic);
    expect(await log.offsetForTimestamp(0)).toEqual({ offset: 0, timestamp: 1_000 });
    expect(await log.offsetForTimestamp(1_095)).toEqual({ offset: 30, timestamp: 1_100 });
    expect(await log.offsetForTimestamp(Date.now() + 120_000)).toBeUndefined();
    expect((await log.maxTimestamp())?.offset).toBe(60);
    const { ledgerId } = receipt;
    expect(await log.positionOf(60)).toEqual({ ledgerId, entryId: 20 });
    expect(await log.positionOf(0)).toEqual({ ledgerId, entryId: 0 });
    expect(await log.positionOf(31)).toEqual({ ledgerId, entryId: 10 });
    expect(await log.positionOf(61)).toBeUndefined();
  }, 30_000);
});
