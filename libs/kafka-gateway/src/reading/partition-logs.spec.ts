import { afterEach, describe, expect, it } from '@jest/globals';
import { KafkaErrorCode } from '#libs/kafka-codec';
import { PulsarError } from '#libs/pulsar';
import { settled } from '../testing/fake-log-source.js';
import {
  closeLogs,
  kibibyte,
  PartitionLogsBed as Bed,
  shown,
  topicOf,
} from '../testing/partition-logs-bed.js';
import type { LogRead } from './partition-log.js';

const { OFFSET_OUT_OF_RANGE, NOT_LEADER_OR_FOLLOWER, UNKNOWN_TOPIC_OR_PARTITION, CORRUPT_MESSAGE } =
  KafkaErrorCode;

afterEach(closeLogs);

/** What comes before the longest wait is over. */
async function within(bed: Bed, read: Promise<string>): Promise<string> {
  await settled();
  await bed.time.pass(3_100);
  return read;
}

describe('a read', () => {
  it('stops where bytes arrive damaged, and goes on when they are whole again', async () => {
    const bed = new Bed();
    bed.source.add(2);
    const damaged = bed.source.add(2);
    bed.source.add(2);
    damaged.corrupt = true;
    expect(await bed.read(0)).toBe('0-1');
    expect(await bed.read(2)).toBe(`error ${CORRUPT_MESSAGE}`);
    await bed.time.pass(600);
    expect(await bed.read(2)).toBe(`error ${CORRUPT_MESSAGE}`);
    damaged.corrupt = false;
    await bed.time.pass(600);
    expect(await bed.read(2)).toBe('2-3 4-5');
  });

  it('at the end is not held up by a consumer that stopped before what was read ahead', async () => {
    const bed = new Bed({ readAheadBytesMax: 64 * kibibyte });
    for (let at = 0; at < 100; at++) bed.source.add(1);
    expect(await bed.read(0, 1)).toBe('0-0');
    await settled();
    // What was asked for still arrived: all there is lies ahead, and the reader is paused.
    for (const reader of bed.source.openReaders) {
      reader.paused = false;
      reader.dispatch();
      reader.paused = true;
    }
    expect(await within(bed, bed.read(100))).toBe('nothing');
    bed.source.add(1);
    await settled();
    expect(await within(bed, bed.read(100))).toBe('100-100');
  });

  it('begins with the batch that holds the offset, and keeps the limit but for the first', async () => {
    const bed = new Bed();
    for (let at = 0; at < 4; at++) bed.source.add(3);
    expect(await bed.read(4, 6)).toBe('3-5 6-8');
    expect(await bed.read(4, 1)).toBe('3-5');
    const log = bed.log();
    expect(shown(log.read(4, 1, false) as LogRead)).toBe('nothing');
    expect(shown(log.read(9, kibibyte, false) as LogRead)).toBe('nothing');
    expect(log.knownEnd).toBe(12);
  });

  it('at the end says so at once, and is woken once for all entries that come together', async () => {
    const bed = new Bed();
    expect(await bed.read(0)).toBe('nothing');
    let woken = 0;
    const log = bed.log();
    log.whenBeyond(0, () => woken++);
    const cancel = log.whenBeyond(0, () => (woken += 100));
    cancel();
    bed.source.add(2);
    bed.source.add(2);
    await settled();
    expect(woken).toBe(1);
    expect(shown(log.read(0, 1_000_000, true) as LogRead)).toBe('0-1 2-3');
    log.whenBeyond(3, () => woken++);
    await settled();
    expect(woken).toBe(2);
  });

  it('costs one reader, however many consumers there are', async () => {
    const bed = new Bed();
    bed.source.add(5);
    await Promise.all(Array.from({ length: 10 }, () => bed.read(0)));
    bed.source.add(5);
    expect(await Promise.all(Array.from({ length: 10 }, () => bed.read(5)))).toEqual(Array(10).fill('5-9'));
    expect(bed.source.openReaders.filter(({ delivered }) => delivered > 0)).toHaveLength(1);
  });

  it('is answered with nothing when Pulsar says nothing for too long, as behind an open transaction', async () => {
    const bed = new Bed();
    bed.source.add(2);
    bed.source.add(2);
    bed.source.hiddenFrom = 2;
    bed.logs.appended(bed.topic, 0, 2, 2);
    expect(await bed.read(0)).toBe('0-1');
    expect(await bed.read(2)).toBe('nothing');
    const later = bed.read(4);
    await settled();
    await bed.time.pass(3_000);
    expect(await later).toBe('nothing');
    bed.source.hiddenFrom = Number.POSITIVE_INFINITY;
    bed.source.dispatch();
    await settled();
    expect(await bed.read(2)).toBe('2-3');
  });
});

