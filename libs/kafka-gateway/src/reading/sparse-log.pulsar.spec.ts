import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { KafkaErrorCode, type RecordBatch, splitRecordSets } from '#libs/kafka-codec';
import type { EntryPosition } from '#libs/pulsar';
import { sparseOffset } from '../mapping/sparse-offset.mapping.js';
import type { StoredBatch } from '../mapping/stored-batch.js';
import { batchOf, LogBed, readAll } from '../testing/log-bed.js';

// Sparse offsets need nothing of the broker, so they can be read from one that shows the index, too.

const bed = new LogBed();

beforeAll(() => bed.start());
afterAll(() => bed.stop());

const at = ({ ledgerId, entryId }: EntryPosition, place = 0) => sparseOffset(ledgerId, entryId)! + place;

/** `first-last` of the batches that have records. */
function shown(batches: readonly StoredBatch[]): string[] {
  return batches
    .filter(({ bytes }) => !(splitRecordSets(bytes)[0] as RecordBatch).control)
    .map(({ baseOffset, lastOffset }) => `${baseOffset}-${lastOffset}`);
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

describe('a partition with sparse offsets', () => {
  it('lets consumers get to its end over ledgers that compaction has emptied', async () => {
    const topic = await bed.topic('compacted', { compacted: true, sparse: true });
    const producer = await bed.producer(topic);
    await producer.single('a', 'a');
    const kept = await producer.send(batchOf(['b0', 'b1'], undefined, 'b'));
    await bed.pulsar.admin.unload(topic.pulsarTopic);
    const last = await producer.single(null, 'a');
    expect(last.ledgerId).toBeGreaterThan(kept.ledgerId);
    await compact(topic.pulsarTopic);
    const log = bed.log(topic);
    const end = at(last, 1);
    expect((await log.bounds()).end).toBe(end);
    const batches = await readAll(log, 0, end);
    expect(shown(batches)).toEqual([`${at(kept)}-${at(kept, 1)}`]);
    expect(batches.at(-1)?.lastOffset).toBe(end - 1);
    const next = await producer.single('new', 'a');
    expect(shown(await readAll(log, end, at(next, 1)))).toEqual([`${at(next)}-${at(next)}`]);
  }, 60_000);

  it('puts chunked messages together, also for who starts in the middle of one', async () => {
    const topic = await bed.topic('chunked', { sparse: true });
    const producer = await bed.producer(topic);
    await producer.batch(['before', 'it']);
    const receipts: EntryPosition[] = [];
    for (const send of producer.chunks('1'.repeat(3_000), 3)) receipts.push(await send());
    const [, middle, last] = receipts as [EntryPosition, EntryPosition, EntryPosition];
    for (const from of [at(middle), at(last)]) {
      const batches = await readAll(bed.log(topic), from, at(last, 1));
      expect(shown(batches)).toEqual([`${at(last)}-${at(last)}`]);
      expect(batches.at(-1)!.bytes.length).toBeGreaterThan(3_000);
    }
  }, 30_000);

  it('finds records by time over ledgers', async () => {
    const topic = await bed.topic('times', { sparse: true });
    const producer = await bed.producer(topic);
    const first = await producer.batch(['a0', 'a1'], 1_000);
    const future = await producer.batch(['b0'], Date.now() + 60_000);
    for (let more = 0; more < 20; more++) await producer.batch(['c0', 'c1', 'c2'], 2_000);
    await bed.pulsar.admin.unload(topic.pulsarTopic);
    const log = bed.log(topic);
    expect((await log.maxTimestamp())?.offset).toBe(at(future));
    const last = await producer.batch(['d0'], 3_000);
    expect(await log.offsetForTimestamp(0)).toEqual({ offset: at(first), timestamp: 1_000 });
    expect((await log.offsetForTimestamp(2_500))?.offset).toBe(at(future));
    expect(await log.offsetForTimestamp(Date.now() + 120_000)).toBeUndefined();
    expect(await log.positionOf(at(first, 1))).toEqual({ ledgerId: first.ledgerId, entryId: 0 });
    expect(await log.positionOf(at(first, 2))).toMatchObject({ entryId: 1 });
    expect(await log.positionOf(at(last))).toEqual({ ledgerId: last.ledgerId, entryId: last.entryId });
    expect(await log.positionOf(at(last, 1))).toBeUndefined();
  }, 30_000);

  it('tells who comes for what was trimmed, and goes on at its end', async () => {
    const topic = await bed.topic('trimmed', { sparse: true });
    const producer = await bed.producer(topic);
    const gone = await producer.batch(['a', 'b']);
    const early = bed.log(topic);
    await readAll(early, at(gone), at(gone, 2));
    await bed.pulsar.admin.unload(topic.pulsarTopic);
    await bed.pulsar.admin.truncate(topic.pulsarTopic);
    const kept = await producer.batch(['c']);
    for (let tries = 0; tries < 100; tries++) {
      const { ledgers } = await bed.pulsar.admin.internalStats(topic.pulsarTopic);
      if (ledgers[0]!.ledgerId > gone.ledgerId) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const log = bed.log(topic);
    const { OFFSET_OUT_OF_RANGE } = KafkaErrorCode;
    expect(await log.read(at(gone), 1_000, true)).toMatchObject({ batches: [], error: OFFSET_OUT_OF_RANGE });
    expect(await log.bounds()).toEqual({ start: at(kept), end: at(kept, 1) });
    expect(await log.read(at(kept, 2), 1_000, true)).toMatchObject({ error: OFFSET_OUT_OF_RANGE });
    expect(shown(await readAll(log, 0, at(kept, 1)))).toEqual([`${at(kept)}-${at(kept)}`]);
  }, 60_000);

  it('finds what follows a place where no entry is, and refuses one behind all', async () => {
    const topic = await bed.topic('places', { sparse: true });
    const producer = await bed.producer(topic);
    const first = await producer.batch(['a']);
    await bed.pulsar.admin.unload(topic.pulsarTopic);
    const next = await producer.batch(['b']);
    const nowhere = { ...first, entryId: 900 };
    expect(shown(await readAll(bed.log(topic), at(nowhere, 7), at(next, 1)))).toEqual([
      `${at(next)}-${at(next)}`,
    ]);
    expect(await bed.log(topic).read(at({ ...next, entryId: 900 }, 7), 1_000, true)).toMatchObject({
      error: KafkaErrorCode.OFFSET_OUT_OF_RANGE,
    });
  }, 60_000);

  it('tells who comes for what was trimmed when nothing is left', async () => {
    const topic = await bed.topic('emptied', { sparse: true });
    const producer = await bed.producer(topic);
    const gone = await producer.batch(['a', 'b']);
    const last = await producer.batch(['c', 'd']);
    await bed.pulsar.admin.unload(topic.pulsarTopic);
    await bed.pulsar.admin.truncate(topic.pulsarTopic);
    for (let tries = 0; tries < 100; tries++) {
      const { ledgers } = await bed.pulsar.admin.internalStats(topic.pulsarTopic);
      if (ledgers.every(({ ledgerId }) => ledgerId > last.ledgerId)) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const log = bed.log(topic);
    const { OFFSET_OUT_OF_RANGE } = KafkaErrorCode;
    expect(await log.read(at(gone), 1_000, true)).toMatchObject({ batches: [], error: OFFSET_OUT_OF_RANGE });
    expect(await log.read(at(last, 2), 1_000, true)).toEqual({ batches: [], bytes: 0 });
    const next = await producer.batch(['e']);
    expect(shown(await readAll(log, at(last, 2), at(next, 1)))).toEqual([`${at(next)}-${at(next)}`]);
    expect(await log.read(at(gone), 1_000, true)).toMatchObject({ batches: [], error: OFFSET_OUT_OF_RANGE });
  }, 60_000);
});
