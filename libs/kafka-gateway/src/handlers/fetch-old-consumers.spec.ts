import { describe, expect, it } from '@jest/globals';
import { encodeRecordBatch } from '#libs/kafka-codec';
import { fakeBatch } from '../testing/fake-log.js';
import { partitionsOf, ReadingBed } from '../testing/fetch-bed.js';

function bedWith(...counts: number[]) {
  const bed = new ReadingBed();
  const log = bed.topic('t');
  for (const count of counts) log.append(count);
  return { log, client: bed.connect() };
}

describe('Fetch, whose answer is converted', () => {
  it('leads an old consumer over what compaction emptied behind the last record of a batch', async () => {
    const { client, log } = bedWith(1);
    // The offsets 1 to 3, of which the first is left.
    log.batches.push({ ...fakeBatch(1, 1), lastOffset: 3 }, fakeBatch(4, 1));
    const [partition] = partitionsOf(await client.fetch([{ fetchOffset: 2, partitionMaxBytes: 80 }], 3));
    expect(partition!.records!.readBigInt64BE(0)).toBe(4n);
  });

  it.each([3, 9])('decompresses only so much for one old consumer, v%i', async (version) => {
    const compression = version === 3 ? 2 : 4;
    const { client, log } = bedWith();
    const value = Buffer.alloc(1024 * 1024);
    for (let at = 0; at < 8; at++) {
      const records = [{ timestamp: 1_000, key: null, value }];
      const bytes = encodeRecordBatch(records, { baseOffset: BigInt(at), compression });
      log.batches.push({ ...fakeBatch(at, 1), bytes });
    }
    const counts: number[] = [];
    for (let next = 0; next < 8; next += counts.at(-1)!) {
      const [partition] = partitionsOf(await client.fetch([{ fetchOffset: next }], version));
      const { records } = partition!;
      let count = 0;
      const lengthAt = 8;
      for (let at = 0; at < records!.length; at += 12 + records!.readInt32BE(at + lengthAt)) count++;
      expect(count).toBeGreaterThan(0);
      counts.push(count);
    }
    expect(counts).toEqual([4, 4]);
  });
});