describe('offsets that are not there', () => {
  it('are out of range below the start and beyond the end, by the word of the broker', async () => {
    const bed = new Bed();
    bed.source.add(5);
    bed.source.newLedger();
    bed.source.add(5);
    bed.source.trim();
    expect(await bed.read(-1)).toBe(`error ${OFFSET_OUT_OF_RANGE}`);
    expect(await bed.read(3)).toBe(`error ${OFFSET_OUT_OF_RANGE}`);
    expect(await bed.read(11)).toBe(`error ${OFFSET_OUT_OF_RANGE}`);
    expect(await bed.read(10)).toBe('nothing');
    expect(await bed.read(5)).toBe('5-9');
    expect(await bed.log().bounds()).toEqual({ start: 5, end: 10 });
  });

  it('are passed over where a marker was, and are an error where records were removed while nobody read', async () => {
    const bed = new Bed({ readAheadBytesMax: 4 * kibibyte });
    bed.source.add(2);
    bed.source.add(2, { skip: 1 });
    expect(await bed.read(2)).toBe('3-4');
    bed.source.add(2, { skip: 3 });
    bed.source.newLedger();
    bed.source.add(2, { skip: 1 });
    expect(await bed.read(5, 2)).toBe('8-9');
    await settled();
    expect(await bed.read(10)).toBe('11-12');
    for (let at = 0; at < 10; at++) bed.source.add(2);
    bed.source.newLedger();
    bed.source.add(2);
    await settled();
    bed.source.trim();
    const seen: string[] = [];
    for (let next = 13; !seen.at(-1)?.includes('error'); next += 2) seen.push(await bed.read(next, 2));
    expect(seen.length).toBeLessThan(10);
    expect(seen.at(-1)).toBe(`error ${OFFSET_OUT_OF_RANGE}`);
    expect(await bed.read(33)).toBe('33-34');
  });

  it('are out of range where DeleteRecords removed them', async () => {
    const bed = new Bed();
    for (let at = 0; at < 5; at++) bed.source.add(2);
    expect(await bed.read(0, 2)).toBe('0-1');
    const deleted = topicOf({ logStarts: new Map([[0, 4]]) });
    const log = bed.log(0, deleted);
    expect(shown(await log.read(0, kibibyte, true))).toBe(`error ${OFFSET_OUT_OF_RANGE}`);
    expect(await log.bounds()).toEqual({ start: 4, end: 10 });
    expect(log.knownStart).toBe(4);
  });

  it('are found without the help of the broker, as before Pulsar 4.1', async () => {
    const bed = new Bed();
    bed.source.knowsIndexes = false;
    for (let ledger = 0; ledger < 5; ledger++) {
      for (let at = 0; at < 30; at++) bed.source.add(10);
      bed.source.newLedger();
    }
    expect(await bed.read(707, 10)).toBe('700-709');
    expect(await bed.log().positionOf(333)).toMatchObject({ ledgerId: 2, entryId: 3 });
    expect(await bed.log().positionOf(1_500)).toBeUndefined();
    expect(bed.source.openReaders[0]!.delivered).toBeLessThan(100);
  });
});

