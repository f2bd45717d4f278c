import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { EntryFollower, EntryListener, EntryPosition, EntrySource } from './entry-source.js';
import {
  OffsetCounters,
  OffsetTracker,
  offsetTrackerDefaults,
  offsetUnknown,
  type TrackerTime,
} from './offset-tracker.js';

interface LogEntry extends EntryPosition {
  readonly index: number;
  readonly producerName: string;
  readonly sequenceId: number;
  readonly highestSequenceId: number;
}

/** Timers that run when the test says so. */
class ManualTime implements TrackerTime {
  private at = 0;
  private timers: { run: () => void; at: number }[] = [];
  now = () => this.at;
  setTimer = (run: () => void, delayMs: number) => {
    const timer = { run, at: this.at + delayMs };
    this.timers.push(timer);
    return timer;
  };
  clearTimer = (timer: unknown) => {
    this.timers = this.timers.filter((each) => each !== timer);
  };

  async advance(ms: number): Promise<void> {
    const until = this.at + ms;
    for (;;) {
      const due = this.timers.filter((each) => each.at <= until).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.timers = this.timers.filter((each) => each !== due);
      this.at = Math.max(this.at, due.at);
      due.run();
      await settle();
    }
    this.at = until;
  }
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A partition's log with readers that deliver on demand. */
class FakeLog implements EntrySource {
  readonly entries: LogEntry[] = [];
  readonly readers: {
    start: EntryPosition;
    many: boolean;
    listener: EntryListener;
    closed: boolean;
    next: number;
  }[] = [];
  singleReads = 0;
  hidesIndex = false;
  private index = -1;
  private ledgerId = 1;
  private entryId = -1;

  append(messages: number, producerName = 'someone', sequenceId = 0): LogEntry {
    this.index += messages;
    const position = { ledgerId: this.ledgerId, entryId: ++this.entryId };
    const entry = { ...position, index: this.index, producerName, sequenceId, highestSequenceId: sequenceId };
    this.entries.push(entry);
    return entry;
  }

  rollOver(): void {
    this.ledgerId++;
    this.entryId = -1;
  }

  follow(start: EntryPosition, span: 'one' | 'many', listener: EntryListener): EntryFollower {
    const next = this.entries.findIndex(
      (each) =>
        each.ledgerId > start.ledgerId || (each.ledgerId === start.ledgerId && each.entryId >= start.entryId),
    );
    const reader = {
      start,
      many: span === 'many',
      listener,
      closed: false,
      next: next < 0 ? this.entries.length : next,
    };
    this.readers.push(reader);
    return {
      many: span === 'many',
      close: () => {
        reader.closed = true;
      },
    };
  }

  /** Every open reader delivers up to `count` entries. */
  deliver(count = Infinity): void {
    for (let done = 0; done < count; done++) {
      const ready = this.readers.filter((each) => !each.closed && each.next < this.entries.length);
      if (ready.length === 0) return;
      for (const reader of ready) {
        const entry = this.entries[reader.next++] as LogEntry;
        reader.listener.onEntry(this.hidesIndex ? { ...entry, index: undefined } : entry);
      }
    }
  }

  get openReaders(): number {
    return this.readers.filter((each) => !each.closed).length;
  }

  async readIndex(ledgerId: number, entryId: number): Promise<number | undefined> {
    this.singleReads++;
    const entry = this.entries.find((each) => each.ledgerId === ledgerId && each.entryId === entryId);
    if (entry === undefined) throw new Error('404');
    return entry.index;
  }

  async firstIndex(): Promise<number | undefined> {
    return this.entries[0]?.index;
  }

