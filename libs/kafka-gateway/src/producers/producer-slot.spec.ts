import { describe, expect, it } from '@jest/globals';
import { type Producer, PulsarError } from '#libs/pulsar';
import { ProducerSlot } from './producer-slot.js';

const settle = () => new Promise<void>((resolve) => setTimeout(resolve, 1));

function set(waitersMax = 100) {
  const made: { fake: Producer; end: () => void; closed: string[] }[] = [];
  const opening: PromiseWithResolvers<Producer>[] = [];
  let now = 0;
  const events: string[] = [];
  const slot = new ProducerSlot(
    () => {
      const opened = Promise.withResolvers<Producer>();
      opening.push(opened);
      return opened.promise;
    },
    () => events.push('opened'),
    { waitersMax, reopenDelayMs: 100, flushMsMax: 20 },
    () => now,
  );
  const open = async () => {
    let ended: () => void = () => {};
    const closed: string[] = [];
    const fake = {
      close: async (how: string) => {
        closed.push(how);
      },
      onClosed: (listener: () => void) => {
        ended = listener;
      },
    } as unknown as Producer;
    made.push({ fake, end: () => ended(), closed });
    opening.at(-1)?.resolve(fake);
    await settle();
  };
  const run = (name: string) =>
    slot.run({
      ready: (producer) => events.push(`${name} by ${made.findIndex(({ fake }) => fake === producer)}`),
      refused: (error) => events.push(`${name} refused: ${(error as Error).message}`),
    });
  const advance = (ms: number) => {
    now += ms;
  };
  return { slot, made, opening, events, open, run, advance };
}

describe('ProducerSlot', () => {
  it('opens once for all that wait, and runs them in order', async () => {
    const { opening, events, open, run } = set();
    run('a');
    run('b');
    expect(opening).toHaveLength(1);
    expect(events).toEqual([]);
    await open();
    run('c');
    expect(events).toEqual(['opened', 'a by 0', 'b by 0', 'c by 0']);
  });

  it('refuses all that wait when it cannot be opened, and for a moment what comes then', async () => {
    const { opening, events, open, run, advance } = set();
    run('a');
    opening[0]?.reject(new PulsarError('ProducerBusy', 'taken'));
    await settle();
    run('b');
    expect(events).toEqual(['a refused: ProducerBusy: taken', 'b refused: ProducerBusy: taken']);
    expect(opening).toHaveLength(1);
    advance(100);
    run('c');
    expect(opening).toHaveLength(2);
    await open();
    expect(events.at(-1)).toBe('c by 0');
  });

  it('opens a new one after the old one ended by itself', async () => {
    const { made, events, open, run } = set();
    run('a');
    await open();
    made[0]?.end();
    run('b');
    await open();
    expect(events).toEqual(['opened', 'a by 0', 'opened', 'b by 1']);
  });

  it('closes a discarded one before it opens the next', async () => {
    const { slot, made, opening, events, open, run } = set();
    run('a');
    await open();
    const closing = Promise.withResolvers<void>();
    made[0]!.fake.close = () => closing.promise;
    slot.discard();
    run('b');
    await settle();
    expect(opening).toHaveLength(1);
    closing.resolve();
    await settle();
    await open();
    expect(events.at(-1)).toBe('b by 1');
  });

  it('gives what was sent a moment at the end, and no more', async () => {
    const { slot, made, open, run } = set();
    run('a');
    await open();
    const calls: unknown[] = [];
    const flushed = Promise.withResolvers<void>();
    made[0]!.fake.close = (how?: 'flush' | 'now') => {
      calls.push(how);
      if (how === 'now') flushed.resolve();
      return flushed.promise;
    };
    await slot.end();
    expect(calls).toEqual(['flush', 'now']);
  });

  it('keeps the rest waiting when one of those that waited discards the producer', async () => {
    const { slot, events, open, run } = set();
    slot.run({ ready: () => slot.discard(), refused: () => {} });
    run('b');
    await open();
    expect(events).toEqual(['opened']);
    await open();
    expect(events).toEqual(['opened', 'opened', 'b by 1']);
  });

  it('rests: closed after what is in flight, opened when needed', async () => {
    const { slot, made, events, open, run } = set();
    run('a');
    await open();
    await slot.rest();
    expect(made[0]?.closed).toEqual(['flush']);
    run('b');
    await open();
    expect(events.at(-1)).toBe('b by 1');
  });

  it('holds no more than its bound', () => {
    const { events, run } = set(1);
    run('a');
    run('b');
    expect(events).toEqual(['b refused: 1 batches wait for a Pulsar producer']);
  });

  it('refuses everything once it has ended, and closes what opens then', async () => {
    const { slot, made, events, open, run } = set();
    run('a');
    await slot.end();
    run('b');
    await open();
    expect(events).toEqual(['a', 'b'].map((name) => `${name} refused: the Pulsar producer was given up`));
    expect(made[0]?.closed).toEqual(['now']);
  });
});
