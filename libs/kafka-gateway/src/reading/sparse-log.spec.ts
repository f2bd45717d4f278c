import { afterEach, describe, expect, it } from '@jest/globals';
import { KafkaErrorCode } from '#libs/kafka-codec';
import { sparseOffset } from '../mapping/sparse-offset.mapping.js';
import { settled } from '../testing/fake-log-source.js';
import { closeLogs, PartitionLogsBed, topicOf } from '../testing/partition-logs-bed.js';

const outOfRange = `error ${KafkaErrorCode.OFFSET_OUT_OF_RANGE}`;
const at = (ledgerId: number, entryId: number, place = 0) => sparseOffset(ledgerId, entryId)! + place;
const shown = (ledgerId: number, entryId: number, messages: number) =>
  `${at(ledgerId, entryId)}-${at(ledgerId, entryId, messages - 1)}`;

afterEach(closeLogs);

describe('a log with sparse offsets', () => {
  const sparseBed = () => new PartitionLogsBed({}, topicOf({ sparse: true }));

  it('is read over gaps and ledgers, from any place on', async () => {
    const bed = sparseBed();
    bed.source.add(3);
    bed.source.add(2);
    bed.source.newLedger();
    bed.source.add(1);
    const all = [shown(1, 0, 3), shown(1, 1, 2), shown(2, 0, 1)];
    expect(await bed.read(0)).toBe(all.join(' '));
    expect(await bed.read(at(1, 0, 2))).toBe(all.join(' '));
    expect(await bed.read(at(1, 0, 3))).toBe(all.slice(1).join(' '));
    expect(await bed.read(at(1, 1, 2))).toBe(all[2]);
    const other = sparseBed();
    other.source.entries = bed.source.entries;
    expect(await other.read(at(1, 7))).toBe(all[2]);
  });

  it('begins at its first record and ends behind its last, whatever the batches hold', async () => {
    const bed = sparseBed();
    expect(await bed.log().bounds()).toEqual({ start: 0, end: 0 });
    bed.source.add(3);
    bed.source.add(5);
    expect(await bed.log().bounds()).toEqual({ start: at(1, 0), end: at(1, 1, 5) });
  });

  it('says where an offset is: the entry that holds it, or the next', async () => {
    const bed = sparseBed();
    bed.source.add(3);
    bed.source.add(5);
    bed.source.newLedger();
    bed.source.add(1);
    const place = async (offset: number) => {
      const found = await bed.log().positionOf(offset);
      return found && `${found.ledgerId}:${found.entryId}`;
    };
    expect(await place(at(1, 0))).toBe('1:0');
    expect(await place(at(1, 0, 2))).toBe('1:0');
    expect(await place(at(1, 0, 3))).toBe('1:1');
    expect(await place(at(1, 1, 5))).toBe('2:0');
    expect(await place(at(1, 900))).toBe('2:0');
    // Brokers answer with 500 who asks for an entry that is not there.
    expect(await place(at(1, 900, 7))).toBe('2:0');
    expect(await place(at(2, 900, 7))).toBeUndefined();
    expect(await place(at(2, 0, 1))).toBeUndefined();
    expect(await place(at(3, 0))).toBeUndefined();
  });

  it('tells nobody at its end that he came too late when the ledgers behind him go', async () => {
    const bed = sparseBed();
    bed.source.add(2);
    expect(await bed.read(0)).toBe(shown(1, 0, 2));
    const end = at(1, 0, 2);
    expect(await bed.read(end)).toBe('nothing');
    bed.source.newLedger();
    bed.source.trim();
    expect((await bed.log().bounds()).end).toBeGreaterThanOrEqual(end);
    expect(await bed.read(end)).toBe('nothing');
    bed.source.add(1);
    await settled();
    expect(await bed.read(end)).toBe(shown(2, 0, 1));
  });

  it('does not skip in silence what may have gone while no broker was there', async () => {
    const bed = sparseBed();
    bed.source.add(2);
    const end = at(1, 0, 2);
    expect(await bed.read(end)).toBe('nothing');
    const reader = bed.source.openReaders.at(-1)!;
    reader.attached = false;
    await bed.read(end);
    bed.source.newLedger();
    bed.source.trim();
    bed.source.newLedger();
    bed.source.add(1);
    reader.attached = true;
    reader.dispatch();
    await settled();
    expect(await bed.read(end)).toBe(outOfRange);
  });

  it('tells who comes back too late', async () => {
    const bed = sparseBed();
    bed.source.add(2);
    bed.source.newLedger();
    bed.source.add(1);
    bed.source.trim();
    expect(await bed.read(at(1, 0, 1))).toBe(outOfRange);
    expect((await bed.log().bounds()).start).toBe(at(2, 0));
    expect(await bed.read(at(1, 0, 1))).toBe(outOfRange);
  });

  it('tells who comes back too late, when nothing is stored any more', async () => {
    const bed = sparseBed();
    for (let entry = 0; entry < 3; entry++) bed.source.add(2);
    bed.source.newLedger();
    bed.source.trim();
    expect(await bed.read(at(1, 1))).toBe(outOfRange);
    expect(await bed.read(at(1, 2, 2))).toBe('nothing');
    bed.source.add(1);
    await settled();
    expect(await bed.read(at(1, 2, 2))).toBe(shown(2, 0, 1));
    expect(await bed.read(at(1, 1))).toBe(outOfRange);
  });

  it('tells who comes back too late, also while somebody else begins at 0', async () => {
    const bed = sparseBed();
    bed.source.add(2);
    bed.source.newLedger();
    bed.source.add(1);
    bed.source.trim();
    expect(await bed.read(0)).toBe(shown(2, 0, 1));
    expect(await bed.read(at(1, 0))).toBe(outOfRange);
    expect(await bed.read(0)).toBe(shown(2, 0, 1));

    const emptied = sparseBed();
    emptied.source.add(2);
    emptied.source.newLedger();
    emptied.source.trim();
    expect(await emptied.read(0)).toBe('nothing');
    emptied.source.add(1);
    await settled();
    expect(await emptied.read(0)).toBe(shown(2, 0, 1));
    expect(await emptied.read(at(1, 0))).toBe(outOfRange);
  });

  it('refuses what is beyond its end', async () => {
    const bed = sparseBed();
    bed.source.add(2);
    expect(await bed.read(at(1, 5))).toBe(outOfRange);
    expect(await bed.read(at(1, 5, 7))).toBe(outOfRange);
  });

  it('is waited for at 0 while it is empty, through its first ledgers', async () => {
    const bed = sparseBed();
    expect(await bed.read(0)).toBe('nothing');
    bed.source.newLedger();
    bed.source.newLedger();
    bed.source.add(2);
    await settled();
    expect((await bed.log().bounds()).start).toBe(at(3, 0));
    expect(await bed.read(0)).toBe(shown(3, 0, 2));
  });
});
