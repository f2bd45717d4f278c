import { describe, expect, it } from '@jest/globals';
import { DuplicateSearch, duplicateSearchDefaults } from './duplicate-search.js';
import type {
  EntryFollower,
  EntryListener,
  EntryPosition,
  EntrySource,
  FollowedEntry,
} from './entry-source.js';
import { offsetUnknown } from './offset-tracker.js';

const settle = () => new Promise<void>((resolve) => setTimeout(resolve, 5));

/** A log that readers get at once, from where they start. */
class FakeLog implements EntrySource {
  readonly entries: FollowedEntry[] = [];
  readonly starts: EntryPosition[] = [];
  open = 0;
  silent = false;
  private index = -1;

  append(messages: number, producerName: string, sequenceId: number): EntryPosition {
    this.index += messages;
    const highestSequenceId = sequenceId + messages - 1;
    const position = { ledgerId: 1, entryId: this.entries.length };
    const entry = { ...position, index: this.index, producerName, sequenceId, highestSequenceId };
    this.entries.push(entry);
    return entry;
  }

  follow(start: EntryPosition, _span: 'one' | 'many', listener: EntryListener): EntryFollower {
    this.starts.push(start);
    this.open++;
    let closed = false;
    const deliver = async () => {
      for (let at = start.entryId; at < this.entries.length && !this.silent; at++) {
        await Promise.resolve();
        if (closed) return;
        listener.onEntry(this.entries[at] as FollowedEntry);
      }
    };
    void deliver();
    return {
      many: true,
      close: () => {
        if (!closed) this.open--;
        closed = true;
      },
    };
  }

  async readIndex(): Promise<number | undefined> {
    return undefined;
  }

  async firstIndex(): Promise<number | undefined> {
    return this.entries[0]?.index;
  }

  async lastPosition(): Promise<EntryPosition | undefined> {
    return this.entries.at(-1);
  }
}

function set(options: Partial<typeof duplicateSearchDefaults> = {}) {
  const log = new FakeLog();
  const search = new DuplicateSearch(log, { ...duplicateSearchDefaults, roundTimeoutMs: 50, ...options });
  const results = new Map<string, number>();
  const find = (name: string, sequenceId: number, since?: EntryPosition) =>
    search.find(name, sequenceId, since, (base) => results.set(`${name} ${sequenceId}`, base));
  return { log, search, results, find };
}

describe('DuplicateSearch', () => {
  it('recognises entries by producer and sequence, several with one reader', async () => {
    const { log, results, find } = set();
    for (let at = 0; at < 20; at++) {
      log.append(3, 'a', at * 3);
      log.append(2, 'b', at * 3);
    }
    find('a', 30, { ledgerId: 1, entryId: 4 });
    find('b', 30, { ledgerId: 1, entryId: 6 });
    find('b', 33, { ledgerId: 1, entryId: 6 });
    await settle();
    expect(results).toEqual(
      new Map([
        ['a 30', 50],
        ['b 30', 53],
        ['b 33', 58],
      ]),
    );
    expect(log.starts.at(-1)).toEqual({ ledgerId: 1, entryId: 6 });
    expect(log.open).toBe(0);
  });

  it('finds batches that were stored as parts of one entry', async () => {
    const { log, results, find } = set();
    log.append(4, 'b', 0);
    const since = log.append(10, 'a', 100);
    log.append(5, 'a', 110);
    for (const sequenceId of [100, 103, 108, 110, 115]) find('a', sequenceId, since);
    await settle();
    expect([...results.values()]).toEqual([4, 7, 12, 14, offsetUnknown]);
  });

  it('looks through the end of the partition when nothing is known', async () => {
    const { log, results, find } = set({ tailEntries: 5 });
    for (let at = 0; at < 20; at++) log.append(1, 'a', at);
    find('a', 16);
    find('a', 3);
    await settle();
    expect(log.starts).toEqual([
      { ledgerId: 1, entryId: 14 },
      { ledgerId: 1, entryId: 14 },
    ]);
    expect(results).toEqual(
      new Map([
        ['a 16', 16],
        ['a 3', offsetUnknown],
      ]),
    );
  });

  it('gives up at the end, after enough entries, after enough time, and on an empty partition', async () => {
    const { log, results, find } = set({ scanEntriesMax: 10 });
    find('a', 1);
    await settle();
    for (let at = 0; at < 30; at++) log.append(1, 'a', at);
    find('a', 25, { ledgerId: 1, entryId: 0 });
    await settle();
    find('b', 7, { ledgerId: 1, entryId: 28 });
    await settle();
    log.silent = true;
    find('a', 29, { ledgerId: 1, entryId: 28 });
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect([...results.values()]).toEqual([offsetUnknown, offsetUnknown, offsetUnknown, offsetUnknown]);
    expect(log.open).toBe(0);
  });

  it('looks for no more than its bound, and for nothing when closed', async () => {
    const { log, search, results, find } = set({ wantedMax: 2 });
    log.silent = true;
    log.append(1, 'a', 0);
    find('a', 0);
    await settle();
    find('a', 1);
    find('a', 2);
    find('a', 3);
    expect(results).toEqual(new Map([['a 3', offsetUnknown]]));
    search.close();
    await new Promise((resolve) => setTimeout(resolve, 80));
    find('a', 4);
    expect(results.size).toBe(5);
  });

  it('survives a reader that fails', async () => {
    const { log, results, find } = set();
    log.append(1, 'a', 0);
    log.lastPosition = () => Promise.reject(new Error('away'));
    find('a', 0);
    await settle();
    expect(results).toEqual(new Map([['a 0', offsetUnknown]]));
  });
});
