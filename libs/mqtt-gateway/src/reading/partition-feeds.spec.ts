import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type EntryPosition, PulsarError } from '#libs/pulsar';
import { silentLog } from '#libs/telemetry';
import {
  FakePulsar,
  FakeReading,
  type FakeTopic,
  fullName,
  settled,
  testTenant,
} from '../testing/fake-topics.js';
import type { EntryMessages, Feed, FeedListener, FeedStart } from './feed.js';
import { PartitionFeeds } from './partition-feeds.js';
import { ReadingCounters } from './reading-counters.js';

const partition = fullName('t');
const message = (payload: number) => ({ topic: 't', payload: String(payload) });

class Listener implements FeedListener {
  readonly payloads: string[] = [];
  readonly positions: EntryPosition[] = [];
  readonly ended: string[] = [];
  feed: Feed | undefined;
  /** Entries that it takes before it asks for a break. */
  appetite = Number.POSITIVE_INFINITY;
  throws = false;

  onEntry(position: EntryPosition, messages: EntryMessages): boolean {
    if (this.throws) throw new Error('a bug');
    this.positions.push(position);
    for (const each of messages) this.payloads.push(each === undefined ? '-' : each.payload.toString());
    return --this.appetite > 0;
  }

  onEnded(error: PulsarError): void {
    this.ended.push(error.code);
  }
}

let pulsar: FakePulsar;
let reading: FakeReading;
let counters: ReadingCounters;
let feeds: PartitionFeeds;
let topic: FakeTopic;

async function listen(from: FeedStart, appetite = Number.POSITIVE_INFINITY): Promise<Listener> {
  const listener = new Listener();
  listener.appetite = appetite;
  listener.feed = await feeds.open(testTenant, partition, from, listener);
  return listener;
}

beforeEach(() => {
  pulsar = new FakePulsar();
  reading = new FakeReading();
  counters = new ReadingCounters();
  feeds = new PartitionFeeds({
    pulsar,
    reading,
    counters,
    log: silentLog,
    partitionsMax: 2,
    heldBytesMax: 2_000,
    lingerMs: 20,
  });
  topic = pulsar.make('t');
});

afterEach(() => feeds.close());