describe('the memory', () => {
  const options = { readAheadBytesMax: 64 * kibibyte, readRingBytesMax: 128 * kibibyte };

  it('is not filled ahead of the fastest consumer, who goes on where it was', async () => {
    const bed = new Bed(options);
    for (let at = 0; at < 100; at++) bed.source.add(10);
    expect(await bed.read(0, 10)).toBe('0-9');
    const reader = bed.source.readers.find(({ delivered }) => delivered > 1)!;
    await settled();
    expect(reader).toMatchObject({ paused: true });
    expect(reader.delivered).toBeLessThan(12);
    for (let next = 10; next < 1_000; next += 10)
      expect(await bed.read(next, 10)).toBe(`${next}-${next + 9}`);
    expect(bed.source.openReaders.filter(({ delivered }) => delivered > 1)).toHaveLength(1);
  });

  it('has a slow consumer read behind the tail, until it meets what is in memory', async () => {
    const bed = new Bed(options);
    for (let at = 0; at < 40; at++) bed.source.add(10);
    for (let next = 0; next < 400; next += 10) await bed.read(next, 10);
    const tail = bed.source.openReaders.length;
    expect(await bed.read(0, 10)).toBe('0-9');
    expect(bed.source.openReaders).toHaveLength(tail + 1);
    for (let next = 10; next < 400; next += 10) expect(await bed.read(next, 10)).toBe(`${next}-${next + 9}`);
    expect(bed.source.openReaders).toHaveLength(tail);
    bed.source.add(10);
    await settled();
    expect(await bed.read(400)).toBe('400-409');
  });

  it('of a process is bounded: what was not read for longest goes, and can be read again', async () => {
    const bed = new Bed({ ...options, readMemoryBytesMax: 512 * kibibyte }, topicOf({}, 1, 12));
    for (let partition = 0; partition < 12; partition++) {
      for (let at = 0; at < 20; at++) bed.sources[partition]!.add(10);
      for (let next = 0; next < 200; next += 10) await bed.read(next, 10, partition);
      await bed.time.pass(1);
    }
    const held = (bed.logs as unknown as { memory: { heldBytes: number } }).memory;
    expect(held.heldBytes).toBeLessThanOrEqual(512 * kibibyte);
    expect(held.heldBytes).toBeGreaterThan(256 * kibibyte);
    expect(await bed.read(100, 10, 0)).toBe('100-109');
    await bed.logs.close();
    expect(held.heldBytes).toBe(0);
  });

  it('has so many readers behind tails and no more: they take turns', async () => {
    const bed = new Bed({ ...options, catchUpReadersMax: 2 });
    for (let at = 0; at < 100; at++) bed.source.add(10);
    for (let next = 0; next < 1_000; next += 10) await bed.read(next, 10);
    const tail = bed.source.openReaders.length;
    for (let round = 0; round < 5; round++) {
      for (const place of [0, 200, 400, 600]) {
        const offset = place + round * 10;
        expect(await bed.read(offset, 10)).toBe(`${offset}-${offset + 9}`);
        await bed.time.pass(1);
        expect(bed.source.openReaders.length).toBeLessThanOrEqual(tail + 2);
      }
    }
  });
});

