import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import type { SliceLog } from '#libs/cluster';
import { PulsarError } from '#libs/pulsar';
import { SliceChanges } from './slice-changes.js';
import { SliceJournal } from './slice-journal.js';

function bed() {
  const entries: string[][] = [];
  const receipts: ((error: PulsarError | undefined) => void)[] = [];
  const log: SliceLog = {
    append: (records, done) => {
      entries.push(records.map(({ key }) => key));
      receipts.push(done);
    },
  };
  const changes = new SliceChanges();
  const faults: string[] = [];
  const journal = new SliceJournal(log, changes, ({ code }) => faults.push(code));
  const answers: string[] = [];
  const change = (key: string, bytes = 1) => changes.set('record', key, () => Buffer.alloc(bytes));
  const flush = (name: string) => journal.flush((stored) => answers.push(`${name} ${stored}`));
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return { entries, receipts, changes, faults, journal, answers, change, flush, turn };
}

describe('the journal of a slice', () => {
  it('writes what changed in a turn as one entry, and answers after its receipt in order', async () => {
    const { entries, receipts, answers, change, flush, turn } = bed();
    change('a');
    flush('1');
    change('b');
    flush('2');
    await turn();
    change('a');
    flush('3');
    await turn();
    flush('nothing new');
    await turn();
    expect([entries, answers]).toEqual([[['a', 'b'], ['a']], []]);
    receipts.shift()!(undefined);
    expect(answers).toEqual(['1 true', '2 true']);
    receipts.shift()!(undefined);
    expect(answers.slice(2)).toEqual(['3 true', 'nothing new true']);
    flush('all is stored');
    await turn();
    expect(answers.at(-1)).toBe('all is stored true');
  });

  it('writes together what changes while many entries are on their way', async () => {
    const { entries, receipts, journal, answers, change, flush, turn } = bed();
    for (let at = 0; at < 20; at++) {
      change(`${at}`);
      flush(`${at}`);
      await turn();
    }
    expect([entries.length, journal.isBusy]).toEqual([8, true]);
    receipts.shift()!(undefined);
    await turn();
    expect([entries.length, entries.at(-1)!.length]).toEqual([9, 12]);
    for (const receipt of receipts) receipt(undefined);
    expect(answers).toEqual(Array.from({ length: 20 }, (_, at) => `${at} true`));
  });

  it('has no more bytes on their way than a lease takes, whatever was changed at once', async () => {
    const { entries, receipts, answers, change, flush, turn } = bed();
    for (let at = 0; at < 20; at++) change(`${at}`, 4_000_000);
    flush('all');
    await turn();
    change('later');
    flush('later');
    await turn();
    expect(entries).toHaveLength(3);
    for (let receipt = receipts.shift(); receipt !== undefined; receipt = receipts.shift()) {
      expect(receipts.length).toBeLessThan(3);
      receipt(undefined);
      await turn();
    }
    expect(entries.flat()).toEqual([...Array.from({ length: 20 }, (_, at) => `${at}`), 'later']);
    expect(answers).toEqual(['all true', 'later true']);
  });

  it('divides what is too much for one entry, positions after what they pass and deletions last', () => {
    const { changes, change } = bed();
    changes.delete('record', 'old');
    changes.set('position', 'pos', () => Buffer.alloc(1));
    changes.set('progress', 'progress', () => Buffer.alloc(1));
    change('large', 1_000);
    change('small');
    change('old again');
    changes.delete('record', 'old again');
    const entries = changes.take(500).map((entry) => entry.map(({ key }) => key));
    expect(entries).toEqual([['large'], ['small', 'progress', 'pos', 'old', 'old again']]);
    expect(changes.isEmpty).toBe(true);
  });

  it('answers everybody when the log takes nothing any more', async () => {
    const { receipts, faults, journal, answers, change, flush, turn } = bed();
    for (const name of ['a', 'b', 'c']) {
      change(name);
      flush(name);
      if (name !== 'c') await turn();
    }
    receipts.shift()!(new PulsarError('ProducerFenced', ''));
    flush('late');
    for (const receipt of receipts) receipt(undefined);
    await turn();
    expect([answers, faults]).toEqual([['a false', 'b false', 'c false', 'late false'], ['ProducerFenced']]);
    journal.close();
  });
});