describe('the feeds of a partition', () => {
  it('read it once for all, from where each wants to begin', async () => {
    for (let at = 0; at < 3; at++) topic.add(message(at));
    const late = await listen('latest');
    expect(late.feed!.position).toEqual({ ledgerId: 1, entryId: 2 });
    const early = await listen('earliest');
    const middle = await listen({ after: { ledgerId: 1, entryId: 0 } });
    await settled();
    topic.add(message(3), message(4));
    expect(late.payloads).toEqual(['3', '4']);
    expect(early.payloads).toEqual(['0', '1', '2', '3', '4']);
    expect(middle.payloads).toEqual(['1', '2', '3', '4']);
    expect(middle.feed!.position).toEqual({ ledgerId: 1, entryId: 3 });
    expect([counters.tails, counters.catchUps, topic.readers.length]).toEqual([1, 0, 1]);
    // Of the last entry, each message was decoded once.
    expect(reading.decoded).toBe(3 + 2 + 2);
  });

  it('need no second reader for who begins at the end, or at the beginning of an empty topic', async () => {
    const first = await listen('earliest');
    await settled();
    expect(topic.readers.length).toBe(1);
    topic.add(message(0));
    const second = await listen({ after: { ledgerId: 1, entryId: 0 } });
    expect(topic.opened).toBe(2);
    topic.add(message(1));
    expect([first.payloads, second.payloads]).toEqual([['0', '1'], ['1']]);
  });

  it('wait for a listener that pauses, without the others, and let it read again what could not be kept', async () => {
    const quick = await listen('latest');
    const slow = await listen('latest', 1);
    for (let at = 0; at < 20; at++) topic.add(message(at));
    expect(quick.payloads.length).toBe(20);
    expect(slow.payloads).toEqual(['0']);
    expect(slow.feed!.position).toEqual({ ledgerId: 1, entryId: 0 });
    slow.appetite = Number.POSITIVE_INFINITY;
    slow.feed!.resume();
    expect(slow.payloads).toEqual(['0']);
    await settled();
    expect(slow.payloads).toEqual(quick.payloads);
    expect(topic.opened).toBe(2);
    topic.add(message(20));
    expect(slow.payloads).toEqual(quick.payloads);
    expect(topic.readers.length).toBe(1);
  });

  it('give every entry once and in order, whatever happens when', async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.constant('add' as const) },
      { weight: 1, arbitrary: fc.constantFrom('turn', 'open-latest', 'open-earliest', 'ledger') },
      { weight: 2, arbitrary: fc.nat(3).map((which) => ({ resume: which })) },
    );
    const appetites = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 4, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), appetites, async (steps, appetite) => {
        pulsar.topics.clear();
        feeds.close();
        feeds = new PartitionFeeds({
          pulsar,
          reading,
          counters,
          log: silentLog,
          partitionsMax: 2,
          heldBytesMax: 900,
        });
        topic = pulsar.make('t');
        const listeners: { listener: Listener; from: number }[] = [];
        let stored = 0;
        for (const each of steps) {
          if (each === 'add') topic.add(message(stored++));
          else if (each === 'turn') await settled();
          else if (each === 'ledger') topic.newLedger();
          else if (typeof each === 'object') {
            const listener = listeners[each.resume]?.listener;
            if (listener === undefined || listener.appetite > 0) continue;
            listener.appetite = appetite[each.resume]!;
            listener.feed!.resume();
          } else if (listeners.length < 4) {
            const from = each === 'open-latest' ? stored : 0;
            const start = each === 'open-latest' ? 'latest' : 'earliest';
            listeners.push({ listener: await listen(start, appetite[listeners.length]), from });
          }
        }
        for (const { listener } of listeners) {
          listener.appetite = Number.POSITIVE_INFINITY;
          listener.feed!.resume();
        }
        await settled();
        await settled();
        for (const { listener, from } of listeners) {
          const expected = Array.from({ length: stored - from }, (_, at) => String(from + at));
          expect(listener.payloads).toEqual(expected);
        }
        if (listeners.length > 0) expect(topic.readers.length).toBe(1);
      }),
      { numRuns: 150 },
    );
  });

  it('go on behind what was trimmed', async () => {
    const ahead = await listen('latest');
    const slow = await listen('latest', 1);
    for (let at = 0; at < 20; at++) topic.add(message(at));
    topic.trim(18);
    slow.appetite = Number.POSITIVE_INFINITY;
    slow.feed!.resume();
    await settled();
    expect(slow.payloads.slice(-2)).toEqual(['18', '19']);
    topic.add(message(20));
    expect([slow.payloads.at(-1), ahead.payloads.at(-1)]).toEqual(['20', '20']);
  });

  it('pass over what is no message, and say how much of an entry that was', async () => {
    const listener = await listen('latest');
    topic.add(message(0), { topic: 'foreign', payload: '' }, message(1));
    topic.add(message(2), { topic: 'damaged', payload: '' }, message(3));
    topic.add({ topic: 'damaged', payload: '' });
    topic.add(message(4));
    expect(listener.payloads).toEqual(['0', '-', '1', '2', '-', '4']);
    expect(counters.undecodable).toBe(2);
    expect(listener.positions.length).toBe(4);
  });

  it('end with the topic, and with a listener that fails no other does', async () => {
    const broken = await listen('latest');
    const whole = await listen('latest');
    broken.throws = true;
    topic.add(message(0));
    expect(broken.ended).toEqual(['UnknownError']);
    pulsar.delete('t');
    expect(whole.ended).toEqual(['TopicNotFound']);
    expect(whole.payloads).toEqual(['0']);
    await expect(listen('latest')).rejects.toMatchObject({ code: 'TopicNotFound' });
    pulsar.make('t').add(message(7));
    expect((await listen('latest')).feed!.position).toEqual({ ledgerId: 1, entryId: 0 });
  });

  it('close their reader a moment after the last listener', async () => {
    const listener = await listen('latest');
    listener.feed!.close();
    topic.add(message(0));
    expect(listener.payloads).toEqual([]);
    const next = await listen('latest');
    expect(topic.opened).toBe(1);
    next.feed!.close();
    for (let tries = 0; topic.readers.length > 0 && tries < 200; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect([topic.readers.length, counters.tails]).toEqual([0, 0]);
  });
});
