import { beforeEach, describe, expect, it } from '@jest/globals';
import { Amqp091Counters } from '../amqp091.counters.js';
import type { DeadMessage } from '../dead-letters/dead-letter.js';
import type { Queue } from '../topology/queue.js';
import type { VhostTopology } from '../topology/vhost-topology.js';
import type { HeadMessage, HeadReader } from './head-reader.js';
import { HeadSweep } from './head-sweep.js';

let nowMs: number;
let buried: string[];
let acknowledged: number[];
/** What a dead letter meets that cannot be stored. */
let refusal: Error | undefined;
let counters: Amqp091Counters;

beforeEach(() => {
  nowMs = 1_000;
  [buried, acknowledged, refusal, counters] = [[], [], undefined, new Amqp091Counters()];
});

/** A queue whose messages end at these times, and how many were asked for at once. */
function readerOf(endsAtMs: readonly number[]) {
  const waiting = endsAtMs.map((ends, entryId) => messageOf(entryId, ends));
  const asked: number[] = [];
  let putBack: readonly HeadMessage[] = [];
  const reader = {
    take: async (count: number) => {
      const taken = putBack.length > 0 ? putBack : waiting.splice(0, count);
      putBack = [];
      asked.push(count);
      return taken;
    },
    putBack: (messages: readonly HeadMessage[]) => {
      putBack = messages;
      // So that those which end in a moment have ended.
      nowMs += 100;
    },
    acknowledge: ({ delivery }: HeadMessage) => void acknowledged.push(delivery.entryId),
  };
  return { reader: reader as unknown as HeadReader, asked };
}

function messageOf(entryId: number, endsAtMs: number): HeadMessage {
  return {
    delivery: { ledgerId: 1, entryId },
    batchIndex: 0,
    stored: {},
    endsAtMs,
  } as unknown as HeadMessage;
}

function sweepOf(hasDeadLetters = true): HeadSweep {
  const bury = (_topology: unknown, _queue: unknown, { position, reason }: DeadMessage) => {
    if (!hasDeadLetters) return undefined;
    if (refusal !== undefined && position.entryId === 1) return Promise.reject(refusal);
    buried.push(`${position.entryId} ${reason}`);
    return Promise.resolve();
  };
  const parts = { deadLetters: { bury }, counters, now: () => nowMs };
  return new HeadSweep(parts, {} as VhostTopology, { name: 'q' } as Queue, 'q-partition-0');
}

describe('a sweep of the head of a queue', () => {
  it('removes what has ended, more and more at once, up to the first that stays', async () => {
    const { reader, asked } = readerOf([...Array<number>(30).fill(900), 5_000, 900]);
    expect(await sweepOf().run(reader, 0)).toEqual({ endsAtMs: 5_000, excess: 0 });
    expect(asked).toEqual([1, 4, 16, 64]);
    expect(acknowledged).toEqual(Array.from({ length: 30 }, (_, at) => at));
    expect(new Set(buried.map((each) => each.split(' ')[1]))).toEqual(new Set(['expired']));
  });

  it('waits for those that end in a moment', async () => {
    const { reader } = readerOf([900, 1_050, 1_060, Infinity]);
    expect(await sweepOf().run(reader, 0)).toEqual({ endsAtMs: Infinity, excess: 0 });
    expect(buried).toEqual(['0 expired', '1 expired', '2 expired']);
  });

  it('removes as many as are too many, of which those that have ended are some', async () => {
    const { reader, asked } = readerOf([900, Infinity, Infinity, Infinity, Infinity]);
    expect(await sweepOf().run(reader, 3)).toEqual({ endsAtMs: Infinity, excess: 0 });
    expect(buried).toEqual(['0 expired', '1 maxlen', '2 maxlen']);
    // No more than that is kept from consumers, but the one that says when to look again.
    expect(asked).toEqual([3, 12]);
  });

  it('says what is left to be done where consumers have the rest', async () => {
    const { reader } = readerOf([Infinity]);
    expect(await sweepOf().run(reader, 3)).toEqual({ endsAtMs: undefined, excess: 2 });
  });

  it('counts what goes nowhere', async () => {
    const { reader } = readerOf([900, 900]);
    await sweepOf(false).run(reader, 0);
    expect([counters.messagesDropped, acknowledged]).toEqual([2, [0, 1]]);
  });

  it('acknowledges nothing that is not stored where it goes', async () => {
    refusal = new Error('Pulsar is away');
    const { reader } = readerOf([900, 900, 900]);
    await expect(sweepOf().run(reader, 3)).rejects.toThrow(refusal);
    expect(acknowledged).toEqual([0, 2]);
  });

  it('ends when it is stopped', async () => {
    const { reader, asked } = readerOf([900, 900]);
    const sweep = sweepOf();
    sweep.stop();
    await sweep.run(reader, 0);
    expect(asked).toEqual([]);
  });
});