describe('trouble', () => {
  it('is told by a code that consumers know, for a while without asking Pulsar again', async () => {
    const bed = new Bed();
    bed.source.add(2);
    bed.source.refuses = new PulsarError('Timeout', 'no answer');
    expect(await bed.read(0)).toBe(`error ${NOT_LEADER_OR_FOLLOWER}`);
    bed.source.refuses = undefined;
    expect(await bed.read(0)).toBe(`error ${NOT_LEADER_OR_FOLLOWER}`);
    await bed.time.pass(500);
    expect(await bed.read(0)).toBe('0-1');
  });

  it('with the broker is waited out, but not for long', async () => {
    const bed = new Bed();
    bed.source.add(2);
    expect(await bed.read(0)).toBe('0-1');
    expect(await bed.read(2)).toBe('nothing');
    for (const reader of bed.source.openReaders) reader.attached = false;
    expect(await bed.read(2)).toBe('nothing');
    await bed.time.pass(3_001);
    expect(await bed.read(2)).toBe(`error ${NOT_LEADER_OR_FOLLOWER}`);
    expect(await bed.read(0)).toBe('0-1');
    for (const reader of bed.source.openReaders) reader.attached = true;
    bed.source.add(1);
    await settled();
    expect(await bed.read(2)).toBe('2-2');
  });

  it('with one entry stops who reads it, not who comes before or behind', async () => {
    const bed = new Bed();
    bed.source.add(2);
    bed.source.add(3, { unreadable: true });
    bed.source.add(2);
    expect(await bed.read(0)).toBe(`0-1 error ${CORRUPT_MESSAGE}`);
    expect(await bed.read(2)).toBe(`error ${CORRUPT_MESSAGE}`);
    expect(await bed.read(4)).toBe(`error ${CORRUPT_MESSAGE}`);
    expect(await bed.read(5)).toBe('5-6');
    expect(await bed.read(7)).toBe('nothing');
  });

  it('of a deleted topic is told to who waits', async () => {
    const bed = new Bed();
    bed.source.add(2);
    expect(await bed.read(0)).toBe('0-1');
    expect(await bed.read(2)).toBe('nothing');
    let woken = 0;
    bed.log().whenBeyond(2, () => woken++);
    for (const reader of bed.source.openReaders) reader.fail(new PulsarError('TopicNotFound', 'deleted'));
    await settled();
    expect(woken).toBe(1);
    expect(await bed.read(2)).toBe(`error ${UNKNOWN_TOPIC_OR_PARTITION}`);
  });

  it('of a topic that was made again under the reader ends its log', async () => {
    const bed = new Bed();
    bed.source.add(5);
    expect(await bed.read(0)).toBe('0-4');
    const old = bed.log();
    bed.source.makeAgain();
    bed.source.add(2);
    await settled();
    expect(bed.gone).toEqual(['t']);
    expect(shown(await old.read(5, kibibyte, true))).toBe(`error ${UNKNOWN_TOPIC_OR_PARTITION}`);
    expect(shown(await bed.log(0, topicOf({}, 2)).read(0, kibibyte, true))).toBe('0-1');
  });
});

describe('where a log starts', () => {
  it('is not taken for its end when the first entry is slow to come', async () => {
    const bed = new Bed();
    bed.source.add(2);
    bed.source.add(3);
    bed.source.newLedger();
    bed.source.add(1);
    bed.source.trim();
    bed.source.slow = true;
    const bounds = bed.log().bounds();
    await settled();
    await bed.time.pass(2_100);
    expect(await bounds).toEqual({ start: 5, end: 6 });
  });
});

describe('the logs of a process', () => {
  it('know the end from receipts, whether anybody reads or not', async () => {
    const bed = new Bed();
    for (let at = 0; at < 3; at++) bed.source.add(2);
    bed.logs.appended(bed.topic, 0, 4, 2);
    expect(bed.log().knownEnd).toBe(6);
    bed.logs.appended(bed.topic, 0, 2, 2);
    expect(bed.log().knownEnd).toBe(6);
    expect(bed.source.opened).toBe(0);
    expect(await bed.log().bounds()).toEqual({ start: 0, end: 6 });
  });

  it('share what the broker is asked, but never an answer that was on its way before', async () => {
    const bed = new Bed();
    const log = bed.log();
    const first = log.bounds();
    bed.source.add(2);
    const ends = await Promise.all([log.bounds(), log.bounds(), log.bounds()]);
    await first;
    for (const { end } of ends) expect(end).toBe(2);
  });

  it('let go of readers that nobody needs, and come back to the same place', async () => {
    const bed = new Bed({ readerIdleMs: 1_000 });
    bed.source.add(2);
    expect(await bed.read(0)).toBe('0-1');
    const idle = bed.logs as unknown as { expire(): void };
    const wake = bed.log().whenBeyond(2, () => {});
    await bed.time.pass(20_000);
    idle.expire();
    expect(bed.source.openReaders).toHaveLength(1);
    wake();
    idle.expire();
    expect(bed.source.openReaders).toHaveLength(0);
    bed.source.add(2);
    expect(await bed.read(2)).toBe('2-3');
    expect(bed.log().knownEnd).toBe(4);
  });

  it('leave no reader and no timer behind when they close', async () => {
    const bed = new Bed();
    bed.source.add(2);
    await bed.read(0);
    await bed.log().bounds();
    bed.source.hiddenFrom = 0;
    const waiting = bed.read(1);
    await bed.logs.close();
    await waiting;
    await settled();
    expect(bed.source.openReaders).toHaveLength(0);
    expect(bed.time.pending).toBe(0);
  });
});