  async lastPosition(): Promise<EntryPosition | undefined> {
    return this.entries.at(-1);
  }
}

function set() {
  const log = new FakeLog();
  const time = new ManualTime();
  const counters = new OffsetCounters();
  const tracker = new OffsetTracker(log, offsetTrackerDefaults, time, counters);
  const results: number[] = [];
  const faults: unknown[] = [];
  /** Our own entry, with its receipt at once; returns the true base offset. */
  const receipt = (entry: LogEntry, messages: number) => {
    tracker.stored(entry.ledgerId, entry.entryId, messages, (base, fault) => {
      results.push(base);
      if (fault !== undefined) faults.push(fault);
    });
    return entry.index - messages + 1;
  };
  const write = (messages: number) => receipt(log.append(messages), messages);
  return { log, time, tracker, counters, results, faults, receipt, write };
}

describe('OffsetTracker', () => {
  it('reads one entry for the first receipt and nothing while nobody else writes', () => {
    const { log, counters, results, write } = set();
    log.append(7);
    const expected = [write(3)];
    expect(results).toEqual([]);
    log.deliver();
    for (let at = 0; at < 100; at++) expected.push(write(1 + (at % 5)));
    expect(results).toEqual(expected);
    expect(log.readers).toHaveLength(1);
    expect(log.readers[0]).toMatchObject({ many: false, closed: true });
    expect(counters).toEqual({ gapReads: 1, duplicates: 0, unknown: 0 });
  });

  it('gives offsets to everything that follows a held receipt by the one read', () => {
    const { log, results, write } = set();
    const expected = Array.from({ length: 20 }, () => write(4));
    expect(results).toEqual([]);
    log.deliver(1);
    expect(results).toEqual(expected);
    expect(log.openReaders).toBe(0);
  });

  it('reads behind another writer and after a new ledger', () => {
    const { log, results, write } = set();
    const expected = [write(2)];
    log.deliver();
    log.append(5);
    expected.push(write(2));
    log.deliver();
    log.rollOver();
    expected.push(write(3));
    log.deliver();
    expected.push(write(1));
    expect(results).toEqual(expected);
    expect(log.openReaders).toBe(0);
  });

  it('needs no read when a late receipt of our own closes the gap', () => {
    const { log, results, write, receipt } = set();
    write(1);
    log.deliver();
    const [late, early] = [log.append(2), log.append(3)];
    receipt(early, 3);
    receipt(late, 2);
    expect(results).toEqual([0, 1, 3]);
    expect(log.openReaders).toBe(0);
  });

  it('keeps the reader while gaps are frequent, and closes it after a quiet time', async () => {
    const { log, time, results, write } = set();
    const expected: number[] = [];
    for (let at = 0; at < 40; at++) {
      log.append(3);
      expected.push(write(2));
      log.deliver();
    }
    expect(results).toEqual(expected);
    expect(log.readers.length).toBeLessThanOrEqual(offsetTrackerDefaults.gapsPerSecondToFollow + 1);
    expect(log.openReaders).toBe(1);
    await time.advance(offsetTrackerDefaults.readerIdleMs + offsetTrackerDefaults.readerTimeoutMs);
    expect(log.openReaders).toBe(0);
  });

  it('takes a larger step when what is held lies far ahead of the reader', () => {
    const { log, results, write } = set();
    const expected = [write(1)];
    for (let at = 0; at < 50; at++) log.append(1);
    expected.push(write(1));
    log.deliver();
    expect(results).toEqual(expected);
    expect(log.openReaders).toBe(0);
  });

  it('reads entries singly when the reader is silent, as behind an open transaction', async () => {
    const { log, time, results, write } = set();
    const expected = [write(2)];
    log.append(1);
    expected.push(write(2));
    log.append(1);
    expected.push(write(2));
    await time.advance(offsetTrackerDefaults.readerTimeoutMs);
    expect(results).toEqual(expected);
    expect(log.singleReads).toBe(3);
  });

  it('helps itself when the reader fails, and opens a new one for the next gap', async () => {
    const { log, time, results, write } = set();
    const expected = [write(2)];
    log.readers[0]?.listener.onError(new Error('gone'));
    await time.advance(offsetTrackerDefaults.readerTimeoutMs);
    log.append(1);
    expected.push(write(2));
    log.deliver();
    expect(results).toEqual(expected);
  });

  it('says unknown when nothing tells the index, and recovers', async () => {
    const { log, time, results, write } = set();
    log.readIndex = () => Promise.reject(new Error('503'));
    write(2);
    await time.advance(offsetTrackerDefaults.resolveTimeoutMs + offsetTrackerDefaults.readerTimeoutMs);
    expect(results).toEqual([offsetUnknown]);
    const next = write(3);
    log.deliver();
    expect(results).toEqual([offsetUnknown, next]);
  });

  it('does not go round in circles for an entry that a reader passes over', async () => {
    const { log, time, results, write } = set();
    const base = write(1);
    const [reader] = log.readers;
    // The reader starts behind the entry that it was opened for.
    if (reader !== undefined) reader.next = log.entries.length;
    log.append(5);
    log.deliver();
    expect(log.readers).toHaveLength(1);
    await time.advance(offsetTrackerDefaults.readerTimeoutMs);
    expect(results).toEqual([base]);
  });

  it('says so when the broker hides the index', () => {
    const { log, faults, results, write } = set();
    log.hidesIndex = true;
    write(2);
    log.deliver();
    expect(results).toEqual([offsetUnknown]);
    expect(faults).toEqual(['broker-hides-index']);
  });

  it('answers everything once when it is closed', () => {
    const { log, tracker, results, write } = set();
    write(1);
    write(1);
    tracker.close();
    expect(results).toEqual([offsetUnknown, offsetUnknown]);
    expect(log.openReaders).toBe(0);
    log.deliver();
    write(1);
    expect(results).toHaveLength(3);
  });

  it('holds no more than its bound', () => {
    const log = new FakeLog();
    const tracker = new OffsetTracker(log, { ...offsetTrackerDefaults, heldMax: 3 }, new ManualTime());
    const results: number[] = [];
    for (let at = 0; at < 5; at++) {
      const entry = log.append(1);
      tracker.stored(entry.ledgerId, entry.entryId, 1, (base) => results.push(base));
    }
    expect(results).toEqual([offsetUnknown, offsetUnknown]);
    log.deliver();
    expect(results).toEqual([offsetUnknown, offsetUnknown, 0, 1, 2]);
  });

  it('always gives the true offset, whoever writes and however receipts and readers interleave', async () => {
    const step = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({ do: fc.constant('ours' as const), n: fc.integer({ min: 1, max: 5 }) }),
      },
      {
        weight: 2,
        arbitrary: fc.record({ do: fc.constant('foreign' as const), n: fc.integer({ min: 1, max: 5 }) }),
      },
      {
        weight: 4,
        arbitrary: fc.record({ do: fc.constant('receipt' as const), n: fc.integer({ min: 0, max: 2 }) }),
      },
      {
        weight: 3,
        arbitrary: fc.record({ do: fc.constant('deliver' as const), n: fc.integer({ min: 1, max: 4 }) }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ do: fc.constant('wait' as const), n: fc.integer({ min: 1, max: 700 }) }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('roll' as const), n: fc.constant(0) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
        const log = new FakeLog();
        const time = new ManualTime();
        const tracker = new OffsetTracker(log, { ...offsetTrackerDefaults, resolveTimeoutMs: 1e9 }, time);
        const unconfirmed: { entry: LogEntry; n: number }[] = [];
        let answered = 0;
        let written = 0;
        const confirm = (at: number) => {
          const [item] = unconfirmed.splice(Math.min(at, unconfirmed.length - 1), 1);
          if (item === undefined) return;
          tracker.stored(item.entry.ledgerId, item.entry.entryId, item.n, (base) => {
            answered++;
            expect(base).toBe(item.entry.index - item.n + 1);
          });
        };
        for (const { do: what, n } of steps) {
          if (what === 'ours') {
            unconfirmed.push({ entry: log.append(n), n });
            written++;
          } else if (what === 'foreign') log.append(n);
          else if (what === 'receipt') confirm(n);
          else if (what === 'deliver') log.deliver(n);
          else if (what === 'roll') log.rollOver();
          else await time.advance(n);
        }
        while (unconfirmed.length > 0) confirm(0);
        log.deliver();
        for (let round = 0; round < 20 && answered < written; round++) {
          await time.advance(offsetTrackerDefaults.readerTimeoutMs);
          log.deliver();
        }
        expect(answered).toBe(written);
        expect(tracker.heldCount).toBe(0);
        tracker.close();
      }),
      { numRuns: 300 },
    );
  });
});
